using System.Text;
using Modular.Jobs.Contracts;
using Parquet;
using Parquet.Schema;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

public sealed class ConvertTableTests
{
    private const string Csv = "id,name,price,ok,day,at,seen,note\n1,Ann,0.5,true,2024-02-29,2024-01-31T08:00:00Z,2024-01-31T08:00:00.25,\"\"\n-2,\"a \"\"b\"\", c\",,false,,,,\n";

    private const string Jsonl =
        """{"id":1,"name":"Ann","price":0.5,"ok":true,"day":"2024-02-29","at":"2024-01-31T08:00:00Z","seen":"2024-01-31T08:00:00.25","note":""}""" + "\n" +
        """{"id":-2,"name":"a \"b\", c","price":null,"ok":false,"day":null,"at":null,"seen":null,"note":null}""" + "\n";

    private readonly InMemoryJob _job = new();

    [Theory]
    [InlineData("csv", "csv")]
    [InlineData("csv", "jsonl")]
    [InlineData("csv", "parquet")]
    [InlineData("jsonl", "csv")]
    [InlineData("jsonl", "jsonl")]
    [InlineData("jsonl", "parquet")]
    [InlineData("parquet", "csv")]
    [InlineData("parquet", "jsonl")]
    [InlineData("parquet", "parquet")]
    public async Task Every_format_becomes_every_other_with_its_types(string from, string to)
    {
        _job.Put("in.csv", Csv);
        _job.Put("in.jsonl", Jsonl);
        await _job.ConvertAsync("in.csv", "in.parquet");

        var result = await _job.ConvertAsync($"in.{from}", $"out.{to}");

        result.Types().ShouldBe("id integer, name string, price number, ok boolean, day date, at timestamp, seen dateTime, note string");
        result.Rows.ShouldBe(2);
        result.Bytes.ShouldBe(_job.Bytes($"out.{to}").Length);
        await _job.ConvertAsync($"out.{to}", "seen.csv");
        await _job.ConvertAsync($"out.{to}", "seen.jsonl");
        _job.Text("seen.csv").ShouldBe(Csv);
        _job.Text("seen.jsonl").ShouldBe(Jsonl);
        _job.Progress[^1].ShouldBe(100, tolerance: 0.001);
    }

    [Theory]
    [InlineData("csv", "text/csv; charset=utf-8")]
    [InlineData("jsonl", "application/jsonl")]
    [InlineData("parquet", "application/vnd.apache.parquet")]
    public async Task The_output_has_the_content_type_of_its_format(string to, string contentType)
    {
        _job.Put("in.csv", "a\n1\n");

        await _job.ConvertAsync("in.csv", $"out.{to}");

        _job.ContentType($"out.{to}").ShouldBe(contentType);
    }

    [Fact]
    public async Task The_format_comes_from_the_payload_or_the_key_or_the_content_type()
    {
        _job.Put("as-payload.csv", "{\"a\":1}");
        _job.Put("as-key.NDJSON", "{\"a\":1}", "text/csv");
        _job.Put("as-type", "a\n1\n", "text/csv; charset=utf-8");
        _job.Put("unknown", "a\n1\n");

        await _job.ConvertAsync("as-payload.csv", "1.csv", ",'from':'jsonl'");
        await _job.ConvertAsync("as-key.NDJSON", "2.csv");
        await _job.ConvertAsync("as-type", "3.csv");
        var failure = await Should.ThrowAsync<JobFailedException>(() => _job.ConvertAsync("unknown", "4.csv"));

        foreach (var key in _job.Published)
        {
            _job.Text(key).ShouldBe("a\n1\n");
        }

        _job.Published.Count.ShouldBe(3);
        failure.ErrorType.ShouldBe("InvalidTable");
        failure.Message.ShouldContain("give from");
    }

    [Theory]
    [InlineData("1|-2|9223372036854775807", "integer")]
    [InlineData("1|007", "string")]
    [InlineData("1|+1", "string")]
    [InlineData("1|9223372036854775808", "string")]
    [InlineData("1|2.5", "number")]
    [InlineData("2.5|1", "number")]
    [InlineData("2.5|-1e-7", "number")]
    [InlineData("9007199254740993|2.5", "string")]
    [InlineData("2.5|9007199254740993", "string")]
    [InlineData("0.1234567890123456789", "string")]
    [InlineData("1e999", "string")]
    [InlineData("1e-999", "string")]
    [InlineData("1.|.5", "string")]
    [InlineData("NaN", "string")]
    [InlineData("1,5", "string")]
    [InlineData("true|FALSE|True", "boolean")]
    [InlineData("true|1", "string")]
    [InlineData("2024-02-29", "date")]
    [InlineData("2024-02-30", "string")]
    [InlineData("2024-02-29|2024-02-29T08:00:00Z", "string")]
    [InlineData("2024-02-29T08:00:00Z|2024-02-29T08:00:00.123456+02:00", "timestamp")]
    [InlineData("2024-02-29T08:00:00|2024-02-29 08:00:00.5", "dateTime")]
    [InlineData("2024-02-29T08:00:00.1234567Z", "string")]
    [InlineData("2024-02-29T25:00:00Z", "string")]
    [InlineData("2024-02-29T08:00:00Z|2024-02-29T08:00:00", "string")]
    [InlineData("0001-01-01T00:00:00+02:00", "string")]
    [InlineData("|1|", "integer")]
    [InlineData("|", "string")]
    [InlineData(" 1", "string")]
    public async Task A_column_of_text_has_the_narrowest_type_that_holds_every_value(string values, string type)
    {
        _job.Put("in.csv", "first,value\n" + string.Concat(values.Split('|').Select(value => $"x,\"{value}\"\n")));

        var result = await _job.ConvertAsync("in.csv", "out.parquet");

        result.Columns[1].Type.ShouldBe(type);
    }

    [Fact]
    public async Task The_last_row_decides_about_the_type_as_much_as_the_first()
    {
        _job.Put("in.csv", "value\n" + string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i}\n")) + "n/a\n");

        var result = await _job.ConvertAsync("in.csv", "out.jsonl");

        result.Types().ShouldBe("value string");
        _job.Text("out.jsonl").ShouldStartWith("{\"value\":\"0\"}\n");
        _job.Text("out.jsonl").ShouldEndWith("{\"value\":\"n/a\"}\n");
    }

    [Fact]
    public async Task Timestamps_are_written_in_UTC() =>
        (await TableJob.ConvertAsync("csv", "jsonl", "at\n2024-01-01T00:30:00+02:00\n")).ShouldBe("{\"at\":\"2023-12-31T22:30:00Z\"}\n");

    [Fact]
    public async Task Nothing_between_commas_is_a_null_and_a_pair_of_quotes_an_empty_string()
    {
        (await TableJob.ConvertAsync("csv", "jsonl", "a,b,c\nx,,\"\"\n\"\",y,\"\"\n")).ShouldBe(
            "{\"a\":\"x\",\"b\":null,\"c\":\"\"}\n{\"a\":\"\",\"b\":\"y\",\"c\":\"\"}\n");
        (await TableJob.ConvertAsync("csv", "csv", "a,b,c\nx,,\"\"\n")).ShouldBe("a,b,c\nx,,\"\"\n");
    }

    [Fact]
    public async Task A_blank_line_is_a_null_where_there_is_one_column_and_nothing_where_there_are_more()
    {
        (await TableJob.ConvertAsync("csv", "jsonl", "a\nx\n\ny\n")).ShouldBe("{\"a\":\"x\"}\n{\"a\":null}\n{\"a\":\"y\"}\n");
        (await TableJob.ConvertAsync("csv", "jsonl", "a,b\n\n1,2\n\n\n")).ShouldBe("{\"a\":1,\"b\":2}\n");
    }

    [Fact]
    public async Task Formulas_are_left_as_they_are() =>
        (await TableJob.ConvertAsync("csv", "csv", "=a\n=1+1\n@SUM(A1)\n-2+3\n+4\n")).ShouldBe("=a\n=1+1\n@SUM(A1)\n-2+3\n+4\n");

    [Theory]
    [InlineData("a,b\r\n1,\"x\r\ny\"\r\n")]
    [InlineData("\uFEFFa,b\n1,\"x\r\ny\"")]
    [InlineData("a,b\r1,\"x\r\ny\"\r")]
    public async Task Line_ends_marks_and_quoted_line_breaks_of_every_kind_are_read(string csv)
    {
        (await TableJob.ConvertAsync("csv", "jsonl", csv)).ShouldBe("{\"a\":1,\"b\":\"x\\r\\ny\"}\n");
        (await TableJob.ConvertAsync("csv", "csv", csv)).ShouldBe("a,b\n1,\"x\r\ny\"\n");
    }

    [Fact]
    public async Task Carriage_returns_alone_survive_CSV() =>
        (await TableJob.ConvertAsync("jsonl", "csv", "{\"a\":\"x\\ry\",\"b\":\" z \"}")).ShouldBe("a,b\n\"x\ry\",\" z \"\n");

    [Fact]
    public async Task Column_names_may_be_in_any_script_and_hold_any_sign()
    {
        var job = new InMemoryJob();
        job.Put("in.csv", "größe,名前,a.b/c,\"x, \"\"y\"\"\",🚀\n1,二,3,4,5\n");

        await job.ConvertAsync("in.csv", "1.parquet");
        await job.ConvertAsync("1.parquet", "2.jsonl");
        await job.ConvertAsync("2.jsonl", "3.csv");

        job.Text("2.jsonl").ShouldBe("{\"größe\":1,\"名前\":\"二\",\"a.b/c\":3,\"x, \\\"y\\\"\":4,\"\\uD83D\\uDE80\":5}\n");
        job.Text("3.csv").ShouldBe(job.Text("in.csv"));
    }

    [Fact]
    public async Task A_header_alone_is_a_table_without_rows()
    {
        _job.Put("in.csv", "a,b\n");

        var result = await _job.ConvertAsync("in.csv", "out.parquet");
        await _job.ConvertAsync("out.parquet", "back.csv");
        await _job.ConvertAsync("in.csv", "out.jsonl");

        result.Rows.ShouldBe(0);
        result.Types().ShouldBe("a string, b string");
        _job.Text("back.csv").ShouldBe("a,b\n");
        _job.Text("out.jsonl").ShouldBe("");
    }

    [Fact]
    public async Task Missing_members_are_nulls_and_late_members_are_columns_too()
    {
        const string Lines = "{\"a\":1}\n\n{\"b\":\"x\",\"a\":2}\r\n{}\n{\"c\":true}";

        (await TableJob.ConvertAsync("jsonl", "csv", Lines)).ShouldBe("a,b,c\n1,,\n2,x,\n,,\n,,true\n");
    }

    [Fact]
    public async Task Nested_values_become_their_JSON_text()
    {
        const string Line = "{\"a\":{\"x\": [1, 2]},\"b\":[],\"c\":\"{}\"}\n";

        (await TableJob.ConvertAsync("jsonl", "csv", Line)).ShouldBe("a,b,c\n\"{\"\"x\"\": [1, 2]}\",[],{}\n");
    }

    [Fact]
    public async Task Strings_of_JSON_stay_strings_whatever_they_look_like() =>
        (await TableJob.ConvertAsync("jsonl", "jsonl", "{\"a\":\"1\",\"b\":\"true\",\"c\":\"\"}\n")).ShouldBe("{\"a\":\"1\",\"b\":\"true\",\"c\":\"\"}\n");

    [Fact]
    public async Task Every_flat_type_of_Parquet_is_converted()
    {
        var fields = new DataField[]
        {
            new DataField<sbyte>("i8", false), new DataField<byte>("u8", false), new DataField<short>("i16", false), new DataField<ushort>("u16", false),
            new DataField<int>("i32", false), new DataField<uint>("u32", false), new DataField<ulong>("u64", true), new DataField<float>("f32", false),
            new DecimalDataField("dec", 18, 4, isNullable: true), new DataField<byte[]>("bin", true), new DataField<Guid>("id", false),
            new TimeDataField("t_ms", TimeUnitPrecision.Millis, false), new TimeDataField("t_us", TimeUnitPrecision.Micros, false),
            new DateTimeDataField("impala", DateTimeFormat.Impala, true, null, false), new DateTimeDataField("ms", DateTimeFormat.Timestamp, true, DateTimeTimeUnit.Millis, false),
            new DataField<double>("nan", false),
        };
        var time = new DateTime(2024, 2, 29, 23, 59, 59, 123, DateTimeKind.Utc);
        _job.Put("in.parquet", await TableJob.ParquetAsync(fields, async group =>
        {
            await group.WriteAsync<sbyte>(fields[0], new sbyte[] { -128 });
            await group.WriteAsync<byte>(fields[1], new byte[] { 255 });
            await group.WriteAsync<short>(fields[2], new short[] { -3 });
            await group.WriteAsync<ushort>(fields[3], new ushort[] { 65535 });
            await group.WriteAsync<int>(fields[4], new[] { int.MinValue });
            await group.WriteAsync<uint>(fields[5], new[] { uint.MaxValue });
            await group.WriteAsync<ulong>(fields[6], new ulong?[] { ulong.MaxValue });
            await group.WriteAsync<float>(fields[7], new[] { 0.5f });
            await group.WriteAsync<decimal>(fields[8], new decimal?[] { 1.2300m });
            await group.WriteAsync(fields[9], new byte[]?[] { [0, 255] });
            await group.WriteAsync<Guid>(fields[10], new[] { new Guid("01234567-89ab-cdef-0123-456789abcdef") });
            await group.WriteAsync<int>(fields[11], new[] { 86_399_999 });
            await group.WriteAsync<long>(fields[12], new[] { 1_000_001L });
            await group.WriteAsync<DateTime>(fields[13], new[] { time });
            await group.WriteAsync<DateTime>(fields[14], new[] { time });
            await group.WriteAsync<double>(fields[15], new[] { double.NaN });
        }));

        var result = await _job.ConvertAsync("in.parquet", "out.jsonl");
        await _job.ConvertAsync("in.parquet", "again.parquet");
        await _job.ConvertAsync("again.parquet", "again.jsonl");

        result.Columns.Select(column => column.Type).ShouldBe(
            ["integer", "integer", "integer", "integer", "integer", "integer", "decimal", "number", "decimal", "string", "string", "string", "string", "timestamp", "timestamp", "number"]);
        _job.Text("out.jsonl").ShouldBe(
            """{"i8":-128,"u8":255,"i16":-3,"u16":65535,"i32":-2147483648,"u32":4294967295,"u64":18446744073709551615,"f32":0.5,"dec":1.2300,"bin":"AP8=","id":"01234567-89ab-cdef-0123-456789abcdef","t_ms":"23:59:59.999","t_us":"00:00:01.000001","impala":"2024-02-29T23:59:59.123Z","ms":"2024-02-29T23:59:59.123Z","nan":"NaN"}""" + "\n");
        _job.Text("again.jsonl").ShouldBe(_job.Text("out.jsonl"));
    }

    [Fact]
    public async Task Row_groups_have_at_most_50000_rows()
    {
        _job.Put("in.csv", "a\n" + string.Concat(Enumerable.Range(0, 120_000).Select(i => $"{i}\n")));

        await _job.ConvertAsync("in.csv", "out.parquet");

        await using var parquet = await ParquetReader.CreateAsync(new MemoryStream(_job.Bytes("out.parquet")), cancellationToken: TestContext.Current.CancellationToken);
        parquet.RowGroups.Select(group => group.RowCount).ShouldBe([50_000, 50_000, 20_000]);
    }

    [Fact]
    public async Task UTF_16_with_a_mark_is_read()
    {
        _job.Put("in.csv", [.. Encoding.Unicode.GetPreamble(), .. Encoding.Unicode.GetBytes("a\né\n")]);

        await _job.ConvertAsync("in.csv", "out.csv");

        _job.Text("out.csv").ShouldBe("a\né\n");
    }

    [Fact]
    public async Task A_table_may_replace_itself()
    {
        _job.Put("table.csv", "a\n01\n");

        await _job.ConvertAsync("table.csv", "table.csv");

        _job.Text("table.csv").ShouldBe("a\n01\n");
    }
}
