import BlockFormats
import KernelInterface
import TensorKernels

/// Everything that a forward and a backward pass of a processor need beside its weights, in one
/// allocation whose size is known before it is made.
///
/// N = rows of the batch, D = hidden, A = heads * headSize, KV = kvHeads * headSize, F = intermediate,
/// V = vocabulary, C = rows of logits at a time, R = the adapters' rank, M = R times those of a block, L = blocks.
final class TapeMemory {
  /// What the sizes depend on.
  struct Shape: Equatable {
    let configuration: ProcessorConfiguration
    let depth: Int
    let rows: Int
    let sequences: Int
    let threads: Int
    let checkpoints: GradientCheckpoints
    /// Whether any layer takes f32 activations.
    let exact: Bool
    /// Whether there are losses, and whether they look at a teacher.
    let hasLogits: Bool
    let distills: Bool
    /// The adapters' rank, and those of a block's together.
    let adapterRank: Int
    let adapterWidth: Int
  }

  /// What a block leaves for its backward pass.
  struct Block {
    let projected: UnsafeMutablePointer<Float>  // [N][A + 2 KV], rotated
    let attended: UnsafeMutablePointer<Float>  // [N][A]
    let middle: UnsafeMutablePointer<Float>  // [N][D], the stream after attention
    let gated: UnsafeMutablePointer<Float>  // [N][2 F], gate and up
    let adapted: UnsafeMutablePointer<Float>  // [N][M], what the adapters' A make of their inputs
  }

  /// Parts of the memory, in its order.
  private enum Part: Int, CaseIterable {
    case checkpoints  // every k-th of [L][N][D], in f32 or bf16
    case output  // [N][D], the output of the last block
    case interior  // inputs of blocks that are no checkpoint in f32: [k - 1][N][D], or [k][N][D]
    case blocks  // one `Block`, or L of them
    case gradient  // [N][D], of the stream
    case inputGradient  // [N][D], of what the linear layers read
    case activated  // [N][F], gradient; the same memory as the two gradients of attention, and in
    // between those of gate and up as `MatrixView.applyTransposed` packs them
    case sharedGradient  // [N][2 KV], what sequences add to the gradients of tokens that they share
    case cosines  // [N][rotated / 2]
    case sines  // [N][rotated / 2]
    case negatedSines  // [N][rotated / 2], which turn back
    case norms  // [2 L + 1][D]
    case scored  // [C][D], the rows whose logits are computed
    case scoredGradient  // [C][D]
    case logits  // [C][V]
    case teacher  // [C][D], the teacher's states
    case teacherLogits  // [C][V]
    case packed  // see `MatrixView.applyTransposed`; also the inputs of adapters' gradients
    case adapterInput  // [N][max(D, A, F)], what a step with adapters reads
    case adapterOutput  // [N][max(D, A, F)], what it makes of the rows that adapters act on
    case adapterGradient  // [N][R]
  }

  let shape: Shape
  let byteCount: Int
  let shared: ActivationTiles

  private let storage: PageBuffer
  private let starts: [UnsafeMutablePointer<Float>]
  private let threads: UnsafeMutableRawPointer
  private let threadBytes: Int
  private let widest: Int

  /// Rows of logits at a time.
  static let logitRows = 128

  /// Throws `outOfMemory`.
  init(_ shape: Shape) throws(KernelError) {
    self.shape = shape
    byteCount = TapeMemory.byteCount(shape)
    storage = try PageBuffer(byteCount: byteCount)
    widest = TapeMemory.widest(shape)
    threadBytes = TapeMemory.threadBytes(shape)
    var next = storage.address
    var starts: [UnsafeMutablePointer<Float>] = []
    for part in Part.allCases {
      starts.append(next.assumingMemoryBound(to: Float.self))
      next += align(TapeMemory.floatCount(part, shape) * 4)
    }
    self.starts = starts
    shared = ActivationTiles(
      next, rows: shape.rows, columns: widest)
    threads = next + TapeMemory.tileBytes(shape)
  }

  /// Bytes of that shape, without making it.
  static func byteCount(_ shape: Shape) -> Int {
    Part.allCases.reduce(0) { $0 + align(floatCount($1, shape) * 4) } + tileBytes(shape)
      + shape.threads * threadBytes(shape)
  }

  private static func floatCount(_ part: Part, _ s: Shape) -> Int {
    let c = s.configuration
    let n = s.rows
    let queries = c.headCount * c.headSize
    let projected = queries + 2 * c.kvHeadCount * c.headSize
    let logitRows = s.hasLogits ? min(n, TapeMemory.logitRows) : 0
    switch part {
    case .checkpoints:
      let elements = s.checkpoints.count(depth: s.depth) * n * c.hiddenSize
      return s.checkpoints.isRounded ? (elements + 1) / 2 : elements
    case .interior:
      return (s.checkpoints.interval - (s.checkpoints.isRounded ? 0 : 1)) * n * c.hiddenSize
    case .blocks: return (s.checkpoints == .off ? s.depth : 1) * blockFloats(s)
    case .output, .gradient, .inputGradient: return n * c.hiddenSize
    case .activated:
      return padded(n, 32)
        * max(padded(c.intermediateSize, PackedLayout.groupRows), queries + projected)
    case .sharedGradient: return 2 * n * c.kvHeadCount * c.headSize
    case .cosines, .sines, .negatedSines: return n * c.rotatedSize / 2
    case .norms: return ProcessorLayers.normCount(c)
    case .scored, .scoredGradient: return logitRows * c.hiddenSize
    case .logits: return logitRows * c.vocabularySize
    case .teacher: return s.distills ? logitRows * c.hiddenSize : 0
    case .teacherLogits: return s.distills ? logitRows * c.vocabularySize : 0
    case .packed:
      // Gate's and up's have room elsewhere, but for adapters.
      let tallest = max(
        c.hiddenSize, queries, s.adapterRank, s.adapterRank == 0 ? 0 : c.intermediateSize)
      let gradients = max(
        padded(n, 32) * padded(tallest, PackedLayout.groupRows),
        padded(logitRows, 32) * padded(c.vocabularySize, PackedLayout.groupRows))
      return s.adapterRank == 0 ? gradients : max(gradients, n * padded(widest(s), 8))
    case .adapterInput, .adapterOutput: return s.adapterRank == 0 ? 0 : n * widest(s)
    case .adapterGradient: return n * s.adapterRank
    }
  }

  private static func blockFloats(_ s: Shape) -> Int {
    let c = s.configuration
    return s.rows
      * ((2 * c.headCount + 2 * c.kvHeadCount) * c.headSize + c.hiddenSize
        + 2 * c.intermediateSize + s.adapterWidth)
  }

  /// Inputs of the widest layer, the adapters' included.
  private static func widest(_ s: Shape) -> Int {
    let c = s.configuration
    return max(c.hiddenSize, c.intermediateSize, c.headCount * c.headSize, s.adapterRank)
  }

  private static func tileBytes(_ s: Shape) -> Int {
    align(
      ActivationTiles.byteCount(
        rows: s.rows, columns: widest(s),
        exact: s.exact || s.adapterRank > 0))
  }

  private static func threadBytes(_ s: Shape) -> Int {
    let c = s.configuration
    return ThreadScratch.byteCount(widest: widest(s), headSize: c.headSize)
      + align(max(KernelTable.transposedScratch, KernelTable.gradientScratch) * 4)
      + align(KernelTable.attendBackwardScratch(s.rows, c.headSize) * 4)
  }

  private func start(_ part: Part) -> UnsafeMutablePointer<Float> { starts[part.rawValue] }
  private var streamFloats: Int { shape.rows * shape.configuration.hiddenSize }

  // MARK: The parts

  /// The input of block `index`, edited; at `depth`, the output of the last block. Inputs between two
  /// checkpoints share their memory with those between two others, and so do all where checkpoints are
  /// rounded: they are there until a block of another such segment has run.
  func stream(_ index: Int) -> UnsafeMutablePointer<Float> {
    if index == shape.depth { return start(.output) }
    let interval = shape.checkpoints.interval
    let place = index % interval
    if shape.checkpoints.isRounded { return start(.interior) + place * streamFloats }
    return place == 0
      ? start(.checkpoints) + index / interval * streamFloats
      : start(.interior) + (place - 1) * streamFloats
  }

  /// Whether the input of block `index` is kept in bf16 beside the one that blocks read.
  func isRounded(_ index: Int) -> Bool {
    shape.checkpoints.isRounded && index < shape.depth && index % shape.checkpoints.interval == 0
  }

  /// Keeps the input of block `index` in bf16, its `rows` shared out.
  func round(_ index: Int, rows: Int, _ kernels: KernelTable, _ worker: Worker) {
    precondition(isRounded(index))
    let hidden = shape.configuration.hiddenSize
    for some in worker.portions(of: rows) {
      let first = some.lowerBound * hidden
      kernels.quantization.fromFloats(
        PackedLayout.number(.bf16), stream(index) + first, some.count * hidden,
        rounded(index) + first)
    }
  }

  /// The other way; complete after the next barrier.
  func restore(_ index: Int, rows: Int, _ kernels: KernelTable, _ worker: Worker) {
    precondition(isRounded(index))
    let hidden = shape.configuration.hiddenSize
    for some in worker.portions(of: rows) {
      let first = some.lowerBound * hidden
      kernels.quantization.toFloats(
        PackedLayout.number(.bf16), rounded(index) + first, some.count * hidden,
        stream(index) + first)
    }
  }

  private func rounded(_ index: Int) -> UnsafeMutablePointer<BFloat16> {
    UnsafeMutableRawPointer(start(.checkpoints)).assumingMemoryBound(to: BFloat16.self)
      + index / shape.checkpoints.interval * streamFloats
  }

  /// What block `index` leaves.
  func block(_ index: Int) -> Block {
    let c = shape.configuration
    let queries = shape.rows * c.headCount * c.headSize
    let projected =
      start(.blocks)
      + (shape.checkpoints == .off ? index : 0) * TapeMemory.blockFloats(shape)
    let attended = projected + queries + 2 * shape.rows * c.kvHeadCount * c.headSize
    let middle = attended + queries
    return Block(
      projected: projected, attended: attended, middle: middle, gated: middle + streamFloats,
      adapted: middle + streamFloats + 2 * shape.rows * c.intermediateSize)
  }

  var gradient: UnsafeMutablePointer<Float> { start(.gradient) }
  var inputGradient: UnsafeMutablePointer<Float> { start(.inputGradient) }
  var activated: UnsafeMutablePointer<Float> { start(.activated) }
  /// Gradients of gate and up, packed, over `activated`.
  var packedExpansion: UnsafeMutablePointer<Float> { start(.activated) }
  /// [N][A], over `activated`.
  var attendedGradient: UnsafeMutablePointer<Float> { start(.activated) }
  /// [N][A + 2 KV], over `activated`.
  var projectedGradient: UnsafeMutablePointer<Float> {
    start(.activated) + shape.rows * shape.configuration.headCount * shape.configuration.headSize
  }
  var sharedGradient: UnsafeMutablePointer<Float> { start(.sharedGradient) }
  var cosines: UnsafeMutablePointer<Float> { start(.cosines) }
  var sines: UnsafeMutablePointer<Float> { start(.sines) }
  var negatedSines: UnsafeMutablePointer<Float> { start(.negatedSines) }
  var norms: UnsafeMutablePointer<Float> { start(.norms) }
  var scored: UnsafeMutablePointer<Float> { start(.scored) }
  var scoredGradient: UnsafeMutablePointer<Float> { start(.scoredGradient) }
  var logits: UnsafeMutablePointer<Float> { start(.logits) }
  var teacher: UnsafeMutablePointer<Float> { start(.teacher) }
  var teacherLogits: UnsafeMutablePointer<Float> { start(.teacherLogits) }
  var packed: UnsafeMutablePointer<Float> { start(.packed) }
  var adapterInput: UnsafeMutablePointer<Float> { start(.adapterInput) }
  var adapterOutput: UnsafeMutablePointer<Float> { start(.adapterOutput) }
  var adapterGradient: UnsafeMutablePointer<Float> { start(.adapterGradient) }

  func thread(_ index: Int) -> ThreadScratch {
    ThreadScratch(
      threads + index * threadBytes, widest: widest, headSize: shape.configuration.headSize)
  }

  /// A thread's scratch for gradients of linear layers.
  func gradientScratch(_ index: Int) -> UnsafeMutablePointer<Float> {
    (threads + index * threadBytes
      + ThreadScratch.byteCount(widest: widest, headSize: shape.configuration.headSize))
      .assumingMemoryBound(to: Float.self)
  }

  /// A thread's scratch for the gradient of attention.
  func attentionScratch(_ index: Int) -> UnsafeMutablePointer<Float> {
    gradientScratch(index)
      + align(max(KernelTable.transposedScratch, KernelTable.gradientScratch) * 4) / 4
  }
}

/// Which block inputs the forward pass keeps; the others, and all that is inside the blocks, are
/// computed again (gradient checkpointing, arXiv 1604.06174).
public enum GradientCheckpoints: Sendable, Hashable, Codable, CustomStringConvertible {
  /// Every k-th, k >= 1: with k = 1 each block runs again once, with more most of them twice. In half the
  /// memory they are rounded to bf16, to 8 significant bits: blocks then run again on slightly other
  /// inputs than in the forward pass, and the gradients are no longer those of `off` to the bit.
  case every(Int, rounded: Bool = false)
  /// None is computed again: everything is kept.
  case off

  /// Reads `every=K`, K alone, either followed by `,bf16`, or `off`.
  public init?(parsing text: String) {
    if text == "off" {
      self = .off
      return
    }
    let rounded = text.hasSuffix(",bf16")
    var number = rounded ? text.dropLast(5) : text[...]
    if number.hasPrefix("every=") { number = number.dropFirst(6) }
    guard let k = Int(number), (1...1024).contains(k) else { return nil }
    self = .every(k, rounded: rounded)
  }

  /// As it is written.
  public var description: String {
    switch self {
    case .every(let k, let rounded): "every=\(k)\(rounded ? ",bf16" : "")"
    case .off: "off"
    }
  }

  /// Blocks from one kept input to the next.
  var interval: Int {
    switch self {
    case .every(let k, _): k
    case .off: 1
    }
  }

  /// Whether the kept inputs are in bf16.
  package var isRounded: Bool {
    switch self {
    case .every(_, let rounded): rounded
    case .off: false
    }
  }

  /// Inputs kept of `depth` blocks.
  func count(depth: Int) -> Int { (depth + interval - 1) / interval }
}

private func padded(_ count: Int, _ unit: Int) -> Int { (count + unit - 1) / unit * unit }
