import KernelInterface
import LanguageModels
import TensorKernels

/// What multiplies the columns of a LLaMA's linear layers, guessed from the weights alone: E[x_j²] for
/// each column j, up to a factor. `Rounding.best` weighs its errors so.
///
/// Errors that all count alike would be wrong: after RMSNorm a few dimensions of the residual stream
/// are far larger than the others, and training answers with small weights for them, whose rounding
/// errors matter most. Two things tell of the size of x_j:
///
/// - what was added up: r_j, the mean square of the embedding in dimension j and what the layers
///   before write there, as if their inputs were white;
/// - what the readers expect: 1 / (c_j + 0.02), c_j the mean square of a reader's column over that of
///   all (its norm's gain counted in), since in a trained network inputs contribute about alike. The
///   readers asked are value for the attention's three, up for gate and up, each other for itself.
///
/// Attention's three and gate and up have the product; attention's output the geometric mean of the
/// second and of the square of the row of value that writes x_j; down the second. Multiplying columns
/// and dividing what feeds them, as by folding a gain into its readers, changes nothing but rounding.
///
/// On SmolLM2 this takes what rounding costs to four fifths of the reference's, where equal weights
/// raise it (tools/witness/quantizer_quality.py).
final class ColumnImportance {
  private let model: CheckpointModel
  private var weights: [String: [Float]] = [:]
  /// r, of the layers before `nextLayer`.
  private var residual: [Float] = []
  private var nextLayer = 0

  /// Nil for a checkpoint that is not a plain LLaMA with all its tensors.
  init?(_ source: any CheckpointSource, pool: ThreadPool) throws(ConversionError) {
    guard let model = try? CheckpointModel(source, pool: pool, instructionSet: .best) else {
      return nil
    }
    self.model = model
  }

  /// The weights of a tensor's columns; nil for those that are not a layer's linear. Reads each layer
  /// once, and what comes before it: the layers' order is that of the work, so that a layer's tensors
  /// are then still in the system's cache.
  func weights(of tensor: String) throws(ConversionError) -> [Float]? {
    let parts = tensor.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == "blk", let layer = Int(parts[1]),
      layer < model.configuration.layerCount, parts[2].hasSuffix("_norm") == false
    else { return nil }
    while nextLayer <= layer { try addLayer() }
    return weights[tensor]
  }

  private func addLayer() throws(ConversionError) {
    let c = model.configuration
    if nextLayer == 0 {
      residual = try model.squares("token_embd.weight").columns.map { $0 / Float(c.vocabularySize) }
    }
    let prefix = "blk.\(nextLayer)."
    let attentionGain = try model.vector(prefix + "attn_norm.weight")
    let feedForwardGain = try model.vector(prefix + "ffn_norm.weight")
    let value = try model.squares(prefix + "attn_v.weight")
    let output = try model.squares(prefix + "attn_output.weight")
    let up = try model.squares(prefix + "ffn_up.weight")
    let down = try model.squares(prefix + "ffn_down.weight")

    // Each value head is read by a group of query heads.
    let written = (0..<output.columns.count).map { column in
      value.rows[column / c.headSize / c.headsPerKVHead * c.headSize + column % c.headSize]
    }
    let normalized = Self.scaled(residual)
    func read(_ reader: [Float], _ gain: [Float]) -> [Float] {
      let expected = Self.scaled(Self.inverse(zip(reader, gain).map { $0 * $1 * $1 }))
      return zip(zip(normalized, expected), gain).map { $0.0 * $0.1 * $1 * $1 }
    }
    let attention = read(value.columns, attentionGain)
    let feedForward = read(up.columns, feedForwardGain)
    let mixed = zip(Self.scaled(written), Self.inverse(output.columns)).map {
      ($0 * $1).squareRoot()
    }
    for (names, values) in [
      (["attn_q", "attn_k", "attn_v"], attention), (["attn_output"], mixed),
      (["ffn_gate", "ffn_up"], feedForward), (["ffn_down"], Self.inverse(down.columns)),
    ] where values.allSatisfy(\.isFinite) {
      // Of values that are not finite, whose squares overflow too, the quantizer tells where.
      for name in names { weights[prefix + name + ".weight"] = values }
    }

    let mean = value.rows.reduce(0, +) / Float(value.rows.count)
    for j in residual.indices {
      residual[j] +=
        output.rows[j] / Float(output.columns.count) * mean
        + down.rows[j] / Float(down.columns.count)
    }
    nextLayer += 1
  }

  /// 1 / (c + 0.02) with c of mean 1.
  private static func inverse(_ squares: [Float]) -> [Float] {
    scaled(squares).map { 1 / ($0 + 0.02) }
  }

  /// With mean 1; ones where there is none.
  private static func scaled(_ values: [Float]) -> [Float] {
    let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
    guard mean > 0, mean < .infinity else { return [Float](repeating: 1, count: values.count) }
    return values.map { Float(Double($0) / mean) }
  }
}

extension CheckpointModel {
  /// Sums of squares of the rows and of the columns of a matrix. The same on any number of threads.
  func squares(_ name: String) throws(ConversionError) -> (rows: [Float], columns: [Float]) {
    /// Rows whose squares are summed in f32 by one thread.
    let batch = 64
    var rowSums: [Float] = []
    var columnSums: [Double] = []
    try forEachSlice(name) { rows, bytes, tensor throws(ConversionError) in
      let width = tensor.columns
      if columnSums.isEmpty { columnSums = [Double](repeating: 0, count: width) }
      let parts = (rows.count + batch - 1) / batch
      var sums = [Float](repeating: 0, count: rows.count)
      var partial = [Float](repeating: 0, count: parts * width)
      sums.withUnsafeMutableBufferPointer { sums in
        partial.withUnsafeMutableBufferPointer { partial in
          nonisolated(unsafe) let (sums, partial) = (sums.baseAddress!, partial.baseAddress!)
          pool.parallel(parts) { share in
            let values = UnsafeMutablePointer<Float>.allocate(capacity: width)
            defer { values.deallocate() }
            for part in share {
              for row in part * batch..<min((part + 1) * batch, rows.count) {
                kernels.load(tensor.format, Self.row(row, of: bytes, tensor), width, into: values)
                sums[row] = Self.addSquares(values, width, to: partial + part * width)
              }
            }
          }
        }
      }
      rowSums += sums
      for part in 0..<parts {
        for k in 0..<width { columnSums[k] += Double(partial[part * width + k]) }
      }
    }
    return (rowSums, columnSums.map { Float($0) })
  }

  /// sums_k += x_k²; returns Σ x_k².
  private static func addSquares(
    _ x: UnsafePointer<Float>, _ count: Int, to sums: UnsafeMutablePointer<Float>
  ) -> Float {
    var total = SIMD8<Float>.zero
    var k = 0
    while k + 8 <= count {
      let values = UnsafeRawPointer(x + k).loadUnaligned(as: SIMD8<Float>.self)
      let squares = values * values
      let sum = UnsafeRawPointer(sums + k).loadUnaligned(as: SIMD8<Float>.self) + squares
      UnsafeMutableRawPointer(sums + k).storeBytes(of: sum, as: SIMD8<Float>.self)
      total += squares
      k += 8
    }
    var rest: Float = 0
    while k < count {
      sums[k] += x[k] * x[k]
      rest += x[k] * x[k]
      k += 1
    }
    return total.sum() + rest
  }
}
