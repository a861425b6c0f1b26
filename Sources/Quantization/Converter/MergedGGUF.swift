import LanguageModels
import ModelFiles
import TensorKernels

/// A GGUF file with what an adapter of PEFT's adds to its linear layers: rows of those are handed over as floats.
struct MergedGGUF: CheckpointSource {
  private let base: GGUFCheckpoint
  /// By tensor; those that the adapter leaves alone are handed over as they are.
  private let merged: [Int: Merged]
  private let adapterFiles: [String]
  let tensors: [SourceTensor]

  private struct Merged {
    let delta: LowRankDelta
    /// Where the adapter's row is of a row here: PEFT has heads in transformers' order of halves.
    let heads: (size: Int, rotated: Int)?

    func adapterRow(_ row: Int) -> Int {
      guard let heads else { return row }
      return RotaryOrder.halves.row(
        ofPaired: row, headSize: heads.size, rotatedSize: heads.rotated)
    }
  }

  /// Throws `unsupportedAdapter`, and `wrongShape` where the adapter is another model's.
  init(_ base: GGUFCheckpoint, lora path: String) throws(ConversionError) {
    self.base = base
    var adapter = try LoRAFolder(path: path)
    let configuration: ProcessorConfiguration
    do { configuration = try base.configuration } catch { throw .quantization(.model(error)) }
    var merged: [Int: Merged] = [:]
    var tensors = base.tensors
    for (index, tensor) in base.tensors.enumerated() where tensor.shape.count == 2 {
      guard let name = LlamaBlueprint.blockTensor(tensor.name),
        let delta = try adapter.delta(
          name.huggingFace, rows: tensor.rows, columns: tensor.columns)
      else { continue }
      merged[index] = Merged(
        delta: delta,
        heads: name.isRotated ? (configuration.headSize, configuration.rotatedSize) : nil)
      tensors[index] = SourceTensor(
        name: tensor.name, shape: tensor.shape, format: .f32,
        storedAs: tensor.storedAs + " + lora", isQuantized: tensor.isQuantized)
    }
    try adapter.requireAllUsed()
    self.merged = merged
    self.tensors = tensors
    adapterFiles = adapter.files
  }

  var path: String { base.path }
  var files: [String] { base.files + adapterFiles }
  var metadata: [(key: String, value: GGUFEntry)] { base.metadata }
  var heldBytes: Int { merged.values.reduce(0) { $0 + $1.delta.heldBytes } }

  func read(
    _ rows: Range<Int>, of index: Int, scratch: UnsafeMutableRawBufferPointer, pool: ThreadPool
  ) throws(ConversionError) -> UnsafeRawBufferPointer {
    guard let merged = merged[index] else {
      return try base.read(rows, of: index, scratch: scratch, pool: pool)
    }
    let columns = tensors[index].columns
    let byteCount = rows.count * columns * 4
    precondition(byteCount <= scratch.count)
    let kernels = InstructionSet.best.kernels
    let format = base.tensors[index].format
    nonisolated(unsafe) let out = scratch.baseAddress!.bindMemory(
      to: Float.self, capacity: rows.count * columns)
    pool.parallel(rows.count) { share in
      for place in share {
        let row = rows.lowerBound + place
        kernels.load(format, base.row(row, of: index), columns, into: out + place * columns)
        merged.delta.add(row: merged.adapterRow(row), to: out + place * columns)
      }
    }
    return UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(scratch)[..<byteCount])
  }

  func willRead(_ rows: Range<Int>, of index: Int) { base.willRead(rows, of: index) }
  func release(_ rows: Range<Int>, of index: Int) { base.release(rows, of: index) }
}
