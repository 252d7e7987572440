using System.Globalization;
using System.Text;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

/// <summary>Alone in the process: memory is measured.</summary>
[CollectionDefinition(nameof(ConvertTableSizeTests), DisableParallelization = true)]
[Collection(nameof(ConvertTableSizeTests))]
public sealed class ConvertTableSizeTests
{
    private static readonly int RowCount = Environment.GetEnvironmentVariable("MODULAR_TEST_FULL") == "1" ? 1_000_000 : 50_000;

    [Fact]
    public async Task Many_rows_stream_through_every_format_with_progress()
    {
        var job = new InMemoryJob();
        var csv = new StringBuilder("id,name,price,ok,at\n");
        for (var i = 0; i < RowCount; i++)
        {
            csv.Append(CultureInfo.InvariantCulture, $"{i},\"name, {i % 1000}\",{i / 100.0},{(i % 2 == 0 ? "true" : "false")},2024-01-31T08:00:{i % 60:00}Z\n");
        }

        job.Put("1.csv", csv.ToString());
        var parquet = await job.ConvertAsync("1.csv", "2.parquet");
        var reports = job.Progress.ToArray();
        var jsonl = await job.ConvertAsync("2.parquet", "3.jsonl");
        var back = await job.ConvertAsync("3.jsonl", "4.csv");

        (parquet.Rows, jsonl.Rows, back.Rows).ShouldBe((RowCount, RowCount, RowCount));
        job.Text("4.csv").ShouldBe(csv.ToString().Replace(".00,", ",", StringComparison.Ordinal));
        reports.ShouldBeInOrder();
        reports.Length.ShouldBeGreaterThan(20);
    }

    [Theory]
    [InlineData("csv", "a,b\n", "1,text that is always the same\n")]
    [InlineData("jsonl", "", "{\"a\":1,\"b\":\"text that is always the same\"}\n")]
    public async Task Memory_stays_flat_however_long_the_table_is(string from, string head, string row)
    {
        var length = head.Length + ((long)row.Length * RowCount * 20);
        var job = new InMemoryJob();
        job.Put($"in.{from}", length, () => new EndlessStream(Encoding.UTF8.GetBytes(row), length, Encoding.UTF8.GetBytes(head)));
        var (before, most) = (GC.GetTotalMemory(forceFullCollection: true), 0L);
        var reports = 0;
        job.OnProgress = () =>
        {
            if (++reports % 200 == 0)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        };

        // Parquet packs a column of one value into next to nothing: what grows here is not the output.
        var result = await job.ConvertAsync($"in.{from}", "out.parquet");

        result.Rows.ShouldBe(RowCount * 20L);
        most.ShouldBeInRange(1, 80 << 20);
    }
}
