using System.Globalization;
using CsvHelper;
using Modular.Jobs.Contracts;
using Parquet.Schema;
using SkiaSharp;

namespace Modular.ArchitectureTests.Fixtures.Good.JobHandlers;

internal static class CountThings
{
    public sealed record Payload(string Key);

    public sealed record Result(long Rows, int Pixels, string Column);

    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            await using var bytes = await context.OpenObjectAsync(payload.Key, cancellationToken);
            using var reader = new CsvReader(new StreamReader(bytes), CultureInfo.InvariantCulture);
            var rows = 0L;
            while (await reader.ReadAsync())
            {
                rows++;
            }

            using var picture = new SKBitmap(1, 1);
            return new Result(rows, picture.Width, new DataField<int>("rows").Name);
        }
    }
}
