using Modular.Jobs.Contracts;

namespace Modular.ArchitectureTests.Fixtures.Good.Domain;

/// <summary>Speaks words that Contracts share.</summary>
internal sealed record ThingState(JobLogLevel Level, string Message);
