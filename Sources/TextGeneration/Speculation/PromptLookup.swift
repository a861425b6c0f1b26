/// Drafts what comes next from what came before: where the last tokens have occurred already, those that followed
/// them then. A model that copies, as one that rewrites its prompt, goes on so; the drafts are checked in the pass
/// that reads the weights for the next token anyway.
///
/// Nothing of an answer depends on it but the time it takes: tokens are chosen as without it, one after the other,
/// from the same logits with the same random numbers (`DraftCheck`).
///
/// Source: Saxena 2023, "Prompt Lookup Decoding"; Leviathan et al. 2023, "Fast Inference from Transformers via
/// Speculative Decoding" (arXiv 2211.17192) for the check of several tokens in one pass.
public struct PromptLookup: Sendable {
  /// How it drafts.
  public struct Options: Sendable, Equatable {
    /// Tokens of a draft, at most. A pass over four rows takes hardly longer than one over a single row.
    public var draftLength = 3
    /// Tokens that must have occurred before, at least.
    public var shortestMatch = 2
    /// Tokens that are compared, at most: of the places with the longest match the latest is taken.
    public var longestMatch = 5
    /// Tokens that are chosen without a draft after one of which nothing was accepted: 1, then twice as many
    /// and one more each time, up to this.
    public var longestRest = 31

    /// The defaults.
    public init() {}
  }

  /// How it drafts.
  public let options: Options
  private var rest = 0
  private var failures = 0

  /// Drafts by `options`.
  public init(_ options: Options = Options()) {
    precondition(options.draftLength >= 0 && options.shortestMatch >= 1 && options.longestRest >= 0)
    self.options = options
  }

  /// At most `most` tokens that probably follow `history`, prompt and generated tokens, oldest first; none where
  /// its end has not occurred before, and for a while after drafts that were wrong.
  ///
  /// - Complexity: O(n) for n tokens.
  public mutating func draft(after history: [Int], most: Int) -> [Int] {
    let most = min(most, options.draftLength)
    guard most > 0, let last = history.last else { return [] }
    guard rest == 0 else {
      rest -= 1
      return []
    }
    let count = history.count
    var best = (length: options.shortestMatch - 1, end: 0)
    // Where the tokens before `end` are those at the end of all, as many as are compared.
    var end = count - 1
    while end > 0, best.length < options.longestMatch {
      if history[end - 1] == last {
        let longest = min(end, options.longestMatch)
        var length = 1
        while length < longest, history[end - 1 - length] == history[count - 1 - length] {
          length += 1
        }
        if length > best.length { best = (length, end) }
      }
      end -= 1
    }
    guard best.end > 0 else { return [] }
    var draft: [Int] = []
    for index in best.end..<best.end + most {
      // What repeats itself goes on with what is drafted here.
      draft.append(index < count ? history[index] : draft[index - count])
    }
    return draft
  }

  /// Of a draft of `drafted` tokens the first `accepted` were chosen.
  public mutating func learn(drafted: Int, accepted: Int) {
    guard drafted > 0 else { return }
    failures = accepted > 0 ? 0 : min(failures + 1, 16)
    rest = min((1 << failures) - 1, options.longestRest)
  }
}
