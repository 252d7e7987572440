using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FluentValidation;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Contracts;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

/// <summary>One attempt over objects in memory: real bytes through streams that go forward only and know no synchronous call, as a network's do.</summary>
internal sealed class InMemoryJob : IJobContext
{
    private readonly SortedDictionary<string, Stored> _objects = new(StringComparer.Ordinal);
    private string? _checkpoint;

    public Guid JobId { get; } = Guid.NewGuid();

    public int Attempt => 1;

    public int MaxAttempts => 1;

    public StopReason StopReason => StopReason.None;

    public List<double> Progress { get; } = [];

    /// <summary>Keys in the order in which they were published.</summary>
    public List<string> Published { get; } = [];

    /// <summary>Runs before a write starts.</summary>
    public Action<string> BeforeWrite { get; set; } = _ => { };

    public Action OnProgress { get; set; } = () => { };

    public IReadOnlyCollection<string> Keys => _objects.Keys;

    public void Put(string key, byte[] bytes, string contentType = "application/octet-stream") =>
        _objects[key] = new Stored(new ArtifactRef(key, bytes.Length, contentType, Convert.ToHexStringLower(SHA256.HashData(bytes))), () => new MemoryStream(bytes, writable: false), bytes);

    public void Put(string key, string text, string contentType = "text/plain") => Put(key, Encoding.UTF8.GetBytes(text), contentType);

    /// <summary>An object that is made while it is read.</summary>
    public void Put(string key, long size, Func<Stream> open) => _objects[key] = new Stored(new ArtifactRef(key, size, "text/plain", "0"), open, []);

    public byte[] Bytes(string key) => _objects[key].Bytes;

    public string Text(string key) => Encoding.UTF8.GetString(Bytes(key));

    public string Sha256(string key) => _objects[key].Ref.Sha256;

    public string ContentType(string key) => _objects[key].Ref.ContentType;

    public void ReportProgress(double percent, string? message = null)
    {
        Progress.Add(percent);
        OnProgress();
    }

    public void Log(JobLogLevel level, string message)
    {
        // The handlers say nothing here that a test asks for.
    }

    public Task<ArtifactRef> FindObjectAsync(string key, CancellationToken cancellationToken) => Task.FromResult(Find(key).Ref);

    public Task<Stream> OpenObjectAsync(string key, CancellationToken cancellationToken) =>
        Task.FromResult<Stream>(new ForwardStream(Find(key).Open()));

    public async IAsyncEnumerable<ArtifactRef> ListObjectsAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var stored in _objects.Values.Where(stored => stored.Ref.Key.StartsWith(prefix, StringComparison.Ordinal)).ToList())
        {
            await Task.Yield();
            cancellationToken.ThrowIfCancellationRequested();
            yield return stored.Ref;
        }
    }

    public async Task<ArtifactRef> WriteObjectAsync(
        string key, string contentType, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken)
    {
        BeforeWrite(key);
        using var bytes = new MemoryStream();
        await using (var output = new ForwardStream(bytes))
        {
            await write(output, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            Put(key, bytes.ToArray(), contentType);
        }

        Published.Add(key);
        return _objects[key].Ref;
    }

    public Task<ArtifactRef> WriteArtifactAsync(string name, string contentType, Func<Stream, CancellationToken, Task> write, CancellationToken cancellationToken) =>
        WriteObjectAsync($"jobs/{JobId}/{name}", contentType, write, cancellationToken);

    public Task<T?> LoadCheckpointAsync<T>(CancellationToken cancellationToken)
        where T : class => Task.FromResult(_checkpoint is null ? null : JsonSerializer.Deserialize<T>(_checkpoint, Json.Options));

    public Task SaveCheckpointAsync<T>(T checkpoint, CancellationToken cancellationToken)
        where T : class
    {
        _checkpoint = JsonSerializer.Serialize(checkpoint, Json.Options);
        return Task.CompletedTask;
    }

    /// <summary>Runs a handler the way the engine does: the payload comes from JSON and is asked first.</summary>
    public async Task<TResult> RunAsync<TPayload, TResult>(
        IJobHandler<TPayload, TResult> handler, IValidator<TPayload> validator, string payload, CancellationToken? cancellationToken = null)
    {
        var parsed = JsonSerializer.Deserialize<TPayload>(payload.Replace('\'', '"'), Json.Options)!;
        var refused = await validator.ValidateAsync(parsed, TestContext.Current.CancellationToken);
        refused.Errors.ShouldBeEmpty();
        return await handler.RunAsync(parsed, this, cancellationToken ?? TestContext.Current.CancellationToken);
    }

    private Stored Find(string key) => _objects.TryGetValue(key, out var stored) ? stored : throw new JobFailedException($"No object has the key '{key}'.");

    private sealed record Stored(ArtifactRef Ref, Func<Stream> Open, byte[] Bytes);
}
