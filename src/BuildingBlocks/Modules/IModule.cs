using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;

namespace Modular.BuildingBlocks.Modules;

/// <summary>One module of the monolith: the only public type of its assembly, besides its options.</summary>
public interface IModule
{
    /// <summary>Its name: the OpenAPI tag, and in lower case its PostgreSQL schema.</summary>
    string Name { get; }

    /// <summary>One sentence for the API reference.</summary>
    string Description => Name;

    /// <summary>Registers what the module needs. Settings that are wrong are noted in <paramref name="settings"/>, all of them, and stop the start together.</summary>
    void AddServices(IHostApplicationBuilder builder, Settings settings);

    /// <summary>Maps pages outside <c>/api/v1</c>, such as the reference page. Use cases are found by themselves.</summary>
    void MapPages(IEndpointRouteBuilder routes)
    {
    }
}
