using Microsoft.Extensions.Configuration;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Persistence;
using Npgsql;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Persistence;

public sealed class DatabaseOptionsTests
{
    [Theory]
    [InlineData("postgres://ann:p%40ss%2Fword@db.example.com:6543/jobs?sslmode=require", "db.example.com", 6543, "ann", "p@ss/word", "jobs")]
    [InlineData("postgresql://ann:pw@db.example.com/jobs", "db.example.com", 5432, "ann", "pw", "jobs")]
    [InlineData("postgres://ann:pw@[2001:db8::1]:5433/jobs", "2001:db8::1", 5433, "ann", "pw", "jobs")]
    [InlineData("Host=db.example.com;Port=6543;Username=ann;Password=pw;Database=jobs", "db.example.com", 6543, "ann", "pw", "jobs")]
    public void Both_forms_of_an_address_are_read(string url, string host, int port, string user, string password, string database)
    {
        var read = Read(new() { ["DATABASE_URL"] = url });
        (read.Host, read.Port, read.Username, read.Password, read.Database).ShouldBe((host, port, user, password, database));
    }

    [Fact]
    public void The_pool_has_5_to_25_connections_of_300_seconds_unless_the_environment_says_otherwise()
    {
        var read = Read(new() { ["DATABASE_URL"] = "postgres://ann:pw@host/jobs" });
        (read.MaxPoolSize, read.MinPoolSize, read.ConnectionLifetime).ShouldBe((25, 5, 300));
        read = Read(new() { ["DATABASE_URL"] = "postgres://ann:pw@host/jobs", ["DB_MAX_CONNECTIONS"] = "40", ["DB_MIN_CONNECTIONS"] = "1", ["DB_CONNECTION_LIFETIME_SECONDS"] = "60" });
        (read.MaxPoolSize, read.MinPoolSize, read.ConnectionLifetime).ShouldBe((40, 1, 60));
        read.Timeout.ShouldBeLessThanOrEqualTo(5, "An exhausted pool must be told within seconds.");
    }

    [Fact]
    public void Parameters_of_an_address_keep_their_dashes()
    {
        var read = Read(new() { ["DATABASE_URL"] = "postgres://ann:pw@host/jobs?sslmode=verify-full&Root%20Certificate=/etc/ssl/db-ca.pem&application_name=modular-eu-1" });
        (read.SslMode, read.RootCertificate, read.ApplicationName).ShouldBe((SslMode.VerifyFull, "/etc/ssl/db-ca.pem", "modular-eu-1"));
    }

    [Fact]
    public void Parameters_may_have_the_names_that_libpq_gives_them()
    {
        var read = Read(new() { ["DATABASE_URL"] = "postgres://ann:pw@host/jobs?sslmode=require&channel_binding=require&sslrootcert=/ca.pem&sslcert=/me.pem&sslkey=/me.key&connect_timeout=3" });
        (read.SslMode, read.ChannelBinding, read.RootCertificate, read.SslCertificate, read.SslKey).ShouldBe((SslMode.Require, ChannelBinding.Require, "/ca.pem", "/me.pem", "/me.key"));
    }

    private static NpgsqlConnectionStringBuilder Read(Dictionary<string, string?> values)
    {
        var settings = new Settings(new ConfigurationBuilder().AddInMemoryCollection(values).Build(), isDevelopment: false);
        var options = DatabaseOptions.Read(settings);
        settings.Problems.ShouldBeEmpty();
        return new NpgsqlConnectionStringBuilder(options.ConnectionString);
    }
}
