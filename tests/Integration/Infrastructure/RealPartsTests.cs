using Minio.DataModel.Args;
using Npgsql;

namespace Modular.IntegrationTests.Infrastructure;

public sealed class RealPartsTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Postgres_answers_in_a_fresh_database()
    {
        var server = await TestServers.PostgresAsync();
        var database = await server.CreateDatabaseAsync();

        (await ReadAsync(database, "SELECT count(*) FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')")).ShouldBe(0L);

        await server.DropDatabaseAsync(database);
    }

    [Fact]
    public async Task A_database_can_be_a_copy_of_another()
    {
        var server = await TestServers.PostgresAsync();
        var template = await server.CreateDatabaseAsync();
        await ReadAsync(template, "CREATE TABLE kept (value int)");
        var copy = await server.CreateDatabaseAsync(new NpgsqlConnectionStringBuilder(template).Database);

        (await ReadAsync(copy, "SELECT count(*) FROM kept")).ShouldBe(0L);

        await server.DropDatabaseAsync(copy);
        await server.DropDatabaseAsync(template);
    }

    [Fact]
    public async Task A_Postgres_of_a_tests_own_stops_crashes_and_freezes_and_keeps_what_was_committed()
    {
        await using var server = await PostgresCluster.CreateAsync(durable: true);
        var database = await server.CreateDatabaseAsync();
        await ReadAsync(database, "CREATE TABLE kept (value int)");
        await server.StopAsync();
        await Should.ThrowAsync<NpgsqlException>(() => ReadAsync(database, "SELECT 1"));
        await server.StartAsync();
        await ReadAsync(database, "INSERT INTO kept VALUES (1)");
        await server.RestartImmediateAsync();
        (await ReadAsync(database, "SELECT count(*) FROM kept")).ShouldBe(1L);

        server.Freeze();
        var answer = ReadAsync(database, "SELECT 2");
        await Should.ThrowAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromMilliseconds(300), CancellationToken));
        server.Thaw();
        (await answer).ShouldBe(2);
    }

    [Fact]
    public async Task S3_gives_back_the_object_that_it_took()
    {
        var server = await TestServers.ObjectStoreAsync();
        var bucket = await server.CreateBucketAsync();
        var sent = Enumerable.Range(0, 100_000).Select(number => (byte)number).ToArray();

        await PutAsync(server, bucket, sent);

        (await GetAsync(server, bucket)).ShouldBe(sent);
        await server.RemoveBucketAsync(bucket);
    }

    [Fact]
    public async Task An_S3_server_of_a_tests_own_stops_and_keeps_its_objects()
    {
        await using var server = await LocalObjectStore.CreateAsync();
        var bucket = await server.CreateBucketAsync();
        await PutAsync(server, bucket, [1, 2, 3]);
        await server.StopAsync();
        await Should.ThrowAsync<Exception>(() => GetAsync(server, bucket));
        await server.StartAsync();

        (await GetAsync(server, bucket)).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task A_process_ends_with_its_descendants_when_the_tests_let_go()
    {
        var leash = await Leash.StartAsync("sh", ["-c", "sh -c 'sleep 300' & sleep 300"]);
        var family = await Eventually.ReadAsync(
            () => Task.FromResult(ProcessTree.Descendants(leash.Pid)), found => found.Count >= 2, "the process has its descendants");

        // The same end of file that the kernel makes when this process is killed.
        await leash.DisposeAsync();

        family.Append(leash.Pid).Where(ProcessTree.IsRunning).ShouldBeEmpty();
    }

    private static async Task<object?> ReadAsync(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(database) { Pooling = false }.ConnectionString);
        await connection.OpenAsync(CancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(CancellationToken);
    }

    private static async Task PutAsync(ObjectStoreServer server, string bucket, byte[] bytes)
    {
        using var client = server.CreateClient();
        using var content = new MemoryStream(bytes);
        await client.PutObjectAsync(
            new PutObjectArgs().WithBucket(bucket).WithObject("a/b").WithStreamData(content).WithObjectSize(bytes.Length), CancellationToken);
    }

    private static async Task<byte[]> GetAsync(ObjectStoreServer server, string bucket)
    {
        using var client = server.CreateClient();
        using var content = new MemoryStream();
        await client.GetObjectAsync(
            new GetObjectArgs().WithBucket(bucket).WithObject("a/b").WithCallbackStream((stream, token) => stream.CopyToAsync(content, token)),
            CancellationToken);
        return content.ToArray();
    }
}
