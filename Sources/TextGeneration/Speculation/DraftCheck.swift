/// A pass over the token that was chosen last and a draft of those after it, while tokens are chosen from its
/// logits: those of the draft are in the cache already as far as they are chosen.
///
///     var check = DraftCheck(draft, logits: rows)
///     var logits = check.first
///     while true {
///       let token = chain.next(logits, after: history)
///       guard let next = check.logits(after: token) else { break }   // to be fed
///       logits = next
///     }
///     // The cache's last `check.rejected` tokens are to be forgotten.
public struct DraftCheck: Sendable {
  private let draft: [Int]
  private let rows: [[Float]]
  /// Tokens of the draft that were chosen.
  public private(set) var accepted = 0

  /// A check of nothing.
  public init() { self.init([], logits: [[]]) }

  /// The check of `draft`. `rows` are the logits `[1 + draft.count][vocabularySize]` after the token before it
  /// and after each of its own.
  public init(_ draft: [Int], logits rows: [[Float]]) {
    precondition(rows.count == draft.count + 1, "a draft without its logits")
    self.draft = draft
    self.rows = rows
  }

  /// The logits after the token that was chosen last.
  public var first: [Float] { rows[0] }
  /// Tokens of the draft.
  public var drafted: Int { draft.count }
  /// Tokens of the draft that were not chosen: in the cache, and to be forgotten.
  public var rejected: Int { draft.count - accepted }

  /// `token` was chosen: the logits after it where it is the one that was drafted, and nil where it is to be fed.
  public mutating func logits(after token: Int) -> [Float]? {
    guard accepted < draft.count, draft[accepted] == token else { return nil }
    accepted += 1
    return rows[accepted]
  }
}
