import Tokenization

/// Turns tokens into text as they come, never cutting a character in half.
///
/// `StreamingDetokenizer` is one; tests bring their own.
public protocol TextDecoder {
  /// The text that token `id` completes.
  mutating func append(_ id: Int) -> String
  /// What is left when no token follows.
  mutating func finish() -> String
}

extension StreamingDetokenizer: TextDecoder {}
