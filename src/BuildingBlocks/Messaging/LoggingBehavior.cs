using System.Diagnostics;
using MediatR;
using Microsoft.Extensions.Logging;

namespace Modular.BuildingBlocks.Messaging;

/// <summary>Names each use case and how long it took, at Debug: the request line already tells the rest. Never the request itself: it may hold secrets.</summary>
internal sealed partial class LoggingBehavior<TRequest, TResponse>(ILogger<LoggingBehavior<TRequest, TResponse>> logger)
    : IPipelineBehavior<TRequest, TResponse>
    where TRequest : notnull
{
    // "SubmitJob.Command": the nested type alone would be "Command" everywhere.
    private static readonly string UseCase = $"{typeof(TRequest).DeclaringType?.Name}.{typeof(TRequest).Name}";

    public async Task<TResponse> Handle(TRequest request, RequestHandlerDelegate<TResponse> next, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var response = await next(cancellationToken);
        Handled(logger, UseCase, Stopwatch.GetElapsedTime(started).TotalMilliseconds);
        return response;
    }

    [LoggerMessage(1, LogLevel.Debug, "{UseCase} handled in {ElapsedMs:0.0} ms")]
    private static partial void Handled(ILogger logger, string useCase, double elapsedMs);
}
