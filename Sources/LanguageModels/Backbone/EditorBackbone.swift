/// A network that reads instructions for an editor: its tokens go in, its hidden states come out.
///
/// With M blocks, state 0 is the embeddings and state m, 1...M, the output of block m, in the way of
/// transformers' `hidden_states`: the final norm is applied to the last one only.
public protocol EditorBackbone: AnyObject {
  /// Width of the hidden states.
  var width: Int { get }
  /// Blocks, M.
  var blockCount: Int { get }
  /// Tokens in the vocabulary.
  var vocabularySize: Int { get }
  /// Longest sequence.
  var contextLength: Int { get }

  /// Reads a batch of sequences, each by itself, and returns the states after `blocks` (from 0...M,
  /// in any order) at `rows` (rows of the batch); `addition` may add to them between the blocks. A
  /// row's states do not depend on the other sequences of the batch nor on the number of threads.
  ///
  /// Throws `noTokens`, `sequenceTooLong`, `tokenOutOfRange` or `memory`.
  func hiddenStates(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int],
    adding addition: (any BackboneAddition)?
  ) throws(LanguageModelError) -> HiddenStates
}

extension EditorBackbone {
  /// The states without any addition.
  public func hiddenStates(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int]
  ) throws(LanguageModelError) -> HiddenStates {
    try hiddenStates(batch, after: blocks, at: rows, adding: nil)
  }

  /// The states after blocks 1...M at the last token of each sequence: what a per-layer editor reads.
  public func lastStates(_ batch: TokenBatch) throws(LanguageModelError) -> HiddenStates {
    try hiddenStates(batch, after: Array(1...blockCount), at: batch.lastRows)
  }

  func check(_ batch: TokenBatch, _ blocks: [Int], _ rows: [Int]) throws(LanguageModelError) {
    try batch.check(contextLength: contextLength, vocabularySize: vocabularySize)
    precondition(blocks.allSatisfy((0...blockCount).contains), "there is no such block")
    precondition(rows.allSatisfy((0..<batch.rowCount).contains), "there is no such row")
  }
}
