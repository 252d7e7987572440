using System.Text;
using System.Text.Json;
using FluentValidation;
using Modular.Jobs.Contracts;

namespace Modular.Fixtures.JobHandlers;

/// <summary>Does what its payload says, step by step, so that a test can bring a job into any situation.</summary>
internal static class ActOut
{
    public sealed record Payload(IReadOnlyList<Step> Steps, JsonElement? Result = null, int? ResultDepth = null);

    /// <param name="OnAttempt">Only then; null: always.</param>
    /// <param name="Log">Writes this line.</param>
    /// <param name="Progress">Reports it, with <paramref name="Message"/>.</param>
    /// <param name="Times">How often the line is written or the progress reported.</param>
    /// <param name="Message">Text of the progress, the artifact, the error.</param>
    /// <param name="Garbled">The text is followed by NUL and half a surrogate pair, which no client could send.</param>
    /// <param name="Artifact">Writes an artifact of this name.</param>
    /// <param name="Object">Writes an object of this key.</param>
    /// <param name="Checkpoint">Saves it.</param>
    /// <param name="Gate">Waits until the test opens it.</param>
    /// <param name="Deaf">Waits there whatever the cancellation token says.</param>
    /// <param name="Fail">Throws.</param>
    /// <param name="GiveUp">Throws that a retry is useless.</param>
    public sealed record Step(
        int? OnAttempt = null,
        string? Log = null,
        double? Progress = null,
        int Times = 1,
        string? Message = null,
        bool Garbled = false,
        string? Artifact = null,
        string? Object = null,
        string? Checkpoint = null,
        string? Gate = null,
        bool Deaf = false,
        bool Fail = false,
        bool GiveUp = false);

    /// <param name="Attempt">Which attempt succeeded.</param>
    /// <param name="Checkpoint">What an earlier attempt had saved when this one began.</param>
    /// <param name="Value">The payload's result.</param>
    public sealed record Result(int Attempt, string? Checkpoint, JsonElement? Value);

    public sealed record Saved(string Text);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator() => RuleFor(payload => payload.Steps).NotNull().WithMessage("must be an array of steps");
    }

    [JobType("fixtures.act", "Does what its payload says.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        private const string Garbage = "\0\ud800.";

        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            Gates.Began(context.JobId);
            var saved = await context.LoadCheckpointAsync<Saved>(cancellationToken);
            foreach (var step in payload.Steps.Where(step => step.OnAttempt is null || step.OnAttempt == context.Attempt))
            {
                await ActAsync(step, context, cancellationToken);
            }

            return new Result(context.Attempt, saved?.Text, payload.ResultDepth is { } depth ? Nested(depth) : payload.Result);
        }

        private static async Task ActAsync(Step step, IJobContext context, CancellationToken cancellationToken)
        {
            var garbage = step.Garbled ? Garbage : "";
            for (var time = 1; time <= step.Times; time++)
            {
                if (step.Log is { } line)
                {
                    context.Log(JobLogLevel.Info, line + garbage);
                }

                if (step.Progress is { } percent)
                {
                    context.ReportProgress(percent * time / step.Times, step.Message + garbage);
                }
            }

            if (step.Artifact is { } name)
            {
                await context.WriteArtifactAsync(name, "text/plain", (stream, token) => WriteAsync(stream, step.Message, token), cancellationToken);
            }

            if (step.Object is { } key)
            {
                await context.WriteObjectAsync(key, "text/plain", (stream, token) => WriteAsync(stream, step.Message, token), cancellationToken);
            }

            if (step.Checkpoint is { } checkpoint)
            {
                await context.SaveCheckpointAsync(new Saved(checkpoint), cancellationToken);
            }

            if (step.Gate is { } gate)
            {
                await Gates.WaitAsync(gate, step.Deaf ? CancellationToken.None : cancellationToken);
            }

            if (step.GiveUp)
            {
                throw new JobFailedException(step.Message + garbage) { ErrorType = "GaveUp" };
            }

            if (step.Fail)
            {
                throw new InvalidOperationException(step.Message + garbage);
            }
        }

        private static Task WriteAsync(Stream stream, string? text, CancellationToken cancellationToken) =>
            stream.WriteAsync(Encoding.UTF8.GetBytes(text ?? ""), cancellationToken).AsTask();

        private static JsonElement Nested(int depth)
        {
            using var document = JsonDocument.Parse(new string('[', depth) + new string(']', depth), new JsonDocumentOptions { MaxDepth = depth });
            return document.RootElement.Clone();
        }
    }
}
