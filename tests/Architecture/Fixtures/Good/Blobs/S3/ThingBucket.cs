using Minio;
using Minio.DataModel.Args;

namespace Modular.ArchitectureTests.Fixtures.Good.Blobs.S3;

internal static class ThingBucket
{
    public static Task MakeAsync(IMinioClient client, CancellationToken cancellationToken) =>
        client.MakeBucketAsync(new MakeBucketArgs().WithBucket("things"), cancellationToken);
}
