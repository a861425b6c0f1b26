import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Low-rank adapters on a frozen GPT-2, against PyTorch's (tools/fixtures/make_adapter_fixtures.py).
@Suite struct GPT2AdapterTests {
  /// The bounds that were asked for: cosine 0.99999 and a relative error of 1e-3, each over a whole A or
  /// B. The sum of states times upstream has terms of both signs: its error is measured by their sizes,
  /// of which states in f32 are off by some 1e-6.
  @Test(arguments: InstructionSet.available, GPT2Fixture.differentiated)
  func matchesAutograd(set: InstructionSet, name: String) throws {
    let fixture = try AdapterFixture(name)
    for pool in Pools.all {
      let (found, sum, size) = try fixture.gradients(set: set, pool: pool)
      #expect(found.layout.entries.count == fixture.names.count)
      for entry in found.layout.entries {
        let (cosine, error) = agreement(
          try found.values(of: entry.name), try fixture.values("gradient." + entry.name))
        #expect(cosine >= 0.99999, "\(entry.name)")
        #expect(error <= 1e-3, "\(entry.name)")
      }
      #expect(abs(sum - Double(try fixture.values("sum")[0])) <= 1e-5 * size)
    }
  }

  /// Bit for bit: the number of threads, whether activations were kept, and room for more rows.
  @Test(arguments: InstructionSet.available, GPT2Fixture.differentiated)
  func gradientsAreTheSame(set: InstructionSet, name: String) throws {
    let fixture = try AdapterFixture(name)
    var reference: [UInt32]?
    for pool in Pools.all {
      for (keeps, more) in [(true, 0), (false, 0), (true, 99)] {
        let found = try fixture.gradients(set: set, pool: pool, keepsActivations: keeps, more: more)
        let bits = bitPatterns(found.gradients.floats)
        if let reference { #expect(bits == reference) } else { reference = bits }
      }
    }
  }

  /// New adapters, whose B are zero, change no bit of any state; others do.
  @Test(arguments: InstructionSet.available)
  func newAdaptersChangeNothing(set: InstructionSet) throws {
    let fixture = try AdapterFixture("head")
    for pool in Pools.all {
      let model = try fixture.plain.model(set: set, pool: pool)
      let plain = try model.allStates(fixture.plain.batch)
      let adapted = try AdaptedGPT2(model, newAdapters: fixture.shape, seed: 7)
      let rows = Array(0..<fixture.plain.batch.rowCount)
      func states() throws -> [Float] {
        try adapted.hiddenStates(fixture.plain.batch, after: [0, 1, 2], at: rows, adding: nil)
          .values
      }
      #expect(try bitPatterns(states()) == bitPatterns(plain))
      try fixture.fill(adapted.adapters)
      #expect(try states() != plain)
    }
  }

  /// A's deviation is 1 / sqrt(inputs), within five standard errors; B is zero.
  @Test func newAdaptersAreRandom() throws {
    let shape = GPT2AdapterConfiguration(rank: 64, alpha: 128)
    let c = try GPT2Configuration(width: 64, blockCount: 1, headCount: 1, vocabularySize: 3)
    let adapters = try GPT2Adapters(shape, of: c, seed: 3, pool: Pools.one)
    for entry in adapters.parameters.layout.entries {
      let values = try adapters.parameters.values(of: entry.name)
      guard entry.name.hasSuffix("lora_A") else {
        #expect(values.allSatisfy { $0 == 0 })
        continue
      }
      let square = values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)
      let inputs = Double(entry.shape.dimensions[1])
      #expect(abs(square * inputs - 1) <= 5 * (2 / Double(values.count)).squareRoot())
    }
  }

  /// W' = W + (alpha / r) B A within the rounding of r + 2 sums and products; what has no adapter keeps
  /// its bits. A plain model with those weights has the states of the adapted one: both are sums of a few
  /// dozen terms a layer in f32, in another order.
  @Test(arguments: GPT2Fixture.differentiated)
  func mergedModelIsTheSame(name: String) throws {
    let fixture = try AdapterFixture(name)
    let adapted = try fixture.adapted(set: .best, pool: Pools.all[1])
    let merged = try GPT2(zeros: adapted.model.configuration, pool: Pools.one)
    let scale = Double(fixture.shape.alpha) / Double(fixture.shape.rank)
    for entry in adapted.model.parameters.layout.entries {
      let values = try adapted.mergedValues(of: entry.name, transposed: false)
      try merged.parameters.setValues(of: entry.name, to: values)
      let turned = try adapted.mergedValues(of: entry.name, transposed: true)
      #expect(
        try turned == merged.parameters.values(of: entry.name, transposed: true), "\(entry.name)")
      let old = try adapted.model.parameters.values(of: entry.name)
      let prefix = entry.name.dropLast(".weight".count)
      guard fixture.names.contains(prefix + ".lora_A") else {
        #expect(bitPatterns(values) == bitPatterns(old), "\(entry.name)")
        continue
      }
      let (a, b) = try (fixture.values(prefix + ".lora_A"), fixture.values(prefix + ".lora_B"))
      let (columns, rank) = (entry.shape.dimensions[1], fixture.shape.rank)
      for (i, value) in values.enumerated() {
        let terms = (0..<rank).map {
          scale * Double(b[i / columns * rank + $0]) * Double(a[$0 * columns + i % columns])
        }
        let size = terms.reduce(abs(Double(old[i]))) { $0 + abs($1) }
        let wanted = terms.reduce(Double(old[i]), +)
        #expect(abs(Double(value) - wanted) <= Double(rank + 2) * 6e-8 * size, "\(entry.name) \(i)")
      }
    }
    let batch = fixture.plain.batch
    let states = try merged.allStates(batch)
    let wanted = try adapted.hiddenStates(
      batch, after: Array(0...merged.blockCount), at: Array(0..<batch.rowCount), adding: nil)
    let largest = states.map(\.magnitude).max()!
    #expect(largestDifference(states, wanted.values) <= 2e-5 * largest)
    #expect(try largestDifference(states, adapted.model.allStates(batch)) > 1e-2 * largest)
  }

  @Test func modulesHaveShortNames() {
    typealias Module = GPT2AdapterConfiguration.Module
    #expect(Module.named("c_attn") == [.projections])
    #expect(Module.named("c_proj") == [.attentionOutput, .contraction])
    #expect(Module.named("mlp.c_proj") == [.contraction])
    #expect(Module.named("attn.c_attn") == [.projections])
    for none in ["", "proj", "q_proj", ".c_attn", "h.0.mlp.c_fc", "c_attn "] {
      #expect(Module.named(none).isEmpty, "\(none)")
    }
  }
}

/// Adapters for a model of the fixtures, and what autograd says of them.
private struct AdapterFixture {
  let plain: GPT2Fixture
  let shape: GPT2AdapterConfiguration
  /// Of A and B.
  let names: [String]
  private let tensors: CheckpointTensors
  private let upstream: HiddenStates

  init(_ name: String) throws {
    plain = try GPT2Fixture(name)
    let file = try SafetensorsFile(
      path: OutsideFiles.fixture("adapters/\(name).safetensors").path)
    tensors = file.tensors
    names = file.tensors.map(\.name).filter { $0.hasPrefix("h.") }
    let names = names
    shape = GPT2AdapterConfiguration(
      rank: Int(file.metadata["rank"]!)!, alpha: Float(file.metadata["alpha"]!)!,
      modules: Set(
        GPT2AdapterConfiguration.Module.allCases.filter {
          names.contains("h.0.\($0.rawValue).lora_A")
        }))
    let gradients = try SafetensorsFile(path: GPT2Fixture.path("\(name).gradients.safetensors"))
      .tensors
    let tensor = try gradients.tensor(named: "upstream")
    upstream = HiddenStates(
      blocks: Array(0..<tensor.shape[0]), rows: Array(0..<tensor.shape[1]),
      width: tensor.shape[2], values: try gradients.floats(of: tensor))
  }

  func values(_ name: some StringProtocol) throws -> [Float] {
    try tensors.floats(of: tensors.tensor(named: String(name)))
  }

  func fill(_ adapters: GPT2Adapters) throws {
    #expect(Set(adapters.parameters.layout.entries.map(\.name)) == Set(names))
    for name in names { try adapters.parameters.setValues(of: name, to: values(name)) }
  }

  func adapted(set: InstructionSet, pool: ThreadPool) throws -> AdaptedGPT2 {
    let adapted = try AdaptedGPT2(
      plain.model(set: set, pool: pool), newAdapters: shape, seed: 1)
    try fill(adapted.adapters)
    return adapted
  }

  /// The gradients of A and B, sum(states * upstream), and the sum of its terms' sizes.
  func gradients(
    set: InstructionSet, pool: ThreadPool, keepsActivations: Bool = true, more: Int = 0
  ) throws -> (gradients: ParameterStore, sum: Double, size: Double) {
    let adapted = try adapted(set: set, pool: pool)
    let before = bitPatterns(adapted.model.parameters.floats)
    let state = try GPT2State(
      adapted.model, rowCapacity: plain.batch.rowCount + more,
      sequenceCapacity: plain.batch.sequenceCount + more, keepsActivations: keepsActivations,
      adapters: adapted.adapters)
    let backward = try GPT2Backward(state)
    let gradients = try ParameterStore(adapted.adapters.parameters.layout)
    try state.forward(plain.batch)
    backward.run(upstream, into: gradients)
    #expect(bitPatterns(adapted.model.parameters.floats) == before)
    let terms = zip(state.allStates, upstream.values).map { Double($0) * Double($1) }
    return (gradients, terms.reduce(0, +), terms.reduce(0) { $0 + abs($1) })
  }
}
