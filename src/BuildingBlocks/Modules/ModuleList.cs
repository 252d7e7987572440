using System.Reflection;
using Carter;
using FluentValidation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Messaging;

namespace Modular.BuildingBlocks.Modules;

/// <summary>The modules of this Host. From this one list come services, handlers, validators, routes, migrations and job types.</summary>
public sealed class ModuleList(IReadOnlyList<IModule> modules)
{
    public IReadOnlyList<IModule> All { get; } = modules;

    public IReadOnlyList<Assembly> Assemblies { get; } = [.. modules.Select(module => module.GetType().Assembly).Distinct()];

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
        builder.Services.AddSingleton(this);
        // Carter scans only libraries that reference it directly, and its one-assembly constructor overload takes another path: hence the array.
        builder.Services.AddCarter(
            new DependencyContextAssemblyCatalog([.. Assemblies]),
            carter => carter.WithEmptyValidators());
        builder.Services.AddValidatorsFromAssemblies(Assemblies, ServiceLifetime.Singleton, includeInternalTypes: true);
        builder.Services.AddMediatR(mediatr =>
        {
            mediatr.RegisterServicesFromAssemblies([.. Assemblies]);
            mediatr.AddOpenBehavior(typeof(LoggingBehavior<,>));
            mediatr.AddOpenBehavior(typeof(ValidationBehavior<,>));
        });

        foreach (var module in All)
        {
            module.AddServices(builder, settings);
        }
    }

    /// <summary>Maps each module's use cases under <c>/api/v1</c> in a group that carries what all of them share: tag and problem responses.</summary>
    public void MapRoutes(WebApplication app)
    {
        var endpoints = app.Services.GetServices<ICarterModule>().ToLookup(endpoint => endpoint.GetType().Assembly);
        foreach (var module in All)
        {
            var group = app.MapGroup("/api/v1").WithTags(module.Name)
                .ProducesProblem(StatusCodes.Status400BadRequest)
                .ProducesProblem(StatusCodes.Status401Unauthorized)
                .ProducesProblem(StatusCodes.Status403Forbidden)
                .ProducesProblem(StatusCodes.Status429TooManyRequests)
                .ProducesProblem(StatusCodes.Status500InternalServerError)
                .ProducesProblem(StatusCodes.Status503ServiceUnavailable);
            foreach (var endpoint in endpoints[module.GetType().Assembly].OrderBy(endpoint => endpoint.GetType().FullName, StringComparer.Ordinal))
            {
                endpoint.AddRoutes(group);
            }

            module.MapPages(app);
        }
    }
}
