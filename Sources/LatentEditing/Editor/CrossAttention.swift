import KernelInterface
import LanguageModels
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
  private let heads: EditorHeads
  private let configuration: CrossAttentionConfiguration
  private let pool: ThreadPool
  /// The processor's states, by point, `[tokens][d]`.
  private let states: [Int: [Float]]
  private let tokenCount: Int

  static let epsilon: Float = 1e-6

  /// Attention to `states`, which has what `points` asks for, of `tokenCount` tokens.
  init(
    _ heads: EditorHeads, _ configuration: CrossAttentionConfiguration, pool: ThreadPool,
    states: [Int: [Float]], tokenCount: Int
  ) {
    self.heads = heads
    self.configuration = configuration
    self.pool = pool
    self.states = states
    self.tokenCount = tokenCount
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
      layout.append(prefix + "norm.weight", .vector(count: inner))
      layout.append(prefix + "norm.bias", .vector(count: inner))
      layout.append(prefix + "query.weight", .matrix(rows: inner, columns: inner))
      layout.append(prefix + "key.weight", .matrix(rows: inner, columns: outer))
      layout.append(prefix + "value.weight", .matrix(rows: inner, columns: outer))
      layout.append(prefix + "output.weight", .matrix(rows: inner, columns: inner))
    }
  }

  /// All of its matrices but the output's.
  static func startsRandom(_ name: String) -> Bool {
    name.hasPrefix("cross.")
      && [".query.weight", ".key.weight", ".value.weight"].contains { name.hasSuffix($0) }
  }

  func adds(after block: Int) -> Bool { configuration.blocks.contains(block) }

  func add(after block: Int, to rows: UnsafeMutableBufferPointer<Float>, of batch: TokenBatch) {
    let width = heads.width
    let prefix = "cross.\(block)."
    let point = CrossAttention.point(afterBlock: block, heads.configuration)
    let outer = heads.configuration.processor.width
    let seen = normalized(states[point]!, width: outer)
    var inputs = Array(rows)
    let weight = heads.parameters.floats(of: prefix + "norm.weight").baseAddress!
    let bias = heads.parameters.floats(of: prefix + "norm.bias").baseAddress!
    inputs.withUnsafeMutableBufferPointer { inputs in
      for row in 0..<batch.rowCount {
        heads.kernels.layerNorm(
          rows.baseAddress! + row * width, weight, bias, EditorConfiguration.normEpsilon, width,
          inputs.baseAddress! + row * width)
      }
    }
    let queries = linear(prefix + "query.weight", inputs, rows: batch.rowCount)
    let keys = linear(prefix + "key.weight", seen, rows: tokenCount)
    let values = linear(prefix + "value.weight", seen, rows: tokenCount)
    let mixed = attend(queries, keys, values, rows: batch.rowCount, width: width)
    let added = linear(prefix + "output.weight", mixed, rows: batch.rowCount)
    for i in rows.indices { rows[i] += added[i] }
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

  /// Every instruction token sees every token of the input: no mask.
  private func attend(
    _ queries: [Float], _ keys: [Float], _ values: [Float], rows: Int, width: Int
  ) -> [Float] {
    let size = width / configuration.headCount
    let scale = 1 / Float(size).squareRoot()
    var mixed = [Float](repeating: 0, count: rows * width)
    var scores = [Float](repeating: 0, count: tokenCount)
    queries.withUnsafeBufferPointer { queries in
      keys.withUnsafeBufferPointer { keys in
        for row in 0..<rows {
          for head in 0..<configuration.headCount {
            let query = queries.baseAddress! + row * width + head * size
            for j in 0..<tokenCount {
              scores[j] =
                scale
                * LatentAddition.dot(
                  query, keys.baseAddress! + j * width + head * size, count: size)
            }
            var peak: Float = 0
            var sum: Float = 0
            heads.kernels.gradients.softmaxSums(scores, tokenCount, &peak, &sum)
            heads.kernels.gradients.softmaxScaled(&scores, tokenCount, peak, 1 / sum)
            for j in 0..<tokenCount {
              for i in 0..<size {
                mixed[row * width + head * size + i] +=
                  scores[j] * values[j * width + head * size + i]
              }
            }
          }
        }
      }
    }
    return mixed
  }

  /// W x for rows of x.
  private func linear(_ name: String, _ x: [Float], rows: Int) -> [Float] {
    let matrix = heads.parameters.matrix(name)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: ActivationTiles.byteCount(rows: rows, columns: matrix.columns, exact: true),
      alignment: 64)
    let scratch = UnsafeMutablePointer<Float>.allocate(
      capacity: pool.threadCount * PackedMatrix.panelScratch)
    defer {
      memory.deallocate()
      scratch.deallocate()
    }
    let tiles = ActivationTiles(memory, rows: rows, columns: matrix.columns)
    let tileRows = rows == 1 ? 1 : ActivationTiles.tileRows
    var out = [Float](repeating: 0, count: rows * matrix.rows)
    x.withUnsafeBufferPointer { x in
      out.withUnsafeMutableBufferPointer { out in
        let source = x.baseAddress!
        let target = out.baseAddress!
        pool.run { worker in
          for tile in worker.share(of: (rows + tileRows - 1) / tileRows) {
            tiles.fill(
              heads.kernels, layout: .f32, tile: tile, tileRows: tileRows,
              x: source + tile * tileRows * matrix.columns, stride: matrix.columns,
              validRows: min(tileRows, rows - tile * tileRows), columns: matrix.columns)
          }
          worker.barrier()
          matrix.apply(
            worker, heads.kernels, tiles, count: rows, layout: .f32, out: target,
            stride: matrix.rows, accumulate: false,
            scratch: scratch + worker.index * PackedMatrix.panelScratch)
        }
      }
    }
    return out
  }
}
