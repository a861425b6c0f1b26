import EditorTraining
import Foundation
import TensorKernels

/// The process's memory and the machine's.
enum Memory {
  /// The most physical memory this process has had, in bytes; 0 where the system does not tell.
  static var peakResidentBytes: Int {
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
  static var residentBytes: Int {
    #if os(Linux)
      return (field("VmRSS:", in: "/proc/self/status") ?? 0) * 1024
    #else
      return peakResidentBytes
    #endif
  }

  /// "120.0 MB is available", or what the user allows.
  static func available(_ limit: Int?) -> String {
    limit.map { "--memory-limit allows \(display($0))" }
      ?? "\(display(availableBytes)) is available"
  }

  /// Physical memory that can be had without swapping, in bytes.
  static var availableBytes: Int {
    #if os(Linux)
      let machine = field("MemAvailable:", in: "/proc/meminfo").map { $0 * 1024 }
      return min(
        machine ?? Int(clamping: ProcessInfo.processInfo.physicalMemory),
        ControlGroups().availableMemory ?? .max)
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
  static func display(_ bytes: Int) -> String {
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

extension TrainingMemory {
  /// Throws when `limit`, or without one the memory that is available beside the program, the model and the
  /// editor, which are there already, is not enough for the rest.
  func check(limit: Int?) throws(CommandError) {
    let needed = limit == nil ? total - program - processor - editor : total
    let available = limit ?? Memory.availableBytes
    guard needed <= available else {
      throw .notEnoughMemoryToTrain(
        needed: Memory.display(needed), available: Memory.available(limit))
    }
  }
}
