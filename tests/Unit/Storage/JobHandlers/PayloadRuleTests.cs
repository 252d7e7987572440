using System.ComponentModel;
using System.Reflection;
using System.Text.Json;
using System.Text.RegularExpressions;
using FluentValidation;
using Modular.BuildingBlocks.Http;
using Modular.Jobs.Contracts;
using Modular.Storage;
using Modular.Storage.JobHandlers;
using Shouldly;
using Xunit;

namespace Modular.UnitTests.Storage.JobHandlers;

public sealed partial class PayloadRuleTests
{
    [Theory]
    [InlineData("{}", "Output must be from 1 to 1024 bytes", "Keys must be given, or else prefix, but not both")]
    [InlineData("{'output':'o','keys':['a'],'prefix':'b'}", "Keys must be given, or else prefix, but not both")]
    [InlineData("{'output':'o','keys':[]}", "Keys must be from 1 to 1,000 keys")]
    [InlineData("{'output':'o','keys':['a','a']}", "Keys must name each object once")]
    [InlineData("{'output':'o','keys':['o']}", "Keys must not contain the output")]
    [InlineData("{'output':'../o','keys':['a','b/../c','']}", "Output must not have empty", "Keys[1] must not have empty", "Keys[2] must be from 1 to 1024 bytes")]
    [InlineData("{'output':'o','prefix':'a\\u0001'}", "Prefix must not contain control characters")]
    [InlineData("{'output':'a\\\\b','prefix':''}", "Output must not contain a backslash")]
    public void Zip(string payload, params string[] problems) => Check(new ZipObjects.Validator(), payload, problems);

    [Theory]
    [InlineData("{}", "Key must be from 1 to 1024 bytes", "OutputPrefix must be a prefix")]
    [InlineData("{'key':'/a','outputPrefix':'x\\\\'}", "Key must not have empty", "OutputPrefix must not contain")]
    public void Unzip(string payload, params string[] problems) => Check(new UnzipObject.Validator(), payload, problems);

    [Theory]
    [InlineData("{}", "Key must be from 1 to 1024 bytes", "Algorithms must name at least one of md5, sha1, sha256, sha512, crc32c")]
    [InlineData("{'key':'a','algorithms':[]}", "Algorithms must name at least one of md5")]
    [InlineData("{'key':'a','algorithms':['md5','md5']}", "Algorithms must name each algorithm once")]
    [InlineData("{'key':'a','algorithms':['md5','MD5',null]}", "Algorithms[1] must be one of md5", "Algorithms[2] must be one of md5")]
    public void Checksum(string payload, params string[] problems) => Check(new ChecksumObject.Validator(), payload, problems);

    [Theory]
    [InlineData("{}", "Key must be from 1", "Output must be from 1", "To must be csv, jsonl or parquet")]
    [InlineData("{'key':'a','output':'b','to':'CSV','from':''}", "To must be csv, jsonl or parquet", "From must be csv, jsonl or parquet")]
    public void Convert(string payload, params string[] problems) => Check(new ConvertTable.Validator(), payload, problems);

    [Theory]
    [InlineData("{}", "Key must be from 1", "Output must be from 1", "Width must be given when height is not")]
    [InlineData("{'key':'a','output':'b','width':0,'height':8193}", "Width must be from 1 to 8192", "Height must be from 1 to 8192")]
    [InlineData("{'key':'a','output':'b','width':1,'fit':'zoom','format':'gif','quality':0}", "Fit must be contain, cover or fill", "Format must be jpeg, png or webp", "Quality must be from 1 to 100")]
    [InlineData("{'key':'a','output':'b','width':1,'quality':101}", "Quality must be from 1 to 100")]
    public void Resize(string payload, params string[] problems) => Check(new ResizeImage.Validator(), payload, problems);

    [Fact]
    public void Every_job_type_says_what_it_does_and_what_each_member_takes()
    {
        var handlers = typeof(StorageModule).Assembly.GetTypes().Where(type => type.GetCustomAttribute<JobTypeAttribute>() is not null).ToList();

        handlers.Count.ShouldBeGreaterThanOrEqualTo(5);
        foreach (var handler in handlers)
        {
            var type = handler.GetCustomAttribute<JobTypeAttribute>()!;
            type.Name.ShouldMatch(TypeName().ToString());
            type.Description.ShouldEndWith(".");
            foreach (var member in handler.DeclaringType!.GetNestedType("Payload")!.GetProperties())
            {
                (member.GetCustomAttribute<DescriptionAttribute>()?.Description).ShouldNotBeNullOrEmpty($"{type.Name}.{member.Name} has no description");
            }
        }
    }

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,63}$")]
    private static partial Regex TypeName();

    private static void Check<T>(IValidator<T> validator, string payload, string[] problems)
    {
        var parsed = JsonSerializer.Deserialize<T>(payload.Replace('\'', '"'), Json.Options)!;

        var errors = validator.Validate(parsed).Errors.Select(error => $"{error.PropertyName} {error.ErrorMessage}").ToList();

        errors.Count.ShouldBe(problems.Length, string.Join('\n', errors));
        for (var i = 0; i < problems.Length; i++)
        {
            errors[i].ShouldStartWith(problems[i]);
        }
    }
}
