import LanguageModels
import LatentEditing
import TensorKernels
import TestSupport
import Testing

/// Edits of sequences that go through a pass together: each has what it has alone.
@Suite struct BatchedEditsTests {
  /// A model of a batch: an edit and a prompt.
  private struct Case {
    let edit: LatentEdit
    let compiled: CompiledEdit?
    let prompt: Prompt

    func model(_ memory: PassMemory, _ type: CacheType) throws -> EditedProcessor {
      let state = try ProcessorState(sharing: memory, cacheType: type)
      let model = try EditedProcessor(state, edit: edit, compiled: compiled)
      try model.prepare(prompt)
      return model
    }
  }

  /// Latents at every kind of position, of both scales; a ghost; a compiled edit; none.
  private func cases(_ processor: Processor, _ type: CacheType) throws -> [Case] {
    let (ids, _) = try TinyModel.tokens()
    let c = processor.configuration
    let none = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
    let first = try TinyModel.edit(seed: 2)
    let ghost = try LatentEdit(
      width: c.hiddenSize, layerCount: c.layerCount, sites: first.sites, needsGhost: true)
    let compiled = try CompiledEdit.compiling(
      first, on: processor, identity: TinyModel.identity(), firstToken: ids[0], cacheType: type,
      label: "")
    let edits = try [
      first, none, ghost, TinyModel.edit(positions: [.all], scale: .plain, seed: 3),
      TinyModel.edit(positions: [.fromEnd(1), .firstContent], seed: 4), none,
      TinyModel.edit(positions: [.prompt], seed: 5), TinyModel.valueEdit(seed: 6),
    ]
    return edits.enumerated().map { index, edit in
      Case(
        edit: edit, compiled: index == 5 ? compiled : nil,
        prompt: Prompt(
          (0..<4 + 5 * index).map { $0 == 0 ? ids[0] : ids[($0 * (index + 1)) % ids.count] },
          firstContent: 2))
    }
  }

  private func bits(_ logits: Span<Float>) -> [UInt32] {
    logits.indices.map { logits[$0].bitPattern }
  }

  /// One to eight sequences, prompts whole and in slices, then tokens.
  @Test(arguments: InstructionSet.available, ActivationPrecision.allCases)
  func eachAsAlone(set: InstructionSet, activations: ActivationPrecision) throws {
    let processor = try Processor(
      TinyModel.file(), activations: activations, pool: Pools.all[2], instructionSet: set)
    for type in CacheType.allCases {
      let cases = try cases(processor, type)
      let answers = cases.indices.map { index in (0..<4).map { 3 + index + $0 } }
      let wanted = try zip(cases, answers).map { item, answer in
        let model = try item.model(PassMemory(processor, contextLength: 64), type)
        let tokens = model.extended(item.prompt).tokens
        return try [tokens].map { try model.forward($0).map(\.bitPattern) }
          + answer.map { try model.forward([$0]).map(\.bitPattern) }
      }
      #expect(Set(wanted.map { $0[0] }).count == cases.count)
      for count in 1...8 {
        for slice in [64, 3] {
          let memory = try PassMemory(processor, contextLength: 64, chunkSize: 40)
          let models = try cases[..<count].map { try $0.model(memory, type) }
          var left = zip(models, cases).map { model, item in model.extended(item.prompt).tokens }
          var answered = [Int](repeating: 0, count: count)
          var found = [[[UInt32]]](repeating: [], count: count)
          while answered.contains(where: { $0 <= 4 }) {
            var segments: [PassSegment] = []
            var chosen: [Int] = []
            for index in 0..<count where answered[index] <= 4 {
              let isPrompt = !left[index].isEmpty
              let tokens =
                isPrompt
                ? Array(left[index].prefix(slice))
                : [
                  answers[index][answered[index] - 1]
                ]
              if isPrompt { left[index].removeFirst(tokens.count) }
              if left[index].isEmpty { answered[index] += 1 }
              let from = left[index].isEmpty ? tokens.count - 1 : tokens.count
              guard let segment = try models[index].segment(tokens, logitsFrom: from) else {
                continue
              }
              segments.append(segment)
              chosen.append(index)
            }
            let failures = memory.forward(segments) { segment, _, logits in
              found[chosen[segment]].append(bits(logits))
            }
            #expect(failures.allSatisfy { $0 == nil })
          }
          #expect(found == Array(wanted[..<count]), "\(type), \(count), slices of \(slice)")
        }
      }
    }
  }

  /// An edit whose states overflow fails alone.
  @Test func overflowIsOfOneSequence() throws {
    let processor = try TinyModel.processor()
    let c = processor.configuration
    let site = LatentSite(
      point: 1, position: .fromStart(0), scale: .plain, gate: 3e38,
      latent: [Float](repeating: 1, count: c.hiddenSize))
    let large = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [site])
    let memory = try PassMemory(processor, contextLength: 64)
    let (ids, _) = try TinyModel.tokens()
    let models = try [large, TinyModel.edit()].map { edit in
      let model = try EditedProcessor(ProcessorState(sharing: memory), edit: edit)
      try model.prepare(Prompt(ids))
      return model
    }
    let alone = try EditedProcessor(
      ProcessorState(processor, contextLength: 64), edit: TinyModel.edit())
    try alone.prepare(Prompt(ids))
    let wanted = try alone.forward(ids)
    var found: [Float] = []
    let segments = try models.compactMap { try $0.segment(ids, logitsFrom: ids.count - 1) }
    let failures = memory.forward(segments) { segment, _, logits in
      #expect(segment == 1)
      found = logits.indices.map { logits[$0] }
    }
    let reasons: [LanguageModelError?] = [.streamOverflow(point: 1, position: 0), nil]
    #expect(failures == reasons && found == wanted)
  }
}
