import EditSessions
import Foundation
import LanguageModels
import LatentEditing
import TensorKernels
import TestSupport
import Testing
import TextGeneration

@Suite(.serialized, .enabled(if: OutsideFiles.smolLM2 != nil, Real.reason))
struct BatchedSessionsTests {
  private let kinds = ["p0", nil, "p1", "p2", "p4", "p5", "processor", nil]

  private func prompt(_ index: Int, _ opened: OpenedModel) -> Prompt {
    let text = [
      "The sea is", "A lighthouse stood on a rock, and every night its keeper", "One, two",
    ]
    return opened.tokenizer.prompt(text[index % 3])
  }

  private func options(_ index: Int) -> GenerationOptions {
    GenerationOptions(
      sampling: index % 2 == 0
        ? .greedy : SamplingOptions(temperature: 1, seed: UInt64(index)),
      maximumTokens: 6 + 3 * index, ignoresEndTokens: true)
  }

  private func model(
    _ kind: String?, _ loaded: LoadedModel, on state: ProcessorState
  ) throws -> any BatchableModel {
    guard let kind else { return state }
    let request = try EditRequest("abc", editor: Real.editor(kind), strength: 0.3)
    var preparation = try #require(try EditPreparation(request, loaded.opened))
    return try preparation.processor(loaded, on: state)
  }

  /// Eight sequences of the real model, each with an editor of another kind or none, in one batch: each has the
  /// tokens and the text that it has alone.
  @Test func eightEditsAtOnce() throws {
    let opened = try OpenedModel(Real.settings())
    let loaded = try opened.load(states: kinds.count)
    var wanted: [(ids: [Int], text: String)] = []
    for (index, kind) in kinds.enumerated() {
      let alone = try OpenedModel(Real.settings()).load()
      let generator = Generator(
        try model(kind, alone, on: alone.state), tokenizer: opened.tokenizer)
      var answer: (ids: [Int], text: String) = ([], "")
      try generator.run(prompt: prompt(index, opened), options: options(index)) { event in
        switch event {
        case .token(let id, let text):
          answer.ids.append(id)
          answer.text += text
        case .heldBack(let text): answer.text += text
        case .prefill, .finished: break
        }
        return .more
      }
      wanted.append(answer)
    }
    #expect(wanted.map(\.ids.count) == kinds.indices.map { 6 + 3 * $0 })
    #expect(Set(wanted.map(\.text)).count == kinds.count)

    let batch = SequenceBatch(loaded.state.memory, tokenizer: opened.tokenizer)
    var found: [SequenceBatch.ID: (ids: [Int], text: String)] = [:]
    var ids: [SequenceBatch.ID] = []
    for (index, kind) in kinds.enumerated() {
      let state = index == 0 ? loaded.state : try loaded.anotherState()
      #expect(state.memory === loaded.state.memory)
      ids.append(
        try batch.add(
          model(kind, loaded, on: state), prompt: prompt(index, opened), options: options(index)))
    }
    while !batch.isIdle {
      batch.step(prefilling: 16) { id, event in
        switch event {
        case .success(.token(let token, let text)):
          found[id, default: ([], "")].ids.append(token)
          found[id, default: ([], "")].text += text
        case .success(.heldBack(let text)): found[id, default: ([], "")].text += text
        case .success: break
        case .failure(let error): Issue.record(error)
        }
        return .more
      }
    }
    for (index, id) in ids.enumerated() {
      #expect(found[id]?.ids == wanted[index].ids, "\(kinds[index] ?? "none")")
      #expect(found[id]?.text == wanted[index].text)
    }
  }

  /// The plan of several states has one memory of passes.
  @Test func furtherStatesAreTheirCaches() throws {
    let opened = try OpenedModel(Real.settings())
    var budgets: [MemoryBudget] = []
    for states in [1, 2, 8] {
      let heard = try OpenedModel(Real.settings()) { event in
        if case .memory(let budget) = event { budgets.append(budget) }
      }
      let loaded = try heard.load(states: states)
      #expect(loaded.state.cacheByteCount > 0)
    }
    let plan = try ProcessorState.plan(
      opened.file, activations: .int8, threads: 2, contextLength: 128,
      cacheType: opened.settings.resolvedCacheType)
    let parts = budgets.map {
      $0.summary.prefix { $0 != "=" }.dropLast().components(separatedBy: " + ")
    }
    #expect(parts.count == 3 && Set(parts.map { $0.last { $0.contains("workspace") } }).count == 1)
    for (part, states) in zip(parts, [1, 2, 8]) {
      let cache = SystemMemory.display(states * plan.cache)
      #expect(part.contains { $0 == "\(cache) cache" }, "\(part)")
    }
  }
}
