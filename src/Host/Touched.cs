namespace Modular.Host;

internal static class Touched22970;
