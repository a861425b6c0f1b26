import Foundation
import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// The gradients of GPT-2 against autograd's, by the names of the parameters.
@Suite struct GPT2BackwardTests {
  /// The bounds that were asked for: cosine 0.99999 and a relative error of 1e-3, each over a whole
  /// parameter. (In f32 both sides are off by some 1e-6; the bounds are loose enough for any order of
  /// sums and far too tight for a wrong term.)
  @Test(arguments: InstructionSet.available, GPT2Fixture.differentiated)
  func matchesAutograd(set: InstructionSet, name: String) throws {
    let fixture = try GPT2Fixture(name)
    let expected = try Gradients(name)
    for pool in Pools.all {
      let model = try fixture.model(set: set, pool: pool)
      let found = try gradients(model, fixture.batch, expected.upstream)
      for entry in model.parameters.layout.entries {
        let values = try found.values(
          of: entry.name, transposed: GPT2Configuration.isConv1D(entry.name))
        let wanted = try expected.values(entry.name)
        let (cosine, error) = agreement(values, wanted)
        #expect(cosine >= 0.99999, "\(entry.name)")
        #expect(error <= 1e-3, "\(entry.name)")
      }
    }
  }

  /// Bit for bit: the number of threads, whether activations were kept, and room for more rows.
  @Test(arguments: InstructionSet.available, GPT2Fixture.differentiated)
  func gradientsAreTheSame(set: InstructionSet, name: String) throws {
    let fixture = try GPT2Fixture(name)
    let upstream = try Gradients(name).upstream
    var reference: [UInt32]?
    for pool in Pools.all {
      let model = try fixture.model(set: set, pool: pool)
      for (keeps, more) in [(true, 0), (false, 0), (true, 99)] {
        let found = try gradients(
          model, fixture.batch, upstream, keepsActivations: keeps, more: more)
        let bits = bitPatterns(found.floats)
        if let reference { #expect(bits == reference) } else { reference = bits }
      }
    }
  }

  /// Two passes add up, and what fills up the matrices stays zero. Sums that begin with the first
  /// pass's are rounded once a term at their final size: at most rows * 6e-8 of it.
  @Test func gradientsAccumulate() throws {
    let fixture = try GPT2Fixture("bare")
    let upstream = try Gradients("bare").upstream
    let model = try fixture.model()
    let once = try gradients(model, fixture.batch, upstream)
    let twice = try gradients(model, fixture.batch, upstream, passes: 2)
    for entry in model.parameters.layout.entries {
      let a = try once.values(of: entry.name)
      let b = try twice.values(of: entry.name)
      let largest = a.map(\.magnitude).max()!
      #expect(largestDifference(a.map { 2 * $0 }, b) <= 5e-6 * largest, "\(entry.name)")
    }
    let filled = once.floats.count { $0 != 0 }
    let named = try model.parameters.layout.entries.reduce(0) { count, entry in
      try count + once.values(of: entry.name).count { $0 != 0 }
    }
    #expect(filled == named && filled > 0)
  }

  /// A row's gradient may be given in parts, and what is not given is zero.
  @Test func gradientsOfOneStateAddUp() throws {
    let fixture = try GPT2Fixture("head")
    let model = try fixture.model()
    var random = SplitMix64(seed: 5)
    let values = (0..<model.width).map { _ in Float.random(in: -1...1, using: &random) }
    let whole = HiddenStates(blocks: [1], rows: [20], width: model.width, values: values)
    // Halves are exact.
    let half = values.map { $0 / 2 }
    let parts = HiddenStates(
      blocks: [1, 1], rows: [20], width: model.width, values: half + half)
    let a = try gradients(model, fixture.batch, whole)
    let b = try gradients(model, fixture.batch, parts)
    #expect(bitPatterns(a.floats) == bitPatterns(b.floats))
    // The second block and the final norm come after that state.
    for name in ["h.1.attn.c_attn.weight", "h.1.mlp.c_proj.bias", "ln_f.weight"] {
      #expect(try a.values(of: name).allSatisfy { $0 == 0 }, "\(name)")
    }
    #expect(try a.values(of: "h.0.attn.c_attn.weight").contains { $0 != 0 })
    // Position 12 of the third sequence is the last that matters.
    let positions = try a.values(of: "wpe.weight")
    #expect(positions.dropFirst(13 * model.width).allSatisfy { $0 == 0 })
    #expect(positions[12 * model.width] != 0)
  }

  private func gradients(
    _ model: GPT2, _ batch: TokenBatch, _ upstream: HiddenStates, keepsActivations: Bool = true,
    more: Int = 0, passes: Int = 1
  ) throws -> ParameterStore {
    let state = try GPT2State(
      model, rowCapacity: batch.rowCount + more, sequenceCapacity: batch.sequenceCount + more,
      keepsActivations: keepsActivations)
    let backward = try GPT2Backward(state)
    let gradients = try ParameterStore(model.configuration.parameterLayout)
    for _ in 0..<passes {
      try state.forward(batch)
      backward.run(upstream, into: gradients)
    }
    return gradients
  }
}

/// What autograd says, made by tools/fixtures/make_gpt2_fixtures.py.
private struct Gradients {
  private let tensors: CheckpointTensors
  /// The gradients that came from outside, of all rows after all blocks.
  let upstream: HiddenStates

  init(_ name: String) throws {
    tensors = try SafetensorsFile(path: GPT2Fixture.path("\(name).gradients.safetensors")).tensors
    let tensor = try tensors.tensor(named: "upstream")
    upstream = HiddenStates(
      blocks: Array(0..<tensor.shape[0]), rows: Array(0..<tensor.shape[1]),
      width: tensor.shape[2], values: try tensors.floats(of: tensor))
  }

  /// In the order of the file.
  func values(_ name: String) throws -> [Float] {
    try tensors.floats(of: tensors.tensor(named: name))
  }
}
