extension Trainer.Data {
  /// Random tokens, for speed and memory: sequences of `tokens` tokens, of which all but the first are
  /// scored, with instructions of `instructionTokens`. Each is one of `vocabularySize` of the processor's, and of
  /// `instructionVocabularySize`, from `firstInstructionToken` on, where the editor's are others.
  public init(
    randomSequences count: Int, tokens: Int, instructionTokens: Int, vocabularySize: Int,
    instructionVocabularySize: Int? = nil, firstInstructionToken: Int = 0, seed: UInt64
  ) {
    precondition(count >= 1 && tokens >= 2 && instructionTokens >= 1)
    var generator = SeededGenerator(seed, 0x524F_5753)
    let examples = (0..<count).map { row in
      let sequence = (0..<tokens).map { _ in generator.pick(vocabularySize) }
      return TokenizedExample(
        row: row,
        instruction: (0..<instructionTokens).map { _ in
          firstInstructionToken + generator.pick(instructionVocabularySize ?? vocabularySize)
        },
        prompt: [sequence[0]], response: Array(sequence.dropFirst()), prompted: [sequence[0]])
    }
    self.init(
      train: examples, files: [Int](repeating: 0, count: count), weights: [1], firstContent: 0)
  }
}
