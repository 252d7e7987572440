using System.Globalization;
using System.Text;
using System.Text.Json;
using CsCheck;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

public sealed class ConvertTableRoundTripTests
{
    private static readonly DateTime Epoch = new(1970, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    // Any text but lone surrogates, with what CSV and JSON trip over made likely.
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char[' ', '\uD7FF']],
        Gen.String[Gen.Char[",\"\r\n\\ {}[]:0e'=\u0000\u2028é"]],
        Gen.Const(""),
        Gen.Const("null"),
        Gen.Const("\U0001F680"));

    /// <summary>A column as JSON literals. Strings start with one that is nothing else, or a whole column of "1" would be integers.</summary>
    private static readonly Gen<Func<int, Gen<string[]>>> Column = Gen.OneOfConst<Func<int, Gen<string[]>>>(
        rows => Nullable(rows, Gen.Long.Select(value => value.ToString(CultureInfo.InvariantCulture))),
        rows => Nullable(rows, Gen.Double.Where(double.IsFinite).Select(value => JsonSerializer.Serialize(value))),
        rows => Nullable(rows, Gen.Bool.Select(value => value ? "true" : "false")),
        rows => Nullable(rows, Gen.Int[0, 3_652_058].Select(day => $"\"{DateOnly.FromDayNumber(day):yyyy-MM-dd}\"")),
        rows => Nullable(rows, Gen.Long[-62_135_596_800_000_000, 253_402_300_799_999_999].Select(micros => $"\"{Epoch.AddTicks(micros * 10):yyyy-MM-dd'T'HH:mm:ss.FFFFFF}Z\"")),
        rows => Nullable(rows, Text.Select(text => JsonSerializer.Serialize(text))).Select(column => (string[])["\"text\"", .. column[1..]]));

    private static readonly Gen<string[][]> Table =
        from rows in Gen.Int[1, 30]
        from columns in Gen.Int[1, 5]
        from makers in Column.Array[columns]
        from table in All([.. makers.Select(maker => maker(rows))])
        select table;

    [Fact]
    public async Task Rows_come_back_exactly_through_CSV_Parquet_and_JSON_lines() =>
        await Table.SampleAsync(
            async table =>
            {
                var job = new InMemoryJob();
                var lines = Lines(table);
                job.Put("1.jsonl", lines);

                await job.ConvertAsync("1.jsonl", "2.csv");
                await job.ConvertAsync("2.csv", "3.parquet");
                await job.ConvertAsync("3.parquet", "4.jsonl");
                await job.ConvertAsync("4.jsonl", "5.parquet");
                await job.ConvertAsync("5.parquet", "6.csv");

                Rows(job.Text("4.jsonl")).ShouldBe(Rows(lines));
                job.Text("6.csv").ShouldBe(job.Text("2.csv"));
            },
            iter: Environment.GetEnvironmentVariable("MODULAR_TEST_FULL") == "1" ? 10_000 : 500);

    private static Gen<string[]> Nullable(int rows, Gen<string> value) => Gen.Frequency((4, value), (1, Gen.Const("null"))).Array[rows];

    private static Gen<string[][]> All(Gen<string[]>[] columns) =>
        columns.Aggregate(Gen.Const(Array.Empty<string[]>()), (all, next) => all.SelectMany(done => next.Select(column => (string[][])[.. done, column])));

    private static string Lines(string[][] table)
    {
        var text = new StringBuilder();
        for (var row = 0; row < table[0].Length; row++)
        {
            text.Append('{').AppendJoin(',', table.Select((column, i) => $"\"c{i}\":{column[row]}")).Append("}\n");
        }

        return text.ToString();
    }

    /// <summary>The values as they are compared: numbers as floats or integers, texts unescaped.</summary>
    private static string[] Rows(string lines) =>
    [
        .. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line =>
        {
            using var row = JsonDocument.Parse(line);
            return string.Join('|', row.RootElement.EnumerateObject().Select(member => member.Value.ValueKind switch
            {
                JsonValueKind.Number when member.Value.TryGetInt64(out var integer) => $"{member.Name} {integer}",
                JsonValueKind.Number => $"{member.Name} {member.Value.GetDouble():R}",
                JsonValueKind.String => $"{member.Name} '{member.Value.GetString()}'",
                _ => $"{member.Name} {member.Value.GetRawText()}",
            }));
        }),
    ];
}
