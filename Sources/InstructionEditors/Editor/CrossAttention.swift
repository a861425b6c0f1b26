import KernelInterface
import LanguageModels
import LatentEditing
import TensorKernels

/// P4: after some of its blocks the editor's backbone attends to the processor's states of the input,
///
///     x_i <- x_i + Wo concat_a( softmax_j( q_ia . k_ja / sqrt(E / A) ) v_ja )
///     q_i = Wq LN(x_i),  k_j = Wk r(h_j),  v_j = Wv r(h_j),  r(h) = h / sqrt(mean(h^2) + 1e-6)
///
/// with x the backbone's states after block m, h the processor's states of all tokens of the prompt at
/// point floor(m L / M) of a first, unedited pass, A heads. (HyperSteer's best variant reads so,
/// arXiv 2506.03292; the normalization is ours: the states' sizes differ a hundredfold.)
///
/// Parameters, E = the backbone's width, d = the processor's: `cross.<m>.norm.weight|bias` [E],
/// `cross.<m>.query.weight` [E, E], `cross.<m>.key.weight` and `.value.weight` [E, d],
/// `cross.<m>.output.weight` [E, E], which starts at zero.
final class CrossAttention: BackboneAddition {
  /// The processor's states of the prompts of a batch.
  struct Input {
    /// By point, `[tokens of all prompts][d]`.
    let states: [Int: [Float]]
    /// Where each prompt begins, and where the last one ends.
    let boundaries: [Int]
  }

  private let heads: EditorHeads
  private let configuration: CrossAttentionConfiguration
  private let input: Input
  private let linear: HeadLinear
  /// Where gradients of the parameters are added; nil where nothing is trained.
  private let gradients: ParameterStore?
  /// What the backward pass needs, by block.
  private var kept: [Int: Values] = [:]

  private struct Values {
    let states: [Float]  // [rows][E], x
    let inputs: [Float]  // [rows][E], LN(x)
    let seen: [Float]  // [tokens][d], r(h)
    let queries: [Float]  // [rows][E]
    let keys: [Float]  // [tokens][E]
    let values: [Float]  // [tokens][E]
    let mixed: [Float]  // [rows][E]
  }

  static let epsilon: Float = 1e-6

  /// Attention to `input`, which has what `points` asks for and as many prompts as the batch has
  /// instructions.
  init(
    _ heads: EditorHeads, _ configuration: CrossAttentionConfiguration, linear: HeadLinear,
    input: Input, gradients: ParameterStore? = nil
  ) {
    self.heads = heads
    self.configuration = configuration
    self.input = input
    self.gradients = gradients
    self.linear = linear
  }

  /// The points of the processor's stream that the backbone attends to.
  static func points(_ editor: EditorConfiguration) -> Set<Int> {
    Set((editor.crossAttention?.blocks ?? []).map { point(afterBlock: $0, editor) })
  }

  /// The point of the processor's stream that the backbone's block m attends to.
  static func point(afterBlock block: Int, _ editor: EditorConfiguration) -> Int {
    block * editor.processor.layerCount / editor.backbone.blockCount
  }

  static func append(
    to layout: inout ParameterLayout, _ cross: CrossAttentionConfiguration,
    _ editor: EditorConfiguration
  ) {
    let inner = editor.backbone.width
    let outer = editor.processor.width
    for block in cross.blocks {
      let prefix = "cross.\(block)."
      layout.append(prefix + "norm.weight", .vector(count: inner), .gain)
      layout.append(prefix + "norm.bias", .vector(count: inner))
      layout.append(prefix + "query.weight", .matrix(rows: inner, columns: inner))
      layout.append(prefix + "key.weight", .matrix(rows: inner, columns: outer))
      layout.append(prefix + "value.weight", .matrix(rows: inner, columns: outer))
      layout.append(prefix + "output.weight", .matrix(rows: inner, columns: inner), .residualWeight)
    }
  }

  func adds(after block: Int) -> Bool { configuration.blocks.contains(block) }

  func add(after block: Int, to rows: UnsafeMutableBufferPointer<Float>, of batch: TokenBatch) {
    let width = heads.width
    let prefix = "cross.\(block)."
    let point = CrossAttention.point(afterBlock: block, heads.configuration)
    let seen = normalized(
      input.states[point]!, width: heads.configuration.processor.width)
    let tokens = input.boundaries.last!
    let states = Array(rows)
    var inputs = states
    let weight = heads.parameters.floats(of: prefix + "norm.weight").baseAddress!
    let bias = heads.parameters.floats(of: prefix + "norm.bias").baseAddress!
    inputs.withUnsafeMutableBufferPointer { inputs in
      for row in 0..<batch.rowCount {
        heads.kernels.rows.layerNorm(
          rows.baseAddress! + row * width, weight, bias, EditorConfiguration.normEpsilon, width,
          inputs.baseAddress! + row * width)
      }
    }
    let queries = linear.apply(prefix + "query.weight", inputs, rows: batch.rowCount)
    let keys = linear.apply(prefix + "key.weight", seen, rows: tokens)
    let values = linear.apply(prefix + "value.weight", seen, rows: tokens)
    let mixed = attend(queries, keys, values, batch)
    let added = linear.apply(prefix + "output.weight", mixed, rows: batch.rowCount)
    for i in rows.indices { rows[i] += added[i] }
    guard gradients != nil else { return }
    kept[block] = Values(
      states: states, inputs: inputs, seen: seen, queries: queries, keys: keys, values: values,
      mixed: mixed)
  }

  /// r(h) of every row.
  private func normalized(_ states: [Float], width: Int) -> [Float] {
    var result = states
    result.withUnsafeMutableBufferPointer { rows in
      for start in stride(from: 0, to: rows.count, by: width) {
        let row = rows.baseAddress! + start
        let square = LatentAddition.squaredNorm(row, count: width) / Float(width)
        let factor = 1 / (square + CrossAttention.epsilon).squareRoot()
        for i in 0..<width { row[i] *= factor }
      }
    }
    return result
  }

  /// Calls `body` with the softmax over the prompt's tokens for every row and head: every instruction
  /// token sees every token of its own prompt, without a mask.
  private func forEachQuery(
    _ queries: [Float], _ keys: [Float], _ batch: TokenBatch,
    _ body: (_ row: Int, _ offset: Int, _ tokens: Range<Int>, _ weights: [Float]) -> Void
  ) {
    let width = heads.width
    let size = width / configuration.headCount
    let scale = 1 / Float(size).squareRoot()
    for sequence in 0..<batch.sequenceCount {
      let tokens = input.boundaries[sequence]..<input.boundaries[sequence + 1]
      var weights = [Float](repeating: 0, count: tokens.count)
      for row in batch.rows(of: sequence) {
        for offset in stride(from: 0, to: width, by: size) {
          queries.withUnsafeBufferPointer { queries in
            keys.withUnsafeBufferPointer { keys in
              for (j, token) in tokens.enumerated() {
                weights[j] =
                  scale
                  * LatentAddition.dot(
                    queries.baseAddress! + row * width + offset,
                    keys.baseAddress! + token * width + offset, count: size)
              }
            }
          }
          var peak: Float = 0
          var sum: Float = 0
          heads.kernels.gradients.softmaxSums(weights, tokens.count, &peak, &sum)
          heads.kernels.gradients.softmaxScaled(&weights, tokens.count, peak, 1 / sum)
          body(row, offset, tokens, weights)
        }
      }
    }
  }

  private func attend(
    _ queries: [Float], _ keys: [Float], _ values: [Float], _ batch: TokenBatch
  ) -> [Float] {
    let width = heads.width
    let size = width / configuration.headCount
    var mixed = [Float](repeating: 0, count: batch.rowCount * width)
    forEachQuery(queries, keys, batch) { row, offset, tokens, weights in
      for (j, token) in tokens.enumerated() {
        for i in offset..<offset + size {
          mixed[row * width + i] += weights[j] * values[token * width + i]
        }
      }
    }
    return mixed
  }

  /// With y = x + Wo mixed; the processor's states are frozen, so nothing goes further into them.
  func backward(
    after block: Int, gradient: UnsafeMutableBufferPointer<Float>, of batch: TokenBatch
  ) {
    guard let gradients, let kept = kept[block] else {
      preconditionFailure("nothing was added after block \(block)")
    }
    let rows = batch.rowCount
    let tokens = input.boundaries.last!
    let prefix = "cross.\(block)."
    let dAdded = Array(gradient)
    linear.addGradient(prefix + "output.weight", dAdded, kept.mixed, rows: rows, to: gradients)
    let dMixed = linear.applyTransposed(prefix + "output.weight", dAdded, rows: rows)
    let (dQueries, dKeys, dValues) = attendBackward(kept, dMixed, batch)
    linear.addGradient(prefix + "query.weight", dQueries, kept.inputs, rows: rows, to: gradients)
    linear.addGradient(prefix + "key.weight", dKeys, kept.seen, rows: tokens, to: gradients)
    linear.addGradient(prefix + "value.weight", dValues, kept.seen, rows: tokens, to: gradients)
    let dInputs = linear.applyTransposed(prefix + "query.weight", dQueries, rows: rows)
    linear.normBackward(
      prefix + "norm", kept.states, dInputs, rows: rows, dx: gradient.baseAddress!, to: gradients)
  }

  /// p = softmax(s), s = scale q k^T:  dv = p^T do,  dp = do v^T,  ds = p (dp - sum(p dp)) scale.
  private func attendBackward(
    _ kept: Values, _ dMixed: [Float], _ batch: TokenBatch
  ) -> (queries: [Float], keys: [Float], values: [Float]) {
    let width = heads.width
    let size = width / configuration.headCount
    let scale = 1 / Float(size).squareRoot()
    var dQueries = [Float](repeating: 0, count: kept.queries.count)
    var dKeys = [Float](repeating: 0, count: kept.keys.count)
    var dValues = dKeys
    forEachQuery(kept.queries, kept.keys, batch) { row, offset, tokens, weights in
      var products = [Float](repeating: 0, count: tokens.count)
      var mean: Float = 0
      for (j, token) in tokens.enumerated() {
        for i in offset..<offset + size {
          products[j] += dMixed[row * width + i] * kept.values[token * width + i]
          dValues[token * width + i] += weights[j] * dMixed[row * width + i]
        }
        mean += weights[j] * products[j]
      }
      for (j, token) in tokens.enumerated() {
        let ds = weights[j] * (products[j] - mean) * scale
        for i in offset..<offset + size {
          dQueries[row * width + i] += ds * kept.keys[token * width + i]
          dKeys[token * width + i] += ds * kept.queries[row * width + i]
        }
      }
    }
    return (dQueries, dKeys, dValues)
  }
}
