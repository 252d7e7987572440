namespace Modular.IntegrationTests.Chaos;

/// <summary>What each cell measured: a line of the test's output, and of the file that <c>make chaos</c> prints at its end.</summary>
internal static class Report
{
    private static readonly string? File = Environment.GetEnvironmentVariable("MODULAR_CHAOS_REPORT");
    private static readonly Lock One = new();

    public static void Line(string cell, string text)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"{cell}: {text}");
        if (File is not null)
        {
            lock (One)
                System.IO.File.AppendAllText(File, $"{cell,-44}  {text}\n");
        }
    }
}
