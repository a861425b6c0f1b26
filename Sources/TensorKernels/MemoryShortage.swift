/// Work needs more memory than there is, or than it may take: thrown before any of it is taken.
public struct MemoryShortage: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was to be done.
  public enum Work: Sendable {
    /// Running a model.
    case running
    /// Calibrating a conversion.
    case calibrating
    /// Training an editor.
    case training
    /// Measuring an editor.
    case evaluating
  }

  /// What was to be done.
  public let work: Work
  /// What it needs, as it was planned: "38.2 MB program + 98.4 MB weights = 136.6 MB", or a sum.
  public let needed: String
  /// Bytes that the caller allows; nil where the machine's memory is the limit.
  public let limit: Int?
  /// Bytes that can be had.
  public let available: Int

  /// Throws where `bytes` are more than `limit` or, without a limit, where what is not there yet of them
  /// (all but `resident`) is more than the machine has.
  ///
  /// - Parameters:
  ///   - work: what is to be done.
  ///   - bytes: all that it takes.
  ///   - resident: the part of `bytes` that the process has already.
  ///   - limit: what the caller allows; nil for what the machine has.
  ///   - plan: `bytes` in words; nil for the number alone.
  public static func check(
    _ work: Work, _ bytes: Int, resident: Int, limit: Int?, plan: String? = nil
  ) throws(MemoryShortage) {
    try check(
      work, bytes, resident: resident, limit: limit, plan: plan,
      available: limit ?? SystemMemory.availableBytes)
  }

  /// As above, of so many bytes that can be had.
  package static func check(
    _ work: Work, _ bytes: Int, resident: Int, limit: Int?, plan: String? = nil, available: Int
  ) throws(MemoryShortage) {
    let needed = limit == nil ? bytes - resident : bytes
    guard needed > available else { return }
    throw MemoryShortage(
      work: work, needed: plan ?? SystemMemory.display(needed), limit: limit, available: available)
  }

  /// One sentence: what was needed, what there is, what to do.
  public var description: String {
    let found =
      SystemMemory.display(available) + (limit == nil ? " is available" : " is allowed")
    return switch work {
    case .running:
      "this needs \(needed), and \(found); use a shorter context, a smaller cache (q8_0) or a smaller model"
    case .calibrating: "this calibration needs \(needed), and \(found); take fewer windows"
    case .training:
      "this training needs \(needed), and \(found); use smaller batches, shorter sequences or moments of 8 bits"
    case .evaluating:
      "this evaluation needs \(needed) of memory, and \(found); use smaller batches or shorter sequences"
    }
  }
}
