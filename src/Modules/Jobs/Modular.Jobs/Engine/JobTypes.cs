using System.Reflection;
using FluentValidation;
using Microsoft.Extensions.DependencyInjection;
using Modular.BuildingBlocks.Modules;
using Modular.Jobs.Contracts;

namespace Modular.Jobs.Engine;

/// <summary>Every job type of this Host, found through the module list: a handler is one class in any module, registered nowhere.</summary>
internal sealed class JobTypes
{
    private readonly SortedDictionary<string, JobType> _types = new(StringComparer.Ordinal);

    public JobTypes(ModuleList modules, JobsOptions options, IServiceProvider services)
    {
        foreach (var handler in modules.Assemblies.SelectMany(assembly => assembly.GetTypes()))
        {
            if (handler.GetCustomAttribute<JobTypeAttribute>() is not { } name || (name.Name.StartsWith("debug.", StringComparison.Ordinal) && !options.DebugJobs))
            {
                continue;
            }

            var contract = handler.GetInterfaces().FirstOrDefault(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IJobHandler<,>))
                ?? throw new InvalidOperationException($"{handler} has a JobType attribute but is no IJobHandler<TPayload, TResult>.");
            var validator = services.GetService(typeof(IValidator<>).MakeGenericType(contract.GenericTypeArguments[0]));
            var type = (JobType)Activator.CreateInstance(typeof(JobType<,>).MakeGenericType(contract.GenericTypeArguments), name, ActivatorUtilities.CreateFactory(handler, []), validator)!;
            if (!_types.TryAdd(name.Name, type))
            {
                throw new InvalidOperationException($"Two handlers say that they run the job type \"{name.Name}\".");
            }
        }
    }

    public IEnumerable<JobType> All => _types.Values;

    public string[] Names => [.. _types.Keys];

    public JobType? Find(string? name) => name is null ? null : _types.GetValueOrDefault(name);
}
