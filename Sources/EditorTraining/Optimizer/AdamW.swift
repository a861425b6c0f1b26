import KernelInterface
import TensorKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Adam with decoupled weight decay (arXiv 1711.05101), as torch.optim.AdamW computes it: at step t,
/// for the gradient g of a parameter p with first and second moment m and v,
///
///     p = p (1 - rate decay)
///     m = beta1 m + (1 - beta1) g
///     v = beta2 v + (1 - beta2) g^2
///     p = p - rate (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
///
/// The results are the same bits for any number of threads and any instruction set.
///
/// One deviation: gradients below 2^-56 and moments below 2^-100 (first) and 2^-120 (second) count as
/// zero, so that parameters which rarely get a gradient do not slow the CPU down with subnormal
/// numbers. A step that is lost so is below 2^-56 / epsilon of the learning rate: 1.4e-9 with the usual
/// epsilon, and about a rounding of it with the smallest that is allowed, 1e-10.
///
/// Parameters that do not decay and never had a gradient stay as they are by this rule, and are not
/// visited: of a table of tokens most rows.
public final class AdamW {
  /// How the moments are kept.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// As floats: 8 bytes a parameter.
    case f32 = "adamw"
    /// As codes of 8 bits with a scale for every 256 (arXiv 2110.02861): 2.03 bytes a parameter.
    /// A second moment less than 1.6e-7 of its block's largest is kept as 3.25e-7 of it: its parameter
    /// takes shorter steps than it should, never longer ones.
    case eightBit = "adamw8bit"
  }

  /// What is there beside the learning rates.
  public struct Options: Sendable, Codable, Equatable {
    /// How the moments are kept.
    public var kind: Kind
    /// How much of the first moment a step keeps.
    public var beta1: Double
    /// How much of the second moment a step keeps.
    public var beta2: Double
    /// What is added to the root of the second moment, at least 1e-10.
    public var epsilon: Double

    /// PyTorch's choices unless given.
    public init(
      kind: Kind = .f32, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8
    ) {
      self.kind = kind
      self.beta1 = beta1
      self.beta2 = beta2
      self.epsilon = epsilon
    }
  }

  /// What it was made with.
  public let options: Options
  /// The parts and their rates; what is assigned holds from the next step on.
  public var groups: [OptimizerGroup] {
    didSet { precondition(groups.count == oldValue.count, "groups cannot come or go") }
  }
  /// Steps taken.
  public private(set) var stepCount = 0
  /// Parameters, those that fill up included.
  public let parameterCount: Int

  /// Floats that a thread works on at a time.
  private static let chunkSize = 1 << 16

  /// Up to `chunkSize` parameters of one range.
  private struct Chunk {
    let range: Int
    let start: Int
    let count: Int
    /// Where its moments are, a multiple of a block.
    let moments: Int
  }

  private let ranges: [OptimizedRange]
  private let chunks: [Chunk]
  private let pool: ThreadPool
  private let kernels: OptimizerKernels
  let moments: MomentStorage
  /// Two blocks for each thread.
  private let scratch: PageBuffer
  /// Whether a block of moments has ever changed: where not, they are zero.
  private let moved: UnsafeMutablePointer<Bool>
  private let momentBlocks: Int

  /// An optimizer of `ranges`, each of a group of `groups`, whose moments are zero.
  ///
  /// It has the moments of the blocks that are `owned` and changes these alone, where others have the rest: numbers of
  /// `OptimizerKernels.momentBlock` parameters, of each range whole ones, in the order of the ranges. Their bits do not
  /// depend on which these are.
  ///
  /// Throws `EditorTrainingError.option` for values that make no sense and `.memory` where the moments
  /// do not fit.
  package init(
    _ options: Options = Options(), groups: [OptimizerGroup], ranges: [OptimizedRange],
    owned: [Range<Int>]? = nil, pool: ThreadPool, instructionSet: InstructionSet = .best
  ) throws(EditorTrainingError) {
    try Self.check(options, groups)
    self.options = options
    self.groups = groups
    self.ranges = ranges
    self.pool = pool
    kernels = instructionSet.kernels.optimizers

    for range in ranges {
      let count = range.parameters.count
      precondition(range.gradients.count == count, "a gradient for each parameter")
      precondition(count % 16 == 0 && count > 0, "parameters come in sixteens")
      precondition(groups.indices.contains(range.group), "a group of the list")
    }
    let (chunks, moments) = Self.chunks(ranges, owned)
    self.chunks = chunks
    parameterCount = ranges.reduce(0) { $0 + $1.parameters.count }
    momentBlocks = moments / OptimizerKernels.momentBlock
    moved = .allocate(capacity: momentBlocks)
    moved.initialize(repeating: false, count: momentBlocks)
    do {
      self.moments = try MomentStorage(options.kind, count: moments)
      scratch = try PageBuffer(
        byteCount: pool.threadCount * 2 * OptimizerKernels.momentBlock * 4, largePages: false)
    } catch {
      throw .memory(error)
    }
  }

  /// What is worked on at a time, and how many moments there are.
  private static func chunks(
    _ ranges: [OptimizedRange], _ owned: [Range<Int>]?
  ) -> (chunks: [Chunk], moments: Int) {
    let size = OptimizerKernels.momentBlock
    var chunks: [Chunk] = []
    var moments = 0
    var first = 0
    for (index, range) in ranges.enumerated() {
      let end = first + MomentStorage.wholeBlocks(range.parameters.count) / size
      for blocks in owned ?? [first..<end] {
        let mine = blocks.clamped(to: first..<end)
        let last = min((mine.upperBound - first) * size, range.parameters.count)
        for start in stride(from: (mine.lowerBound - first) * size, to: last, by: chunkSize) {
          let part = min(chunkSize, last - start)
          chunks.append(Chunk(range: index, start: start, count: part, moments: moments))
          moments += MomentStorage.wholeBlocks(part)
        }
      }
      first = end
    }
    return (chunks, moments)
  }

  private static func check(
    _ options: Options, _ groups: [OptimizerGroup]
  ) throws(EditorTrainingError) {
    func need(
      _ holds: Bool, _ name: String, _ value: some CustomStringConvertible, _ needed: String
    ) throws(EditorTrainingError) {
      guard !holds else { return }
      throw .option(name: name, found: value.description, needed: needed)
    }
    try need(options.beta1 >= 0 && options.beta1 < 1, "beta1", options.beta1, "from 0 to below 1")
    try need(options.beta2 > 0 && options.beta2 < 1, "beta2", options.beta2, "between 0 and 1")
    try need(
      options.epsilon >= 1e-10 && options.epsilon <= 1, "epsilon", options.epsilon,
      "from 1e-10 to 1")
    for group in groups {
      try need(
        group.learningRate >= 0 && group.learningRate.isFinite,
        "the learning rate of \(group.name)", group.learningRate, "a number not below 0")
      try need(
        group.weightDecay >= 0 && group.learningRate * group.weightDecay < 1,
        "the weight decay of \(group.name)", group.weightDecay,
        "not below 0, and below 1 when multiplied by the learning rate")
    }
  }

  /// Takes a step and clears the gradients.
  ///
  /// The gradients are multiplied by `gradientScale` first (1 / accumulated batches, and what clipping
  /// says), the groups' learning rates by `scale`, which a schedule gives.
  public func step(scale: Double = 1, gradientScale: Double = 1) {
    stepCount += 1
    let constants = groups.flatMap { group in
      [false, true].map { self.constants(group, decays: $0, scale, gradientScale) }
    }
    pool.run { worker in
      let mine = scratch.elements(Float.self) + worker.index * 2 * OptimizerKernels.momentBlock
      worker.deal(chunks.count) { number in
        let chunk = chunks[number]
        let range = ranges[chunk.range]
        constants[2 * range.group + (range.decays ? 1 : 0)].withUnsafeBufferPointer { constants in
          eachMoving(chunk) { start, count in
            step(chunk, start, count, constants.baseAddress!, mine)
          }
        }
      }
    }
  }

  /// `count` parameters of a chunk from `start` on, whole blocks.
  private func step(
    _ chunk: Chunk, _ start: Int, _ count: Int, _ constants: UnsafePointer<Float>,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let range = ranges[chunk.range]
    let p = range.parameters.baseAddress! + (chunk.start + start)
    let g = range.gradients.baseAddress! + (chunk.start + start)
    let first = chunk.moments + start
    switch options.kind {
    case .f32:
      kernels.adamStep(p, g, moments.first + first, moments.second + first, count, constants)
    case .eightBit:
      let block = first / OptimizerKernels.momentBlock
      kernels.adamStepBytes(
        p, g, moments.firstCodes + first, moments.firstScales + block, moments.secondCodes + first,
        moments.secondScales + block, count, constants, scratch)
    }
  }

  /// The parts of a chunk that a step can change: whole blocks, those that lie side by side together.
  private func eachMoving(_ chunk: Chunk, _ body: (_ start: Int, _ count: Int) -> Void) {
    let size = OptimizerKernels.momentBlock
    let range = ranges[chunk.range]
    let gradients = range.gradients.baseAddress! + chunk.start
    let moved = moved + chunk.moments / size
    var first = 0
    for start in stride(from: 0, to: chunk.count, by: size) {
      let block = start / size
      // The sum is zero where all are: squares of floats do not underflow in double precision.
      if !moved[block],
        range.decays || kernels.sumOfSquares(gradients + start, min(size, chunk.count - start)) != 0
      {
        moved[block] = true
      }
      guard !moved[block] else { continue }
      if start > first { body(first, start - first) }
      first = start + size
    }
    if chunk.count > first { body(first, chunk.count - first) }
  }

  /// Goes on after `steps` steps with the moments that were read into `state`.
  package func resume(after steps: Int) {
    stepCount = steps
    let size = OptimizerKernels.momentBlock
    for block in 0..<momentBlocks {
      switch options.kind {
      case .f32:
        moved[block] =
          kernels.sumOfSquares(moments.first + block * size, size) != 0
          || kernels.sumOfSquares(moments.second + block * size, size) != 0
      case .eightBit:
        moved[block] = moments.firstScales[block] != 0 || moments.secondScales[block] != 0
      }
    }
  }

  deinit { moved.deallocate() }

  /// In the order of `AdamConstant`; computed in double precision, as PyTorch does.
  private func constants(
    _ group: OptimizerGroup, decays: Bool, _ scale: Double, _ gradientScale: Double
  ) -> [Float] {
    let rate = Double(group.learningRate) * scale
    let decay = decays ? Double(group.weightDecay) : 0
    let firstCorrection = 1 - pow(options.beta1, Double(stepCount))
    let secondCorrection = 1 - pow(options.beta2, Double(stepCount))
    return AdamConstant.allCases.map { constant in
      switch constant {
      case .gradientScale: Float(gradientScale)
      case .firstWeight: Float(1 - options.beta1)
      case .secondDecay: Float(options.beta2)
      case .secondWeight: Float(1 - options.beta2)
      case .parameterDecay: Float(1 - rate * decay)
      case .stepSize: Float(rate / firstCorrection)
      case .secondCorrection: Float(secondCorrection.squareRoot())
      case .epsilon: Float(options.epsilon)
      }
    }
  }

  /// The Euclidean norm of all gradients, in double precision: not a finite number where one of them
  /// is none. The same for any number of threads.
  public func globalNorm() -> Double { sumOfSquares().squareRoot() }

  /// The sum of the squares of the gradients of all parameters that it changes.
  func sumOfSquares() -> Double {
    var parts = [Double](repeating: 0, count: chunks.count)
    parts.withUnsafeMutableBufferPointer { parts in
      pool.parallel(chunks.count) { share in
        for index in share {
          let chunk = chunks[index]
          parts[index] = kernels.sumOfSquares(
            ranges[chunk.range].gradients.baseAddress! + chunk.start, chunk.count)
        }
      }
    }
    return parts.reduce(0, +)
  }
}
