using Modular.Jobs.Contracts;
using Modular.Storage.JobHandlers;
using Parquet;
using Parquet.Schema;
using Shouldly;

namespace Modular.UnitTests.Storage.JobHandlers;

/// <summary>What the tests of table.convert say to it.</summary>
internal static class TableJob
{
    public static Task<ConvertTable.Result> ConvertAsync(this InMemoryJob job, string key, string output, string more = "", CancellationToken? cancellationToken = null)
    {
        var to = Path.GetExtension(output).TrimStart('.');
        var payload = $"{{'key':'{key}','output':'{output}','to':'{to}'{more}}}";
        return job.RunAsync(new ConvertTable.Handler(), new ConvertTable.Validator(), payload, cancellationToken);
    }

    /// <summary>Text in, text out.</summary>
    public static async Task<string> ConvertAsync(string from, string to, string text)
    {
        var job = new InMemoryJob();
        job.Put($"in.{from}", text);
        await job.ConvertAsync($"in.{from}", $"out.{to}");
        return job.Text($"out.{to}");
    }

    /// <summary>The types of the columns, such as <c>id integer, name string</c>.</summary>
    public static string Types(this ConvertTable.Result result) => string.Join(", ", result.Columns.Select(column => $"{column.Name} {column.Type}"));

    public static async Task<JobFailedException> RefusedAsync(string from, string to, byte[] bytes)
    {
        var job = new InMemoryJob();
        job.Put($"in.{from}", bytes);
        var failure = await Should.ThrowAsync<JobFailedException>(() => job.ConvertAsync($"in.{from}", $"out.{to}"));
        job.Published.ShouldBeEmpty();
        return failure;
    }

    public static Task<JobFailedException> RefusedAsync(string from, string to, string text) => RefusedAsync(from, to, System.Text.Encoding.UTF8.GetBytes(text));

    public static async Task<byte[]> ParquetAsync(Field[] fields, Func<ParquetRowGroupWriter, Task> write, ParquetOptions? options = null)
    {
        var bytes = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(new ParquetSchema(fields), bytes, options))
        {
            using var group = writer.CreateRowGroup();
            await write(group);
        }

        return bytes.ToArray();
    }
}
