/// The residual stream of consecutive positions at one point, to be read and changed in place:
/// `[count][width]` f32.
public struct ResidualRows {
  /// Where the stream is, 0...L of L blocks: the input of block `point`, which is the output of the block
  /// before it, and after the last block when it is L.
  public let point: Int
  /// Position of the first row in the sequence.
  public let firstPosition: Int
  /// Rows.
  public let count: Int
  /// The model's hidden size.
  public let width: Int

  let rows: UnsafeMutablePointer<Float>

  /// The state at `firstPosition + row`.
  public func withRow<R>(_ row: Int, _ body: (inout MutableSpan<Float>) throws -> R) rethrows -> R {
    precondition(row >= 0 && row < count, "row \(row) is not one of \(count)")
    var span = MutableSpan(_unsafeStart: rows + row * width, count: width)
    return try body(&span)
  }
}

/// Somebody who reads or edits the residual stream, or the values of the first token, while a model runs: probes, traces,
/// edits.
///
/// Called between blocks, on the thread that runs the model, for each chunk of a prompt and each
/// decoded token; a model without a visitor pays nothing.
public protocol ResidualStreamVisitor: AnyObject {
  /// Whether it wants to see the stream at `point`, 0...L of L blocks; elsewhere it is not interrupted.
  func visits(point: Int) -> Bool
  /// May change the rows in place.
  func visit(_ rows: ResidualRows)
  /// Whether it edits the first token's values in `block`.
  func visitsValues(block: Int) -> Bool
  /// May change what later tokens read of the first one in `block`, its values `[kvHeads * headSize]`. The token itself
  /// reads them as they were, so that its states and keys stay as they are in all blocks.
  func visitValues(block: Int, _ values: inout MutableSpan<Float>)
  /// Where it made a state whose norm is no finite number, which a norm of the model would turn into zeros
  /// without a word; nil where it did not. The pass throws `streamOverflow` then.
  var overflow: (point: Int, position: Int)? { get }
}

extension ResidualStreamVisitor {
  /// Most do nothing to values.
  public func visitsValues(block: Int) -> Bool { false }
  /// As above.
  public func visitValues(block: Int, _ values: inout MutableSpan<Float>) {}
  /// Who only reads makes no such state.
  public var overflow: (point: Int, position: Int)? { nil }
}
