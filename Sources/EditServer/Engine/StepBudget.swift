import TextGeneration

/// How many rows a step has: so many that those who wait for their next token do not wait long.
///
/// A row's results do not depend on how a prompt is cut, so the budget may follow the clock.
package struct StepBudget {
  /// Seconds that a step may take while others wait for their next token.
  static let sharedSeconds = 0.15
  /// Seconds that it may take where all read their prompts: a client that leaves is noticed after it.
  static let readingSeconds = 1.0
  /// Rows of prompts in a step, at least.
  package static let leastRows = 8
  /// Rows of prompts before anything was measured, while others wait.
  private static let firstRows = 32

  /// Rows a second, of the last step that had enough of them to tell.
  private var rate = 0.0

  /// Before anything was measured.
  package init() {}

  /// A pass over `rows` rows took so many seconds.
  package mutating func measured(rows: Int, seconds: Double) {
    if rows >= Self.leastRows, seconds > 0 { rate = Double(rows) / seconds }
  }

  /// Rows of prompts beside `decoding` sequences that have a row each, of at most `most`.
  package func promptRows(decoding: Int, most: Int) -> Int {
    guard decoding > 0 else {
      return rate > 0 ? min(most, max(64, Int(Self.readingSeconds * rate))) : most
    }
    let rows = rate > 0 ? Int(Self.sharedSeconds * rate) - decoding : Self.firstRows
    return min(most, max(Self.leastRows, rows))
  }

  /// Divides `rows` among prompts of which so many tokens are left, evenly, so that a short one does not wait for
  /// the end of a long one; what one does not need is the others'.
  package static func divide(_ rows: Int, among remaining: [Int]) -> [Int] {
    var shares = remaining.map { _ in 0 }
    var left = rows
    let order = remaining.indices.sorted { (remaining[$0], $0) < (remaining[$1], $1) }
    for (place, index) in order.enumerated() {
      // Somebody always goes on.
      let share = max(left / (order.count - place), min(left, 1))
      shares[index] = min(share, remaining[index])
      left -= shares[index]
    }
    return shares
  }

  /// Drafted tokens that a step may check: those that make no pass longer.
  package static func drafts(decoding: Int, reading: Int) -> Int {
    reading == 0 ? max(0, SequenceBatch.freeRows - decoding) : 0
  }
}
