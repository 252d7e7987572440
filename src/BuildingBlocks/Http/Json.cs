using System.Buffers.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Modular.BuildingBlocks.Http;

/// <summary>The one JSON dialect: requests, responses, payloads, results, event data.</summary>
public static class Json
{
    public static JsonSerializerOptions Options { get; } = Configure(new JsonSerializerOptions(JsonSerializerDefaults.Web) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() });

    /// <summary>
    /// The dialect in which rows are read: members that this version does not know are left out, since a newer replica may write them beside an older one
    /// that still runs.
    /// </summary>
    public static JsonSerializerOptions Stored { get; } = ConfigureStored(new JsonSerializerOptions(JsonSerializerDefaults.Web) { TypeInfoResolver = new DefaultJsonTypeInfoResolver() });

    internal static JsonSerializerOptions ConfigureStored(JsonSerializerOptions options)
    {
        Configure(options).UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip;
        return options;
    }

    public static JsonSerializerOptions Configure(JsonSerializerOptions options)
    {
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.AllowDuplicateProperties = false;
        options.PropertyNameCaseInsensitive = false;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.MaxDepth = 64;
        // Responses are JSON with nosniff, never pasted into HTML: readable text instead of \u escapes.
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
        options.Converters.Add(new UtcMilliseconds());
        return options;
    }

    /// <summary>ISO 8601 in UTC with milliseconds, always: <c>2026-01-31T08:00:00.000Z</c>. Reads any ISO 8601 time that has an offset.</summary>
    private sealed class UtcMilliseconds : JsonConverter<DateTimeOffset>
    {
        private static readonly int Milliseconds = "2026-01-31T08:00:00.000".Length;

        public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            reader.TryGetDateTimeOffset(out var time) ? time.ToUniversalTime() : throw new JsonException("must be an ISO 8601 time such as 2026-01-31T08:00:00Z");

        public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options)
        {
            // The round-trip format has seven digits of a second and a fast path; three are kept.
            Span<byte> text = stackalloc byte[28];
            Utf8Formatter.TryFormat(value.UtcDateTime, text, out _, 'O');
            text[Milliseconds] = (byte)'Z';
            writer.WriteStringValue(text[..(Milliseconds + 1)]);
        }
    }
}
