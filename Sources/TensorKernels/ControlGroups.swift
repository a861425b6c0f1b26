#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The limits that Linux's control groups set to this process: its own group's and those of all groups
/// that it lies in, since each counts for everything below it. Containers, systemd and Slurm set them, at
/// any level. Version 2 has one tree of groups, version 1 one for each kind; both can be mounted.
///
/// Sources: cgroups(7); admin-guide/cgroup-v2 and cgroup-v1/memory of the kernel's documentation.
package struct ControlGroups {
  private enum Version {
    case one, two
  }

  /// A group's folder, and those of the groups that it lies in.
  private let processorFolders: [(Version, String)]
  private let memoryFolders: [(Version, String)]

  /// Reads `/proc/self`; everything below `root`, for tests.
  package init(root: String = "") {
    let mounts = Self.mounts(root)
    let groups = Self.groups(root)
    func folders(_ controller: String) -> [(Version, String)] {
      groups.flatMap { group -> [(Version, String)] in
        let version: Version = group.controllers.isEmpty ? .two : .one
        guard version == .two || group.controllers.contains(controller) else { return [] }
        let mount = mounts.first {
          $0.version == version && (version == .two || $0.controllers.contains(controller))
        }
        return mount.map { $0.folders(of: group.path).map { (version, root + $0) } } ?? []
      }
    }
    processorFolders = folders("cpu")
    memoryFolders = folders("memory")
  }

  /// Cores' time per time that all the limits allow; nil without one.
  package var processors: Double? {
    processorFolders.compactMap { version, folder -> Double? in
      let numbers =
        switch version {
        case .two: Self.words(folder + "/cpu.max").map { Double($0) }
        case .one:
          ["/cpu.cfs_quota_us", "/cpu.cfs_period_us"].map {
            Self.words(folder + $0).first.flatMap { Double($0) }
          }
        }
      guard numbers.count == 2, let quota = numbers[0], let period = numbers[1], quota > 0,
        period > 0
      else { return nil }
      return quota / period
    }.min()
  }

  /// Bytes of memory that all the limits leave, what can be given back among them; nil without one.
  package var availableMemory: Int? {
    memoryFolders.compactMap { version, folder -> Int? in
      let isTwo = version == .two
      let limits = (isTwo ? ["/memory.max", "/memory.high"] : ["/memory.limit_in_bytes"]).compactMap
      {
        Self.integer(folder + $0)
      }
      // Version 1 says it has no limit by one that no machine has.
      guard let limit = limits.min(), limit < 1 << 60,
        let used = Self.integer(folder + (isTwo ? "/memory.current" : "/memory.usage_in_bytes"))
      else { return nil }
      // Cached files count as used, but give way.
      let cached = Self.field(
        isTwo ? "inactive_file" : "total_inactive_file", folder + "/memory.stat")
      return max(0, limit - used + min(max(cached ?? 0, 0), used))
    }.min()
  }

  // MARK: Where groups are

  private struct Group {
    let controllers: [String]
    let path: String
  }

  /// Lines `hierarchy:controllers:path`; version 2 names no controllers.
  private static func groups(_ root: String) -> [Group] {
    lines(root + "/proc/self/cgroup").compactMap { line in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { return nil }
      return Group(
        controllers: parts[1].split(separator: ",").map(String.init), path: String(parts[2]))
    }
  }

  private struct Mount {
    let version: Version
    let controllers: [String]
    /// The group that is seen at `point`.
    let group: String
    let point: String

    /// The folder of a group and of those above it, as far as they are seen.
    func folders(of path: String) -> [String] {
      // A group outside of what is seen here, as in some containers: the one that is seen counts.
      var inside: Substring = ""
      if group == "/" {
        inside = path[...]
      } else if path == group || path.hasPrefix(group + "/") {
        inside = path.dropFirst(group.count)
      }
      var names = inside.split(separator: "/")
      if names.contains("..") { names = [] }
      return (0...names.count).reversed().map { count in
        names[..<count].reduce(point) { $0 + "/" + $1 }
      }
    }
  }

  /// Lines `id parent device root point options [fields] - type source options`: see proc(5).
  private static func mounts(_ root: String) -> [Mount] {
    lines(root + "/proc/self/mountinfo").compactMap { line in
      let words = line.split(separator: " ")
      guard let dash = words.firstIndex(of: "-"), dash >= 6, words.count > dash + 3 else {
        return nil
      }
      let version: Version
      switch words[dash + 1] {
      case "cgroup2": version = .two
      case "cgroup": version = .one
      default: return nil
      }
      return Mount(
        version: version, controllers: words[dash + 3].split(separator: ",").map(String.init),
        group: String(words[3]), point: String(words[4]))
    }
  }

  // MARK: Files

  private static func integer(_ path: String) -> Int? { words(path).first.flatMap { Int($0) } }

  private static func words(_ path: String) -> [Substring] {
    lines(path).first?.split(separator: " ") ?? []
  }

  private static func field(_ name: String, _ path: String) -> Int? {
    for line in lines(path) {
      let words = line.split(separator: " ")
      if words.count == 2, words[0] == name { return Int(words[1]) }
    }
    return nil
  }

  /// Of a file that the kernel makes, whose size it does not say.
  private static func lines(_ path: String) -> [Substring] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return [] }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    // Far more than any of them has.
    while bytes.count < 1 << 24 {
      let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0 }
  }
}
