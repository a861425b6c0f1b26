import Foundation
import TensorKernels
import Testing

/// Limits of control groups at every level, of both versions, under a folder that stands for the root:
/// what proc(5) and cgroups(7) say is there.
@Suite struct ControlGroupsTests {
  /// A tree of files under a folder that is gone after `body`.
  private func withRoot(
    _ files: [String: String], _ body: (ControlGroups) throws -> Void
  ) throws {
    try withRootFolder(files) { try body(ControlGroups(root: $0)) }
  }

  private func withRootFolder(
    _ files: [String: String], _ body: (String) throws -> Void
  ) throws {
    let root = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (path, text) in files {
      let url = root.appending(path: path)
      try FileManager.default.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data((text + "\n").utf8).write(to: url)
    }
    try body(root.path)
  }

  /// What needs more than a group of 512 MB leaves, two levels up and of either version, is refused before
  /// any of it is taken, however much the machine has.
  @Test(
    .enabled(if: FileManager.default.fileExists(atPath: "/proc/self"), "needs Linux"),
    arguments: [
      [
        "proc/self/cgroup": "0::/system.slice/run.scope/inner/below",
        "proc/self/mountinfo": "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        "sys/fs/cgroup/system.slice/run.scope/memory.max": "512000000",
        "sys/fs/cgroup/system.slice/run.scope/memory.current": "12000000",
      ],
      [
        "proc/self/cgroup": "9:memory:/job/step/task",
        "proc/self/mountinfo": ControlGroupsTests.one,
        "sys/fs/cgroup/memory/job/memory.limit_in_bytes": "512000000",
        "sys/fs/cgroup/memory/job/memory.usage_in_bytes": "12000000",
      ],
    ])
  func refusalInTheGroupAbove(files: [String: String]) throws {
    var files = files
    files["proc/meminfo"] = "MemTotal: 32000000 kB\nMemAvailable: 30000000 kB"
    try withRootFolder(files) { root in
      let available = SystemMemory.availableBytes(root: root)
      #expect(available == 500_000_000)
      try MemoryShortage.check(
        .running, 500_000_000, resident: 0, limit: nil, available: available)
      let error = #expect(throws: MemoryShortage.self) {
        try MemoryShortage.check(
          .running, 500_000_001, resident: 0, limit: nil, available: available)
      }
      #expect("\(error!)".contains("500.0 MB is available"))
    }
  }

  private static let two = """
    22 1 0:20 / /proc rw - proc proc rw
    30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate
    """
  private static let one = """
    30 23 0:26 / /sys/fs/cgroup ro - tmpfs tmpfs ro
    31 30 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory
    32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
    """

  /// 512 MB two levels down, where nothing says so above or below.
  @Test func versionTwoAtEveryLevel() throws {
    let group = "sys/fs/cgroup/user.slice/session"
    let files = [
      "proc/self/cgroup": "0::/user.slice/session/run", "proc/self/mountinfo": Self.two,
      group + "/memory.max": "512000000", group + "/memory.high": "max",
      group + "/memory.current": "200000000",
      group + "/memory.stat": "anon 100\ninactive_file 50000000\nactive_file 7",
      group + "/cpu.max": "max 100000", group + "/run/cpu.max": "150000 100000",
      group + "/run/memory.max": "max", group + "/run/memory.current": "200000000",
      "sys/fs/cgroup/user.slice/cpu.max": "400000 100000",
      "sys/fs/cgroup/user.slice/memory.max": "8000000000",
      "sys/fs/cgroup/user.slice/memory.current": "300000000",
    ]
    try withRoot(files) {
      #expect($0.availableMemory == 362_000_000)
      #expect($0.processors == 1.5)
    }
    // Of a limit above, what others in that group use is gone too.
    var others = files
    others["sys/fs/cgroup/user.slice/memory.current"] = "7900000000"
    try withRoot(others) { #expect($0.availableMemory == 100_000_000) }
    others[group + "/memory.current"] = "600000000"
    others[group + "/memory.stat"] = "inactive_file 0"
    try withRoot(others) { #expect($0.availableMemory == 0) }
    others[group + "/memory.high"] = "700000000"
    others[group + "/memory.max"] = "900000000"
    try withRoot(others) { #expect($0.availableMemory == 100_000_000) }
  }

  @Test func versionOneAtEveryLevel() throws {
    let memory = "sys/fs/cgroup/memory/slurm/uid_0"
    let files = [
      "proc/self/cgroup": """
      9:memory:/slurm/uid_0/job_7
      4:cpu,cpuacct:/slurm/uid_0/job_7
      1:name=systemd:/init.scope
      0::/init.scope
      """,
      "proc/self/mountinfo": Self.one,
      memory + "/memory.limit_in_bytes": "512000000",
      memory + "/memory.usage_in_bytes": "100000000",
      memory + "/memory.stat": "cache 5\ntotal_inactive_file 20000000",
      memory + "/job_7/memory.limit_in_bytes": "9223372036854771712",
      memory + "/job_7/memory.usage_in_bytes": "100000000",
      "sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_quota_us": "200000",
      "sys/fs/cgroup/cpu,cpuacct/slurm/cpu.cfs_period_us": "100000",
      "sys/fs/cgroup/cpu,cpuacct/slurm/uid_0/cpu.cfs_quota_us": "-1",
      "sys/fs/cgroup/cpu,cpuacct/slurm/uid_0/cpu.cfs_period_us": "100000",
    ]
    try withRoot(files) {
      #expect($0.availableMemory == 432_000_000)
      #expect($0.processors == 2)
    }
  }

  /// In a container the group that is mounted is the process's own, whatever it is called outside; paths
  /// that lead out of what is mounted mean that one.
  @Test(arguments: [
    ("/docker/abc", "0::/docker/abc"), ("/", "0::/"), ("/", "0::/../../other"),
    ("/docker/abc", "0::/elsewhere"),
  ])
  func containers(root: String, group: String) throws {
    let mounts = "30 23 0:26 \(root) /sys/fs/cgroup ro - cgroup2 cgroup rw"
    try withRoot([
      "proc/self/cgroup": group, "proc/self/mountinfo": mounts,
      "sys/fs/cgroup/memory.max": "512000000", "sys/fs/cgroup/memory.current": "12000000",
      "sys/fs/cgroup/cpu.max": "50000 100000",
    ]) {
      #expect($0.availableMemory == 500_000_000)
      #expect($0.processors == 0.5)
    }
  }

  @Test func withoutLimits() throws {
    try withRoot([:]) { #expect($0.availableMemory == nil && $0.processors == nil) }
    try withRoot(["proc/self/cgroup": "nonsense", "proc/self/mountinfo": "1 2 3"]) {
      #expect($0.availableMemory == nil && $0.processors == nil)
    }
    try withRoot([
      "proc/self/cgroup": "0::/a", "proc/self/mountinfo": Self.two,
      "sys/fs/cgroup/a/memory.max": "max", "sys/fs/cgroup/a/memory.current": "1",
      "sys/fs/cgroup/a/cpu.max": "max 100000",
    ]) { #expect($0.availableMemory == nil && $0.processors == nil) }
  }

  /// Threads by default: the least of what is allowed, of a quota whole cores, one at least.
  @Test(
    arguments: [
      (8, nil, [:], 8), (8, 2.5, [:], 2), (8, 0.5, [:], 1), (2, 64, [:], 2),
      (8, nil, ["SLURM_CPUS_PER_TASK": "3"], 3), (8, nil, ["OMP_NUM_THREADS": "4,2"], 4),
      (8, 6, ["SLURM_CPUS_PER_TASK": "5", "OMP_NUM_THREADS": " 7 "], 5),
      (8, nil, ["OMP_NUM_THREADS": "0"], 8), (8, nil, ["OMP_NUM_THREADS": "many"], 8),
      (8, nil, ["SLURM_CPUS_PER_TASK": ""], 8),
    ] as [(Int, Double?, [String: String], Int)])
  func threads(cores: Int, quota: Double?, environment: [String: String], count: Int) {
    let found = ThreadPool.defaultThreadCount(cores: cores, processors: quota) { environment[$0] }
    #expect(found == count)
  }

  /// Ranks on one machine: those bound to cores take these; others share the machine, and its quota.
  @Test(
    arguments: [
      (1, 8, nil, "4", 1), (8, 8, nil, "4", 2), (2, 2, nil, "4", 1), (8, 8, 6, "2", 3),
      (4, 16, nil, "4", 4), (8, 8, nil, "0", 8), (8, 8, nil, "x", 8),
    ] as [(Int, Int, Double?, String, Int)])
  func threadsOfRanks(cores: Int, machine: Int, quota: Double?, ranks: String, count: Int) {
    for name in ["OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS"] {
      let found = ThreadPool.defaultThreadCount(
        cores: cores, machineCores: machine, processors: quota
      ) { $0 == name ? ranks : nil }
      #expect(found == count)
    }
  }
}
