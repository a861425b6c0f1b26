import BlockFormats
import KernelInterface
import ModelFiles
import TensorKernels

/// The frozen weights of one block.
struct BlockWeights: Sendable {
  let attentionNorm: [Float]  // [hidden]
  let query: PackedMatrix  // [heads * headSize, hidden]
  let key: PackedMatrix  // [kvHeads * headSize, hidden]
  let value: PackedMatrix  // [kvHeads * headSize, hidden]
  let attentionOutput: PackedMatrix  // [hidden, heads * headSize]
  let feedForwardNorm: [Float]  // [hidden]
  let gate: PackedMatrix  // [intermediate, hidden]
  let up: PackedMatrix  // [intermediate, hidden]
  let down: PackedMatrix  // [hidden, intermediate]
  let biases: AttentionBiases?
}

/// Where the vectors of tokens come from.
enum Embedding: Sendable {
  /// The output matrix, which the model shares.
  case tied
  /// Rows of the file, read where they lie: a token touches one row.
  case mapped(GGUFTensor)
}

/// The frozen weights of a processor, packed tensor by tensor.
struct ProcessorWeights: Sendable {
  let embedding: Embedding
  let blocks: [BlockWeights]
  let outputNorm: [Float]  // [hidden]
  let output: PackedMatrix  // [vocabulary, hidden]
  let rotaryFactors: [Float]?  // [rotated / 2]

  /// Bytes of all packed matrices.
  var byteCount: Int {
    blocks.reduce(output.byteCount) { total, block in
      total + block.matrices.reduce(0) { $0 + $1.byteCount }
    }
  }

  init(
    _ file: GGUFFile, _ configuration: ProcessorConfiguration, kernels: KernelTable,
    pool: ThreadPool, onProgress: ((Double) -> Void)?
  ) throws(LanguageModelError) {
    var loader = WeightLoader(file: file, kernels: kernels, pool: pool, onProgress: onProgress)
    try file.checkEnds()
    let hidden = configuration.hiddenSize
    let queries = configuration.headCount * configuration.headSize
    let keys = configuration.kvHeadCount * configuration.headSize
    let intermediate = configuration.intermediateSize
    let isPaired = configuration.rotaryOrder == .pairs
    /// Where the file has the rows of queries and keys; nil where it has them in their order.
    let place: ((Int) -> Int)? =
      isPaired
      ? nil
      : {
        configuration.rotaryOrder.row(
          ofPaired: $0, headSize: configuration.headSize, rotatedSize: configuration.rotatedSize)
      }

    var blocks: [BlockWeights] = []
    for layer in 0..<configuration.layerCount {
      let prefix = "blk.\(layer)."
      blocks.append(
        BlockWeights(
          attentionNorm: try loader.norm(prefix + "attn_norm.weight", hidden),
          query: try loader.matrix(prefix + "attn_q.weight", queries, hidden, place),
          key: try loader.matrix(prefix + "attn_k.weight", keys, hidden, place),
          value: try loader.matrix(prefix + "attn_v.weight", keys, hidden),
          attentionOutput: try loader.matrix(prefix + "attn_output.weight", hidden, queries),
          feedForwardNorm: try loader.norm(prefix + "ffn_norm.weight", hidden),
          gate: try loader.matrix(prefix + "ffn_gate.weight", intermediate, hidden),
          up: try loader.matrix(prefix + "ffn_up.weight", intermediate, hidden),
          down: try loader.matrix(prefix + "ffn_down.weight", hidden, intermediate),
          biases: try loader.biases(
            prefix, queries: queries, keys: keys, hidden: hidden, place)))
    }
    self.blocks = blocks
    outputNorm = try loader.norm("output_norm.weight", hidden)
    let vocabulary = configuration.vocabularySize
    if file.tensorIfPresent(named: "output.weight") == nil {
      embedding = .tied
      output = try loader.matrix("token_embd.weight", vocabulary, hidden)
    } else {
      embedding = .mapped(try loader.rows("token_embd.weight", [hidden, vocabulary]))
      output = try loader.matrix("output.weight", vocabulary, hidden)
    }
    if file.tensorIfPresent(named: "rope_freqs.weight") != nil {
      rotaryFactors = try loader.positiveVector("rope_freqs.weight", configuration.rotatedSize / 2)
    } else {
      rotaryFactors = nil
    }
    try loader.requireAllUsed()
  }
}

extension BlockWeights {
  var matrices: [PackedMatrix] { [query, key, value, attentionOutput, gate, up, down] }
}

/// Takes tensors out of a file one by one, checks their shapes, packs them and gives their pages
/// back, so that memory peaks at the weights plus one tensor. Matrices that are packed stay where they
/// are mapped.
private struct WeightLoader {
  let file: GGUFFile
  let kernels: KernelTable
  let pool: ThreadPool
  let onProgress: ((Double) -> Void)?
  private var arena = PageArena()
  private var used: Set<String> = []
  private var bytesDone = 0
  private let bytesTotal: Int

  init(
    file: GGUFFile, kernels: KernelTable, pool: ThreadPool, onProgress: ((Double) -> Void)?
  ) {
    self.file = file
    self.kernels = kernels
    self.pool = pool
    self.onProgress = onProgress
    bytesTotal = max(1, file.tensors.reduce(0) { $0 + $1.byteCount })
  }

  mutating func tensor(_ name: String, _ shape: [Int]) throws(LanguageModelError) -> GGUFTensor {
    let tensor: GGUFTensor
    do { tensor = try file.tensor(named: name) } catch { throw .file(error) }
    guard tensor.shape == shape else {
      throw .wrongShape(path: file.path, tensor: name, found: tensor.shape, wanted: shape)
    }
    used.insert(name)
    return tensor
  }

  /// A tensor whose rows are read where they lie.
  mutating func rows(_ name: String, _ shape: [Int]) throws(LanguageModelError) -> GGUFTensor {
    let tensor = try tensor(name, shape)
    guard !tensor.isPacked else { throw .packedRows(path: file.path, tensor: name) }
    return tensor
  }

  /// A matrix, whose row r is row `place(r)` of the file. What is packed is in its order: packing changes it.
  mutating func matrix(
    _ name: String, _ rows: Int, _ columns: Int, _ place: ((Int) -> Int)? = nil
  ) throws(LanguageModelError) -> PackedMatrix {
    let tensor = try tensor(name, [columns, rows])
    if tensor.isPacked {
      finish(tensor)
      return PackedMatrix(
        tensor.format, rows: rows, columns: columns, packed: file.bytes(of: tensor),
        owner: file.files[tensor.part])
    }
    defer {
      file.releasePages(of: tensor)
      finish(tensor)
    }
    do {
      if let place {
        return try reordered(tensor, rows: rows, place).withUnsafeBytes { bytes in
          Result { () throws(KernelError) in
            try PackedMatrix(
              tensor.format, rows: rows, columns: columns, source: bytes, in: &arena,
              kernels: kernels, pool: pool)
          }
        }.get()
      }
      return try PackedMatrix(
        tensor.format, rows: rows, columns: columns, source: file.bytes(of: tensor),
        in: &arena, kernels: kernels, pool: pool
      ) { file.releasePages(of: tensor, bytes: $0) }
    } catch .notFinite(let row) {
      throw .notFinite(path: file.path, tensor: name, row: row)
    } catch {
      throw .memory(error)
    }
  }

  /// The rows of a tensor in another order.
  private func reordered(_ tensor: GGUFTensor, rows: Int, _ place: (Int) -> Int) -> [UInt8] {
    let bytes = file.bytes(of: tensor)
    let rowBytes = tensor.byteCount / rows
    return [UInt8](unsafeUninitializedCapacity: tensor.byteCount) { buffer, initialized in
      for row in 0..<rows {
        let from = place(row) * rowBytes
        UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(buffer)[row * rowBytes..<(row + 1) * rowBytes]
        )
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[from..<from + rowBytes]))
      }
      initialized = tensor.byteCount
    }
  }

  mutating func vector(_ name: String, _ count: Int) throws(LanguageModelError) -> [Float] {
    let tensor = try tensor(name, [count])
    defer {
      file.releasePages(of: tensor)
      finish(tensor)
    }
    let values = [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      ReferenceBlocks.dequantize(tensor.format, file.bytes(of: tensor), into: buffer)
      initialized = count
    }
    guard values.allSatisfy(\.isFinite) else {
      throw .notFinite(path: file.path, tensor: name, row: 0)
    }
    return values
  }

  /// The biases of a block's attention, where the file has any of them; those of queries and keys lie where `place`
  /// says.
  mutating func biases(
    _ prefix: String, queries: Int, keys: Int, hidden: Int, _ place: ((Int) -> Int)?
  ) throws(LanguageModelError) -> AttentionBiases? {
    func has(_ tensor: String) -> Bool { file.tensorIfPresent(named: prefix + tensor) != nil }
    var projections: [Float] = []
    for (tensor, count) in [("attn_q.bias", queries), ("attn_k.bias", keys), ("attn_v.bias", keys)]
    {
      guard has(tensor) else {
        projections += [Float](repeating: 0, count: count)
        continue
      }
      let values = try vector(prefix + tensor, count)
      if let place, tensor != "attn_v.bias" {
        projections += values.indices.map { values[place($0)] }
      } else {
        projections += values
      }
    }
    let output = has("attn_output.bias") ? try vector(prefix + "attn_output.bias", hidden) : nil
    guard output != nil || projections.contains(where: { $0 != 0 }) else { return nil }
    return AttentionBiases(projections: projections, output: output)
  }

  /// The gain of a norm, which is never all zeros. Throws `zeros`.
  mutating func norm(_ name: String, _ count: Int) throws(LanguageModelError) -> [Float] {
    let values = try vector(name, count)
    guard values.contains(where: { $0 != 0 }) else { throw .zeros(path: file.path, tensor: name) }
    return values
  }

  mutating func positiveVector(_ name: String, _ count: Int) throws(LanguageModelError) -> [Float] {
    let values = try vector(name, count)
    if let bad = values.first(where: { $0 <= 0 }) {
      throw .unusableValue(path: file.path, key: name, found: "\(bad)", wanted: "positive factors")
    }
    return values
  }

  /// A tensor that nobody took would be silently left out of the computation.
  func requireAllUsed() throws(LanguageModelError) {
    if let left = file.tensors.first(where: { !used.contains($0.name) }) {
      throw .unknownTensor(path: file.path, tensor: left.name)
    }
  }

  private mutating func finish(_ tensor: GGUFTensor) {
    bytesDone += tensor.byteCount
    onProgress?(min(1, Double(bytesDone) / Double(bytesTotal)))
  }
}

extension GGUFFile {
  /// Throws `zeros` where a file of the model ends in zeros. The rows of tokens that are no text may be zero:
  /// of a vocabulary's matrix the last token of type normal counts.
  package func checkEnds() throws(LanguageModelError) {
    for tensor in tensorsEndingInZeros {
      guard ["output.weight", "token_embd.weight"].contains(tensor.name), tensor.shape.count == 2
      else { throw .zeros(path: files[tensor.part].path, tensor: tensor.name) }
      let types: [Int]?
      do throws(ModelFileError) {
        types = try metadata.integersIfPresent("tokenizer.ggml.token_type", as: Int.self)
      } catch { throw .file(error) }
      let rows = tensor.shape[1]
      let last = types?.prefix(rows).lastIndex(of: 1) ?? rows - 1
      let rowBytes = tensor.byteCount / rows
      let row = bytes(of: tensor)[last * rowBytes..<(last + 1) * rowBytes]
      guard row.contains(where: { $0 != 0 }) else {
        throw .zeros(path: files[tensor.part].path, tensor: tensor.name)
      }
    }
  }
}
