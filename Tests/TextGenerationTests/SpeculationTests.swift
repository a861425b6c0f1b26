import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing
import TextGeneration

/// Drafted or not, an answer is the same to the byte; what is drafted is what came before.
@Suite struct SpeculationTests {
  private struct NumberDecoder: TextDecoder {
    mutating func append(_ id: Int) -> String { "\(id) " }
    mutating func finish() -> String { "." }
  }

  // MARK: What is drafted

  private func draft(
    _ history: [Int], most: Int = 3, _ change: (inout PromptLookup.Options) -> Void = { _ in }
  ) -> [Int] {
    var options = PromptLookup.Options()
    change(&options)
    var lookup = PromptLookup(options)
    return lookup.draft(after: history, most: most)
  }

  /// What followed the last tokens before, by their longest match, and of equal ones the latest.
  @Test func draftsWhatFollowed() {
    #expect(draft([1, 2, 3, 4, 5, 9, 1, 2]) == [3, 4, 5])
    #expect(draft([1, 2, 3, 9, 1, 2, 4, 9, 1, 2]) == [4, 9, 1])
    // Three tokens agree with the first place, and two with the second.
    #expect(draft([7, 1, 2, 3, 9, 8, 1, 2, 4, 9, 7, 1, 2]) == [3, 9, 8])
    #expect(draft([1, 2, 3, 4, 5, 9, 1, 2], most: 1) == [3])
    #expect(draft([1, 2, 3, 4, 5, 9, 1, 2], most: 0) == [])
    // One token is no match, unless it is asked to be.
    #expect(draft([1, 2, 3, 1]) == [])
    #expect(draft([1, 2, 3, 1]) { $0.shortestMatch = 1 } == [2, 3, 1])
    #expect(draft([]) == [] && draft([5]) == [] && draft([5, 6]) == [])
  }

  /// What repeats itself is drafted beyond what is there.
  @Test func draftsOnInRepetitions() {
    #expect(draft([4, 4, 4]) == [4, 4, 4])
    #expect(draft([1, 2, 1, 2]) == [1, 2, 1])
    #expect(draft([1, 2, 1, 2], most: 7) { $0.draftLength = 5 } == [1, 2, 1, 2, 1])
  }

  /// After drafts that were wrong it rests, longer each time, until one was right.
  @Test func restsAfterFailures() {
    var options = PromptLookup.Options()
    options.longestRest = 5
    var lookup = PromptLookup(options)
    var pauses: [Int] = []
    for _ in 0..<5 {
      var pause = 0
      while lookup.draft(after: [1, 2, 1, 2], most: 3).isEmpty { pause += 1 }
      pauses.append(pause)
      lookup.learn(drafted: 3, accepted: 0)
    }
    #expect(pauses == [0, 1, 3, 5, 5])
    while lookup.draft(after: [1, 2, 1, 2], most: 3).isEmpty {}
    lookup.learn(drafted: 3, accepted: 1)
    #expect(lookup.draft(after: [1, 2, 1, 2], most: 3) == [1, 2, 1])
  }

  /// Accepted are the drafted tokens that were chosen, in order, and none after one that was not.
  @Test func checksInOrder() {
    var check = DraftCheck([5, 6, 7], logits: [[0], [1], [2], [3]])
    #expect(check.first == [0] && check.rejected == 3)
    #expect(check.logits(after: 5) == [1])
    #expect(check.logits(after: 9) == nil && check.accepted == 1)
    #expect(check.logits(after: 6) == [2] && check.logits(after: 7) == [3])
    #expect(check.logits(after: 7) == nil && check.rejected == 0)
    #expect(DraftCheck().drafted == 0)
  }

  // MARK: What is answered

  /// A script with repetitions is answered in fewer passes, and what is left in the cache is what was chosen.
  @Test func takesFewerPasses() throws {
    let script = [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 7, 8, 9, 10]
    func run(_ speculation: PromptLookup.Options?) throws -> (Recording, ScriptedModel, Generator) {
      let model = ScriptedModel(script)
      let generator = Generator(model, endTokens: [10]) { WordDecoder() }
      var options = GenerationOptions(sampling: .greedy)
      options.speculation = speculation
      return (try Recording(generator, [1], options), model, generator)
    }
    let (plain, plainModel, plainGenerator) = try run(nil)
    let (drafted, model, generator) = try run(PromptLookup.Options())
    #expect(plain.ids == [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 7, 8, 9])
    #expect(drafted.ids == plain.ids && drafted.text == plain.text && drafted.reason == .endToken)
    #expect(drafted.statistics.decodedTokens == plain.statistics.decodedTokens)
    #expect(model.fed.count < plainModel.fed.count)
    #expect(generator.cached == plainGenerator.cached && model.position == plainModel.position)
    #expect(plain.statistics.draftedTokens == 0)
    let statistics = drafted.statistics
    #expect(statistics.acceptedTokens == 6 && statistics.draftedTokens > 6)
    #expect(
      model.fed.dropFirst().map(\.count).reduce(0, +)
        == plain.statistics.decodedTokens + statistics.draftedTokens - statistics.acceptedTokens)
  }

  /// Prompts, samplings, lengths and ends: with drafts the same tokens, text, reason and cache, alone and in a
  /// batch that is full or not.
  @Test(arguments: [0, 1, 2, 3]) func isTheSameToTheBit(_ round: Int) throws {
    let path = OutsideFiles.fixture("llama/q4_1.gguf").path
    let processor = try Processor(GGUFFile(path: path), pool: Pools.all[1])
    let ends = Set((0..<100).map { 40 * $0 + 3 })
    let size = processor.configuration.vocabularySize
    var accepted = 0
    var batched: [(prompt: [Int], options: GenerationOptions, ids: [Int])] = []
    for index in 0..<12 {
      var random = SplitMix64(seed: UInt64(100 * round + index))
      // Words out of a few, so that they occur again.
      let words = (0..<4).map { _ in
        (0..<Int.random(in: 2...5, using: &random)).map { _ in
          Int.random(in: 0..<size, using: &random)
        }
      }
      let prompt = (0..<Int.random(in: 1...14, using: &random)).flatMap { _ in
        words.randomElement(using: &random) ?? []
      }
      var options = GenerationOptions(
        sampling: SamplingOptions(
          temperature: [0, 0.2, 1, 0.7][index % 4], topK: [0, 3, 40][index % 3],
          topP: index % 2 == 0 ? 1 : 0.9, minP: 0.01, repetitionPenalty: index % 5 == 4 ? 1.2 : 1,
          seed: UInt64(index)),
        maximumTokens: [nil, 1, 2, 30, 0, nil][index % 6], ignoresEndTokens: index % 2 == 0)
      if index % 4 == 3 { options.stopStrings = ["\(index % 10) "] }
      func run(_ speculation: PromptLookup.Options?) throws -> (Recording, [Int]) {
        var options = options
        options.speculation = speculation
        let generator = Generator(
          try ProcessorState(processor, contextLength: 128), endTokens: ends
        ) { NumberDecoder() }
        return (try Recording(generator, prompt, options), generator.cached)
      }
      let (plain, cached) = try run(nil)
      for length in [1, 3, 7] {
        var speculation = PromptLookup.Options()
        speculation.draftLength = length
        speculation.shortestMatch = 1
        speculation.longestRest = 0
        let (drafted, draftedCache) = try run(speculation)
        #expect(drafted.ids == plain.ids && drafted.text == plain.text)
        #expect(drafted.reason == plain.reason && draftedCache == cached)
        #expect(drafted.statistics.decodedTokens == plain.statistics.decodedTokens)
        accepted += drafted.statistics.acceptedTokens
        options.speculation = speculation
      }
      batched.append((prompt, options, plain.ids))
    }
    #expect(accepted > 40)

    let memory = try PassMemory(processor, contextLength: 128)
    for together in [2, 5] {
      for first in stride(from: 0, to: batched.count, by: together) {
        let some = batched[first..<min(first + together, batched.count)]
        let batch = SequenceBatch(memory, endTokens: ends) { _ in NumberDecoder() }
        var found: [SequenceBatch.ID: [Int]] = [:]
        var order: [SequenceBatch.ID] = []
        for request in some {
          order.append(
            try batch.add(
              ProcessorState(sharing: memory), prompt: Prompt(request.prompt),
              options: request.options))
        }
        while !batch.isIdle {
          batch.step { id, event in
            if case .success(.token(let token, _)) = event { found[id, default: []].append(token) }
            return .more
          }
        }
        for (id, request) in zip(order, some) { #expect(found[id] ?? [] == request.ids) }
      }
    }
  }
}
