/// What a token stands for. Raw values are those of `tokenizer.ggml.token_type` in a GGUF and of
/// `ModelProto.SentencePiece.Type` in a SentencePiece model.
public enum TokenType: Int32, Sendable, CaseIterable {
  /// A piece of text.
  case normal = 1
  /// What stands for text that no piece covers.
  case unknown = 2
  /// Steers the model; no text ever becomes one unless the caller asks for it.
  case control = 3
  /// A piece of text that is never split and never merged with its neighbours.
  case userDefined = 4
  /// Takes part in merges but is not emitted.
  case unused = 5
  /// One raw byte, written `<0x0A>`, for text that no piece covers.
  case byte = 6
}
