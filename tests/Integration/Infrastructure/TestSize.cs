namespace Modular.IntegrationTests.Infrastructure;

/// <summary>The same tests at two sizes: everyday (<c>make test</c>) and full (<c>make test-full</c>).</summary>
internal static class TestSize
{
    public static bool IsFull { get; } = Environment.GetEnvironmentVariable("MODULAR_TEST_FULL") == "1";

    public static T Of<T>(T everyday, T full) => IsFull ? full : everyday;
}
