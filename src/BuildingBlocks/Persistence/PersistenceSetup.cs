using JasperFx;
using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http;
using Npgsql;

namespace Modular.BuildingBlocks.Persistence;

/// <summary>One pool, one document store. Each module adds its documents with <c>ConfigureMarten</c>, in its own schema.</summary>
public static class PersistenceSetup
{
    public static void AddPersistence(this IHostApplicationBuilder builder, Settings settings)
    {
        var options = DatabaseOptions.Read(settings);
        builder.Services.AddSingleton(options);
        // Named, since the pool's metrics would otherwise carry the connection string.
        builder.Services.AddSingleton(_ => new NpgsqlDataSourceBuilder(options.ConnectionString) { Name = "modular" }.Build());
        builder.Services.AddSingleton<DatabaseWait>();
        builder.Services.AddSingleton<Migrations>();
        builder.Services.AddHostedService<DatabaseStart>();
        builder.Services.AddSingleton<IHealthProbe, DatabaseProbe>();
        builder.Services.AddMarten(marten =>
            {
                // Marten's own migration drops what it did not declare, also when an older replica starts after a newer one: the numbered SQL files own the schema.
                marten.AutoCreateSchemaObjects = AutoCreate.None;
                marten.DisableNpgsqlLogging = true;
                marten.UseSystemTextJsonForSerialization(Weasel.Core.EnumStorage.AsString, Weasel.Core.Casing.CamelCase, json => Json.ConfigureStored(json));
                marten.Policies.DisableInformationalFields();
            })
            .UseLightweightSessions()
            .UseNpgsqlDataSource();
    }
}
