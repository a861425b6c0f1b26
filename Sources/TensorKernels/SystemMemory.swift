import Foundation

/// The process's memory and the machine's.
public enum SystemMemory {
  /// The most physical memory this process has had, in bytes; 0 where the system does not tell.
  public static var peakResidentBytes: Int {
    #if os(Linux)
      // Not getrusage: its maximum begins with that of the program that started this one.
      return (field("VmHWM:", in: "/proc/self/status") ?? 0) * 1024
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return usage.ru_maxrss
    #endif
  }

  /// The physical memory that this process has now, in bytes; 0 where the system does not tell.
  public static var residentBytes: Int {
    #if os(Linux)
      return (field("VmRSS:", in: "/proc/self/status") ?? 0) * 1024
    #else
      return peakResidentBytes
    #endif
  }

  /// Physical memory that can be had without swapping, in bytes.
  public static var availableBytes: Int { availableBytes(root: "") }

  /// As above, by the system's files below `root`, for tests.
  package static func availableBytes(root: String) -> Int {
    #if os(Linux)
      let machine = field("MemAvailable:", in: root + "/proc/meminfo").map { $0 * 1024 }
      return min(
        machine ?? Int(clamping: ProcessInfo.processInfo.physicalMemory),
        ControlGroups(root: root).availableMemory ?? .max)
    #else
      return Int(clamping: ProcessInfo.processInfo.physicalMemory)
    #endif
  }

  #if os(Linux)
    /// The number after `name` in a file of lines `name number …`.
    private static func field(_ name: String, in path: String) -> Int? {
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else { return nil }
      for line in text.split(separator: "\n") {
        let words = line.split(whereSeparator: \.isWhitespace)
        if words.count >= 2, words[0] == name { return Int(words[1]) }
      }
      return nil
    }
  #endif

  /// "1.3 GB" (10⁹ bytes), "512.0 MB".
  public static func display(_ bytes: Int) -> String {
    let value = Double(bytes)
    return if value >= 1e9 {
      String(format: "%.2f GB", value / 1e9)
    } else if value >= 1e6 {
      String(format: "%.1f MB", value / 1e6)
    } else {
      String(format: "%.1f kB", value / 1e3)
    }
  }
}
