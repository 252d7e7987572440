using System.ComponentModel;
using System.Globalization;
using FluentValidation;
using Modular.Jobs.Contracts;
using SkiaSharp;

namespace Modular.Storage.JobHandlers;

internal static class ResizeImage
{
    private const long MaxFileBytes = 200L << 20;
    private const long MaxPixels = 100_000_000;
    private const int MaxSide = 8192;
    private const int DefaultQuality = 85;

    // A decoded image takes 4 bytes a pixel: images above this many pixels (64 MiB) are decoded one at a time in this process.
    private const long LargePixels = 16 << 20;
    private static readonly SemaphoreSlim LargeImages = new(1);

    private static readonly string[] Fits = ["contain", "cover", "fill"];
    private static readonly string[] Formats = ["jpeg", "png", "webp"];

    public sealed record Payload(
        [property: Description("The image to read: JPEG, PNG, WebP, GIF (its first frame), BMP or ICO, at most 200 MiB and 100 megapixels.")]
        string Key,
        [property: Description("The key of the new image. It has no metadata; its pixels are sRGB and turned the way the input's EXIF orientation says.")]
        string Output,
        [property: Description("Width in pixels, 1 to 8192. One of width and height may be left out: it follows from the image's proportions.")]
        int? Width = null,
        [property: Description("Height in pixels, 1 to 8192.")]
        int? Height = null,
        [property: Description("When both width and height are given: contain (the default) makes the image as large as fits in them, cover fills them and cuts off what sticks out at the sides, fill stretches it. Small images are enlarged.")]
        string? Fit = null,
        [property: Description("jpeg (transparent parts become white), png or webp; left out: the input's, or png when the input is something else.")]
        string? Format = null,
        [property: Description("1 to 100, 85 when left out; for jpeg and webp.")]
        int? Quality = null);

    public sealed record Result(int Width, int Height, long Bytes);

    public sealed class Validator : AbstractValidator<Payload>
    {
        public Validator()
        {
            RuleFor(payload => payload.Key).IsObjectKey();
            RuleFor(payload => payload.Output).IsObjectKey();
            RuleFor(payload => payload.Width).InclusiveBetween(1, MaxSide).WithMessage("must be from 1 to 8192");
            RuleFor(payload => payload.Height).InclusiveBetween(1, MaxSide).WithMessage("must be from 1 to 8192");
            RuleFor(payload => payload.Width).NotNull().When(payload => payload.Height is null).WithMessage("must be given when height is not");
            RuleFor(payload => payload.Fit).Must(fit => fit is null || Fits.Contains(fit, StringComparer.Ordinal)).WithMessage("must be contain, cover or fill");
            RuleFor(payload => payload.Format).Must(format => format is null || Formats.Contains(format, StringComparer.Ordinal)).WithMessage("must be jpeg, png or webp");
            RuleFor(payload => payload.Quality).InclusiveBetween(1, 100).WithMessage("must be from 1 to 100");
        }
    }

    [JobType("image.resize", "Makes an image of another size or format and stores it as an object.")]
    public sealed class Handler : IJobHandler<Payload, Result>
    {
        public async Task<Result> RunAsync(Payload payload, IJobContext context, CancellationToken cancellationToken)
        {
            var source = await context.FindObjectAsync(payload.Key, cancellationToken);
            var file = await SpoolFile.CopyAsync(source, MaxFileBytes, "ImageTooLarge", context, cancellationToken);
            var codec = Open(file, payload.Key);
            var (width, height, crop, format) = Plan(payload, codec);
            context.ReportProgress(20, $"resizing to {width} x {height}");

            await using var encoded = await DrawAsync(codec, width, height, crop, format, payload.Quality ?? DefaultQuality, cancellationToken);
            context.ReportProgress(80, "storing");
            var image = await context.WriteObjectAsync(
                payload.Output, $"image/{format}", (output, cancellationToken) => encoded.CopyToAsync(output, cancellationToken), cancellationToken);
            return new Result(width, height, image.Size);
        }

        /// <summary>Reads the image's header; the pixels are not decoded before their number is known to be bearable.</summary>
        private static SKCodec Open(FileStream file, string key)
        {
            var codec = SKCodec.Create(file, out var result);
            if (codec is null)
            {
                file.Dispose();
                throw Invalid($"'{key}' is not a readable JPEG, PNG, WebP, GIF, BMP or ICO image ({result}).");
            }

            var (width, height) = (codec.Info.Width, codec.Info.Height);
            if ((long)width * height > MaxPixels)
            {
                codec.Dispose();
                throw TooLarge($"'{key}' has {width} x {height} pixels; at most {MaxPixels:N0} are decoded.");
            }

            return codec;
        }

        private static (int Width, int Height, SKRect Crop, string Format) Plan(Payload payload, SKCodec codec)
        {
            var upright = Upright(codec.Info.Size, codec.EncodedOrigin);
            var (horizontal, vertical) = ((double?)payload.Width / upright.Width, (double?)payload.Height / upright.Height);
            var scale = (payload.Fit, horizontal, vertical) switch
            {
                ("cover", { } x, { } y) => Math.Max(x, y),
                (_, { } x, { } y) => Math.Min(x, y),
                _ => horizontal ?? vertical ?? 1,
            };

            var exact = payload is { Fit: "cover" or "fill", Width: not null, Height: not null };
            var width = exact ? payload.Width!.Value : Math.Max(1, (int)Math.Round(Math.Min(upright.Width * scale, int.MaxValue)));
            var height = exact ? payload.Height!.Value : Math.Max(1, (int)Math.Round(Math.Min(upright.Height * scale, int.MaxValue)));
            if (width > MaxSide || height > MaxSide)
            {
                codec.Dispose();
                throw TooLarge($"The result would have {width} x {height} pixels; a side has at most {MaxSide}.");
            }

            var crop = payload.Fit == "cover"
                ? SKRect.Create((float)(width / scale), (float)(height / scale))
                : SKRect.Create(upright.Width, upright.Height);
            crop.Offset((upright.Width - crop.Width) / 2, (upright.Height - crop.Height) / 2);
            var format = payload.Format ?? codec.EncodedFormat switch
            {
                SKEncodedImageFormat.Jpeg => "jpeg",
                SKEncodedImageFormat.Webp => "webp",
                _ => "png",
            };
            return (width, height, crop, format);
        }

        // Native code cannot be interrupted. A cancelled attempt lets go of it at once; it ends by itself, seconds later at most, and frees what it holds.
        private static async Task<FileStream> DrawAsync(
            SKCodec codec, int width, int height, SKRect crop, string format, int quality, CancellationToken cancellationToken)
        {
            var large = Math.Max((long)codec.Info.Width * codec.Info.Height, (long)width * height) > LargePixels;
            if (large)
            {
                await LargeImages.WaitAsync(cancellationToken);
            }

            var drawing = Task.Run(
                () =>
                {
                    try
                    {
                        return Draw(codec, width, height, crop, format, quality);
                    }
                    finally
                    {
                        codec.Dispose();
                        if (large)
                        {
                            LargeImages.Release();
                        }
                    }
                },
                CancellationToken.None);
            try
            {
                return await drawing.WaitAsync(cancellationToken);
            }
            catch (OperationCanceledException)
            {
                _ = drawing.ContinueWith(
                    async abandoned => await (await abandoned).DisposeAsync(),
                    CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
                throw;
            }
        }

        private static FileStream Draw(SKCodec codec, int width, int height, SKRect crop, string format, int quality)
        {
            using var decoded = Decode(codec, Math.Max(width / crop.Width, height / crop.Height));
            using var image = SKImage.FromBitmap(decoded);
            using var target = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Premul, decoded.ColorSpace));
            using var canvas = new SKCanvas(target);
            canvas.Clear(format == "jpeg" ? SKColors.White : SKColors.Transparent);

            // Right to left: turn the image upright, move the part that is wanted to the origin, stretch it over the target.
            var reduction = (float)Upright(decoded.Info.Size, codec.EncodedOrigin).Width / Upright(codec.Info.Size, codec.EncodedOrigin).Width;
            canvas.Scale(width / crop.Width / reduction, height / crop.Height / reduction);
            canvas.Translate(-crop.Left * reduction, -crop.Top * reduction);
            canvas.Concat(Turn(decoded.Info.Size, codec.EncodedOrigin));
            var enlarging = width > crop.Width * reduction;
            canvas.DrawImage(image, 0, 0, enlarging ? new SKSamplingOptions(SKCubicResampler.Mitchell) : new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear));
            canvas.Flush();
            return Encode(target, format, quality);
        }

        private static SKBitmap Decode(SKCodec codec, float scale)
        {
            // JPEG decodes to eighths of its size at a fraction of the time and memory; what is left is scaled when drawn.
            var size = codec.GetScaledDimensions(Math.Min(1, MathF.Ceiling(scale * 8) / 8));
            if (size.Width < codec.Info.Width * scale || size.Height < codec.Info.Height * scale)
            {
                size = codec.Info.Size;
            }

            var bitmap = new SKBitmap(new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Premul, SKColorSpace.CreateSrgb()));
            var result = codec.GetPixels(bitmap.Info, bitmap.GetPixels());
            if (result != SKCodecResult.Success)
            {
                bitmap.Dispose();
                throw Invalid(result == SKCodecResult.IncompleteInput ? "The image is cut off: its data end early." : $"The image is corrupt ({result}).");
            }

            // Else the image below is a copy of the pixels.
            bitmap.SetImmutable();
            return bitmap;
        }

        private static FileStream Encode(SKBitmap bitmap, string format, int quality)
        {
            using var pixels = bitmap.PeekPixels();
            var file = SpoolFile.Create();
            var done = format switch
            {
                "jpeg" => pixels.Encode(file, new SKJpegEncoderOptions(quality)),
                "webp" => pixels.Encode(file, new SKWebpEncoderOptions(SKWebpEncoderCompression.Lossy, quality)),
                _ => pixels.Encode(file, SKPngEncoderOptions.Default),
            };
            file.Position = 0;
            return done ? file : throw new InvalidOperationException($"The {format} encoder failed on {bitmap.Width} x {bitmap.Height} pixels.");
        }

        // The last four origins lie on their side.
        private static SKSizeI Upright(SKSizeI size, SKEncodedOrigin origin) => origin >= SKEncodedOrigin.LeftTop ? new(size.Height, size.Width) : size;

        private static SKMatrix Turn(SKSizeI size, SKEncodedOrigin origin) => origin switch
        {
            SKEncodedOrigin.TopRight => new SKMatrix(-1, 0, size.Width, 0, 1, 0, 0, 0, 1),
            SKEncodedOrigin.BottomRight => new SKMatrix(-1, 0, size.Width, 0, -1, size.Height, 0, 0, 1),
            SKEncodedOrigin.BottomLeft => new SKMatrix(1, 0, 0, 0, -1, size.Height, 0, 0, 1),
            SKEncodedOrigin.LeftTop => new SKMatrix(0, 1, 0, 1, 0, 0, 0, 0, 1),
            SKEncodedOrigin.RightTop => new SKMatrix(0, -1, size.Height, 1, 0, 0, 0, 0, 1),
            SKEncodedOrigin.RightBottom => new SKMatrix(0, -1, size.Height, -1, 0, size.Width, 0, 0, 1),
            SKEncodedOrigin.LeftBottom => new SKMatrix(0, 1, 0, -1, 0, size.Width, 0, 0, 1),
            _ => SKMatrix.Identity,
        };

        private static JobFailedException Invalid(string message) => new(message) { ErrorType = "InvalidImage" };

        private static JobFailedException TooLarge(FormattableString message) =>
            new(message.ToString(CultureInfo.InvariantCulture)) { ErrorType = "ImageTooLarge" };
    }
}
