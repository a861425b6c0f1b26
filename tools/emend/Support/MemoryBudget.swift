import LanguageModels

/// What a command will have in memory at once: said, and refused where it is too much, before it is taken.
struct MemoryBudget {
  /// For what has no size that is worth a name: stacks of threads, a tensor's rows while it is packed,
  /// texts, logits.
  private static let remainder = 8_000_000

  private var parts: [(name: String, bytes: Int)]
  private let resident: Int

  /// What the program has already, the model's index and tokenizer among it.
  init() {
    resident = Memory.residentBytes
    parts = [("program", resident + Self.remainder)]
  }

  /// The same and what a model takes, with its states.
  func adding(_ plan: ProcessorState.MemoryPlan, states: Int = 1) -> MemoryBudget {
    adding("weights", plan.weights).adding("cache", states * plan.cache)
      .adding("workspace", states * plan.workspace)
  }

  /// The same and one thing more.
  func adding(_ name: String, _ bytes: Int) -> MemoryBudget {
    var budget = self
    if bytes > 0 { budget.parts.append((name, bytes)) }
    return budget
  }

  /// All of it.
  var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }

  /// "38.2 MB program + 98.4 MB weights + 50.1 MB cache + 9.0 MB workspace = 195.7 MB".
  var summary: String {
    parts.map { "\(Memory.display($0.bytes)) \($0.name)" }.joined(separator: " + ")
      + " = \(Memory.display(bytes))"
  }

  /// Throws when `limit`, or without one the memory that is available beside what the program has, is not
  /// enough.
  func check(limit: Int?) throws(CommandError) {
    let needed = limit == nil ? bytes - resident : bytes
    guard needed <= limit ?? Memory.availableBytes else {
      throw .notEnoughMemory(plan: summary, available: Memory.available(limit))
    }
  }
}

extension ProcessorState.MemoryPlan {
  /// "98.4 MB weights + 50.1 MB cache + 9.0 MB workspace = 157.5 MB".
  var summary: String {
    "\(Memory.display(weights)) weights + \(Memory.display(cache)) cache + "
      + "\(Memory.display(workspace)) workspace = \(Memory.display(total))"
  }
}
