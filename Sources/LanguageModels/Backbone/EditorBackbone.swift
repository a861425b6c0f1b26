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

/// Somebody who adds to a backbone's states between its blocks, e.g. what they attend to elsewhere.
public protocol BackboneAddition: AnyObject {
  /// Whether anything is added after `block`, 1...M.
  func adds(after block: Int) -> Bool
  /// Adds to the states `[rows][width]` of a batch in place, on the caller's thread; the pool is free.
  func add(after block: Int, to states: UnsafeMutableBufferPointer<Float>, of batch: TokenBatch)
  /// Turns the gradient of the states after the addition, `[rows][width]`, in place into that of the
  /// states before it; called after `add` for the same batch.
  func backward(
    after block: Int, gradient: UnsafeMutableBufferPointer<Float>, of batch: TokenBatch)
}

/// States of some rows of a batch after some blocks, or their gradients.
public struct HiddenStates: Sendable, Equatable {
  /// After which blocks.
  public let blocks: [Int]
  /// Rows of the batch.
  public let rows: [Int]
  /// Width of a state.
  public let width: Int
  /// `[blocks][rows][width]`
  public var values: [Float]

  /// `values` are `[blocks][rows][width]`.
  public init(blocks: [Int], rows: [Int], width: Int, values: [Float]) {
    precondition(values.count == blocks.count * rows.count * width, "values of another shape")
    self.blocks = blocks
    self.rows = rows
    self.width = width
    self.values = values
  }

  /// Zeros.
  public init(blocks: [Int], rows: [Int], width: Int) {
    self.init(
      blocks: blocks, rows: rows, width: width,
      values: [Float](repeating: 0, count: blocks.count * rows.count * width))
  }

  /// The state number `row` of `rows` after number `block` of `blocks`.
  public subscript(block: Int, row: Int) -> ArraySlice<Float> { values[range(block, row)] }

  /// Where those of number `row` of `rows` after number `block` of `blocks` are in `values`.
  public func range(_ block: Int, _ row: Int) -> Range<Int> {
    let start = (block * rows.count + row) * width
    return start..<start + width
  }
}
