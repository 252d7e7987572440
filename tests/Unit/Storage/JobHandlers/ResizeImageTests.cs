using System.Buffers.Binary;
using System.IO.Hashing;
using Modular.Jobs.Contracts;
using Modular.Storage.JobHandlers;
using Shouldly;
using SkiaSharp;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

public sealed class ResizeImageTests
{
    private readonly InMemoryJob _job = new();

    [Theory]
    [InlineData("'width':100", 100, 50)]
    [InlineData("'height':100", 200, 100)]
    [InlineData("'width':100,'height':100", 100, 50)]
    [InlineData("'width':100,'height':100,'fit':'contain'", 100, 50)]
    [InlineData("'width':100,'height':100,'fit':'cover'", 100, 100)]
    [InlineData("'width':30,'height':90,'fit':'fill'", 30, 90)]
    [InlineData("'width':800", 800, 400)]
    [InlineData("'width':1", 1, 1)]
    [InlineData("'width':50,'fit':'cover'", 50, 25)]
    public async Task The_size_follows_from_what_is_given(string size, int width, int height)
    {
        _job.Put("in", Encode(Quarters(400, 200), SKEncodedImageFormat.Png));

        var result = await RunAsync(size);

        result.ShouldBe(new ResizeImage.Result(width, height, _job.Bytes("out").Length));
        using var image = Decode();
        (image.Width, image.Height).ShouldBe((width, height));
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Jpeg, "", "image/jpeg", SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Png, "", "image/png", SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Webp, "", "image/webp", SKEncodedImageFormat.Webp)]
    [InlineData(SKEncodedImageFormat.Png, ",'format':'webp'", "image/webp", SKEncodedImageFormat.Webp)]
    [InlineData(SKEncodedImageFormat.Webp, ",'format':'jpeg','quality':40", "image/jpeg", SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Jpeg, ",'format':'png'", "image/png", SKEncodedImageFormat.Png)]
    public async Task The_format_is_the_one_that_is_asked_for_or_else_the_inputs(SKEncodedImageFormat from, string more, string contentType, SKEncodedImageFormat to)
    {
        _job.Put("in", Encode(Quarters(64, 64), from));

        await RunAsync("'width':32" + more);

        _job.ContentType("out").ShouldBe(contentType);
        using var codec = SKCodec.Create(new MemoryStream(_job.Bytes("out")));
        codec.EncodedFormat.ShouldBe(to);
        ShouldBeQuarters(SKColors.Red, SKColors.Lime, SKColors.Blue, SKColors.Yellow);
    }

    [Fact]
    public async Task A_GIF_becomes_a_PNG()
    {
        // The smallest GIF there is: one transparent pixel.
        _job.Put("in", Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"));

        await RunAsync("'width':2");

        _job.ContentType("out").ShouldBe("image/png");
    }

    [Fact]
    public async Task Cover_keeps_the_middle()
    {
        using var wide = new SKBitmap(300, 100);
        using (var canvas = new SKCanvas(wide))
        {
            canvas.Clear(SKColors.Red);
            canvas.DrawRect(100, 0, 100, 100, new SKPaint { Color = SKColors.Blue });
        }

        _job.Put("in", Encode(wide, SKEncodedImageFormat.Png));

        await RunAsync("'width':50,'height':50,'fit':'cover'");

        using var image = Decode();
        Near(image.GetPixel(3, 25), SKColors.Blue).ShouldBeTrue();
        Near(image.GetPixel(46, 25), SKColors.Blue).ShouldBeTrue();
    }

    [Theory]
    [InlineData(1, 0, 1, 2, 3)]
    [InlineData(2, 1, 0, 3, 2)]
    [InlineData(3, 3, 2, 1, 0)]
    [InlineData(4, 2, 3, 0, 1)]
    [InlineData(5, 0, 2, 1, 3)]
    [InlineData(6, 2, 0, 3, 1)]
    [InlineData(7, 3, 1, 2, 0)]
    [InlineData(8, 1, 3, 0, 2)]
    public async Task The_EXIF_orientation_is_applied(byte orientation, params int[] quarters)
    {
        var colors = new[] { SKColors.Red, SKColors.Lime, SKColors.Blue, SKColors.Yellow };
        _job.Put("in", WithOrientation(Encode(Quarters(160, 80), SKEncodedImageFormat.Jpeg), orientation));

        var result = await RunAsync("'width':40");

        result.Height.ShouldBe(orientation >= 5 ? 80 : 20);
        ShouldBeQuarters(colors[quarters[0]], colors[quarters[1]], colors[quarters[2]], colors[quarters[3]]);
        using var codec = SKCodec.Create(new MemoryStream(_job.Bytes("out")));
        codec.EncodedOrigin.ShouldBe(SKEncodedOrigin.TopLeft);
    }

    [Theory]
    [InlineData("png", 0)]
    [InlineData("webp", 0)]
    [InlineData("jpeg", 255)]
    public async Task Transparency_is_kept_or_becomes_white(string format, byte alphaOrWhite)
    {
        using var clear = new SKBitmap(20, 20);
        clear.Erase(SKColors.Transparent);
        _job.Put("in", Encode(clear, SKEncodedImageFormat.Png));

        await RunAsync($"'width':10,'format':'{format}'");

        using var image = Decode();
        image.GetPixel(5, 5).Alpha.ShouldBe(alphaOrWhite);
        if (format == "jpeg")
        {
            Near(image.GetPixel(5, 5), SKColors.White).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task A_lower_quality_gives_fewer_bytes()
    {
        _job.Put("in", Encode(Noise(200, 200), SKEncodedImageFormat.Png));

        var fine = await RunAsync("'width':200,'format':'jpeg','quality':95");
        var usual = await RunAsync("'width':200,'format':'jpeg'");
        var coarse = await RunAsync("'width':200,'format':'jpeg','quality':5");

        fine.Bytes.ShouldBeGreaterThan(usual.Bytes);
        usual.Bytes.ShouldBeGreaterThan(coarse.Bytes);
    }

    [Fact]
    public async Task A_pixel_flood_is_refused_by_its_header()
    {
        _job.Put("in", PngHeader(20_000, 20_000));

        await RefusedAsync("ImageTooLarge", "'in' has 20000 x 20000 pixels; at most 100,000,000 are decoded.");
    }

    [Fact]
    public async Task A_result_that_would_be_too_long_is_refused()
    {
        _job.Put("in", Encode(Quarters(2, 400), SKEncodedImageFormat.Png));

        await RefusedAsync("ImageTooLarge", "The result would have 100 x 20000 pixels; a side has at most 8192.");
    }

    [Fact]
    public async Task A_file_of_more_than_200_MiB_is_refused_unread()
    {
        _job.Put("in", (200L << 20) + 1, () => throw new InvalidOperationException("It was opened."));

        await RefusedAsync("ImageTooLarge", "larger than the 209,715,200 bytes");
    }

    [Theory]
    [InlineData(SKEncodedImageFormat.Png)]
    [InlineData(SKEncodedImageFormat.Jpeg)]
    [InlineData(SKEncodedImageFormat.Webp)]
    public async Task An_image_that_is_cut_off_is_refused(SKEncodedImageFormat format)
    {
        var whole = Encode(Noise(300, 300), format);
        _job.Put("in", whole[..(whole.Length / 2)]);

        await RefusedAsync("InvalidImage", "");
    }

    [Theory]
    [InlineData("")]
    [InlineData("this is no image")]
    [InlineData("<svg xmlns=\"http://www.w3.org/2000/svg\"/>")]
    [InlineData("\u0089PNG\r\n")]
    public async Task What_is_no_image_is_refused(string text)
    {
        _job.Put("in", text);

        await RefusedAsync("InvalidImage", "'in' is not a readable JPEG, PNG, WebP, GIF, BMP or ICO image");
    }

    [Fact]
    public async Task A_PNG_without_its_pixels_is_refused()
    {
        _job.Put("in", PngHeader(1_000, 1_000));

        await RefusedAsync("InvalidImage", "");
    }

    [Fact]
    public async Task Cancelling_does_not_wait_for_the_pixels()
    {
        using var cancel = new CancellationTokenSource();
        _job.Put("in", Encode(Quarters(3_000, 3_000), SKEncodedImageFormat.Png));
        _job.OnProgress = cancel.Cancel;

        await Should.ThrowAsync<OperationCanceledException>(() => RunAsync("'width':8000", cancel.Token));

        _job.Published.ShouldBeEmpty();
    }

    private static SKBitmap Quarters(int width, int height)
    {
        var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        var (w, h) = (width / 2f, height / 2f);
        canvas.DrawRect(0, 0, w, h, new SKPaint { Color = SKColors.Red });
        canvas.DrawRect(w, 0, w, h, new SKPaint { Color = SKColors.Lime });
        canvas.DrawRect(0, h, w, h, new SKPaint { Color = SKColors.Blue });
        canvas.DrawRect(w, h, w, h, new SKPaint { Color = SKColors.Yellow });
        return bitmap;
    }

    private static SKBitmap Noise(int width, int height)
    {
        var random = new Random(1);
        var bitmap = new SKBitmap(width, height);
        for (var i = 0; i < width * height; i++)
        {
            bitmap.SetPixel(i % width, i / width, new SKColor((uint)random.Next() | 0xFF000000));
        }

        return bitmap;
    }

    private static byte[] Encode(SKBitmap bitmap, SKEncodedImageFormat format)
    {
        using var data = bitmap.Encode(format, 95);
        return data.ToArray();
    }

    private static byte[] WithOrientation(byte[] jpeg, byte orientation) =>
    [
        .. jpeg[..2], 0xFF, 0xE1, 0, 34, .. "Exif\0\0II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 0x01, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0, .. jpeg[2..],
    ];

    private static byte[] PngHeader(uint width, uint height)
    {
        var header = new byte[17];
        "IHDR"u8.CopyTo(header);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(4), width);
        BinaryPrimitives.WriteUInt32BigEndian(header.AsSpan(8), height);
        (header[12], header[13]) = (8, 6);
        var crc = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(crc, Crc32.HashToUInt32(header));
        return [0x89, .. "PNG\r\n"u8, 0x1A, .. "\n"u8, 0, 0, 0, 13, .. header, .. crc, 0, 0, 0, 10, .. "IDAT"u8, 0x78, 0x9C];
    }

    private static bool Near(SKColor color, SKColor expected) =>
        Math.Abs(color.Red - expected.Red) + Math.Abs(color.Green - expected.Green) + Math.Abs(color.Blue - expected.Blue) < 40;

    private void ShouldBeQuarters(params SKColor[] expected)
    {
        using var image = Decode();
        var (x, y) = (image.Width / 4, image.Height / 4);
        var seen = new[] { image.GetPixel(x, y), image.GetPixel(3 * x, y), image.GetPixel(x, 3 * y), image.GetPixel(3 * x, 3 * y) };
        for (var i = 0; i < seen.Length; i++)
        {
            Near(seen[i], expected[i]).ShouldBeTrue($"quarter {i} is {seen[i]}, not {expected[i]}");
        }
    }

    private SKBitmap Decode() => SKBitmap.Decode(_job.Bytes("out"));

    private Task<ResizeImage.Result> RunAsync(string more, CancellationToken? cancellationToken = null) =>
        _job.RunAsync(new ResizeImage.Handler(), new ResizeImage.Validator(), $"{{'key':'in','output':'out',{more}}}", cancellationToken);

    private async Task RefusedAsync(string errorType, string message)
    {
        var failure = await Should.ThrowAsync<JobFailedException>(() => RunAsync("'width':100"));

        failure.ErrorType.ShouldBe(errorType);
        failure.Message.ShouldContain(message);
        _job.Published.ShouldBeEmpty();
    }
}
