using Marten;
using Microsoft.Extensions.DependencyInjection;
using Modular.Host;
using Modular.IntegrationTests.Infrastructure;
using Weasel.Core;

namespace Modular.IntegrationTests.Persistence;

/// <summary>Marten runs without the right to change a schema: the numbered SQL files must say, to the letter, what it would have made.</summary>
public sealed class DocumentSchemaTests
{
    // Marten's own helpers, which no document of ours needs: they live outside the modules' schemas.
    private const string MartensOwn = "public.mt_";

    [Fact]
    public async Task The_migrations_of_every_module_make_what_Marten_would_make()
    {
        await using var app = await ModularApp.StartAsync();
        var store = app.Services.GetRequiredService<IDocumentStore>();

        var migration = await store.Storage.Database.CreateMigrationAsync(TestContext.Current.CancellationToken);

        var ours = migration.Deltas.Where(delta => !delta.SchemaObject.Identifier.QualifiedName.StartsWith(MartensOwn, StringComparison.Ordinal)).ToArray();
        Modules.All.Select(module => module.Name.ToLowerInvariant()).Except(ours.Select(delta => delta.SchemaObject.Identifier.Schema)).ShouldBeEmpty("every module has documents");
        ours.Where(delta => delta.Difference != SchemaPatchDifference.None).Select(Describe).ShouldBeEmpty();

        string Describe(ISchemaObjectDelta delta)
        {
            using var text = new StringWriter();
            delta.WriteUpdate(store.Storage.Database.Migrator, text);
            return $"{delta.SchemaObject.Identifier}: {delta.Difference}\n{text}";
        }
    }

    [Fact]
    public async Task A_second_start_finds_nothing_to_migrate()
    {
        await using var deployment = await Deployment.CreateAsync(new Dictionary<string, string> { ["AUTO_MIGRATE"] = "true" });
        await (await ModularApp.StartAsync(deployment)).DisposeAsync();

        await using var second = await ModularApp.StartAsync(deployment, new Dictionary<string, string> { ["AUTO_MIGRATE"] = "false" });

        await Eventually.IsTrueAsync(
            async () =>
            {
                using var ready = await second.Client.GetAsync("health/ready", TestContext.Current.CancellationToken);
                return ready.IsSuccessStatusCode;
            },
            "it is ready");
    }
}
