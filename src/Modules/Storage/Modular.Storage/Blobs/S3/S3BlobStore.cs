using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using Minio;
using Minio.DataModel.Args;
using Minio.Exceptions;
using static Modular.Storage.Blobs.S3.S3Calls;

namespace Modular.Storage.Blobs.S3;

/// <summary>
/// Blobs as objects <c>blobs/{id}</c> of one bucket. Small calls go through the Minio client; bytes go past it, over plain HTTP with signed requests: its ranged
/// reads fail (PartialContentException on every 206), its whole reads ask three times, and its large writes are not flat in memory.
/// </summary>
internal sealed class S3BlobStore : IBlobStore, IDisposable
{
    /// <summary>The name of the HttpClient, which has neither redirects nor a total timeout: each call brings its own.</summary>
    public const string HttpClientName = "modular-s3";

    private const string BlobPrefix = "blobs/";
    private const string IdentityObject = "store-id";

    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan ReadPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PresignedLifetime = TimeSpan.FromMinutes(5);

    private readonly S3Options _options;
    private readonly IHttpClientFactory _http;
    private readonly S3Signature _signature;
    private readonly IMinioClient _client;
    private readonly IMinioClient? _publicClient;

    public S3BlobStore(S3Options options, IHttpClientFactory http, TimeProvider time)
    {
        _options = options;
        _http = http;
        _signature = new S3Signature(options.AccessKey, options.SecretKey, options.Region, time);
        _client = CreateClient(options.Endpoint);
        _publicClient = options.PublicEndpoint is null ? null : CreateClient(options.PublicEndpoint);
    }

    public string Provider => "s3";

    public Task PrepareAsync(CancellationToken cancellationToken) => CallAsync(CallPatience, async token =>
    {
        if (!await _client.BucketExistsAsync(new BucketExistsArgs().WithBucket(_options.Bucket), token))
        {
            await _client.MakeBucketAsync(new MakeBucketArgs().WithBucket(_options.Bucket).WithLocation(_options.Region), token);
        }

        return true;
    }, cancellationToken);

    public async Task<BlobContent> PutAsync(Guid id, long maxBytes, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        await using var upload = new MultipartUpload(_http.CreateClient(HttpClientName), _signature, UrlOf(NameOf(id)));
        var stream = new BlobStream(maxBytes, async (bytes, token) =>
        {
            try
            {
                await upload.WriteAsync(bytes, token);
            }
            catch (HttpRequestException problem)
            {
                throw Failed(problem);
            }
        });
        await write(stream, cancellationToken);
        try
        {
            await upload.CompleteAsync(cancellationToken);
        }
        catch (HttpRequestException problem)
        {
            throw Failed(problem);
        }

        return stream.ToContent();
    }

    public Task<Stream?> OpenAsync(Guid id, long offset, long length, CancellationToken cancellationToken) => OpenAsync(NameOf(id), offset, length, cancellationToken);

    public Task<long?> FindSizeAsync(Guid id, CancellationToken cancellationToken) => FindSizeAsync(NameOf(id), cancellationToken);

    public Task DeleteAsync(Guid id, CancellationToken cancellationToken) => CallAsync(CallPatience, async token =>
    {
        await _client.RemoveObjectAsync(new RemoveObjectArgs().WithBucket(_options.Bucket).WithObject(NameOf(id)), token);
        return true;
    }, cancellationToken);

    public async IAsyncEnumerable<StoredBlob> ListAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var arguments = new ListObjectsArgs().WithBucket(_options.Bucket).WithPrefix(BlobPrefix).WithRecursive(true);
        await using var items = _client.ListObjectsEnumAsync(arguments, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await CallAsync(CallPatience, async _ => await items.MoveNextAsync(), cancellationToken))
        {
            var item = items.Current;
            if (Guid.TryParseExact(item.Key[BlobPrefix.Length..], "N", out var id))
            {
                yield return new StoredBlob(id, Time(item.LastModified));
            }
        }
    }

    public async Task RemoveUnfinishedAsync(DateTimeOffset before, CancellationToken cancellationToken)
    {
        var arguments = new ListIncompleteUploadsArgs().WithBucket(_options.Bucket).WithPrefix(BlobPrefix).WithRecursive(true);
        await using var uploads = _client.ListIncompleteUploadsEnumAsync(arguments, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await CallAsync(CallPatience, async _ => await uploads.MoveNextAsync(), cancellationToken))
        {
            var upload = uploads.Current;
            if (Time(upload.Initiated) < before)
            {
                await CallAsync(CallPatience, async token =>
                {
                    await _client.RemoveIncompleteUploadAsync(new RemoveIncompleteUploadArgs().WithBucket(_options.Bucket).WithObject(upload.Key), token);
                    return true;
                }, cancellationToken);
            }
        }
    }

    public async Task<Guid?> ReadIdentityAsync(CancellationToken cancellationToken)
    {
        await using var stream = await OpenAsync(IdentityObject, 0, Guid.Empty.ToString().Length, cancellationToken);
        if (stream is null)
        {
            return null;
        }

        using var reader = new StreamReader(stream);
        return Guid.TryParse(await reader.ReadToEndAsync(cancellationToken), out var identity) ? identity : Guid.Empty;
    }

    public async Task WriteIdentityAsync(Guid identity, CancellationToken cancellationToken)
    {
        await using var upload = new MultipartUpload(_http.CreateClient(HttpClientName), _signature, UrlOf(IdentityObject));
        await upload.WriteAsync(Encoding.ASCII.GetBytes(identity.ToString()), cancellationToken);
        await CallAsync(CallPatience, async token =>
        {
            await upload.CompleteAsync(token);
            return true;
        }, cancellationToken);
    }

    public Task CheckAsync(CancellationToken cancellationToken) => CallAsync(CallPatience, async token =>
        await _client.BucketExistsAsync(new BucketExistsArgs().WithBucket(_options.Bucket), token)
            ? true
            : throw new InvalidOperationException($"The bucket {_options.Bucket} is gone."), cancellationToken);

    public async Task<Uri?> PresignPutAsync(Guid id, TimeSpan lifetime, CancellationToken cancellationToken) => _publicClient is null
        ? null
        : new Uri(await _publicClient.PresignedPutObjectAsync(
            new PresignedPutObjectArgs().WithBucket(_options.Bucket).WithObject(NameOf(id)).WithExpiry((int)lifetime.TotalSeconds)));

    public async Task<Uri?> PresignGetAsync(Guid id, TimeSpan lifetime, string contentType, string contentDisposition, CancellationToken cancellationToken) => _publicClient is null
        ? null
        : new Uri(await _publicClient.PresignedGetObjectAsync(
            new PresignedGetObjectArgs().WithBucket(_options.Bucket).WithObject(NameOf(id)).WithExpiry((int)lifetime.TotalSeconds)
                .WithHeaders(new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    // The client turns these into query parameters of the URL, which S3 answers with.
                    ["response-content-type"] = contentType,
                    ["response-content-disposition"] = contentDisposition,
                })));

    public void Dispose()
    {
        _client.Dispose();
        _publicClient?.Dispose();
    }

    private static string NameOf(Guid id) => BlobPrefix + id.ToString("N");

    private static DateTimeOffset Time(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private Task<long?> FindSizeAsync(string name, CancellationToken cancellationToken) => CallAsync<long?>(CallPatience, async token =>
    {
        try
        {
            var found = await _client.StatObjectAsync(new StatObjectArgs().WithBucket(_options.Bucket).WithObject(name), token);
            return found.Size;
        }
        catch (ObjectNotFoundException)
        {
            return null;
        }
    }, cancellationToken);

    private async Task<Stream?> OpenAsync(string name, long offset, long length, CancellationToken cancellationToken)
    {
        if (length == 0)
        {
            // No range has no bytes: ask whether the object is there.
            return await FindSizeAsync(name, cancellationToken) is null ? null : Stream.Null;
        }

        var url = await _client.PresignedGetObjectAsync(
            new PresignedGetObjectArgs().WithBucket(_options.Bucket).WithObject(name).WithExpiry((int)PresignedLifetime.TotalSeconds));
        using var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Range = new RangeHeaderValue(offset, offset + length - 1) } };
        var response = await CallAsync(
            CallPatience, token => _http.CreateClient(HttpClientName).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, token), cancellationToken);
        if (response.StatusCode == HttpStatusCode.PartialContent)
        {
            var bytes = await response.Content.ReadAsStreamAsync(cancellationToken);
            return new BoundedStream(new PatientStream(bytes, ReadPatience), length);
        }

        using (response)
        {
            return response.StatusCode == HttpStatusCode.NotFound
                ? null
                : throw Failed(new HttpRequestException($"GET answered {(int)response.StatusCode}."));
        }
    }

    private Uri UrlOf(string name) => new(_options.Endpoint, $"/{_options.Bucket}/{name}");

    private IMinioClient CreateClient(Uri endpoint) => new MinioClient()
        .WithEndpoint(endpoint.Authority)
        .WithSSL(endpoint.Scheme == Uri.UriSchemeHttps)
        .WithCredentials(_options.AccessKey, _options.SecretKey)
        // Named, it need not ask the server for each bucket's region.
        .WithRegion(_options.Region)
        .WithTimeout((int)CallPatience.TotalMilliseconds)
        .WithHttpClient(_http.CreateClient(HttpClientName))
        .Build();
}
