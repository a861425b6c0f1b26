import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// GPT-2 against transformers' GPT2Model in f32.
@Suite struct GPT2Tests {
  /// Both sides compute in f32 and differ in the order of their sums: of K <= 128 terms, off by about
  /// sqrt(K) 6e-8 = 7e-7 of their size. States are around 1 to 10 and each of up to three blocks adds
  /// two such errors, which the next LayerNorm passes on: 1e-5 of the largest state.
  @Test(arguments: InstructionSet.available, GPT2Fixture.names)
  func statesMatchTransformers(set: InstructionSet, name: String) throws {
    let fixture = try GPT2Fixture(name)
    for pool in Pools.all {
      let found = try fixture.model(set: set, pool: pool).allStates(fixture.batch)
      let largest = fixture.states.map(\.magnitude).max()!
      #expect(largestDifference(found, fixture.states) <= 1e-5 * largest)
    }
  }

  /// The output is tied in that fixture; the tolerance is that of the states, sums of 32 products
  /// being no worse.
  @Test func logitsMatchTransformers() throws {
    let fixture = try GPT2Fixture("head")
    let model = try fixture.model(readsOutput: true)
    #expect(model.configuration.output == .tied)
    let state = try GPT2State(model, rowCapacity: 100, sequenceCapacity: 9)
    try state.forward(fixture.batch)
    let largest = fixture.logits.map(\.magnitude).max()!
    let logits = try GPT2Output(model).logits(state)
    #expect(largestDifference(logits, fixture.logits) <= 1e-5 * largest)
  }

  @Test func configurations() throws {
    let head = try GPT2Fixture("head").model().configuration
    #expect(head.width == 32 && head.innerWidth == 128 && head.headSize == 8)
    #expect(head.contextLength == 40 && head.vocabularySize == 61 && head.blockCount == 2)
    #expect(head.output == .none && head.layerNormEpsilon == 1e-5)
    let bare = try GPT2Fixture("bare").model().configuration
    #expect(bare.innerWidth == 36 && bare.headSize == 5 && bare.layerNormEpsilon == 1e-3)
    let blocks = try GPT2Fixture("blocks").model(readsOutput: true).configuration
    #expect(blocks.innerWidth == 256 && blocks.headCount == 4 && blocks.output == .tied)
    // 124 million, as everybody counts them.
    #expect(GPT2Configuration.small.parameterLayout.elementCount == 124_439_808)
  }

  // MARK: What a result does not depend on

  /// Bit for bit: the threads, the other sequences of the batch, the size of the memory, whether
  /// activations are kept, and what was read before.
  @Test(arguments: InstructionSet.available, ["head", "bare"])
  func resultsAreTheSame(set: InstructionSet, name: String) throws {
    let fixture = try GPT2Fixture(name)
    let reference = try fixture.model(set: set).allStates(fixture.batch)
    for pool in Pools.all {
      let model = try fixture.model(set: set, pool: pool)
      let state = try GPT2State(
        model, rowCapacity: 200, sequenceCapacity: 7, keepsActivations: true)
      try state.forward(TokenBatch(fixture.sequences.reversed()))
      try state.forward(fixture.batch)
      #expect(bitPatterns(state.allStates) == bitPatterns(reference))

      let rows = fixture.batch.rowCount
      for (index, sequence) in fixture.sequences.enumerated() {
        let alone = try model.allStates(TokenBatch([sequence]))
        for block in 0...model.blockCount {
          let start = (block * rows + fixture.batch.boundaries[index]) * model.width
          let count = sequence.count * model.width
          #expect(
            bitPatterns(alone[block * count..<(block + 1) * count])
              == bitPatterns(reference[start..<start + count]), "\(index) \(block)")
        }
      }
    }
  }

  // MARK: From a seed

  @Test func seedsGiveTheSameModelOnAnyNumberOfThreads() throws {
    let configuration = try GPT2Configuration(
      contextLength: 64, width: 48, blockCount: 2, headCount: 3, vocabularySize: 301)
    let batch = TokenBatch([[5, 300, 0], [7]])
    let models = try Pools.all.map { try GPT2(configuration, seed: 7, pool: $0) }
    let states = try models.map { bitPatterns(try $0.allStates(batch)) }
    #expect(states[0] == states[1] && states[0] == states[2])
    let other = try GPT2(configuration, seed: 8, pool: Pools.one)
    #expect(bitPatterns(try other.allStates(batch)) != states[0])
  }

  /// Deviations of n normal numbers are off by 1 / sqrt(2 n) of themselves, means by
  /// deviation / sqrt(n); five times that is seen once in a million.
  @Test func beginsAsGPT2Does() throws {
    let configuration = try GPT2Configuration(
      contextLength: 64, width: 48, blockCount: 8, headCount: 3, vocabularySize: 301)
    let parameters = try GPT2(configuration, seed: 1, pool: Pools.one).parameters
    for entry in parameters.layout.entries {
      let values = try parameters.values(of: entry.name).map(Double.init)
      if case .vector = entry.shape {
        let constant = entry.name.contains("ln_") && entry.name.hasSuffix("weight") ? 1.0 : 0
        #expect(values.allSatisfy { $0 == constant }, "\(entry.name)")
        continue
      }
      let count = Double(values.count)
      let mean = values.reduce(0, +) / count
      let deviation = (values.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
      let wanted = entry.name.hasSuffix("c_proj.weight") ? 0.02 / 4 : 0.02
      #expect(abs(deviation / wanted - 1) < 5 / (2 * count).squareRoot(), "\(entry.name)")
      #expect(abs(mean) < 5 * wanted / count.squareRoot(), "\(entry.name)")
    }
  }

  // MARK: Misuse

  @Test func batchesThatCannotBeRead() throws {
    let model = try GPT2Fixture("head").model()
    let state = try GPT2State(model, rowCapacity: 50, sequenceCapacity: 2)
    func failure(_ sequences: [[Int]]) -> LanguageModelError? {
      do throws(LanguageModelError) { try state.forward(TokenBatch(sequences)) } catch {
        return error
      }
      return nil
    }
    #expect(failure([]) == .noTokens)
    #expect(failure([[1], []]) == .noTokens)
    #expect(failure([[61]]) == .tokenOutOfRange(token: 61, vocabularySize: 61))
    #expect(failure([[0], [-1]]) == .tokenOutOfRange(token: -1, vocabularySize: 61))
    let long = [Int](repeating: 3, count: 41)
    #expect(failure([[1], long]) == .sequenceTooLong(sequence: 1, tokens: 41, most: 40))
    #expect(
      failure([Array(long.dropLast()), Array(long.dropLast(30))])
        == .batchTooLarge(rows: 51, sequences: 2, mostRows: 50, mostSequences: 2))
    #expect(
      failure([[1], [1], [1]])
        == .batchTooLarge(rows: 3, sequences: 3, mostRows: 50, mostSequences: 2))
    #expect(throws: LanguageModelError.noOutput) { try GPT2Output(model) }
  }

  @Test func sizesThatDoNotFitTogether() {
    func failure(width: Int = 32, heads: Int = 4, blocks: Int = 1) -> LanguageModelError? {
      do throws(LanguageModelError) {
        _ = try GPT2Configuration(
          width: width, blockCount: blocks, headCount: heads, vocabularySize: 5, source: "s")
      } catch { return error }
      return nil
    }
    #expect(failure() == nil)
    #expect(
      failure(heads: 5)
        == .unusableValue(
          path: "s", key: "n_head", found: "5",
          wanted: "a divisor of n_embd (32) that leaves at most 4096 for a head"))
    for bad in [
      failure(width: 0), failure(width: Int.max / 4), failure(heads: -1), failure(blocks: 0),
    ] {
      guard case .unusableValue = bad else {
        Issue.record("\(String(describing: bad))")
        continue
      }
    }
  }
}
