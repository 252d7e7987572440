using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Http.Outbound;
using Modular.BuildingBlocks.Modules;
using Modular.BuildingBlocks.Persistence;
using Modular.BuildingBlocks.Telemetry;

namespace Modular.Host;

/// <summary>Composes the Host: configuration, platform, modules, pipeline.</summary>
internal static class ModularHost
{
    /// <param name="args">Settings as <c>--NAME=value</c>; they win over the environment.</param>
    /// <param name="modules">The modules to host; the one list when null.</param>
    /// <exception cref="SettingsException">Settings are wrong or missing; it names all of them.</exception>
    public static WebApplication Build(string[] args, IReadOnlyList<IModule>? modules = null)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Host.UseDefaultServiceProvider(provider => provider.ValidateOnBuild = provider.ValidateScopes = true);
        var settings = new Settings(builder.Configuration, builder.Environment.IsDevelopment());

        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddTelemetry(settings);
        builder.AddLifecycle(ShutdownOptions.Read(settings));
        builder.AddHttp(HttpOptions.Read(settings));
        builder.AddPersistence(settings);
        builder.AddOutbound(settings);
        var list = new ModuleList(modules ?? Modules.All);
        list.AddServices(builder, settings);
        Runtime.Check(settings);
        builder.Services.AddSingleton(settings);
        if (settings.Problems.Count > 0)
        {
            throw new SettingsException(settings.Problems);
        }

        var app = builder.Build();
        app.UseHttp();
        list.MapRoutes(app);
        app.MapOpenApi().AllowAnonymous();
        return app;
    }
}
