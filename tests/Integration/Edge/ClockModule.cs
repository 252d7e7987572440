using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Time.Testing;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Modules;

namespace Modular.IntegrationTests.Edge;

/// <summary>Gives the Host a clock that the test turns.</summary>
internal sealed class ClockModule(FakeTimeProvider time) : IModule
{
    public string Name => "Clock";

    public void AddServices(IHostApplicationBuilder builder, Settings settings) => builder.Services.AddSingleton<TimeProvider>(time);
}
