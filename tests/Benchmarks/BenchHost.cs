using System.Net.Http.Headers;
using System.Text;
using Modular.IntegrationTests.Infrastructure;
using Npgsql;

namespace Modular.Benchmarks;

/// <summary>A replica with its database, and what every scenario does with it.</summary>
internal sealed class BenchHost : IAsyncDisposable
{
    private const int Batch = 500;

    private readonly Deployment _deployment;
    private readonly HostProcess _process;
    private readonly bool _statements;

    public BenchHost(Deployment deployment, HostProcess process, bool statements)
    {
        _deployment = deployment;
        _process = process;
        _statements = statements;
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Bench.ApiKey);
    }

    public HttpClient Client => _process.Client;

    public int Port => _process.Port;

    public int Pid => _process.Pid;

    public long ResidentBytes => _process.ResidentBytes;

    public Task<NpgsqlConnection> ConnectAsync() => _deployment.ConnectAsync();

    public async Task PostAsync(string path, string json = "{}")
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await Client.PostAsync(path, content);
        if (!response.IsSuccessStatusCode)
        {
            var body = await response.Content.ReadAsStringAsync();
            throw new InvalidOperationException($"POST {path} answered {(int)response.StatusCode}: {body[..Math.Min(body.Length, 1000)]}");
        }
    }

    public Task PauseAsync(string queue) => PostAsync($"queues/{queue}/pause");

    public Task ResumeAsync(string queue) => PostAsync($"queues/{queue}/resume");

    /// <summary>Submits jobs in batches, spread evenly over the queues (<c>bench</c>, or <c>bench-0</c> … when there are several).</summary>
    public async Task SubmitAsync(int jobs, int queues = 1, int payloadBytes = 0, string type = "debug.noop", string? payload = null)
    {
        // 64 KiB payloads in batches of 500 would be over the request limit.
        var batch = payloadBytes == 0 ? Batch : Math.Clamp((8 << 20) / payloadBytes, 1, Batch);
        var body = payload ?? (payloadBytes == 0 ? "{}" : $$"""{"fill":"{{new string('x', payloadBytes)}}"}""");
        for (var done = 0; done < jobs; done += batch)
        {
            var items = Enumerable.Range(done, Math.Min(batch, jobs - done))
                .Select(index => $$"""{"type":"{{type}}","payload":{{body}},"queue":"{{(queues == 1 ? "bench" : $"bench-{index % queues}")}}"}""");
            await PostAsync("jobs/batch", $$"""{"jobs":[{{string.Join(',', items)}}]}""");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Nobody needs an orderly end, and a queue full of jobs would delay one.
        if (!_process.HasExited)
            await _process.KillAsync();
        await _process.DisposeAsync();
        if (_statements)
            await PrintStatementsAsync();
        await _deployment.DisposeAsync();
    }

    private async Task PrintStatementsAsync()
    {
        const string Sql = """
            SELECT calls, total_exec_time, mean_exec_time, rows, wal_bytes / 1048576.0, left(regexp_replace(query, '\s+', ' ', 'g'), 110)
            FROM pg_stat_statements JOIN pg_database ON pg_database.oid = dbid WHERE datname = current_database()
            ORDER BY total_exec_time DESC LIMIT 12
            """;
        await using var connection = await ConnectAsync();
        await using var command = new NpgsqlCommand(Sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        Console.WriteLine("      calls   total ms   mean ms      rows   WAL MiB");
        while (await reader.ReadAsync())
            Console.WriteLine($"   {reader.GetInt64(0),8} {reader.GetDouble(1),10:0.0} {reader.GetDouble(2),9:0.000} {reader.GetInt64(3),9} {reader.GetDecimal(4),9:0.0}  {reader.GetString(5)}");
    }
}
