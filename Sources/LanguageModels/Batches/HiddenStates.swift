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
