extension GPT2: EditorBackbone {
  /// Width of the hidden states.
  public var width: Int { configuration.width }
  /// Blocks.
  public var blockCount: Int { configuration.blockCount }
  /// Tokens in the vocabulary.
  public var vocabularySize: Int { configuration.vocabularySize }
  /// Longest sequence.
  public var contextLength: Int { configuration.contextLength }

  /// As the protocol has it; the memory of the pass is given back.
  public func hiddenStates(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int],
    adding addition: (any BackboneAddition)?
  ) throws(LanguageModelError) -> HiddenStates {
    try hiddenStates(batch, after: blocks, at: rows, adapters: nil, adding: addition)
  }

  /// The states with adapters.
  func hiddenStates(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int], adapters: GPT2Adapters?,
    adding addition: (any BackboneAddition)?
  ) throws(LanguageModelError) -> HiddenStates {
    try check(batch, blocks, rows)
    let state = try GPT2State(
      self, rowCapacity: batch.rowCount, sequenceCapacity: batch.sequenceCount, adapters: adapters)
    try state.forward(batch, adding: addition)
    return state.states(after: blocks, at: rows)
  }
}

extension GPT2State {
  /// Copies of states of the batch that was read last.
  public func states(after blocks: [Int], at rows: [Int]) -> HiddenStates {
    var states = HiddenStates(blocks: blocks, rows: rows, width: model.width)
    for (i, block) in blocks.enumerated() {
      withStates(after: block) { all in
        for (j, row) in rows.enumerated() {
          for (k, target) in states.range(i, j).enumerated() {
            states.values[target] = all[row * model.width + k]
          }
        }
      }
    }
    return states
  }
}
