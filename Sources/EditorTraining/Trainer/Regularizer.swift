import InstructionEditors
import TensorKernels

/// What an editor's training asks for beside its loss, each with a weight lambda (docs/method.md).
public enum Regularizer: String, Sendable, Codable, CaseIterable {
  /// lambda sum_{l, p} ||g v|| / sqrt(d), meaned over the examples: whole layers' latents drop out. A gradient
  /// of the latents (`EditPenalty`).
  case groupLasso = "group_lasso"
  /// lambda ||W||_1 over the matrices of the heads, as a proximal step after the optimizer's, which makes exact
  /// zeros (`softThreshold`).
  case l1
  /// lambda KL(unedited || edited) on text that has nothing to do with the rows: a batch of its own beside
  /// each of the rows'.
  case locality
}

/// The weights of all regularizers; 0 is none.
public struct Regularizers: Sendable, Codable, Equatable {
  private var weights = [Float](repeating: 0, count: Regularizer.allCases.count)

  /// None.
  public init() {}

  /// lambda of one of them, at least 0.
  public subscript(_ regularizer: Regularizer) -> Float {
    get { weights[Regularizer.allCases.firstIndex(of: regularizer)!] }
    set { weights[Regularizer.allCases.firstIndex(of: regularizer)!] = newValue }
  }

  /// Whether there are none.
  public var isEmpty: Bool { weights.allSatisfy { $0 == 0 } }

  /// The penalty of the latents of `count` examples of a step's `total`.
  func penalty(_ count: Int, of total: Int) -> EditPenalty {
    EditPenalty(groupLasso: self[.groupLasso] * Float(count) / Float(total))
  }

  /// After a step of the optimizer at `rate`: the proximal step of L1 on the heads' matrices.
  func shrink(_ parameters: ParameterStore, rate: Float) {
    guard self[.l1] > 0 else { return }
    for entry in parameters.layout.entries
    where entry.role == .head || entry.role == .headDown {
      guard case .matrix = entry.shape else { continue }
      softThreshold(parameters.floats(of: entry.name), by: rate * self[.l1])
    }
  }
}
