using MediatR;
using Modular.BuildingBlocks.Http;

namespace Modular.ArchitectureTests.Fixtures.BadContracts;

/// <summary>Breaks: Contracts use nothing of ours.</summary>
internal sealed record Promise(Refusal Refusal);

/// <summary>Breaks: no MediatR between modules.</summary>
internal sealed record Order(Guid Id) : IRequest;
