using System.Globalization;
using CsvHelper;
using Parquet.Schema;

namespace Modular.ArchitectureTests.Fixtures.Bad.Domain;

/// <summary>Breaks: table formats belong to job handlers; Domain knows only System.</summary>
internal static class VendorThing
{
    public static Func<TextReader, IDisposable> Reader { get; } = text => new CsvReader(text, CultureInfo.InvariantCulture);

    public static Type Column => typeof(DataField);
}
