import BlockFormats
import KernelInterface
import LanguageModels
import MessagePassing
import TensorKernels

/// The work of a `Calibration`: makes the linear layers of a checkpoint, one after the other. Ranks share it out
/// (`CalibrationRanks`), and all have all of the linear layers then.
///
/// Memory: the residual stream of its tokens in f32 (tokens · hidden · 4 bytes), one H of the widest
/// linear, the weights of gate and up (or of down) in f32, and one quantized layer.
final class CalibrationRun {
  private let model: CheckpointModel
  private let calibration: Calibration
  private let formats: [String: BlockFormat]
  private let pool: ThreadPool
  private let instructionSet: InstructionSet
  private let block: SteppedBlock
  private let ranks: CalibrationRanks?
  /// Numbers of this rank's windows of the text.
  private let windows: [Int]
  private let residual: PageBuffer  // [windows][length][hidden]
  private let onProgress: (CalibrationProgress) -> Bool
  private var work: CalibrationWork

  /// Receives a linear's name and blocks, rows one after the other.
  typealias Emit = (_ name: String, _ bytes: [UInt8]) throws(ConversionError) -> Void

  /// Allocates the residual stream and a workspace. `formats` has the format of each linear by name;
  /// those that have no blocks of 32 are rounded to the nearest. `onProgress` answers whether to go
  /// on.
  init(
    _ source: any CheckpointSource, _ calibration: Calibration, formats: [String: BlockFormat],
    pool: ThreadPool, instructionSet: InstructionSet = .best, ranks: Communicator? = nil,
    onProgress: @escaping (CalibrationProgress) -> Bool
  ) throws(ConversionError) {
    self.ranks = ranks.map(CalibrationRanks.init)
    windows = CalibrationRanks.windows(of: calibration.text.sequences.count, ranks)
    self.calibration = calibration
    self.formats = formats
    self.pool = pool
    self.instructionSet = instructionSet
    self.onProgress = onProgress
    model = try CheckpointModel(source, pool: pool, instructionSet: instructionSet)
    let text = calibration.text
    work = CalibrationWork(
      model.configuration, calibration, windows: windows.count, ranks: ranks?.count ?? 1)
    let factors = try model.rotaryFactors()
    do {
      block = try SteppedBlock(
        model.configuration, rotaryFactors: factors, sequenceLength: text.length, pool: pool,
        instructionSet: instructionSet)
      residual = try PageBuffer(
        byteCount: max(1, windows.count) * text.length * model.configuration.hiddenSize * 4)
    } catch {
      throw .quantization(.memory(error))
    }
  }

  /// Runs it. Throws `cancelled` when `onProgress` says no, on this rank or another one.
  func run(_ emit: Emit) throws(ConversionError) {
    try agreeing { () throws(ConversionError) in
      try model.embed(
        windows.flatMap { calibration.text.sequences[$0] }, into: residual.elements())
    }
    for layer in 0..<model.configuration.layerCount { try run(layer, emit) }
  }

  /// Work that may fail on one of several ranks, which the others hear of before they wait for it.
  private func agreeing<Result>(
    _ body: () throws(ConversionError) -> Result
  ) throws(ConversionError) -> Result {
    try CalibrationRanks.agreeing(ranks?.ranks, body)
  }

  private func run(_ layer: Int, _ emit: Emit) throws(ConversionError) {
    let (attentionNorm, feedForwardNorm) = try agreeing { () throws(ConversionError) in
      (
        try model.vector("blk.\(layer).attn_norm.weight"),
        try model.vector("blk.\(layer).ffn_norm.weight")
      )
    }
    let linears = model.configuration.linears(layer)

    let projections = try quantize(linears[0], layer, emit) { block in
      block.normalize(attentionNorm)
    }
    let output = try quantize(linears[1], layer, emit) { block in
      block.attend(projections, attentionNorm)
    }
    let expansion = try quantize(linears[2], layer, emit, updatesResidual: true) { block in
      _ = block.attend(projections, attentionNorm)
      block.addAttention(output)
      return block.normalize(feedForwardNorm)
    }
    let down = try quantize(linears[3], layer, emit) { block in
      block.expand(expansion, feedForwardNorm)
    }
    try agreeing { () throws(ConversionError) in
      try forEachSequence(layer, pass: 4) { block, rows in
        _ = block.expand(expansion, feedForwardNorm)
        block.addFeedForward(down)
        block.store(into: rows)
      }
    }
  }

  /// Sums H over the input that `input` computes for each sequence, rounds the linears that read it,
  /// and packs them for the steps that follow. `updatesResidual` says that what `input` leaves in the
  /// block is the residual stream from now on.
  private func quantize(
    _ linears: [CalibratedLinear], _ layer: Int, _ emit: Emit,
    updatesResidual: Bool = false, input: (SteppedBlock) -> UnsafePointer<Float>
  ) throws(ConversionError) -> SteppedBlock.LinearLayers {
    let pass = model.configuration.linears(layer).firstIndex(of: linears) ?? 0
    // Linears that read one input have rows of one length, and so blocks or none together.
    let formats = linears.map { self.formats[$0.name] ?? .f32 }
    let isCompensated = formats[0].elementsPerBlock == 32
    var gram: GramMatrix?
    try agreeing { () throws(ConversionError) in
      if isCompensated {
        do throws(KernelError) {
          gram = try GramMatrix(
            size: linears[0].columns, pool: pool, instructionSet: instructionSet)
        } catch {
          throw .quantization(.memory(error))
        }
      }
      if gram != nil || updatesResidual {
        try forEachSequence(layer, pass: pass) { block, rows in
          let x = input(block)
          gram?.accumulate(x, rows: calibration.text.length)
          if updatesResidual { block.store(into: rows) }
        }
      } else {
        for _ in windows { work.finishSequence(pass) }
      }
    }
    if let ranks, let gram { try ranks.sum(gram) }
    var blocks = try agreeing { () throws(ConversionError) in
      if let gram {
        gram.factor(damping: calibration.damping)
        try report(layer)
        return try round(linears, formats, gram, layer)
      }
      return try zip(linears, formats).map { linear, format throws(ConversionError) in
        let quantizer = BlockQuantizer(format, rounding: .best, instructionSet: instructionSet)
        return try model.plain(linear, quantizer)
      }
    }
    if let ranks, gram != nil {
      for (index, linear) in linears.enumerated() {
        blocks[index] = try ranks.whole(
          blocks[index], rows: linear.rows,
          rowBytes: linear.columns / 32 * formats[index].bytesPerBlock)
      }
    }
    gram = nil
    work.finishRounding(pass)
    try report(layer)

    var packed: [PackedMatrix] = []
    for (index, linear) in linears.enumerated() {
      let result = blocks[index].withUnsafeBytes { bytes in
        Result { () throws(KernelError) in
          try PackedMatrix(
            formats[index], rows: linear.rows, columns: linear.columns, source: bytes,
            kernels: instructionSet.kernels, pool: pool)
        }
      }
      do { packed.append(try result.get()) } catch { throw .quantization(.memory(error)) }
      try emit(linear.name, blocks[index])
      blocks[index] = []
    }
    return SteppedBlock.group(packed)
  }

  /// This rank's rows: the factor of H for the rounding of all, then H itself for what is left to gain.
  private func round(
    _ linears: [CalibratedLinear], _ formats: [BlockFormat], _ gram: GramMatrix,
    _ layer: Int
  ) throws(ConversionError) -> [[UInt8]] {
    var roundings: [(index: Int, rounding: CompensatedRounding)] = []
    var blocks: [[UInt8]] = []
    for (linear, format) in zip(linears, formats) {
      let rows = CalibrationRanks.rows(
        of: linear.rows, rank: ranks?.ranks.rank ?? 0, ranks: ranks?.ranks.count ?? 1)
      guard !rows.isEmpty else {
        blocks.append([])
        continue
      }
      let rounding = try model.rounding(
        linear, rows: rows, format, instructionSet: instructionSet)
      var bytes = [UInt8](
        repeating: 0, count: rows.count * linear.columns / 32 * format.bytesPerBlock)
      bytes.withUnsafeMutableBytes { rounding.round(gram, into: $0.baseAddress!) }
      roundings.append((blocks.count, rounding))
      blocks.append(bytes)
      try report(layer)
    }
    guard calibration.sweeps > 0 else { return blocks }
    gram.restore()
    for (index, rounding) in roundings {
      for _ in 0..<calibration.sweeps {
        blocks[index].withUnsafeMutableBytes { rounding.refine(gram, $0.baseAddress!) }
        try report(layer)
      }
    }
    return blocks
  }

  private func forEachSequence(
    _ layer: Int, pass: Int, _ body: (SteppedBlock, UnsafeMutablePointer<Float>) -> Void
  ) throws(ConversionError) {
    let all: UnsafeMutablePointer<Float> = residual.elements()
    let length = calibration.text.length
    for index in windows.indices {
      let rows = all + index * length * model.configuration.hiddenSize
      block.load(rows, rows: length)
      body(block, rows)
      work.finishSequence(pass)
      try report(layer)
    }
  }

  private func report(_ layer: Int) throws(ConversionError) {
    let layers = model.configuration.layerCount
    guard onProgress(CalibrationProgress(layer: layer, layers: layers, fraction: work.fraction))
    else { throw .quantization(.cancelled(layer: layer, layers: layers)) }
  }
}

/// How far a calibration is.
public struct CalibrationProgress: Sendable {
  /// The block that is being made, from 0.
  public let layer: Int
  /// Blocks there are.
  public let layers: Int
  /// What is done, from 0 to 1, by multiply-adds.
  public let fraction: Double
}
