namespace Modular.IntegrationTests.Infrastructure;

/// <summary>The smallest Ceph that S3 needs: one monitor and one store in memory. Its gateway is started and stopped apart.</summary>
internal sealed class CephCluster : IAsyncDisposable
{
    private static readonly string[] Programs = ["ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "ceph", "monmaptool"];

    private static readonly string[] Packages = ["radosgw", "ceph-mon", "ceph-osd", "ceph-mgr"];

    private readonly string _folder;
    private readonly List<Leash> _daemons = [];

    private CephCluster(string folder) => _folder = folder;

    private string Configuration => Path.Combine(_folder, "ceph.conf");

    /// <summary>Starts a cluster with one S3 user.</summary>
    public static async Task<CephCluster> CreateAsync(string accessKey, string secretKey)
    {
        if (!Installed() && DebianPackages.CanInstall)
            await DebianPackages.InstallAsync(Packages);
        if (!Installed())
        {
            throw new InvalidOperationException(
                $"The tests need an S3 server. Put a minio binary on PATH, or start Docker, or install Debian's {string.Join(", ", Packages)}, " +
                $"or name one in {ObjectStoreServer.Variable} (http://host:port) with {ObjectStoreServer.Variable}_ACCESS_KEY and _SECRET_KEY.");
        }

        for (var attempt = 1; ; attempt++)
        {
            var cluster = new CephCluster(await Scratch.CreateFolderAsync("ceph"));
            try
            {
                await cluster.StartAsync();
                await cluster.CreateUserAsync(accessKey, secretKey);
                return cluster;
            }
            catch (Exception exception) when (attempt < 3 && exception is InvalidOperationException or TimeoutException)
            {
                // Another process may have taken the monitor's port between the choice and the start.
                await cluster.DisposeAsync();
            }
        }
    }

    /// <summary>S3 on a loopback port.</summary>
    public Task<Leash> StartGatewayAsync(int port) =>
        StartDaemonAsync("radosgw", ["--name", "client.rgw", "--rgw-frontends", $"beast endpoint=127.0.0.1:{port}"]);

    public async ValueTask DisposeAsync()
    {
        foreach (var daemon in Enumerable.Reverse(_daemons))
            await daemon.DisposeAsync();
    }

    private static bool Installed() => Programs.All(program => Command.Find(program) is not null);

    private async Task StartAsync()
    {
        var address = $"[v1:127.0.0.1:{Loopback.FreePort()}/0]";
        var (cluster, store) = (Guid.NewGuid().ToString(), Guid.NewGuid().ToString());
        var map = Path.Combine(_folder, "monmap");
        foreach (var part in new[] { "mon", "osd", "rgw", "run" })
            Directory.CreateDirectory(Path.Combine(_folder, part));
        await File.WriteAllTextAsync(Configuration, Settings(cluster, address) + "\n");

        await RunAsync("monmaptool", ["--create", "--fsid", cluster, "--addv", "a", address, map]);
        await RunAsync("ceph-mon", ["--mkfs", "--id", "a", "--monmap", map]);
        _daemons.Add(await StartDaemonAsync("ceph-mon", ["--id", "a"]));
        await RunAsync("ceph", ["--connect-timeout", "20", "osd", "new", store, "0"]);
        await RunAsync("ceph-osd", ["--mkfs", "--id", "0", "--osd-uuid", store]);
        // The store could place itself, but asks before it knows its cluster at times, and then gives up ("wrong fsid").
        await RunAsync("ceph", ["--connect-timeout", "20", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=local"]);
        _daemons.Add(await StartDaemonAsync("ceph-osd", ["--id", "0"]));
    }

    // It waits for as long as there is no store to write to: one that died must not cost the whole timeout.
    private async Task CreateUserAsync(string accessKey, string secretKey)
    {
        using var lost = new CancellationTokenSource();
        string[] arguments =
            ["user", "create", "--uid=tests", "--display-name=tests", $"--access-key={accessKey}", $"--secret-key={secretKey}"];
        var created = RunAsync("radosgw-admin", arguments, lost.Token);
        var died = Task.WhenAny(_daemons.Select(daemon => daemon.WaitForExitAsync(lost.Token)));
        var first = await Task.WhenAny(created, died);
        await lost.CancelAsync();
        if (first == died)
        {
            var output = _daemons.Where(daemon => daemon.HasExited).SelectMany(daemon => daemon.Output);
            throw new InvalidOperationException($"A part of Ceph ended: {string.Join('\n', output)}");
        }

        await created;
    }

    // No copies, no authentication inside, no address but loopback. The monitor waits a second before each
    // decision by default, which made a start of 1.3 s take 12.
    private string Settings(string cluster, string monitor) => $"""
        [global]
        fsid = {cluster}
        mon_host = {monitor}
        mon_initial_members = a
        public_addr = 127.0.0.1
        cluster_addr = 127.0.0.1
        ms_bind_msgr2 = false
        auth_cluster_required = none
        auth_service_required = none
        auth_client_required = none
        mon_allow_pool_size_one = true
        mon_data_avail_crit = 1
        paxos_propose_interval = 0.05
        paxos_min_wait = 0.01
        osd_pool_default_size = 1
        osd_pool_default_min_size = 1
        osd_pool_default_pg_num = 1
        osd_pool_default_pg_autoscale_mode = off
        osd_crush_chooseleaf_type = 0
        osd_crush_update_on_start = false
        osd_class_update_on_start = false
        osd_objectstore = memstore
        memstore_device_bytes = 8589934592
        rgw_run_sync_thread = false
        mon_data = {_folder}/mon
        osd_data = {_folder}/osd
        rgw_data = {_folder}/rgw
        run_dir = {_folder}/run
        admin_socket = {_folder}/run/$name.asok
        log_file = {_folder}/$name.log
        pid_file = {_folder}/run/$name.pid
        """;

    private Task<Leash> StartDaemonAsync(string program, IEnumerable<string> arguments) =>
        Leash.StartAsync(Command.Find(program)!, ["--conf", Configuration, "--foreground", .. arguments]);

    private Task<string> RunAsync(string program, string[] arguments, CancellationToken cancellationToken = default) =>
        Command.RunAsync(
            Command.Find(program)!, ["--conf", Configuration, .. arguments], TimeSpan.FromSeconds(40), cancellationToken: cancellationToken);
}
