import KernelInterface
import TensorKernels

/// A frozen GPT-2 as an editor's backbone, with low-rank adapters, which are trained in its place.
///
/// Nothing but a training needs it: `mergedValues` are the weights of a plain GPT-2 that computes the
/// same up to rounding, and what an editor's file holds.
public final class AdaptedGPT2: EditorBackbone {
  /// The frozen model.
  public let model: GPT2
  /// The changes to its linear layers.
  public let adapters: GPT2Adapters

  /// `model` with new adapters, which change nothing yet; their A come from `seed`. Throws `memory`.
  public init(
    _ model: GPT2, newAdapters shape: GPT2AdapterConfiguration, seed: UInt64
  ) throws(LanguageModelError) {
    self.model = model
    adapters = try GPT2Adapters(shape, of: model.configuration, seed: seed, pool: model.pool)
  }

  /// Width of the hidden states.
  public var width: Int { model.width }
  /// Blocks.
  public var blockCount: Int { model.blockCount }
  /// Tokens in the vocabulary.
  public var vocabularySize: Int { model.vocabularySize }
  /// Longest sequence.
  public var contextLength: Int { model.contextLength }

  /// As the protocol has it; the memory of the pass is given back.
  public func hiddenStates(
    _ batch: TokenBatch, after blocks: [Int], at rows: [Int],
    adding addition: (any BackboneAddition)?
  ) throws(LanguageModelError) -> HiddenStates {
    try model.hiddenStates(batch, after: blocks, at: rows, adapters: adapters, adding: addition)
  }

  /// The elements of a parameter of the plain GPT-2, in the order of `ParameterStore.values`:
  ///
  ///     W' = W + (alpha / r) B A
  ///
  /// of a matrix with an adapter, and every other parameter as it is. The product is summed by itself
  /// first, without fused multiply-adds: the same bits on any machine.
  package func mergedValues(
    of name: String, transposed: Bool
  ) throws(KernelError) -> [Float] {
    guard let adapter = adapters.view(ofWeight: name) else {
      return try model.parameters.values(of: name, transposed: transposed)
    }
    let matrix = model.parameters.matrix(name)
    let (rows, columns, rank) = (matrix.rows, matrix.columns, adapter.down.rows)
    let size = PackedLayout.groupRows
    // A group's rows lie side by side, of W and of B alike: see `ParameterLayout.Shape.matrix`.
    typealias Group = SIMD16<Float>
    precondition(size == Group.scalarCount)
    let weight = matrix.groups.assumingMemoryBound(to: Group.self)  // [groups][columns]
    let up = adapter.up.groups.assumingMemoryBound(to: Group.self)  // [groups][r]
    let down = adapter.down.groups.assumingMemoryBound(to: Float.self)  // [r / 16][columns][16]
    return [Float](unsafeUninitializedCapacity: rows * columns) { values, count in
      let target = values.baseAddress!
      model.pool.parallel(matrix.groupCount) { share in
        for group in share {
          let first = group * size
          for column in 0..<columns {
            var change = Group.zero
            for n in 0..<rank {
              change += up[group * rank + n] * down[(n / size * columns + column) * size + n % size]
            }
            let merged = weight[group * columns + column] + adapter.scale * change
            for row in first..<min(first + size, rows) {
              target[transposed ? column * rows + row : row * columns + column] =
                merged[row - first]
            }
          }
        }
      }
      count = rows * columns
    }
  }
}
