import LanguageModels
import TensorKernels
import TestSupport
import Testing

/// However a sequence is fed, and on however many threads, its logits have the same bits.
@Suite struct ChunkingTests {
  /// Short sequences on every instruction set; every format mix; all chunk sizes.
  @Test(arguments: InstructionSet.available, ["q4_1", "q8_0", "q4_0", "k", "mixed", "bf16"])
  func chunksDoNotChangeLogits(set: InstructionSet, name: String) throws {
    let fixture = try LogitsFixture(name)
    try expectSameLogits(fixture, set, fixture.randomTokens(70, seed: 61))
  }

  /// Past the first block of the online softmax, 512 positions.
  @Test(arguments: ["q4_1", "mixed"])
  func chunksDoNotChangeLogitsOfLongSequences(name: String) throws {
    let fixture = try LogitsFixture(name)
    try expectSameLogits(fixture, .best, fixture.randomTokens(530, seed: 62))
  }

  private func expectSameLogits(_ fixture: LogitsFixture, _ set: InstructionSet, _ tokens: [Int])
    throws
  {
    for activations in ActivationPrecision.allCases {
      let processor = try fixture.processor(activations, set: set)
      for type in CacheType.allCases {
        func state(_ chunkSize: Int) throws -> ProcessorState {
          try ProcessorState(
            processor, contextLength: tokens.count, cacheType: type, chunkSize: chunkSize)
        }
        let reference = bitPatterns(try state(256).allLogits(tokens))
        for chunkSize in [1, 3, 8, 64] {
          let found = bitPatterns(try state(chunkSize).allLogits(tokens))
          #expect(found == reference, "\(activations), \(type), chunks of \(chunkSize)")
        }
        // A prompt at once and then token by token, as generation goes.
        let decoding = try state(256)
        let prompt = tokens.count / 2 - 3
        var found = bitPatterns(try decoding.allLogits(Array(tokens[..<prompt])))
        for token in tokens[prompt...] { found += bitPatterns(try decoding.forward([token])) }
        #expect(found == reference, "\(activations), \(type), decoded")
        #expect(decoding.position == tokens.count)
        // Only some logits asked for: the last block's keys and values are still those of all tokens.
        let width = fixture.vocabularySize
        for chunkSize in [7, 64, 256] {
          let some = try state(chunkSize)
          found = bitPatterns(try some.forward(Array(tokens[..<prompt])))
          let first = tokens.count - prompt - 9
          try some.forwardAll(Array(tokens[prompt...]), logitsFrom: first) { _, logits in
            for i in logits.indices { found.append(logits[i].bitPattern) }
          }
          let wanted =
            reference[(prompt - 1) * width..<prompt * width] + reference.suffix(9 * width)
          #expect(found == Array(wanted), "\(activations), \(type), some of \(chunkSize)")
        }
      }
    }
  }

  @Test(arguments: LogitsFixture.names)
  func threadsDoNotChangeLogits(name: String) throws {
    let fixture = try LogitsFixture(name)
    for activations in ActivationPrecision.allCases {
      let results = try Pools.all.map { pool in
        let processor = try fixture.processor(activations, pool: pool)
        let state = try ProcessorState(processor, contextLength: 64, chunkSize: 16)
        let prompt = bitPatterns(try state.allLogits(fixture.tokens))
        return prompt + bitPatterns(try state.forward([1]))
      }
      #expect(results[0] == results[1] && results[0] == results[2], "\(activations)")
    }
  }

  /// Going on after truncating is as if the tokens cut off had never been.
  @Test(arguments: CacheType.allCases)
  func truncating(type: CacheType) throws {
    let fixture = try LogitsFixture("q4_1")
    let processor = try fixture.processor(.int8)
    let (first, second) = (
      fixture.randomTokens(50, seed: 63), fixture.randomTokens(30, seed: 64)
    )
    for kept in [0, 1, 16, 21, 49, 50] {
      let state = try ProcessorState(processor, contextLength: 90, cacheType: type, chunkSize: 8)
      _ = try state.forward(first)
      state.truncate(to: kept)
      #expect(state.position == kept)
      let found = try state.forward(second)
      let fresh = try ProcessorState(processor, contextLength: 90, cacheType: type, chunkSize: 8)
      #expect(found == (try fresh.forward(first[..<kept] + second)), "\(kept) kept")
      #expect(state.position == fresh.position)
    }
  }

  /// States of one processor know nothing of each other.
  @Test func statesAreIndependent() throws {
    let fixture = try LogitsFixture("q8_0")
    let processor = try fixture.processor(.int8)
    let alone = try ProcessorState(processor, contextLength: 40).allLogits(fixture.tokens)
    let (a, b) = (
      try ProcessorState(processor, contextLength: 40),
      try ProcessorState(processor, contextLength: 50, cacheType: .q8_0)
    )
    var found: [Float] = []
    for token in fixture.tokens {
      found += try a.forward([token])
      _ = try b.forward([0])
    }
    let tokenByToken = bitPatterns(found)
    #expect(tokenByToken == bitPatterns(alone))
  }

  @Test func forwardAllGivesEveryIndexOnce() throws {
    let fixture = try LogitsFixture("f16")
    let processor = try fixture.processor(.f32)
    let all = try ProcessorState(processor, contextLength: 40).allLogits(fixture.tokens)
    let width = fixture.vocabularySize
    for first in [0, 1, 15, 16, 17, 39, 40] {
      let state = try ProcessorState(processor, contextLength: 40, chunkSize: 19)
      var indices: [Int] = []
      try state.forwardAll(fixture.tokens, logitsFrom: first) { index, logits in
        indices.append(index)
        #expect(logits.count == width)
        #expect((0..<width).allSatisfy { logits[$0] == all[index * width + $0] })
      }
      #expect(indices == Array(first..<40))
      #expect(state.position == 40)
    }
    let last = try ProcessorState(processor, contextLength: 40).forward(fixture.tokens)
    #expect(last == Array(all.suffix(width)))
  }

  /// Stopping in the middle keeps the chunk that was run, and the state goes on from there.
  @Test func forwardAllStopsWhereTheBodyThrows() throws {
    struct Stop: Error, Equatable {}
    let fixture = try LogitsFixture("f16")
    let processor = try fixture.processor(.f32)
    let state = try ProcessorState(processor, contextLength: 80, chunkSize: 8)
    #expect(throws: SequenceError<Stop>.listener(Stop())) {
      try state.forwardAll(fixture.tokens) { index, _ throws(Stop) in
        if index == 10 { throw Stop() }
      }
    }
    #expect(state.position == 16)
    let fresh = try ProcessorState(processor, contextLength: 80)
    #expect(
      try state.forward([3, 4]) == fresh.forward(Array(fixture.tokens[..<16]) + [3, 4]))
  }
}
