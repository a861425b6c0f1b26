import EditorTraining
import Foundation
import KernelInterface
import TensorKernels
import TestSupport
import Testing

@Suite struct AdamWTests {
  /// tools/fixtures/make_optimizer_fixtures.py.
  private static let groups = [
    OptimizerGroup(name: "decayed", learningRate: 1e-2, weightDecay: 0.1),
    OptimizerGroup(name: "plain", learningRate: 3e-4),
  ]

  /// A step computes some ten roundings of what it moves by, and rounds the parameter twice; PyTorch
  /// likewise: after twelve steps 1e-6 of the parameter and the rate. The norm is a float there.
  @Test(arguments: InstructionSet.available)
  func followsPyTorch(set: InstructionSet) throws {
    let fixture = try TensorFixture("optimizer/adamw.safetensors")
    let names = Self.groups.map(\.name)
    let start = try names.map { try fixture.values($0) }
    let weights = Weights(start.map(\.count))
    for (part, values) in start.enumerated() {
      _ = weights.parameters[part].update(fromContentsOf: values)
    }
    let optimizer = try AdamW(
      groups: Self.groups, ranges: weights.ranges(), pool: Pools.all[1], instructionSet: set)
    let gradients = try names.map { try fixture.values($0 + ".gradients") }
    let after = try names.map { try fixture.values($0 + ".after") }
    let norms = try fixture.values("norms")
    let schedule = LearningRateSchedule(.cosine, warmUpSteps: 3, floor: 0.1)
    for step in 0..<12 {
      for part in start.indices {
        let count = start[part].count
        _ = weights.gradients[part].update(
          fromContentsOf: gradients[part][step * count..<(step + 1) * count])
      }
      let norm = optimizer.globalNorm()
      #expect(abs(norm - Double(norms[step])) <= 1e-6 * norm)
      optimizer.step(
        scale: schedule.factor(step: step, of: 12),
        gradientScale: clippingFactor(norm: norm, limit: 1))
      for part in start.indices {
        let count = start[part].count
        let rate = Self.groups[part].learningRate
        for i in 0..<count {
          let wanted = after[part][step * count + i]
          #expect(abs(weights.parameters[part][i] - wanted) <= 1e-6 * (abs(wanted) + rate))
        }
        #expect(weights.gradients[part].allSatisfy { $0 == 0 })
      }
    }
    #expect(optimizer.stepCount == 12)
  }

  /// Parts of several chunks, of less than a block, and with a partial block at the end.
  private static let counts = [2 * 65_536 + 4096 + 48, 16, 272]

  private func run(
    _ kind: AdamW.Kind, _ set: InstructionSet, _ pool: ThreadPool
  ) throws -> (norms: [Double], parameters: [[UInt32]], state: [[UInt8]]) {
    let weights = Weights(Self.counts)
    var random = SplitMix64(seed: 5)
    for part in weights.parameters {
      for i in part.indices { part[i] = .random(in: -1...1, using: &random) }
    }
    let groups = Self.counts.indices.map {
      OptimizerGroup(name: "\($0)", learningRate: 1e-3 * Float($0 + 1), weightDecay: 0.01)
    }
    let optimizer = try AdamW(
      AdamW.Options(kind: kind), groups: groups, ranges: weights.ranges(), pool: pool,
      instructionSet: set)
    var norms: [Double] = []
    for _ in 0..<4 {
      for part in weights.gradients {
        for i in part.indices {
          let size = Float(
            sign: .plus, exponent: .random(in: -70...4, using: &random), significand: 1)
          part[i] = size * .random(in: -1...1, using: &random)
        }
      }
      norms.append(optimizer.globalNorm())
      optimizer.step(scale: 0.7, gradientScale: 0.3)
    }
    return (
      norms, weights.parameters.map { bitPatterns($0) }, optimizer.state.map { Array($0.bytes) }
    )
  }

  @Test(arguments: AdamW.Kind.allCases)
  func threadsAndInstructionsDoNotMatter(kind: AdamW.Kind) throws {
    let wanted = try run(kind, .portable, Pools.one)
    for set in InstructionSet.available {
      for pool in Pools.all {
        let found = try run(kind, set, pool)
        #expect(found.norms == wanted.norms, "\(set) \(pool.threadCount)")
        #expect(found.parameters == wanted.parameters, "\(set) \(pool.threadCount)")
        #expect(found.state == wanted.state, "\(set) \(pool.threadCount)")
      }
    }
  }

  /// Blocks without a gradient are not visited until they have one, and nobody can tell: the kernel over
  /// all parameters gives the same bits. So does going on from a state, where what is visited is seen
  /// from the moments.
  @Test func blocksThatNeverMovedAreAsIfVisited() throws {
    let count = 65_536 + 5 * 256 + 48
    let rate = 1e-2
    var random = SplitMix64(seed: 9)
    let start = (0..<count).map { _ in Float.random(in: -1...1, using: &random) }
    let (ours, all) = (Weights([count]), Weights([count]))
    for weights in [ours, all] { _ = weights.parameters[0].update(fromContentsOf: start) }
    func make(_ weights: Weights) throws -> AdamW {
      try AdamW(
        groups: [OptimizerGroup(name: "table", learningRate: Float(rate))],
        ranges: weights.ranges(), pool: Pools.all[1])
    }
    var optimizer = try make(ours)
    let kernels = InstructionSet.best.kernels.optimizers
    var first = [Float](repeating: 0, count: count)
    var second = first
    // By steps: the places that have a gradient; the last block is not whole.
    let places = [[700], [65_000, 65_536], [], [701, 0, count - 1], [20_000]]
    for (step, places) in places.enumerated() {
      for place in places {
        for weights in [ours, all] { weights.gradients[0][place] = Float(step) - 1.5 }
      }
      let t = Double(step + 1)
      let constants: [Float] = [
        1, Float(1 - 0.9), 0.999, Float(1 - 0.999), 1, Float(rate / (1 - pow(0.9, t))),
        Float((1 - pow(0.999, t)).squareRoot()), 1e-8,
      ]
      kernels.adamStep(
        all.parameters[0].baseAddress!, all.gradients[0].baseAddress!, &first, &second, count,
        constants)
      if step == 3 {
        let state = optimizer.state.map { Array($0.bytes) }
        optimizer = try make(ours)
        for (bytes, saved) in zip(optimizer.state, state) { bytes.bytes.copyBytes(from: saved) }
        optimizer.resume(after: step)
      }
      optimizer.step()
      #expect(bitPatterns(ours.parameters[0]) == bitPatterns(all.parameters[0]), "step \(step)")
      #expect(ours.gradients[0].allSatisfy { $0 == 0 })
    }
    for place in places.joined() { #expect(ours.parameters[0][place] != start[place]) }
    #expect(ours.parameters[0][300] == start[300])
  }

  /// What fills up the last group of a matrix must not become anything else than zero.
  @Test(arguments: AdamW.Kind.allCases)
  func zerosStayZeros(kind: AdamW.Kind) throws {
    let weights = Weights([64])
    for i in 0..<32 { weights.parameters[0][i] = 1 }
    let optimizer = try AdamW(
      AdamW.Options(kind: kind),
      groups: [OptimizerGroup(name: "all", learningRate: 0.1, weightDecay: 0.5)],
      ranges: weights.ranges(), pool: Pools.one)
    for _ in 0..<3 {
      for i in 0..<32 { weights.gradients[0][i] = Float(i) - 16 }
      optimizer.step()
    }
    #expect(weights.parameters[0][32...].allSatisfy { $0 == 0 })
    // Without a gradient only the decay acts: (1 - 0.05)^3.
    #expect(abs(weights.parameters[0][16] - 0.857_375) <= 1e-6)
    #expect(weights.parameters[0][15] > weights.parameters[0][16])
    #expect(weights.parameters[0][17] < weights.parameters[0][16])
  }

  @Test func aNormThatIsNotFiniteIsSeen() throws {
    let weights = Weights([32])
    let optimizer = try AdamW(
      groups: [OptimizerGroup(name: "all", learningRate: 0.1)], ranges: weights.ranges(),
      pool: Pools.one)
    weights.gradients[0].update(repeating: 3e38)
    #expect(abs(optimizer.globalNorm() - 3e38 * 32.0.squareRoot()) <= 1e32)
    weights.gradients[0][31] = .nan
    #expect(!optimizer.globalNorm().isFinite)
  }

  /// The moments of one run, put into another optimizer, continue it bit for bit.
  @Test(arguments: AdamW.Kind.allCases)
  func continuesFromItsState(kind: AdamW.Kind) throws {
    func gradient(_ step: Int, _ i: Int) -> Float { sin(Float(step * 17 + i * i)) }
    func steps(_ optimizer: AdamW, _ weights: Weights, _ steps: Range<Int>) {
      for step in steps {
        for i in weights.gradients[0].indices { weights.gradients[0][i] = gradient(step, i) }
        optimizer.step()
      }
    }
    func make(_ weights: Weights) throws -> AdamW {
      try AdamW(
        AdamW.Options(kind: kind), groups: [OptimizerGroup(name: "all", learningRate: 0.01)],
        ranges: weights.ranges(), pool: Pools.one)
    }
    let whole = Weights([528])
    let first = try make(whole)
    steps(first, whole, 0..<5)
    let resumed = Weights([528])
    _ = resumed.parameters[0].update(fromContentsOf: whole.parameters[0])
    let second = try make(resumed)
    for (from, to) in zip(first.state, second.state) {
      #expect(from.name == to.name)
      to.bytes.copyMemory(from: UnsafeRawBufferPointer(from.bytes))
    }
    second.resume(after: first.stepCount)
    steps(first, whole, 5..<9)
    steps(second, resumed, 5..<9)
    #expect(bitPatterns(whole.parameters[0]) == bitPatterns(resumed.parameters[0]))
    #expect(
      first.stateByteCount == AdamW.stateByteCount(kind, parameterCounts: [528]),
      "the memory plan knows the size")
  }

  @Test func refusesOptionsWithoutSense() {
    func refuses(_ options: AdamW.Options, _ group: OptimizerGroup, _ name: String) {
      let error = #expect(throws: EditorTrainingError.self) {
        try AdamW(options, groups: [group], ranges: [], pool: Pools.one)
      }
      #expect("\(error!)".hasPrefix(name))
    }
    let group = OptimizerGroup(name: "heads", learningRate: 1e-3)
    refuses(AdamW.Options(beta1: 1), group, "beta1 is 1.0")
    refuses(AdamW.Options(beta2: 0), group, "beta2 is 0.0")
    refuses(AdamW.Options(epsilon: 0), group, "epsilon is 0.0")
    refuses(
      AdamW.Options(), OptimizerGroup(name: "heads", learningRate: .nan),
      "the learning rate of heads is nan")
    refuses(
      AdamW.Options(), OptimizerGroup(name: "heads", learningRate: 1, weightDecay: 2),
      "the weight decay of heads is 2.0")
  }
}
