using Marten;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Modular.BuildingBlocks.Configuration;
using Modular.BuildingBlocks.Hosting;
using Modular.BuildingBlocks.Modules;
using Modular.Jobs.Contracts;
using Modular.Jobs.Engine;
using Modular.Jobs.Persistence;
using Modular.Jobs.Secrets;
using Modular.Jobs.Telemetry;

namespace Modular.Jobs;

/// <summary>Accepts jobs, runs them, tells about them.</summary>
public sealed class JobsModule : IModule
{
    public string Name => "Jobs";

    public string Description => "Jobs, their events, logs and artifacts, queues and workers.";

    public void AddServices(IHostApplicationBuilder builder, Settings settings)
    {
        var services = builder.Services;
        services.AddSingleton(JobsOptions.Read(settings));
        services.ConfigureMarten(JobDocuments.Configure);

        services.AddSingleton<SubmitBatch>().AddSingleton<ClaimJobs>().AddSingleton<CompleteJobs>().AddSingleton<WaitingJobs>();
        services.AddSingleton<AttemptWrites>().AddSingleton<JobReader>().AddSingleton<EventLog>().AddSingleton<Queues>().AddSingleton<Replicas>().AddSingleton<JobSeries>().AddSingleton<Retention>().AddSingleton<HotTable>();
        services.AddSingleton<IJobArtifacts>(provider => provider.GetRequiredService<JobReader>());
        services.AddSingleton<IJobStatistics>(provider => provider.GetRequiredService<Queues>());

        services.AddSingleton<JobTypes>().AddSingleton<PayloadSeal>().AddSingleton<JobMetrics>().AddSingleton<Replica>().AddSingleton<HeldJobs>().AddSingleton<JobChanges>();
        services.AddSingleton<LeaseKeeper>().AddSingleton<EventWriter>().AddSingleton<Executor>().AddSingleton<Completer>().AddSingleton<Claimer>();
        services.AddSingleton<IHealthProbe, WorkersProbe>();
        services.AddSingleton<WaitReason>();

        services.AddSingleton<ISignalReceiver>(provider => provider.GetRequiredService<Claimer>());
        services.AddSingleton<ISignalReceiver>(provider => provider.GetRequiredService<JobChanges>());
        services.AddSingleton<ISignalReceiver>(provider => provider.GetRequiredService<JobFeed>());
        services.AddSingleton<ISignalReceiver>(provider => provider.GetRequiredService<Promoter>());
        services.AddSingleton<SignalSender>().AddHostedService(provider => provider.GetRequiredService<SignalSender>());
        services.AddHostedService<SignalListener>();
        services.AddSingleton<EventReader>().AddHostedService(provider => provider.GetRequiredService<EventReader>());
        services.AddSingleton<JobFeed>().AddHostedService(provider => provider.GetRequiredService<JobFeed>());
        services.AddSingleton<SubmissionQueue>();
        services.AddSingleton<Promoter>().AddHostedService(provider => provider.GetRequiredService<Promoter>());
        services.AddHostedService<JobEngine>().AddHostedService<Rescuer>().AddHostedService<DepthSampler>().AddHostedService<Pruner>().AddHostedService<Vacuumer>();
    }
}
