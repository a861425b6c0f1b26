import BlockFormats
import KernelInterface
import LanguageModels
import ModelFiles
import TensorKernels
import Tokenization

extension CheckpointSource {
  /// The metadata as a reader of the new file will find it.
  private func readMetadata() throws(ConversionError) -> GGUFMetadata {
    do { return try GGUFMetadata(path: path, entries: metadata) } catch { throw .file(error) }
  }

  /// The tokenizer that the new file will have.
  public func tokenizer() throws(ConversionError) -> Tokenizer {
    let metadata = try readMetadata()
    do { return try Tokenizer(metadata) } catch { throw .tokenizer(error) }
  }

  /// Tokens that the model was trained to see at once.
  public func contextLength() throws(ConversionError) -> Int { try configuration().contextLength }

  /// The blueprint of the model that the new file will hold.
  func configuration() throws(ConversionError) -> ProcessorConfiguration {
    let metadata = try readMetadata()
    do throws(LanguageModelError) {
      return try ProcessorConfiguration(metadata, path: path) { () throws(LanguageModelError) in
        guard let embedding = tensors.first(where: { $0.name == "token_embd.weight" }) else {
          throw .file(.missingTensor(path: path, tensor: "token_embd.weight"))
        }
        return embedding.shape
      }
    } catch { throw .quantization(.model(error)) }
  }
}

/// A checkpoint as the model it holds: tensors by name, their shapes checked, a slice in memory at a
/// time.
final class CheckpointModel {
  let configuration: ProcessorConfiguration
  private let source: any CheckpointSource
  let pool: ThreadPool
  let kernels: KernelTable
  private let indices: [String: Int]
  private let scratch: SliceBuffer

  /// Throws `unknownTensor` for one that a LLaMA does not have, whose part in the computation would be
  /// left out, `wrongShape`, and `missingTensor`.
  init(
    _ source: any CheckpointSource, pool: ThreadPool, instructionSet: InstructionSet
  ) throws(ConversionError) {
    self.source = source
    self.pool = pool
    kernels = instructionSet.kernels
    configuration = try source.configuration()
    indices = try Self.check(source, configuration)
    scratch = try SliceBuffer(
      byteCount: source.tensors.map { $0.rowsOfSlice() * $0.rowBytes }.max() ?? 0)
  }

  static func check(
    _ source: any CheckpointSource, _ c: ProcessorConfiguration
  ) throws(ConversionError) -> [String: Int] {
    var wanted: [String: [Int]] = [
      "token_embd.weight": [c.hiddenSize, c.vocabularySize],
      "output_norm.weight": [c.hiddenSize],
    ]
    for layer in 0..<c.layerCount {
      wanted["blk.\(layer).attn_norm.weight"] = [c.hiddenSize]
      wanted["blk.\(layer).ffn_norm.weight"] = [c.hiddenSize]
      for linear in c.linears(layer).joined() {
        wanted[linear.name] = [linear.columns, linear.rows]
      }
    }
    let optional = [
      "output.weight": [c.hiddenSize, c.vocabularySize], "rope_freqs.weight": [c.rotatedSize / 2],
    ]
    var indices: [String: Int] = [:]
    for (index, tensor) in source.tensors.enumerated() {
      if tensor.name.hasSuffix(".bias"), tensor.name.contains(".attn_") {
        throw .unusableValue(
          path: source.path, field: tensor.name, found: "a bias",
          wanted: "absent for a calibration; convert without one")
      }
      guard let shape = wanted[tensor.name] ?? optional[tensor.name] else {
        throw .unknownTensor(path: source.path, tensor: tensor.name)
      }
      guard tensor.shape == shape else {
        throw .wrongShape(
          path: source.path, tensor: tensor.name, found: tensor.shape, wanted: shape)
      }
      indices[tensor.name] = index
    }
    for name in wanted.keys.sorted() where indices[name] == nil {
      throw .file(.missingTensor(path: source.path, tensor: name))
    }
    return indices
  }

  /// Hands over the rows of a tensor in their order, or the slices that have some of `wanted`: their numbers and the
  /// bytes, which are in the tensor's format.
  func forEachSlice(
    _ name: String, wanted: Range<Int>? = nil,
    _ body: (Range<Int>, UnsafeRawBufferPointer, SourceTensor) throws(ConversionError) -> Void
  ) throws(ConversionError) {
    guard let index = indices[name] else {
      throw .file(.missingTensor(path: source.path, tensor: name))
    }
    let tensor = source.tensors[index]
    let step = tensor.rowsOfSlice()
    for start in stride(from: 0, to: tensor.rows, by: step) {
      let rows = start..<min(start + step, tensor.rows)
      guard wanted?.overlaps(rows) ?? true else { continue }
      if rows.upperBound < tensor.rows {
        source.willRead(rows.upperBound..<min(rows.upperBound + step, tensor.rows), of: index)
      }
      try body(
        rows, try source.read(rows, of: index, scratch: scratch.bytes, pool: pool), tensor)
      source.release(rows, of: index)
    }
  }

  /// A vector. Throws `notFinite`.
  func vector(_ name: String) throws(ConversionError) -> [Float] {
    var values: [Float] = []
    try forEachSlice(name) { _, bytes, tensor throws(ConversionError) in
      values = [Float](unsafeUninitializedCapacity: tensor.columns) { buffer, initialized in
        kernels.load(tensor.format, bytes, tensor.columns, into: buffer.baseAddress!)
        initialized = tensor.columns
      }
    }
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw .quantization(.notFinite(tensor: name, row: 0, column: bad))
    }
    return values
  }

  /// The factors of the rotary frequencies, where the model has them.
  func rotaryFactors() throws(ConversionError) -> [Float]? {
    indices["rope_freqs.weight"] == nil ? nil : try vector("rope_freqs.weight")
  }

  /// The vectors of `tokens`, `[tokens][hidden]`. Throws `tokenOutOfRange` and `notFinite`.
  func embed(
    _ tokens: [Int], into out: UnsafeMutablePointer<Float>
  ) throws(ConversionError) {
    if let bad = tokens.first(where: { !(0..<configuration.vocabularySize).contains($0) }) {
      throw .quantization(
        .model(
          .tokenOutOfRange(token: bad, vocabularySize: configuration.vocabularySize)))
    }
    var places: [Int: [Int]] = [:]
    for (place, token) in tokens.enumerated() { places[token, default: []].append(place) }
    let width = configuration.hiddenSize
    try forEachSlice("token_embd.weight") { rows, bytes, tensor throws(ConversionError) in
      for row in rows {
        guard let wanted = places[row] else { continue }
        let first = out + wanted[0] * width
        kernels.load(
          tensor.format, Self.row(row - rows.lowerBound, of: bytes, tensor), width, into: first)
        let bad = kernels.quantization.firstNotFinite(first, width)
        guard bad < 0 else {
          throw .quantization(.notFinite(tensor: tensor.name, row: row, column: bad))
        }
        for place in wanted.dropFirst() {
          (out + place * width).update(from: first, count: width)
        }
      }
    }
  }

  /// The weights of some rows of a linear, ready to be rounded. Throws `notFinite`.
  func rounding(
    _ linear: CalibratedLinear, rows wanted: Range<Int>, _ format: BlockFormat,
    instructionSet: InstructionSet
  ) throws(ConversionError) -> CompensatedRounding {
    let rounding: CompensatedRounding
    do {
      rounding = try CompensatedRounding(
        format, rows: wanted.count, columns: linear.columns, pool: pool,
        instructionSet: instructionSet)
    } catch { throw .quantization(.memory(error)) }
    try forEachSlice(linear.name, wanted: wanted) { rows, bytes, tensor throws(ConversionError) in
      let some = rows.clamped(to: wanted)
      let failure = FirstFailure()
      let beyond = FirstFailure()
      let quantizer = BlockQuantizer(format, rounding: .best, instructionSet: instructionSet)
      let loaded = some.lowerBound - wanted.lowerBound..<some.upperBound - wanted.lowerBound
      rounding.load(loaded) { place, target in
        let row = place + wanted.lowerBound
        kernels.load(
          tensor.format, Self.row(row - rows.lowerBound, of: bytes, tensor), linear.columns,
          into: target)
        let bad = kernels.quantization.firstNotFinite(target, linear.columns)
        if bad >= 0 { failure.record(row: row, column: bad) }
        if quantizer.firstRowBeyond(target, rows: 1, columns: linear.columns) != nil {
          beyond.record(row: row, column: 0)
        }
      }
      if let (row, column) = failure.place {
        throw .quantization(.notFinite(tensor: linear.name, row: row, column: column))
      }
      if beyond.place != nil { throw .tooLarge(tensor: linear.name, format: format) }
    }
    return rounding
  }

  /// A linear without calibration: for those whose format has no blocks of 32.
  func plain(
    _ linear: CalibratedLinear, _ quantizer: BlockQuantizer
  ) throws(ConversionError) -> [UInt8] {
    let rowBytes = quantizer.format.byteCount(elements: linear.columns) ?? 0
    var out = [UInt8](repeating: 0, count: linear.rows * rowBytes)
    try forEachSlice(linear.name) { rows, bytes, tensor throws(ConversionError) in
      let result = out.withUnsafeMutableBytes { buffer in
        Result { () throws(QuantizationError) in
          try quantizer.quantize(
            bytes, tensor.format, columns: linear.columns,
            into: UnsafeMutableRawBufferPointer(
              rebasing: buffer[rows.lowerBound * rowBytes..<rows.upperBound * rowBytes]),
            tensor: linear.name, firstRow: rows.lowerBound, pool: pool)
        }
      }
      do throws(QuantizationError) { try result.get() } catch { throw .quantization(error) }
    }
    return out
  }

  static func row(
    _ index: Int, of bytes: UnsafeRawBufferPointer, _ tensor: SourceTensor
  ) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      rebasing: bytes[index * tensor.rowBytes..<(index + 1) * tensor.rowBytes])
  }
}
