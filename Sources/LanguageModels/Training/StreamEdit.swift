/// What training does to the residual stream between blocks, or to the values of first tokens, and the gradient of it.
///
/// A batch's rows lie one after the other, `[rows][width]`. Points are 0...depth: the input of block n
/// is n, the output of the last is the number of blocks. All calls come from one thread at a time,
/// while the others wait.
package protocol DifferentiableStreamEdit: AnyObject {
  /// The first point that is edited, or block whose values are: the backward pass ends there. Nil where none is.
  var lowestPoint: Int? { get }
  /// Whether anything is done at `point`.
  func edits(point: Int) -> Bool
  /// Edits the rows at `point` in place. When a block is run again for the backward pass, so is this,
  /// on the same rows.
  func apply(point: Int, rows: UnsafeMutableBufferPointer<Float>)
  /// Takes in the gradient of the rows as `apply` left them, and turns it in place into that of the
  /// rows before it. `rows` are as `apply` left them.
  func backward(
    point: Int, rows: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>)

  /// Whether the values of first tokens are edited in `block`.
  func editsValues(block: Int) -> Bool
  /// Edits in place what later tokens read of the first token of every sequence in `block`, its values
  /// `[kvHeads * headSize]`; when a block is run again, so is this. The tokens themselves read their values as they were.
  func applyToValues(block: Int, _ values: BatchRows)
  /// Takes in the gradient of the values as `applyToValues` left them, of what later tokens read of them, and turns it in
  /// place into that of the values before it.
  func backwardOfValues(block: Int, _ values: BatchRows, gradient: BatchRows)
}

extension DifferentiableStreamEdit {
  package func editsValues(block: Int) -> Bool { false }
  package func applyToValues(block: Int, _ values: BatchRows) {}
  package func backwardOfValues(block: Int, _ values: BatchRows, gradient: BatchRows) {}
}

/// Part of every row of a batch: that of row r begins `r * stride` behind the first one's.
package struct BatchRows {
  /// Of row 0.
  package let start: UnsafeMutablePointer<Float>
  /// From one row to the next.
  package let stride: Int
}
