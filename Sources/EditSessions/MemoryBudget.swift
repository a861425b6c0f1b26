import LanguageModels
import TensorKernels

/// What will be in memory at once: said, and refused where it is too much, before it is taken.
public struct MemoryBudget: Sendable {
  /// For what has no size that is worth a name: stacks of threads, a tensor's rows while it is packed,
  /// texts, logits.
  private static let remainder = 8_000_000

  private var parts: [(name: String, bytes: Int)]
  private let resident: Int

  /// What the program has already, the model's index and tokenizer among it.
  public init() {
    resident = SystemMemory.residentBytes
    parts = [("program", resident + Self.remainder)]
  }

  /// The same and what states of a model take, beside its weights: a cache each, and one memory of passes.
  public func adding(_ plan: ProcessorState.MemoryPlan, states: Int = 1) -> MemoryBudget {
    adding("cache", states * plan.cache).adding("workspace", plan.workspace)
  }

  /// The same and one thing more.
  public func adding(_ name: String, _ bytes: Int) -> MemoryBudget {
    var budget = self
    if bytes > 0 { budget.parts.append((name, bytes)) }
    return budget
  }

  /// All of it.
  public var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

  /// "38.2 MB program + 98.4 MB weights + 50.1 MB cache + 9.0 MB workspace = 195.7 MB".
  public var summary: String {
    parts.map { "\(SystemMemory.display($0.bytes)) \($0.name)" }.joined(separator: " + ")
      + " = \(SystemMemory.display(bytes))"
  }

  /// Throws when `limit`, or without one the memory that is available beside what the program has, is not
  /// enough.
  public func check(limit: Int?) throws(MemoryShortage) {
    try MemoryShortage.check(.running, bytes, resident: resident, limit: limit, plan: summary)
  }
}

extension ProcessorState.MemoryPlan {
  /// "98.4 MB weights + 50.1 MB cache + 9.0 MB workspace = 157.5 MB".
  public var summary: String {
    "\(SystemMemory.display(weights)) weights + \(SystemMemory.display(cache)) cache + "
      + "\(SystemMemory.display(workspace)) workspace = \(SystemMemory.display(total))"
  }
}
