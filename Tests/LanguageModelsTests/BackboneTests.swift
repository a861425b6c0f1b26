import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

@Suite struct BackboneTests {
  /// What an editor reads: the last token of each sequence, after every block.
  @Test func lastStatesOfGPT2() throws {
    let fixture = try GPT2Fixture("head")
    let backbone: any EditorBackbone = try fixture.model()
    let states = try backbone.lastStates(fixture.batch)
    #expect(states.blocks == [1, 2] && states.rows == [6, 7, 40, 56] && states.width == 32)
    let rows = fixture.batch.rowCount
    for block in 0..<2 {
      for (index, row) in states.rows.enumerated() {
        let start = ((block + 1) * rows + row) * 32
        let difference = largestDifference(
          Array(states[block, index]), Array(fixture.states[start..<start + 32]))
        #expect(difference <= 1e-4)
      }
    }
  }

  /// The states of a LLaMA in f32, by the same arithmetic: a truncated backbone's logits are those of
  /// a processor whose remaining blocks are not there, which only its file can say. So states are
  /// compared with what a visitor sees of a whole run, and the last one with the logits' input.
  @Test(arguments: ["q8_0", "k"])
  func statesOfAProcessor(name: String) throws {
    let fixture = try LogitsFixture(name)
    // Its own activations are int8; a backbone's are f32 all the same.
    let processor = try fixture.processor(.int8, pool: Pools.all[1])
    let layers = processor.configuration.layerCount
    let sequences = [Array(fixture.tokens[..<9]), Array(fixture.tokens[20...])]
    let batch = TokenBatch(sequences)
    let backbone = try ProcessorBackbone(processor)
    #expect(backbone.blockCount == layers)
    let found = try backbone.hiddenStates(
      batch, after: [layers, 0, 1], at: [8, 3, batch.rowCount - 1])

    let exact = try fixture.processor(.f32)
    for (j, row) in found.rows.enumerated() {
      let sequence = row < 9 ? 0 : 1
      let position = row - batch.boundaries[sequence]
      let state = try ProcessorState(exact, contextLength: 64, cacheType: .f32)
      let reader = RowReader(position: position)
      _ = try state.forward(sequences[sequence], visitor: reader)
      for (i, block) in found.blocks.enumerated() where block < layers {
        #expect(bitPatterns(found[i, j]) == bitPatterns(reader.states[block]!), "\(block) \(row)")
      }
      // The final norm: mean square 1 before the gains, so every gain is last / (x / rms(x)).
      let raw = reader.states[layers]!.map(Double.init)
      let epsilon = Double(processor.configuration.rmsNormEpsilon)
      let scale =
        1 / (raw.reduce(0) { $0 + $1 * $1 } / Double(raw.count) + epsilon).squareRoot()
      let gains = try fixture.floats(of: "output_norm.weight")
      for (value, (x, gain)) in zip(found[0, j], zip(raw, gains)) {
        #expect(abs(Double(value) - x * scale * Double(gain)) <= 1e-5 * abs(x * scale) + 1e-6)
      }
    }
  }

  /// The first block alone: its state, under the final norm.
  @Test func truncatedProcessor() throws {
    let fixture = try LogitsFixture("q4_0")
    let processor = try fixture.processor(.f32)
    let batch = TokenBatch([Array(fixture.tokens[..<5])])
    let whole = try ProcessorBackbone(processor).hiddenStates(batch, after: [0, 1], at: [4])
    let first = try ProcessorBackbone(processor, depth: 1)
    let found = try first.hiddenStates(batch, after: [0, 1], at: [4])
    #expect(first.blockCount == 1)
    #expect(bitPatterns(found[0, 0]) == bitPatterns(whole[0, 0]))
    let raw = whole[1, 0].map(Double.init)
    let epsilon = Double(processor.configuration.rmsNormEpsilon)
    let scale = 1 / (raw.reduce(0) { $0 + $1 * $1 } / Double(raw.count) + epsilon).squareRoot()
    let gains = try fixture.floats(of: "output_norm.weight")
    for (value, (x, gain)) in zip(found[1, 0], zip(raw, gains)) {
      #expect(abs(Double(value) - x * scale * Double(gain)) <= 1e-5 * abs(x * scale) + 1e-6)
    }
  }

  @Test func misuse() throws {
    let fixture = try LogitsFixture("f32")
    let processor = try fixture.processor(.f32)
    for depth in [0, -1, 3] {
      #expect(throws: LanguageModelError.depthOutOfRange(requested: depth, most: 2)) {
        try ProcessorBackbone(processor, depth: depth)
      }
    }
    let backbone = try ProcessorBackbone(processor)
    #expect(throws: LanguageModelError.tokenOutOfRange(token: 100, vocabularySize: 100)) {
      try backbone.lastStates(TokenBatch([[1], [100]]))
    }
    #expect(throws: LanguageModelError.noTokens) { try backbone.lastStates(TokenBatch([])) }
  }
}

/// Copies one position's state at every layer.
private final class RowReader: ResidualStreamVisitor {
  private let position: Int
  private(set) var states: [Int: [Float]] = [:]

  init(position: Int) { self.position = position }

  func visits(point: Int) -> Bool { true }

  func visit(_ rows: ResidualRows) {
    guard (rows.firstPosition..<rows.firstPosition + rows.count).contains(position) else { return }
    rows.withRow(position - rows.firstPosition) { values in
      states[rows.point] = values.indices.map { values[$0] }
    }
  }
}

extension LogitsFixture {
  /// The values of an F32 tensor of the file.
  func floats(of name: String) throws -> [Float] {
    let tensor = try file.tensor(named: name)
    precondition(tensor.format == .f32)
    let bytes = file.bytes(of: tensor)
    return (0..<tensor.byteCount / 4).map {
      bytes.loadUnaligned(fromByteOffset: $0 * 4, as: Float.self)
    }
  }
}
