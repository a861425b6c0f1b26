import LanguageModels
import Testing
import TextGeneration

@Suite struct GeneratorTests {
  private static let end = 0

  private func generator(_ model: ScriptedModel) -> Generator {
    Generator(model, endTokens: [Self.end]) { WordDecoder() }
  }

  private func options(
    _ count: Int? = nil, stop: [String] = [], ignoresEnd: Bool = false, step: Int = 256
  ) -> GenerationOptions {
    GenerationOptions(
      sampling: .greedy, maximumTokens: count, stopStrings: stop, ignoresEndTokens: ignoresEnd,
      prefillStep: step)
  }

  @Test func endTokenEndsAndIsNotPartOfTheAnswer() throws {
    // The prompt is three tokens, so the answer begins with the script's third.
    let model = ScriptedModel([9, 9, 1, 2, 3, 0, 4])
    let result = try Recording(generator(model), [5, 6, 7], options())
    #expect(result.ids == [1, 2, 3] && result.text == "abc" && result.reason == .endToken)
    // The prompt at once, then every token that was chosen.
    #expect(model.fed == [[5, 6, 7], [1], [2], [3]])
    #expect(result.statistics.promptTokens == 3 && result.statistics.generatedTokens == 3)
    #expect(result.statistics.decodedTokens == 3)
  }

  @Test func lengthEndsWithoutAForwardPassTooMany() throws {
    let model = ScriptedModel([1, 2, 3])
    let result = try Recording(generator(model), [5], options(2))
    #expect(result.ids == [1, 2] && result.reason == .length)
    #expect(model.fed == [[5], [1]])
    let none = try Recording(generator(model), [5], options(0))
    #expect(none.ids.isEmpty && none.reason == .length && none.statistics.decodeRate == nil)
  }

  @Test func stopStringAcrossTokens() throws {
    let result = try Recording(
      generator(ScriptedModel([1, 10, 11, 12, 2])), [5], options(stop: ["\nUser:"]))
    #expect(result.text == "a" && result.reason == .stopString)
    #expect(result.ids == [1, 10, 11, 12] && result.pieces == ["a", "", "", ""])
  }

  @Test func heldBackTextIsReleasedAtTheEnd() throws {
    let result = try Recording(
      generator(ScriptedModel([1, 10, 11, 0])), [5], options(stop: ["\nUser:"]))
    #expect(result.text == "a\nUs" && result.reason == .endToken)
  }

  @Test func fullContextEnds() throws {
    let model = ScriptedModel([1], contextLength: 4)
    let result = try Recording(generator(model), [5, 5], options())
    // Two tokens of the answer fit; a third is chosen from their logits and not fed.
    #expect(result.ids == [1, 1, 1] && result.reason == .contextFull && model.position == 4)
  }

  @Test func promptLongerThanTheContextIsRefusedWithNumbers() throws {
    let generator = generator(ScriptedModel([1], contextLength: 4))
    let error = #expect(throws: TextGenerationError.self) {
      try generator.run(prompt: Prompt([1, 1, 1, 1, 1])) { _ in .more }
    }
    guard case .promptTooLong(tokens: 5, contextLength: 4) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(throws: TextGenerationError.self) {
      try generator.run(prompt: Prompt([])) { _ in .more }
    }
    // As long as the context is allowed.
    #expect(try Recording(generator, [1, 1, 1, 1], options()).ids == [1])
  }

  @Test func listenerStops() throws {
    let model = ScriptedModel([1])
    let result = try Recording(generator(model), [5], options(), stopAfter: 3)
    #expect(result.ids == [1, 1, 1] && result.reason == .cancelled)

    let early = ScriptedModel([1])
    let stopped = try Recording(
      generator(early), Array(repeating: 5, count: 9), options(step: 4), stopInPrefill: true)
    #expect(stopped.ids.isEmpty && stopped.reason == .cancelled && early.fed.count == 1)
  }

  @Test func prefillReportsItsProgress() throws {
    let model = ScriptedModel([1])
    let result = try Recording(
      generator(model), Array(repeating: 5, count: 10), options(1, step: 4))
    #expect(result.prefills.map(\.done) == [4, 8, 10])
    #expect(result.prefills.allSatisfy { $0.total == 10 })
    #expect(model.fed.map(\.count) == [4, 4, 2])
  }

  @Test func ignoredEndTokensAreNeverChosen() throws {
    // Greedy would choose the end token; with it masked the lowest id of the others comes.
    let result = try Recording(
      generator(ScriptedModel([0])), [5], options(3, ignoresEnd: true))
    #expect(result.ids == [1, 1, 1] && result.reason == .length)
  }

  @Test func aPromptThatContinuesTheCacheIsOnlyFedTheRest() throws {
    let model = ScriptedModel([1, 2, 3, 4])
    let generator = generator(model)
    let first = try Recording(generator, [5, 6], options(2))
    #expect(first.ids == [2, 3] && generator.cached == [5, 6, 2])
    // The conversation so far and more: the last answer's token was not fed, and is now.
    let second = try Recording(generator, [5, 6, 2, 3, 7], options(1))
    #expect(model.fed.suffix(1) == [[3, 7]])
    #expect(second.statistics.promptTokens == 5 && second.statistics.reusedTokens == 3)
    // Another beginning: what differs is forgotten.
    _ = try Recording(generator, [5, 9], options(1))
    #expect(model.fed.suffix(1) == [[9]] && generator.cached == [5, 9])
    // The same again: the last token is fed for its logits.
    _ = try Recording(generator, [5, 9], options(1))
    #expect(model.fed.suffix(1) == [[9]] && model.position == 2)
  }

  @Test func theSameSeedGivesTheSameText() throws {
    func run(_ seed: UInt64) throws -> [Int] {
      let sampling = SamplingOptions(temperature: 3, topK: 0, topP: 1, minP: 0, seed: seed)
      return try Recording(
        generator(ScriptedModel([1, 2, 3])), [5],
        GenerationOptions(sampling: sampling, maximumTokens: 40, ignoresEndTokens: true)
      ).ids
    }
    #expect(try run(1) == run(1))
    #expect(try run(1) != run(2))
  }
}
