using System.Buffers;
using System.Globalization;
using System.Net;
using System.Xml.Linq;

namespace Modular.Storage.Blobs.S3;

/// <summary>
/// Writes bytes of unknown length to one S3 object with one part in memory at a time. What fits a single part is one plain PUT; nothing is visible before
/// <see cref="CompleteAsync"/>, and disposing it earlier tells the server to drop the parts.
/// </summary>
internal sealed class MultipartUpload(HttpClient http, S3Signature signature, Uri url) : IAsyncDisposable
{
    /// <summary>10,000 parts at most: the largest object is 80 GB.</summary>
    private const int PartBytes = 8 * 1024 * 1024;

    private static readonly TimeSpan PartPatience = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(30);

    private readonly byte[] _part = ArrayPool<byte>.Shared.Rent(PartBytes);
    private readonly List<string> _etags = [];
    private int _filled;
    private string? _uploadId;
    private bool _isCompleted;

    public async ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (bytes.Length > 0)
        {
            if (_filled == PartBytes)
            {
                await SendPartAsync(cancellationToken);
            }

            var count = Math.Min(bytes.Length, PartBytes - _filled);
            bytes[..count].CopyTo(_part.AsMemory(_filled));
            _filled += count;
            bytes = bytes[count..];
        }
    }

    public async Task CompleteAsync(CancellationToken cancellationToken)
    {
        if (_uploadId is null)
        {
            using var single = await SendAsync(HttpMethod.Put, "", Part(), PartPatience, cancellationToken);
            _isCompleted = true;
            return;
        }

        if (_filled > 0)
        {
            await SendPartAsync(cancellationToken);
        }

        var parts = new XElement("CompleteMultipartUpload", _etags.Select((etag, index) =>
            new XElement("Part", new XElement("PartNumber", index + 1), new XElement("ETag", etag))));
        using var content = new StringContent(parts.ToString(SaveOptions.DisableFormatting));
        using var response = await SendAsync(HttpMethod.Post, $"?uploadId={Uri.EscapeDataString(_uploadId)}", content, PartPatience, cancellationToken);

        // S3 answers 200 before it has joined the parts, and may put an error into the body after all.
        var answer = await response.Content.ReadAsStringAsync(cancellationToken);
        if (XDocument.Parse(answer).Root?.Name.LocalName != "CompleteMultipartUploadResult")
        {
            throw new HttpRequestException($"S3 did not join the parts: {answer}");
        }

        _isCompleted = true;
    }

    public async ValueTask DisposeAsync()
    {
        ArrayPool<byte>.Shared.Return(_part);
        if (_uploadId is not null && !_isCompleted)
        {
            try
            {
                using var response = await SendAsync(HttpMethod.Delete, $"?uploadId={Uri.EscapeDataString(_uploadId)}", null, CallPatience, CancellationToken.None);
            }
            catch (Exception problem) when (problem is HttpRequestException or OperationCanceledException)
            {
                // The write has failed already, for a reason that the caller hears; the parts are left to RemoveUnfinishedAsync.
            }
        }
    }

    private async Task SendPartAsync(CancellationToken cancellationToken)
    {
        if (_uploadId is null)
        {
            using var begun = await SendAsync(HttpMethod.Post, "?uploads=", null, CallPatience, cancellationToken);
            var answer = XDocument.Parse(await begun.Content.ReadAsStringAsync(cancellationToken));
            _uploadId = answer.Descendants().First(element => element.Name.LocalName == "UploadId").Value;
        }

        var query = string.Create(CultureInfo.InvariantCulture, $"?partNumber={_etags.Count + 1}&uploadId={Uri.EscapeDataString(_uploadId)}");
        using var response = await SendAsync(HttpMethod.Put, query, Part(), PartPatience, cancellationToken);
        _etags.Add(response.Headers.ETag?.Tag ?? throw new HttpRequestException("S3 took a part without giving its ETag."));
        _filled = 0;
    }

    private ByteArrayContent Part() => new(_part, 0, _filled);

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string query, HttpContent? content, TimeSpan patience, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(url + query)) { Content = content };
        signature.Sign(request);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(patience);
        try
        {
            var response = await http.SendAsync(request, deadline.Token);
            if (response.IsSuccessStatusCode || (method == HttpMethod.Delete && response.StatusCode == HttpStatusCode.NotFound))
            {
                return response;
            }

            using (response)
            {
                throw new HttpRequestException($"S3 answered {method} with {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(deadline.Token)}");
            }
        }
        catch (OperationCanceledException problem) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException($"S3 did not answer {method} within {patience.TotalSeconds:0} s.", problem);
        }
    }
}
