using Minio.DataModel.Args;
using Npgsql;

namespace Modular.IntegrationTests.Infrastructure;

public sealed class RealPartsTests
{
    [Fact]
    public async Task Postgres_answers_in_a_fresh_database()
    {
        var server = await TestServers.PostgresAsync();
        var database = await server.CreateDatabaseAsync();
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand("SELECT 1", connection);

        (await command.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(1);

        await server.DropDatabaseAsync(database);
    }

    [Fact]
    public async Task S3_gives_back_the_object_that_it_took()
    {
        var server = await TestServers.ObjectStoreAsync();
        var bucket = await server.CreateBucketAsync();
        using var client = server.CreateClient();
        var sent = Enumerable.Range(0, 100_000).Select(number => (byte)number).ToArray();
        using var content = new MemoryStream(sent);
        await client.PutObjectAsync(
            new PutObjectArgs().WithBucket(bucket).WithObject("a/b").WithStreamData(content).WithObjectSize(sent.Length),
            TestContext.Current.CancellationToken);

        using var received = new MemoryStream();
        await client.GetObjectAsync(
            new GetObjectArgs().WithBucket(bucket).WithObject("a/b").WithCallbackStream((stream, token) => stream.CopyToAsync(received, token)),
            TestContext.Current.CancellationToken);
        received.ToArray().ShouldBe(sent);

        await server.RemoveBucketAsync(bucket);
    }
}
