/// A part of a prompt: markup of a template, in which control tokens are meant, or content, in which
/// their names are text like any other.
public struct TextSegment: Equatable, Sendable {
  /// The text itself.
  public var text: String
  /// Whether the names of control tokens in it mean these tokens.
  public var isMarkup: Bool

  /// A part of a prompt.
  public init(_ text: String, isMarkup: Bool) {
    self.text = text
    self.isMarkup = isMarkup
  }
}
