/// At which tokens a processor is edited.
public enum PositionSelection: Sendable, Hashable, CustomStringConvertible {
  /// The first token of the sequence, e.g. BOS.
  case first
  /// The first token of what the user wrote, after the template's opening.
  case firstContent
  /// The last token of the prompt.
  case last
  /// Every token of the prompt.
  case prompt
  /// Every token of the prompt and of the answer.
  case all
  /// The first `first` and the last `last` tokens of the prompt, each with a latent of its own,
  /// written `f1+l1` (pyreft's notation).
  case edges(first: Int, last: Int)
  /// A copy of the first token put in front of the prompt, for the edit alone.
  case ghost

  /// Reads `first`, `first-content`, `last`, `prompt`, `all`, `ghost` or `f<p>+l<q>`. Throws
  /// `unreadablePositions`.
  public init(parsing text: String) throws(LatentEditingError) {
    switch text {
    case "first": self = .first
    case "first-content": self = .firstContent
    case "last": self = .last
    case "prompt": self = .prompt
    case "all": self = .all
    case "ghost": self = .ghost
    default:
      var first = 0
      var last = 0
      for part in text.split(separator: "+", omittingEmptySubsequences: false) {
        guard let count = Int(part.dropFirst()), (1...Self.mostEdges).contains(count) else {
          throw .unreadablePositions(text: text)
        }
        switch (part.first, first, last) {
        case ("f", 0, 0): first = count
        case ("l", _, 0): last = count
        default: throw .unreadablePositions(text: text)
        }
      }
      self = .edges(first: first, last: last)
    }
  }

  /// Most positions at either edge.
  public static let mostEdges = 64

  /// As it is written.
  public var description: String {
    switch self {
    case .first: "first"
    case .firstContent: "first-content"
    case .last: "last"
    case .prompt: "prompt"
    case .all: "all"
    case .ghost: "ghost"
    case .edges(let first, let last):
      [first > 0 ? "f\(first)" : nil, last > 0 ? "l\(last)" : nil].compactMap { $0 }
        .joined(separator: "+")
    }
  }

  /// The places that have a latent of their own, in the order of their latents.
  public var slots: [SitePosition] {
    switch self {
    case .first, .ghost: [.fromStart(0)]
    case .firstContent: [.firstContent]
    case .last: [.fromEnd(0)]
    case .prompt: [.prompt]
    case .all: [.all]
    case .edges(let first, let last):
      (0..<first).map { .fromStart($0) } + (0..<last).reversed().map { .fromEnd($0) }
    }
  }
}

/// One place in a sequence, before the prompt is known.
public enum SitePosition: Sendable, Hashable {
  /// Token number n of the sequence.
  case fromStart(Int)
  /// Token number n of the prompt, counted back from its last.
  case fromEnd(Int)
  /// The first token of the content.
  case firstContent
  /// All tokens of the prompt.
  case prompt
  /// All tokens.
  case all

  /// The positions meant in a prompt of that shape. Throws `promptTooShort`.
  public func resolved(in prompt: PromptShape) throws(LatentEditingError) -> Range<Int> {
    switch self {
    case .all: return 0..<Int.max
    case .prompt: return 0..<prompt.length
    case .firstContent: return try single(prompt.firstContent, in: prompt)
    case .fromStart(let index): return try single(index, in: prompt)
    case .fromEnd(let index): return try single(prompt.length - 1 - index, in: prompt)
    }
  }

  private func single(
    _ index: Int, in prompt: PromptShape
  ) throws(LatentEditingError) -> Range<Int> {
    guard (0..<prompt.length).contains(index) else {
      throw .promptTooShort(position: self, length: prompt.length)
    }
    return index..<index + 1
  }
}

/// What sites need to know of a prompt.
public struct PromptShape: Sendable, Equatable {
  /// Tokens.
  public let length: Int
  /// Index of the first token of the content.
  public let firstContent: Int

  /// A prompt of `length` tokens whose content begins at `firstContent`.
  public init(length: Int, firstContent: Int = 0) {
    self.length = length
    self.firstContent = firstContent
  }
}
