using System.Text;
using Shouldly;

namespace Modular.ArchitectureTests;

/// <summary>What a rule says of one thing that it looked at.</summary>
/// <param name="Item">The thing: a type, a project, a route.</param>
/// <param name="Problem">What is wrong with it; null when it keeps the rule.</param>
internal sealed record Verdict(string Item, string? Problem = null);

/// <summary>
/// One rule of the architecture. The same code judges the product and a deliberately bad fixture: a rule that selects nothing,
/// or that its fixture cannot break, guards nothing and fails here.
/// </summary>
/// <typeparam name="TSubject">What is judged: a project graph, modules, endpoints.</typeparam>
/// <param name="why">Why the rule exists.</param>
/// <param name="fix">What to do when it fails.</param>
/// <param name="judge">One verdict for each thing that the rule selects (more when one thing breaks it in several ways).</param>
internal sealed class Rule<TSubject>(string why, string fix, Func<TSubject, IEnumerable<Verdict>> judge)
{
    /// <summary>Tries the rule on its fixtures, then holds the product to it.</summary>
    /// <param name="product">Must be selected from, and must keep the rule.</param>
    /// <param name="bad">Must be refused.</param>
    /// <param name="offenders">What exactly is refused in <paramref name="bad"/>: neither less nor more.</param>
    /// <param name="good">The same things made right: must be selected and kept.</param>
    public void Check(TSubject product, TSubject bad, IReadOnlyList<string> offenders, TSubject good)
    {
        Offenders(bad).ShouldBe([.. offenders.Order(StringComparer.Ordinal)], customMessage: "The rule must refuse exactly these of its bad fixture; otherwise it cannot fail, or fails for the wrong reason.");
        Holds(good, "good fixture");
        Holds(product, "product");
    }

    private string[] Offenders(TSubject subject) =>
        [.. judge(subject).Where(verdict => verdict.Problem is not null).Select(verdict => verdict.Item).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private void Holds(TSubject subject, string name)
    {
        var verdicts = judge(subject).ToArray();
        verdicts.ShouldNotBeEmpty($"The rule selected nothing in the {name}, so it guards nothing: mend its selection. Why the rule exists: {why}");
        var broken = verdicts.Where(verdict => verdict.Problem is not null).ToArray();
        if (broken.Length == 0)
        {
            return;
        }

        var message = new StringBuilder().AppendLine($"{broken.Length} of {verdicts.Length} in the {name} break the rule:");
        foreach (var verdict in broken)
        {
            message.AppendLine($"  {verdict.Item}: {verdict.Problem}");
        }

        throw new ShouldAssertException(message.AppendLine($"Why: {why}").Append($"What to do: {fix}").ToString());
    }
}
