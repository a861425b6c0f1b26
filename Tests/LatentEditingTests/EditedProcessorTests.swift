import LanguageModels
import LatentEditing
import Testing

/// An edit is never skipped: an edited model runs the prompt it was prepared for, and nothing else.
@Suite struct EditedProcessorTests {
  private func edited(
    _ edit: LatentEdit, chunkSize: Int = 64
  ) throws -> EditedProcessor {
    try EditedProcessor(
      ProcessorState(
        TinyModel.processor(), contextLength: 64, cacheType: .f32, chunkSize: chunkSize), edit: edit
    )
  }

  @Test func refusesToRunWithoutAPrompt() throws {
    let (ids, _) = try TinyModel.tokens()
    let model = try edited(TinyModel.edit())
    #expect(throws: LanguageModelError.noPrompt) { try model.forward(ids) }
    #expect(throws: SequenceError<Never>.model(.noPrompt)) {
      try model.forwardAll(ids, logitsFrom: 0) { _, _ in }
    }
    #expect(model.position == 0, "nothing was fed")
    // A prompt that the edit does not fit leaves it as unprepared as before.
    let last = try edited(TinyModel.edit(positions: [.fromEnd(3)]))
    let error = #expect(throws: PromptError.self) { try last.prepare(Prompt(Array(ids.prefix(2)))) }
    #expect(
      error?.reason as? LatentEditingError == .promptTooShort(position: .fromEnd(3), length: 2))
    #expect(throws: LanguageModelError.noPrompt) { try last.forward(Array(ids.prefix(2))) }
  }

  @Test func refusesAnotherPrompt() throws {
    let (ids, _) = try TinyModel.tokens()
    let model = try edited(TinyModel.edit(positions: [.fromEnd(0)]))
    try model.prepare(Prompt(Array(ids.prefix(4))))
    _ = try model.forward(Array(ids.prefix(2)))
    #expect(throws: LanguageModelError.otherPrompt(position: 3)) {
      try model.forward([ids[2], ids[3] + 1])
    }
    #expect(model.position == 2)
    // The rest of the prompt and whatever follows it.
    _ = try model.forward(Array(ids[2..<4]))
    _ = try model.forward([ids[3] + 1])
  }

  /// However it is fed, it gives what the edit's injection gives, from the content's first token too.
  @Test(arguments: [1, 3, 64])
  func givesTheEditedLogits(piece: Int) throws {
    let (ids, _) = try TinyModel.tokens()
    let edit = try TinyModel.edit(positions: [.fromStart(0), .firstContent, .fromEnd(0)])
    let wanted = try TinyModel.logits(TinyModel.processor(), ids, edit, firstContent: 2)
    let model = try edited(edit, chunkSize: 4)
    try model.prepare(Prompt(ids, firstContent: 2))
    var last: [Float] = []
    for start in stride(from: 0, to: ids.count, by: piece) {
      last = try model.forward(Array(ids[start..<min(start + piece, ids.count)]))
    }
    #expect(last == wanted.last)
    model.truncate(to: 0)
    var all: [[Float]] = []
    try model.forwardAll(ids, logitsFrom: 0) { _, logits in
      all.append(logits.indices.map { logits[$0] })
    }
    #expect(all == wanted)
  }

  /// A ghost in front shifts the content.
  @Test func extendsThePromptByItsGhost() throws {
    let c = try TinyModel.processor().configuration
    let edit = try TinyModel.edit()
    let ghost = try LatentEdit(
      width: c.hiddenSize, layerCount: c.layerCount, sites: edit.sites, needsGhost: true)
    let prompt = Prompt([7, 8, 9], firstContent: 1)
    #expect(try edited(ghost).extended(prompt) == Prompt([7, 7, 8, 9], firstContent: 2))
    #expect(try edited(edit).extended(prompt) == prompt)
  }

  /// Fed one by one or together, the unedited model beside it says the same of the same tokens.
  @Test func tracesTheTokensOfTheAnswer() throws {
    let (ids, _) = try TinyModel.tokens()
    func tokens(_ feed: (TracedProcessor) throws -> Void) throws -> [EditTrace.Token] {
      let processor = try TinyModel.processor()
      let memory = try PassMemory(processor, contextLength: 64)
      let state = { try ProcessorState(sharing: memory, cacheType: .f32) }
      let recorder = TraceRecorder(
        layerCount: processor.configuration.layerCount, promptLength: 3)
      let traced = TracedProcessor(
        try EditedProcessor(state(), edit: TinyModel.edit(), observer: recorder),
        unedited: try state(), recorder: recorder)
      try traced.prepare(Prompt(Array(ids.prefix(3))))
      try feed(traced)
      return recorder.trace.tokens
    }
    let one = try tokens { model in
      _ = try model.forward(Array(ids.prefix(3)))
      for id in ids.dropFirst(3) { _ = try model.forward([id]) }
    }
    let together = try tokens { try $0.forwardAll(ids, logitsFrom: 0) { _, _ in } }
    #expect(one.map(\.position) == Array(3..<ids.count) && one.map(\.id) == Array(ids[3...]))
    #expect(one.allSatisfy { $0.divergence > 0 } && one == together)
  }
}
