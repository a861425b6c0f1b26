/// Tokens that end generation, known by their text because files often fail to name them.
///
/// Source: the list in llama.cpp's `llama-vocab.cpp`.
enum EndOfGeneration {
  static let texts: Set<String> = [
    "<|eot_id|>", "<|im_end|>", "<|end|>", "<|return|>", "<|call|>", "<end_of_turn>",
    "<|endoftext|>", "</s>", "<|eom_id|>", "<EOT>", "_<EOT>", "[EOT]", "[EOS]", "<|end_of_text|>",
    "<end_of_utterance>", "<eos>", "<\u{FF5C}end\u{2581}of\u{2581}sentence\u{FF5C}>",
    // Where one file of a repository ends and padding or the next begins.
    "<|fim_pad|>", "<fim-pad>", "<fim_pad>", "<|fim_repo|>", "<|repo_name|>", "<fim-repo>",
    "<reponame>", "<|file_sep|>",
  ]

  /// The ids of such tokens in `vocabulary`.
  static func tokens(of vocabulary: Vocabulary, index: PieceIndex) -> Set<Int> {
    Set(texts.compactMap { index.find(Array($0.utf8), in: vocabulary.pieces) })
  }
}
