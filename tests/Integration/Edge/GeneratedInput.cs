using System.Globalization;
using System.Text;
using CsCheck;

namespace Modular.IntegrationTests.Edge;

/// <summary>Input as no one would write it by hand: almost right bodies with one or two wrong members, odd texts in queries, headers and keys.</summary>
internal static class GeneratedInput
{
    /// <summary>A route that takes JSON, with the members of a body that it accepts.</summary>
    internal sealed record Target(string Method, string Path, params (string Name, string Valid)[] Members);

    /// <summary>One request.</summary>
    internal sealed record Input(string Method, string Path, string? Body, (string Name, string Value)[] Headers)
    {
        public override string ToString() => $"{Method} {Path}\n{string.Join('\n', Headers.Select(header => $"{header.Name}: {header.Value}"))}\n{Body}";
    }

    private const string Id = "0197c0de-0000-7000-8000-000000000000";

    private static readonly (string Name, string Valid)[] Job =
    [
        ("type", "\"debug.noop\""), ("payload", "{}"), ("queue", "\"q\""), ("priority", "0"), ("runAt", "null"), ("delaySeconds", "null"), ("maxAttempts", "5"),
        ("timeoutSeconds", "3600"), ("backoff", """{"kind":"exponential","baseSeconds":5,"maxSeconds":60}"""), ("tags", "[\"a\"]"), ("metadata", "{\"a\":\"b\"}"),
    ];

    private static readonly Target[] Bodies =
    [
        new("POST", "jobs", Job),
        new("POST", "jobs/batch", ("jobs", """[{"type":"debug.noop","payload":{}},{"type":"debug.fail","payload":{"message":"m","attempts":1}}]""")),
        new("POST", "jobs/bulk", ("action", "\"retry\""), ("filter", """{"state":["failed"],"tag":"a","queue":"q"}"""), ("dryRun", "true"), ("expectedCount", "0")),
        new("PUT", "queues/q", ("concurrency", "3")),
        new("POST", "queues/q/pause"),
        new("POST", "objects/uploads", ("key", "\"a/b\""), ("size", "1"), ("contentType", "\"text/plain\""), ("sha256", "null"), ("expiresSeconds", "60")),
        new("POST", "objects/links", ("key", "\"a/b\""), ("expiresSeconds", "60")),
        new("POST", "api-keys", ("name", "\"n\""), ("scopes", "[\"jobs:read\"]"), ("expiresAt", "null"), ("rateLimitPerMinute", "null")),
        new("POST", "session", ("key", "\"k\"")),
        new("PUT", "log-level", ("level", "\"warn\"")),
        .. new[]
        {
            ("debug.sleep", "milliseconds", "1"), ("debug.fail", "message", "\"m\""), ("archive.zip", "prefix", "\"in/\""), ("archive.zip", "output", "\"out.zip\""),
            ("archive.unzip", "key", "\"a.zip\""), ("archive.unzip", "outputPrefix", "\"out/\""), ("object.checksum", "algorithms", "[\"md5\"]"),
            ("table.convert", "to", "\"csv\""), ("image.resize", "width", "10"), ("image.resize", "format", "\"png\""),
        }.Select(type => new Target("POST", "jobs", ("type", $"\"{type.Item1}\""), ("payload", $"{{\"{type.Item2}\":{type.Item3},\"key\":\"k\",\"output\":\"o\"}}"))),
    ];

    private static readonly (string Path, string[] Parameters)[] Lists =
    [
        ("jobs", ["state", "type", "queue", "tag", "createdAfter", "createdBefore", "id", "limit", "cursor"]),
        ("objects", ["prefix", "delimiter", "limit", "cursor"]),
        ("queues", ["limit", "cursor"]), ("queues/q", []), ("workers", ["limit", "cursor"]), ("api-keys", ["limit", "cursor"]), ("audit", ["limit", "cursor"]),
        ("health/history", ["limit", "cursor"]), ("stats", ["window"]), ($"jobs/{Id}/logs", ["limit", "cursor"]), ($"jobs/{Id}/events", ["lastEventId"]), ($"jobs/{Id}", ["wait"]),
        ($"signed/objects/a", ["expires", "signature"]), ("job-types", []),
    ];

    private static readonly string[] OddTexts =
    [
        "", " ", "\0", "a\0b", "\r\n", "\ud800", "'; DROP TABLE jobs.queue; --", "../../etc/passwd", "%00", "NaN", "-1", "0", "1", "1e9", "2147483648", "9223372036854775808",
        "true", "null", "[]", "{}", "2026-01-31T08:00:00Z", "2026-13-45", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "🎉", "e\u0301", "\u202eabc", "queued", "running,failed",
        Id, "00000000-0000-0000-0000-000000000000", "*", "\"", "W/\"x\"", "bytes=0-", "bytes=-1", "bytes=5-1", "sha-256=:AAAA:", "Mg", "MTIz", "LTE", "AA", "YQBi", "OTIyMzM3MjAzNjg1NDc3NTgwOA", "a/b", "/", "//", ".", "..", "/api/v1",
        "debug.noop", "default", "15m", "24h", new('a', 1025), new('é', 513),
    ];

    private static readonly Gen<string> OddText = Gen.Frequency((4, Gen.OneOfConst(OddTexts)), (1, Gen.String[Gen.Char, 0, 20]), (1, Gen.Long.Select(number => number.ToString(CultureInfo.InvariantCulture))));

    private static readonly Gen<string> Leaf = Gen.OneOf(
        Gen.OneOfConst(
            "null", "true", "false", "0", "-1", "1", "2147483648", "-9223372036854775809", "1.5", "1e400", "-0", "1E-400", "123456789012345678901234567890", "\"\"", "\"\\u0000\"", "\"\\ud800\"",
            "\"\\udc00\\ud800\"", "\"\\u202e\"", "\"2026-01-31T08:00:00\"", "\"9999-12-31T23:59:59+14:00\"", "\"0001-01-01T00:00:00-14:00\"", "[]", "{}", "[null]", "{\"\":null}", "{\"a\":1,\"a\":2}",
            "\"Exponential\"", "\"cancel,retry\"", "\"0\"", "[[[[[[[[]]]]]]]]"),
        OddText.Select(Quote),
        Gen.Int.Select(number => number.ToString(CultureInfo.InvariantCulture)));

    private static readonly Gen<string> Value = Gen.Recursive<string>((depth, inner) => depth > 3 ? Leaf : Gen.Frequency(
        (6, Leaf),
        (1, inner.Array[0, 4].Select(items => $"[{string.Join(',', items)}]")),
        (1, Gen.Select(OddText, inner).Array[0, 3].Select(members => $"{{{string.Join(',', members.Select(member => $"{Quote(member.Item1)}:{member.Item2}"))}}}"))));

    public static Gen<Input> Json { get; } = Gen.OneOfConst(Bodies).SelectMany(target =>
        Gen.Select(Gen.Select(Gen.Int[0, 11], Value).Array[target.Members.Length], Value, Gen.Int[0, 19], Gen.Int[0, 1_000], OddText, (changes, extra, damage, at, key) =>
        {
            var members = target.Members.Zip(changes).SelectMany(pair => Changed(pair.First, pair.Second.Item1, pair.Second.Item2)).ToList();
            if (damage == 1)
                members.Add($"\"odd\":{extra}");
            var body = damage == 2 ? extra : $"{{{string.Join(',', members)}}}";
            body = damage switch
            {
                3 => body[..(at % (body.Length + 1))],
                4 => body.Insert(at % (body.Length + 1), OddTexts[at % OddTexts.Length]),
                5 => "",
                _ => body,
            };
            return new Input(target.Method, target.Path, body, damage < 10 ? [] : [("Idempotency-Key", key)]);
        }));

    public static Gen<Input> Query { get; } = Gen.OneOfConst(Lists).SelectMany(list =>
        Gen.Select(Gen.Select(Gen.Int[0, 3], OddText).Array[list.Parameters.Length], OddText, Gen.Int[0, 9], (values, odd, damage) =>
        {
            // A wait that is allowed would only wait.
            var parts = list.Parameters.Zip(values)
                .Where(pair => pair.Second.Item1 > 0 && (pair.First != "wait" || pair.Second.Item2 != "1"))
                .SelectMany(pair => Enumerable.Repeat($"{pair.First}={Encode(pair.Second.Item2)}", pair.Second.Item1 == 3 ? 2 : 1)).ToList();
            if (damage == 1)
                parts.Add($"{Encode(odd)}={Encode(odd)}");
            if (damage == 2)
                parts.Add("limit=%zz&cursor=%");
            return new Input("GET", $"{list.Path}?{string.Join('&', parts)}", null, damage == 3 ? [("Last-Event-ID", odd), ("Accept", odd), ("If-None-Match", odd)] : []);
        }));

    public static Gen<Input> Keys { get; } = Gen.Select(
        Gen.OneOfConst("PUT", "GET", "HEAD", "DELETE"),
        Gen.Byte.Array[0, 12],
        OddText,
        Gen.OneOfConst("objects/", "signed/objects/", "objects/uploads/", $"jobs/{Id}/artifacts/", "queues/", "jobs/", "api-keys/"),
        Gen.Select(Gen.OneOfConst("If-Match", "If-None-Match", "If-Range", "Range", "Content-Digest", "X-Expires-In", "Content-Type", "If-Modified-Since", "Content-Encoding"), OddText).Array[0, 3],
        (method, bytes, text, prefix, headers) =>
        {
            // Bytes of any kind, percent-encoded or not, as no client library would send them.
            var path = new StringBuilder(prefix);
            foreach (var b in bytes)
                _ = char.IsAsciiLetterOrDigit((char)b) || b is (byte)'.' or (byte)'/' or (byte)'-' ? path.Append((char)b) : path.Append(CultureInfo.InvariantCulture, $"%{b:X2}");
            if (bytes.Length % 3 == 0)
                path.Append(Encode(text));
            return new Input(method, path.ToString(), method == "PUT" ? text : null, headers);
        });

    private static IEnumerable<string> Changed((string Name, string Valid) member, int change, string value) => change switch
    {
        0 => [],
        1 or 2 => [$"\"{member.Name}\":{value}"],
        3 => [$"\"{member.Name}\":{member.Valid}", $"\"{member.Name}\":{value}"],
        _ => [$"\"{member.Name}\":{member.Valid}"],
    };

    // Half a surrogate pair stays as an escape: it is well-formed JSON.
    private static string Quote(string text) => $"\"{string.Concat(text.Select(c => c is '"' or '\\' || char.IsControl(c) || char.IsSurrogate(c) ? $"\\u{(int)c:x4}" : $"{c}"))}\"";

    private static string Encode(string text) => string.Concat(Encoding.UTF8.GetBytes(text).Select(b => char.IsAsciiLetterOrDigit((char)b) ? $"{(char)b}" : $"%{b:X2}"));
}
