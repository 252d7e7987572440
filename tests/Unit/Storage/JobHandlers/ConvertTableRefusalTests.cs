using System.Text;
using Modular.Jobs.Contracts;
using Parquet.Schema;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

public sealed class ConvertTableRefusalTests
{
    [Theory]
    [InlineData("a,b\n1,2\n3\n", "Line 3: the row has 1 fields, but the header names 2 columns.")]
    [InlineData("a,b\n1,2,3\n", "Line 2: the row has 3 fields")]
    [InlineData("a,b\r\n\r\n1,\"x\r\ny\"\r\n1\r\n", "Line 5: the row has 1 fields")]
    [InlineData("a,b\n\"x\ny\",1\n\"\"\n", "Line 4: the row has 1 fields")]
    [InlineData("a\n5\" pipe\n", "Line 2: a quote stands inside a field")]
    [InlineData("a\nok\n\"x\"y\n", "Line 3: a quote stands inside a field")]
    [InlineData("a,b\n1,2\n3,\"never closed\n4,5\n", "Line 3: a quote stands inside a field or is not closed")]
    [InlineData("", "The file is empty; its first line must name the columns.")]
    [InlineData("\n1\n", "The name of column 1 must have from 1 to 256 characters")]
    [InlineData("a,,c\n1,2,3\n", "The name of column 2 must have from 1 to 256 characters")]
    [InlineData("a,b\0\n1,2\n", "The name of column 2 must have from 1 to 256 characters, none of them NUL.")]
    [InlineData("a,b,a\n1,2,3\n", "Two columns have the name 'a'")]
    public async Task A_broken_CSV_fails_with_its_line(string csv, string message)
    {
        var failure = await TableJob.RefusedAsync("csv", "jsonl", csv);

        failure.ErrorType.ShouldBe("InvalidTable");
        failure.Message.ShouldStartWith(message);
    }

    [Fact]
    public async Task A_broken_row_after_100000_good_ones_fails_with_its_line()
    {
        var csv = "a,b\n" + string.Concat(Enumerable.Range(0, 100_000).Select(i => $"{i},x\n")) + "broken\n";

        var failure = await TableJob.RefusedAsync("csv", "parquet", csv);

        failure.Message.ShouldStartWith("Line 100002:");
    }

    [Theory]
    [InlineData("{\"a\":1}\n{\"a\":\n", "Line 2: is not one well-formed JSON object (byte ")]
    [InlineData("{\"a\":1}\n\nnot json\n", "Line 3: is not one well-formed JSON object (byte ")]
    [InlineData("{\"a\":1} {\"a\":2}\n", "Line 1: is not one well-formed JSON object (byte 9 ")]
    [InlineData("{\"a\":1}\n[1]\n", "Line 2: must be a JSON object")]
    [InlineData("{\"a\":1}\n42\n", "Line 2: must be a JSON object")]
    [InlineData("{\"a\":1,\"a\":2}\n", "Line 1: has the member 'a' twice.")]
    [InlineData("{\"a\":1}\n{\"\":2}\n", "Line 2: a table has at most 1000 columns")]
    [InlineData("{\"a\":\"\\ud800\"}\n", "Line 1: has text that is no valid Unicode.")]
    [InlineData("{\"a\":01}\n", "Line 1: is not one well-formed JSON object")]
    [InlineData("", "The table has 0 columns")]
    [InlineData("{}\n{}\n", "The table has 0 columns")]
    public async Task A_broken_line_of_JSON_fails_with_its_number(string lines, string message)
    {
        var failure = await TableJob.RefusedAsync("jsonl", "csv", lines);

        failure.ErrorType.ShouldBe("InvalidTable");
        failure.Message.ShouldStartWith(message);
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    public async Task Bytes_that_are_no_UTF_8_are_refused(string from)
    {
        var failure = await TableJob.RefusedAsync(from, "parquet", [.. "{\"a\":\""u8, 0xC3, 0x28, .. "\"}\nx\n"u8]);

        failure.ErrorType.ShouldBe("InvalidTable");
        failure.Message.ShouldContain("Line 1");
    }

    [Fact]
    public async Task Too_many_columns_are_refused()
    {
        var names = string.Join(',', Enumerable.Range(0, 1_001).Select(i => $"c{i}"));
        var lines = string.Concat(Enumerable.Range(0, 1_001).Select(i => $"{{\"c{i}\":1}}\n"));

        (await TableJob.RefusedAsync("csv", "jsonl", names + "\n")).Message.ShouldStartWith("The table has 1001 columns");
        (await TableJob.RefusedAsync("jsonl", "csv", lines)).Message.ShouldStartWith("Line 1001: a table has at most 1000 columns");
    }

    [Fact]
    public async Task A_quote_that_is_never_closed_does_not_fill_the_memory()
    {
        var job = new InMemoryJob();
        job.Put("in.csv", 1L << 30, () => new EndlessStream("x\n"u8.ToArray(), 1L << 30, "a,b\n1,\""u8.ToArray()));

        var failure = await Should.ThrowAsync<JobFailedException>(() => job.ConvertAsync("in.csv", "out.jsonl"));

        failure.Message.ShouldStartWith("Line 2: the row is longer than 16 MiB");
    }

    [Theory]
    [InlineData("csv", ",")]
    [InlineData("jsonl", " ")]
    public async Task A_line_without_an_end_does_not_fill_the_memory(string from, string pattern)
    {
        var job = new InMemoryJob();
        job.Put($"in.{from}", 1L << 30, () => new EndlessStream(Encoding.UTF8.GetBytes(pattern), 1L << 30, "a\n"u8.ToArray()[..(from == "csv" ? 2 : 0)]));

        var failure = await Should.ThrowAsync<JobFailedException>(() => job.ConvertAsync($"in.{from}", "out.parquet"));

        failure.Message.ShouldContain("longer than 16 MiB");
    }

    [Theory]
    [InlineData("")]
    [InlineData("hello")]
    [InlineData("this is a text and no Parquet at all")]
    [InlineData("PAR1PAR1")]
    [InlineData("PAR1\u007f\u007f\u007f\u007fPAR1")]
    [InlineData("PAR1\u0010\u0000\u0000\u0000PAR1")]
    public async Task What_is_no_Parquet_is_refused(string text)
    {
        var failure = await TableJob.RefusedAsync("parquet", "csv", text);

        failure.ErrorType.ShouldBe("InvalidTable");
        failure.Message.ShouldStartWith("The file is not ");
    }

    [Fact]
    public async Task A_Parquet_that_is_cut_off_or_damaged_is_refused()
    {
        var field = new DataField<string>("text", true);
        var good = await TableJob.ParquetAsync([field], group => group.WriteAsync(field, Enumerable.Range(0, 5_000).Select(i => $"value {i * 7919}").ToArray()));

        (await TableJob.RefusedAsync("parquet", "csv", good[..^100])).ErrorType.ShouldBe("InvalidTable");
        var refused = 0;
        for (var at = 100; at < good.Length - 300; at += good.Length / 20)
        {
            // A flipped byte may also hit a value, which nothing in the file tells; it must never be a fault of another kind.
            var bad = good.ToArray();
            bad[at] ^= 0xFF;
            var job = new InMemoryJob();
            job.Put("in.parquet", bad);
            try
            {
                await job.ConvertAsync("in.parquet", "out.csv");
            }
            catch (JobFailedException failure)
            {
                failure.ErrorType.ShouldBe("InvalidTable");
                refused++;
            }
        }

        refused.ShouldBeGreaterThan(0);
    }

    [Fact]
    public async Task Nested_Parquet_is_refused_by_the_name_of_its_column()
    {
        var list = new ListField("items", new DataField<int>("element"));
        var bytes = await TableJob.ParquetAsync([list], group => group.WriteAsync<int>((DataField)list.Item, new int?[] { 1, 2 }, new[] { 0, 1 }));

        var failure = await TableJob.RefusedAsync("parquet", "jsonl", bytes);

        failure.Message.ShouldBe("Column 'items' is nested (List); only flat tables are converted.");
    }

    [Fact]
    public async Task A_row_group_that_would_fill_the_memory_is_refused()
    {
        var field = new DataField<bool>("flag", false);
        var bytes = await TableJob.ParquetAsync([field], group => group.WriteAsync<bool>(field, new bool[(16 << 20) + 1]));

        var failure = await TableJob.RefusedAsync("parquet", "csv", bytes);

        failure.ErrorType.ShouldBe("TableTooLarge");
        failure.Message.ShouldContain("smaller row groups");
    }

    [Fact]
    public async Task An_object_that_is_replaced_between_the_two_reads_is_read_again_by_a_retry()
    {
        var job = new InMemoryJob();
        job.Put("in.csv", "a\n1\n2\n");
        job.BeforeWrite = _ => job.Put("unrelated", "");
        var reads = 0;
        job.Put("in.csv", 6, () => new MemoryStream(reads++ == 0 ? "a\n1\n2\n"u8.ToArray() : "a\nx\ny\n"u8.ToArray()));

        var problem = await Should.ThrowAsync<IOException>(() => job.ConvertAsync("in.csv", "out.jsonl"));

        problem.Message.ShouldContain("replaced while it was read");
        job.Published.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("csv", "a,b\n", "1,2\n")]
    [InlineData("jsonl", "", "{\"a\":1,\"b\":2}\n")]
    public async Task Cancelling_ends_the_conversion(string from, string head, string row)
    {
        using var cancel = new CancellationTokenSource();
        var job = new InMemoryJob();
        job.Put($"in.{from}", 1L << 30, () => new EndlessStream(Encoding.UTF8.GetBytes(row), long.MaxValue, Encoding.UTF8.GetBytes(head)));
        job.OnProgress = cancel.Cancel;

        await Should.ThrowAsync<OperationCanceledException>(() => job.ConvertAsync($"in.{from}", "out.jsonl", ",'from':'" + from + "'", cancel.Token));
    }
}
