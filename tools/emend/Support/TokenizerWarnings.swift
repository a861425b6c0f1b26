import Tokenization

extension Tokenizer {
  /// Says so where the file at `path` does not say how text is cut into words.
  func warnOfGuesses(path: String) {
    guard vocabulary.model == .bytePair, vocabulary.preTokenizer ?? "" == "" else { return }
    Console.log(
      "\(path): warning: the file does not say how text is cut into words (tokenizer.ggml.pre); it is done "
        + "as by default in llama.cpp, and may not be what the model was trained with: convert the original "
        + "model again")
  }

  /// Says so where a text begins with BOS twice: once added, and once written.
  func warnOfSecondBOS(_ ids: [Int]) {
    guard let bosToken, ids.prefix(2) == [bosToken, bosToken] else { return }
    Console.log(
      "warning: the text begins with \(piece(of: bosToken)) twice, since the vocabulary adds one; leave out "
        + "the one that is written")
  }
}
