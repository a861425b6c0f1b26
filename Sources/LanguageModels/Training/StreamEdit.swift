/// What training does to the residual stream between blocks, and the gradient of it.
///
/// A batch's rows lie one after the other, `[rows][width]`. Points are 0...depth: the input of block n
/// is n, the output of the last is the number of blocks. All calls come from one thread at a time,
/// while the others wait.
package protocol DifferentiableStreamEdit: AnyObject {
  /// The first point that is edited: the backward pass ends there. Nil where none is.
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
}
