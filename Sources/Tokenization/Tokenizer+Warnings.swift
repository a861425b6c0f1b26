extension Tokenizer {
  /// What is said where the file at `path`, which the tokenizer is of, does not say how text is cut into words; nil
  /// where it does.
  public func warningOfGuesses(path: String) -> String? {
    guard vocabulary.model == .bytePair, vocabulary.preTokenizer ?? "" == "" else { return nil }
    return
      "\(path): warning: the file does not say how text is cut into words (tokenizer.ggml.pre); it is done "
      + "as by default in llama.cpp, and may not be what the model was trained with: convert the original "
      + "model again"
  }

  /// What is said where a text begins with BOS twice, once added and once written; nil where it does not.
  public func warningOfSecondBOS(_ ids: [Int]) -> String? {
    guard let bosToken, ids.prefix(2) == [bosToken, bosToken] else { return nil }
    return
      "warning: the text begins with \(piece(of: bosToken)) twice, since the vocabulary adds one; leave out "
      + "the one that is written"
  }
}
