using FluentValidation;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace Modular.ArchitectureTests.Fixtures.Bad.Features;

/// <summary>Breaks: parts are what their names say.</summary>
internal static class Miswired
{
    public sealed record Command(Guid Id) : IRequest<int>;

    public sealed class Validator : AbstractValidator<string>;

    public sealed class Handler
    {
        public static Task<int> Handle(Command request, CancellationToken cancellationToken) => Task.FromResult(request is null ? 0 : 1);
    }

    public sealed class Endpoint
    {
        public static void AddRoutes(IEndpointRouteBuilder app) =>
            app.MapPost("/bad", (ISender sender, CancellationToken cancellationToken) => sender.Send(new Command(Guid.Empty), cancellationToken));
    }
}
