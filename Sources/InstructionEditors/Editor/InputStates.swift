import LanguageModels
import LatentEditing

/// The processor's states of prompts, unedited: what P4 reads.
final class InputStates: ResidualStreamVisitor {
  /// By point, `[tokens][width]`.
  private(set) var states: [Int: [Float]]

  private init(points: Set<Int>) {
    states = Dictionary(uniqueKeysWithValues: points.map { ($0, []) })
  }

  /// Reads `prompt` on `state`, whose cache is emptied before and after. Throws `model`.
  static func read(
    _ prompt: [Int], points: Set<Int>, on state: ProcessorState
  ) throws(LatentEditingError) -> [Int: [Float]] {
    let reader = InputStates(points: points)
    state.truncate(to: 0)
    defer { state.truncate(to: 0) }
    do { _ = try state.forward(prompt, visitor: reader) } catch { throw .model(error) }
    return reader.states
  }

  /// As above for a batch of prompts on a tape. Throws `model`.
  static func read(
    _ prompts: TokenBatch, points: Set<Int>, on tape: ProcessorTape
  ) throws(LatentEditingError) -> [Int: [Float]] {
    let reader = InputStates(points: points)
    do { try tape.forward(prompts, edit: reader) } catch { throw .model(error) }
    return reader.states
  }

  func visits(point: Int) -> Bool { states[point] != nil }

  func visit(_ rows: ResidualRows) {
    for row in 0..<rows.count {
      rows.withRow(row) { span in
        for i in 0..<rows.width { states[rows.point]!.append(span[i]) }
      }
    }
  }
}

extension InputStates: DifferentiableStreamEdit {
  var lowestPoint: Int? { nil }
  func edits(point: Int) -> Bool { states[point] != nil }
  func apply(point: Int, rows: UnsafeMutableBufferPointer<Float>) { states[point] = Array(rows) }
  func backward(
    point: Int, rows: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {}
}
