import LanguageModels

/// States at the input of every block, `[layers][rows][width]`, of some tokens of a batch.
package struct PrefixStates {
  package var values: [Float]
  let layerCount: Int
  let rowCount: Int
  let width: Int

  package init(layerCount: Int, rowCount: Int, width: Int) {
    (self.layerCount, self.rowCount, self.width) = (layerCount, rowCount, width)
    values = [Float](repeating: 0, count: layerCount * rowCount * width)
  }

  /// Where row number `index` of `layer` lies.
  package func range(_ layer: Int, _ index: Int) -> Range<Int> {
    let start = (layer * rowCount + index) * width
    return start..<start + width
  }
}

/// Copies states while a processor reads openings, and hands their gradients back to it:
///
///     e_i[l] = h_r(i)[l],  dh_r(i)[l] += de_i[l]
final class PrefixReader: DifferentiableStreamEdit {
  private(set) var states: PrefixStates
  /// The gradients of `states`, for the backward pass.
  var gradients: PrefixStates?
  private let rows: [Int]  // of the batch

  init(rows: [Int], layerCount: Int, width: Int) {
    self.rows = rows
    states = PrefixStates(layerCount: layerCount, rowCount: rows.count, width: width)
  }

  var lowestPoint: Int? { 0 }
  func edits(point: Int) -> Bool { point < states.layerCount }

  func apply(point: Int, rows stream: UnsafeMutableBufferPointer<Float>) {
    let width = states.width
    for (index, row) in rows.enumerated() {
      states.values.replaceSubrange(
        states.range(point, index), with: stream[row * width..<(row + 1) * width])
    }
  }

  func backward(
    point: Int, rows _: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    guard let gradients else { preconditionFailure("there are no gradients to hand back") }
    for (index, row) in rows.enumerated() {
      for (i, source) in gradients.range(point, index).enumerated() {
        gradient[row * states.width + i] += gradients.values[source]
      }
    }
  }
}

/// Puts states in the place of those of some tokens, at the input of every block, and takes their gradients:
///
///     h_r(i)[l] = e_i[l],  de_i[l] = dh_r(i)[l],  and none for what stood there
///
/// so that of a block nothing but the keys and values of these tokens is seen.
package final class PrefixWriter: DifferentiableStreamEdit {
  package private(set) var gradients: PrefixStates
  private let states: PrefixStates
  private let rows: [Int]  // of the batch

  package init(_ states: PrefixStates, at rows: [Int]) {
    precondition(rows.count == states.rowCount)
    self.states = states
    self.rows = rows
    gradients = PrefixStates(
      layerCount: states.layerCount, rowCount: states.rowCount, width: states.width)
  }

  package var lowestPoint: Int? { 0 }
  package func edits(point: Int) -> Bool { point < states.layerCount }

  package func apply(point: Int, rows stream: UnsafeMutableBufferPointer<Float>) {
    for (index, row) in rows.enumerated() {
      for (i, source) in states.range(point, index).enumerated() {
        stream[row * states.width + i] = states.values[source]
      }
    }
  }

  package func backward(
    point: Int, rows _: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    for (index, row) in rows.enumerated() {
      for (i, target) in gradients.range(point, index).enumerated() {
        gradients.values[target] = gradient[row * states.width + i]
        gradient[row * states.width + i] = 0
      }
    }
  }
}
