using System.Security.Claims;
using Carter;
using FluentValidation;
using Marten;
using MediatR;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Modular.BuildingBlocks.Http;
using Modular.BuildingBlocks.Http.Limits;
using Modular.BuildingBlocks.Persistence;
using Modular.BuildingBlocks.Security;
using Modular.Ops.Authentication;
using Modular.Ops.Domain;

namespace Modular.Ops.Features;

internal static class CreateApiKey
{
    /// <summary>A key to be made; <see cref="GrantedBy"/> is filled in by the endpoint.</summary>
    public sealed record Command(string Name, IReadOnlyList<string> Scopes, DateTimeOffset? ExpiresAt, int? RateLimitPerMinute) : IRequest<Response>
    {
        /// <summary>The scopes of who asks: nobody gives away more than they have. Not public, so that no body can set it.</summary>
        internal IReadOnlyList<string> GrantedBy { get; init; } = [];
    }

    /// <summary>The key, shown this once: only its hash is kept.</summary>
    public sealed record Response(
        Guid Id, string Key, string Name, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, int? RateLimitPerMinute);

    public sealed class Validator : AbstractValidator<Command>
    {
        public Validator(TimeProvider time)
        {
            RuleFor(command => command.Name).Must(name => name is { Length: >= 1 and <= 100 } && !string.IsNullOrWhiteSpace(name) && !name.Any(char.IsControl))
                .WithMessage("must be from 1 to 100 characters, none of them a control character");
            RuleFor(command => command.Scopes).NotEmpty().WithMessage($"must name at least one of {AllScopes}");
            RuleForEach(command => command.Scopes).Must(scope => BuildingBlocks.Security.Scopes.All.Contains(scope)).WithMessage($"must be one of {AllScopes}");
            RuleFor(command => command.Scopes).Must(scopes => scopes is null || scopes.Distinct(StringComparer.Ordinal).Count() == scopes.Count)
                .WithMessage("must not name a scope twice");
            RuleFor(command => command.ExpiresAt).Must(expiresAt => expiresAt is null || expiresAt > time.GetUtcNow()).WithMessage("must be in the future");
            RuleFor(command => command.RateLimitPerMinute).InclusiveBetween(1, 1_000_000).WithMessage("must be from 1 to 1000000");
        }

        private static string AllScopes => string.Join(", ", BuildingBlocks.Security.Scopes.All);
    }

    public sealed class Handler(IDocumentSession session, IAuditTrail audit, TimeProvider time) : IRequestHandler<Command, Response>
    {
        public async Task<Response> Handle(Command request, CancellationToken cancellationToken)
        {
            var missing = request.Scopes.Except(request.GrantedBy, StringComparer.Ordinal).ToArray();
            if (missing.Length > 0)
            {
                throw new Refusal(StatusCodes.Status403Forbidden, $"A key cannot give what it lacks: the scope {string.Join(", ", missing)}.");
            }

            var text = KeyText.Create();
            var now = time.GetUtcNow();
            var key = new ApiKey
            {
                Id = OrderedId.At(now),
                Name = request.Name,
                Hash = Convert.ToHexStringLower(KeyText.Hash(text)),
                Scopes = request.Scopes,
                CreatedAt = now,
                ExpiresAt = request.ExpiresAt,
                RateLimitPerMinute = request.RateLimitPerMinute,
            };
            session.Insert(key);
            audit.Describe(key.Id.ToString(), $"{key.Name}: {string.Join(", ", key.Scopes)}");
            await session.SaveChangesAsync(cancellationToken);
            return new Response(key.Id, text, key.Name, key.Scopes, key.CreatedAt, key.ExpiresAt, key.RateLimitPerMinute);
        }
    }

    public sealed class Endpoint : ICarterModule
    {
        public void AddRoutes(IEndpointRouteBuilder app) => app
            .MapPost("/api-keys", async (Command command, ClaimsPrincipal caller, ISender sender, CancellationToken cancellationToken) =>
            {
                var response = await sender.Send(command with { GrantedBy = Caller.Of(caller).Scopes }, cancellationToken);
                return TypedResults.Created((string?)null, response);
            })
            .WithName("CreateApiKey")
            .WithSummary("Make an API key")
            .WithDescription("The answer shows the key once; only its hash is kept. Nobody gives a scope that they lack.")
            .Audited("key.create")
            .Expensive()
            .RequireScope(Scopes.Ops);
    }
}
