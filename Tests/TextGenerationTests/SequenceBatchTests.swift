import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing
import TextGeneration

/// Answers that are generated together are those that each prompt has alone, whoever is beside it.
@Suite struct SequenceBatchTests {
  /// A prompt and how it is answered.
  private struct Request {
    let prompt: [Int]
    let options: GenerationOptions
  }

  /// What a sequence reported, put together.
  private struct Report: Equatable {
    var ids: [Int] = []
    var text = ""
    var reason: FinishReason?
    var prefilled = 0
    var promptTokens = 0
    var reused = 0

    mutating func add(_ event: GenerationEvent) {
      precondition(reason == nil, "nothing comes after the end")
      switch event {
      case .prefill(let done, _): prefilled = done
      case .token(let id, let piece):
        ids.append(id)
        text += piece
      case .heldBack(let piece): text += piece
      case .finished(let reason, let statistics):
        self.reason = reason
        promptTokens = statistics.promptTokens
        reused = statistics.reusedTokens
        precondition(statistics.generatedTokens == ids.count)
      }
    }
  }

  private struct NumberDecoder: TextDecoder {
    mutating func append(_ id: Int) -> String { "\(id) " }
    mutating func finish() -> String { "." }
  }

  private static let path = OutsideFiles.fixture("llama/q4_1.gguf").path
  /// Every fourth, so that sampled answers end.
  private static let end = Set((0..<100).map { 4 * $0 + 3 })

  private func processor() throws -> Processor {
    try Processor(GGUFFile(path: Self.path), pool: Pools.all[1])
  }

  private func batch(_ memory: PassMemory) -> SequenceBatch {
    SequenceBatch(memory, endTokens: Self.end) { _ in NumberDecoder() }
  }

  /// Sampled and greedy, short and long, ended by each of the reasons.
  private func requests(_ processor: Processor) -> [Request] {
    let size = processor.configuration.vocabularySize
    return (0..<8).map { index in
      var random = SplitMix64(seed: UInt64(index))
      let prompt = (0..<[3, 40, 1, 17, 90, 8, 25, 60][index]).map { _ in
        Int.random(in: 0..<size, using: &random)
      }
      var options = GenerationOptions(
        sampling: index % 3 == 0
          ? .greedy
          : SamplingOptions(temperature: 1.5, topK: 0, topP: 1, minP: 0, seed: UInt64(index)),
        maximumTokens: [12, 30, nil, 5, nil, 0, 20, 9][index],
        ignoresEndTokens: index % 2 == 0)
      if index == 6 { options.stopStrings = ["7 "] }
      return Request(prompt: prompt, options: options)
    }
  }

  private func alone(_ request: Request, _ processor: Processor) throws -> Report {
    let generator = Generator(
      try ProcessorState(processor, contextLength: 100), endTokens: Self.end
    ) { NumberDecoder() }
    var report = Report()
    try generator.run(prompt: Prompt(request.prompt), options: request.options) {
      report.add($0)
      return .more
    }
    return report
  }

  /// All at once, in steps of different sizes, or one after the other while the others go on.
  @Test(arguments: [(8, 256), (8, 1), (3, 7), (1, 2)], [0, 1, 5])
  func togetherIsAlone(rows: (decoding: Int, prefilling: Int), apart: Int) throws {
    let processor = try processor()
    let requests = requests(processor)
    let wanted = try requests.map { try alone($0, processor) }
    #expect(Set(wanted.map(\.reason)).count >= 4, "\(wanted.map(\.reason))")
    let memory = try PassMemory(processor, contextLength: 100, chunkSize: 64)
    let batch = batch(memory)
    var found: [SequenceBatch.ID: Report] = [:]
    var ids: [SequenceBatch.ID] = []
    var steps = 0
    while ids.count < requests.count || !batch.isIdle {
      if ids.count < requests.count, apart == 0 || steps % apart == 0 || batch.isIdle {
        for request in apart == 0 ? requests[...] : requests[ids.count...ids.count] {
          let state = try ProcessorState(sharing: memory)
          ids.append(
            try batch.add(state, prompt: Prompt(request.prompt), options: request.options))
        }
      }
      steps += 1
      batch.step(decoding: rows.decoding, prefilling: rows.prefilling) { id, event in
        switch event {
        case .success(let event): found[id, default: Report()].add(event)
        case .failure(let error): Issue.record(error)
        }
        return .more
      }
    }
    #expect(ids.map { found[$0] } == wanted)
    #expect(batch.sequences.count == 8 && batch.prefillCount == 0 && batch.decodingCount == 0)
    // The cache holds the prompt and every token but the last, which is not fed.
    for (id, (request, report)) in zip(ids, zip(requests, wanted)) {
      let fed = report.reason == .endToken ? report.ids[...] : report.ids.dropLast()
      #expect(batch.remove(id) == request.prompt + fed)
    }
    #expect(batch.sequences.isEmpty)
  }

  /// Who waits has its turn before those who had one.
  @Test func sequencesTakeTurns() throws {
    let processor = try processor()
    let memory = try PassMemory(processor, contextLength: 100)
    let batch = batch(memory)
    let options = GenerationOptions(
      sampling: .greedy, maximumTokens: 20, ignoresEndTokens: true)
    let ids = try (0..<5).map { _ in
      try batch.add(ProcessorState(sharing: memory), prompt: Prompt([1, 2]), options: options)
    }
    var counts: [SequenceBatch.ID: Int] = [:]
    func step() {
      batch.step(decoding: 2) { id, event in
        if case .success(.token) = event { counts[id, default: 0] += 1 }
        return .more
      }
    }
    step()
    #expect(ids.allSatisfy { counts[$0] == 1 }, "the prompts at once")
    for _ in 0..<5 { step() }
    #expect(ids.allSatisfy { counts[$0] == 3 }, "ten rows for five sequences")
  }

  /// Stopped, removed and failing sequences leave the others as they are, and what is cached of them can be
  /// gone on with.
  @Test func comingAndGoing() throws {
    let processor = try processor()
    let size = processor.configuration.vocabularySize
    let memory = try PassMemory(processor, contextLength: 100, chunkSize: 32)
    let batch = batch(memory)
    let options = GenerationOptions(sampling: .greedy, maximumTokens: 12, ignoresEndTokens: true)
    let prompts = (0..<4).map { index in (0..<20).map { ($0 * (index + 3)) % size } }
    let wanted = try prompts.map {
      try alone(Request(prompt: $0, options: options), processor)
    }
    let states = try prompts.map { _ in try ProcessorState(sharing: memory) }
    let ids = try zip(states, prompts).map {
      try batch.add($0, prompt: Prompt($1), options: options)
    }
    let bad = try batch.add(
      ProcessorState(sharing: memory), prompt: Prompt([1, 2, size, 4]), options: options)
    var reports = [SequenceBatch.ID: Report]()
    var failures: [SequenceBatch.ID] = []
    var logits = 0
    var late: SequenceBatch.ID?
    while !batch.isIdle {
      batch.step(prefilling: 30) { id, event in
        switch event {
        case .failure(let error):
          failures.append(id)
          guard case .model(.tokenOutOfRange(token: size, vocabularySize: size)) = error else {
            Issue.record(error)
            return .more
          }
        case .success(let event):
          reports[id, default: Report()].add(event)
          if id == ids[0], reports[id]?.ids.count == 4 { return .stop }
          if id == ids[1], reports[id]?.ids.count == 6, late == nil {
            // Its cache goes on under the same prompt, from within a step.
            let cached = batch.remove(id)
            reports[id] = nil
            late = try? batch.add(
              states[1], prompt: Prompt(prompts[1]), options: options, cached: cached
            ) { token, row in
              logits += 1
              // As the model gave them: end tokens are left out of the choice alone.
              let allowed = row.indices.filter { !Self.end.contains($0) }
              #expect(allowed.max { row[$0] < row[$1] } == token)
            }
          }
        }
        return .more
      }
    }
    #expect(failures == [bad])
    #expect(reports[ids[0]]?.reason == .cancelled)
    #expect(reports[ids[0]]?.ids == Array(wanted[0].ids[..<4]))
    #expect(reports[ids[2]] == wanted[2] && reports[ids[3]] == wanted[3])
    let again = try #require(late.flatMap { reports[$0] })
    #expect(again.ids == wanted[1].ids && again.reused == 19 && again.prefilled == 1)
    #expect(logits == 12 && reports[ids[1]] == nil)
  }

  @Test func refusesWhatCannotBeAnswered() throws {
    let processor = try processor()
    let memory = try PassMemory(processor, contextLength: 8)
    let batch = batch(memory)
    let state = try ProcessorState(sharing: memory)
    for (prompt, options) in [
      ([], GenerationOptions()), ([Int](repeating: 1, count: 9), GenerationOptions()),
      ([1], GenerationOptions(stopStrings: [""])),
      ([1], GenerationOptions(sampling: SamplingOptions(topP: 2))),
    ] {
      #expect(throws: TextGenerationError.self) {
        try batch.add(state, prompt: Prompt(prompt), options: options)
      }
    }
    #expect(batch.sequences.isEmpty && batch.isIdle)
  }
}
