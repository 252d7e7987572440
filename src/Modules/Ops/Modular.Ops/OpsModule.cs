using Marten;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;
using Modular.BuildingBlocks.Security;
using Modular.Ops.Authentication;
using Modular.Ops.Pages;
using Modular.Ops.Persistence;
using Modular.Ops.Telemetry;

namespace Modular.Ops;

/// <summary>What an operator needs: keys and sessions, the audit trail, metrics, the log level, the reference page.</summary>
public sealed class OpsModule : IModule
{
    public string Name => "Ops";

    public string Description => "Keys and sessions, the audit trail, metrics and the log level.";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
        var services = builder.Services;
        services.AddSingleton(OpsOptions.Read(settings));
        services.ConfigureMarten(OpsDocuments.Configure);

        services.AddSingleton<SecretKeys>();
        services.AddSingleton<ISecretKeys>(provider => provider.GetRequiredService<SecretKeys>());
        services.AddHostedService(provider => provider.GetRequiredService<SecretKeys>());

        services.AddSingleton<KeyRing>();
        services.AddSingleton<KeyUses>();
        services.AddSingleton<Sessions>();
        services.AddSingleton<EndedSessions>().AddHostedService(provider => provider.GetRequiredService<EndedSessions>());
        services.AddSingleton<OwnPages>();
        services.AddHostedService<KeyUseWriter>();
        services.AddSingleton<LastUses>();
        services.AddScoped<IAuditTrail, AuditTrail>();
        services.AddSingleton<QueueGauges>();
        services.AddSingleton<PoolGauges>();
        services.AddAuthentication(ApiKeyAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, ApiKeyAuthentication>(ApiKeyAuthentication.SchemeName, configureOptions: null);
    }

    public void MapPages(IEndpointRouteBuilder routes) => StaticPages.Map(routes);
}
