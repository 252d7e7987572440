using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using FluentValidation;
using Modular.Jobs.Contracts;
using Modular.Storage.JobHandlers.Tables;

namespace Modular.Storage.JobHandlers;

internal static class ConvertTable
{
    private const long MaxBytes = 10L << 30;
    private const string Formats = "must be csv, jsonl or parquet";

    public sealed record Payload(
        [property: Description("The table to read, at most 10 GiB. CSV: UTF-8, commas, the first line names the columns, every row has as many fields; an empty field is a null, \"\" an empty string. JSON Lines: one object a line, a missing member is a null, nested values become JSON text. Parquet: flat columns; a row group of at most 16,777,216 values and 256 MiB. At most 1,000 columns, 16 MiB a row. A broken row fails the job with its line number.")]
        string Key,
        [property: Description("The key of the new table, at most 10 GiB; an object that is there is replaced when the table is complete.")]
        string Output,
        [property: Description("csv, jsonl or parquet. CSV and JSON Lines are read twice: first to find the narrowest type that holds every value of a column. integer: 64 bits, no leading zeros. number: a 64-bit float, at most 17 significant digits. boolean: true, false. date: 2024-01-31. timestamp: 2024-01-31T08:00:00Z or with an offset, written in UTC; datetime: without one; both with up to 6 decimals. Everything else, and a column that mixes them, is string, unchanged. Parquet adds decimal; its binary columns become base64.")]
        string To,
        [property: Description("csv, jsonl or parquet; left out: what the key's extension (.csv, .jsonl, .ndjson, .parquet) or else the object's content type says.")]
        string? From = null);

    public sealed record Result(long Rows, Result.Column[] Columns, long Bytes)
    {
        public sealed record Column(string Name, string Type);
    }

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Key).IsObjectKey();
            RuleFor(payload => payload.Output).IsObjectKey();
            RuleFor(payload => payload.To).Must(TableFormat.IsKnown).WithMessage(Formats);
            RuleFor(payload => payload.From).Must(from => from is null || TableFormat.IsKnown(from)).WithMessage(Formats);
        }
    }

    [JobType("table.convert", "Converts a table between CSV, JSON Lines and Parquet and stores it as an object.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var source = await context.FindObjectAsync(payload.Key, cancellationToken);
            var from = payload.From ?? TableFormat.Of(source)
                ?? throw TableFault.Invalid($"Neither the key '{source.Key}' nor its content type says what it is; give from as csv, jsonl or parquet.");
            await using var table = await OpenAsync(source, from, context, cancellationToken);
            var rows = 0L;

            var output = await context.WriteObjectAsync(payload.Output, TableFormat.ContentType(payload.To), WriteAsync, cancellationToken);
            return new Result(
                rows,
                [.. table.Schema.Columns.Select(column => new Result.Column(column.Name, JsonNamingPolicy.CamelCase.ConvertName(column.Type.ToString())))],
                output.Size);

            async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
            {
                var metered = new MeteredStream(stream, written => RefuseMoreThan(written, "The converted table"), cancellationToken);
                await using ITableWriter writer = payload.To switch
                {
                    TableFormat.Csv => new CsvTableWriter(metered, table.Schema),
                    TableFormat.Jsonl => new JsonlTableWriter(metered, table.Schema),
                    _ => await ParquetTableWriter.CreateAsync(metered, table.Schema, cancellationToken),
                };
                await foreach (var batch in table.ReadAsync(cancellationToken))
                {
                    await writer.WriteAsync(batch, cancellationToken);
                    rows += batch.Rows;
                }

                await writer.CompleteAsync(cancellationToken);
            }
        }

        private static async Task<ITableReader> OpenAsync(ArtifactRef source, string from, IJobContext context, CancellationToken cancellationToken)
        {
            RefuseMoreThan(source.Size, $"'{source.Key}'");
            if (from == TableFormat.Parquet)
            {
                var file = await SpoolFile.CopyAsync(source, MaxBytes, "TableTooLarge", context, cancellationToken);
                return await ParquetTableReader.OpenAsync(file, share => context.ReportProgress(10 + (90 * share), "converting"), cancellationToken);
            }

            TableSchema schema;
            await using (var survey = await OpenRowsAsync(source, from, null, read => Report(0, read, "finding the columns' types"), context, cancellationToken))
            {
                schema = await TableSurvey.RunAsync(survey, cancellationToken);
            }

            var names = schema.Columns.Select(column => column.Name).ToArray();
            return new TextTableReader(await OpenRowsAsync(source, from, names, read => Report(40, read, "converting"), context, cancellationToken), schema);

            void Report(double start, long read, string message) =>
                context.ReportProgress(start + ((start == 0 ? 40 : 60) * read / Math.Max(1.0, source.Size)), message);
        }

        private static async Task<IRowReader> OpenRowsAsync(
            ArtifactRef source, string from, IReadOnlyList<string>? names, Action<long> progress, IJobContext context, CancellationToken cancellationToken)
        {
            var bytes = await context.OpenObjectAsync(source.Key, cancellationToken);
            return from == TableFormat.Csv
                ? await CsvRowReader.OpenAsync(bytes, progress, names, cancellationToken)
                : new JsonlRowReader(bytes, progress, names, cancellationToken);
        }

        private static void RefuseMoreThan(long bytes, string what)
        {
            if (bytes > MaxBytes)
            {
                throw TableFault.TooLarge(string.Create(CultureInfo.InvariantCulture, $"{what} is larger than {MaxBytes:N0} bytes."));
            }
        }
    }
}
