namespace Modular.ArchitectureTests;

/// <summary>Where the sources lie that these tests were built from.</summary>
internal static class Repository
{
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder)
    {
        for (var here = new DirectoryInfo(folder); here is not null; here = here.Parent)
        {
            if (File.Exists(Path.Combine(here.FullName, "Modular.sln")))
            {
                return here.FullName;
            }
        }

        throw new InvalidOperationException($"No Modular.sln above {folder}: run the tests from the repository's own build output.");
    }
}
