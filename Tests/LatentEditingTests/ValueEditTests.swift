import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Edits of what later tokens read of the first one's values (P7); what the model then answers is in
/// `EditorReferenceTests`, against PyTorch.
@Suite struct ValueEditTests {
  private func state(
    _ processor: Processor, _ type: CacheType = .f32, chunk: Int = 64
  ) throws -> ProcessorState {
    try ProcessorState(processor, contextLength: 64, cacheType: type, chunkSize: chunk)
  }

  private func path(_ name: String) -> String {
    OutsideFiles.fixture("editor/\(name)/editor.safetensors").path
  }

  /// The first token's keys in all blocks, and its own logits, are those of the unedited model to the bit, in every type
  /// of cache and with all kernels; its values are what the formula says, and the other tokens' logits change.
  @Test(arguments: InstructionSet.available, ActivationPrecision.allCases)
  func leavesTheTokenItself(set: InstructionSet, activations: ActivationPrecision) throws {
    let (ids, _) = try TinyModel.tokens()
    for pool in Pools.all {
      let processor = try Processor(
        TinyModel.file(), activations: activations, pool: pool, instructionSet: set)
      let c = processor.configuration
      let width = c.kvHeadCount * c.headSize
      for (type, scale) in CacheType.allCases.flatMap({ type in
        LatentScale.allCases.map { (type, $0) }
      }) {
        let edit = try TinyModel.valueEdit(scale: scale)
        for chunk in [64, 1, 5] {
          func run(_ edit: LatentEdit?) throws -> (logits: [[Float]], first: PositionKeyValues) {
            let state = try state(processor, type, chunk: chunk)
            let injector = try edit.map {
              try EditInjector($0, prompt: PromptShape(length: ids.count))
            }
            var logits: [[Float]] = []
            try state.forwardAll(ids, visitor: injector) { _, row in
              logits.append(row.indices.map { row[$0] })
            }
            return (logits, state.keyValues(at: 0))
          }
          let unedited = try run(nil)
          let edited = try run(edit)
          #expect(edited.first.keys == unedited.first.keys, "\(type)")
          #expect(edited.logits[0] == unedited.logits[0], "\(type)")
          #expect(zip(edited.logits, unedited.logits).dropFirst().allSatisfy { $0 != $1 })
          guard type == .f32 else { continue }
          for block in 0..<c.layerCount {
            let range = block * width..<(block + 1) * width
            let before = unedited.first.values[range].map(Double.init)
            let site = edit.sites[block]
            let length = before.reduce(0) { $0 + $1 * $1 }.squareRoot()
            let factor =
              Double(site.gate) * (scale == .norm ? length / Double(width).squareRoot() : 1)
            for (i, found) in edited.first.values[range].enumerated() {
              let wanted = before[i] + factor * Double(site.latent[i])
              // Four roundings of f32, of numbers of the length of V.
              #expect(abs(Double(found) - wanted) <= 0x1p-20 * (length + abs(wanted)))
            }
          }
        }
      }
    }
  }

  /// A new editor, and any at strength 0, is the unedited model to the bit, in training too.
  @Test func nothingIsTheUneditedModel() throws {
    let (ids, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let c = processor.configuration
    let unedited = try TinyModel.logits(processor, ids, nil)
    let trained = try Editor(
      path: path("p7"), identity: TinyModel.identity(), processor: processor, pool: TinyModel.pool)
    #expect(try TinyModel.logits(processor, ids, trained.edit(instruction)) != unedited)
    let new = try Editor(
      EditorConfiguration(
        interface: .p7, processor: TinyModel.identity(),
        backbone: .processor(depth: 2, width: c.hiddenSize, adapters: nil),
        valueWidth: c.kvHeadCount * c.headSize), seed: 1, processor: processor,
      pool: TinyModel.pool)
    for edit in [try trained.edit(instruction, strength: 0), try new.edit(instruction)] {
      #expect(edit.isEmpty)
      #expect(try TinyModel.logits(processor, ids, edit) == unedited)
    }
    let batch = TokenBatch([ids, Array(ids.dropLast(3))])
    let shapes = [PromptShape(length: 4), PromptShape(length: 3)]
    let tape = try ProcessorTape(
      processor, rowCapacity: batch.rowCount, sequenceCapacity: batch.sequenceCount)
    func losses(_ editor: Editor?) throws -> [Float] {
      let injection = try editor.map { editor in
        let tape = try EditorTape(
          editor, rowCapacity: 2 * instruction.count, sequenceCapacity: 2, pool: TinyModel.pool)
        return try BatchInjection(
          editor.configuration, latents: tape.forward([instruction, instruction]),
          gates: editor.heads.gates, batch: batch, prompts: shapes)
      }
      try tape.forward(batch, edit: injection)
      return tape.losses(Self.objective(batch)).crossEntropy
    }
    #expect(try losses(new) == losses(nil))
    #expect(try losses(trained) != losses(nil))
  }

  /// The mean loss of predicting each token but the first of every sequence.
  private static func objective(_ batch: TokenBatch) -> TokenObjective {
    let rows = (0..<batch.sequenceCount).flatMap { batch.rows(of: $0).dropLast() }
    return TokenObjective(
      rows: rows, targets: rows.map { batch.tokens[$0 + 1] },
      weights: rows.map { _ in 1 / Float(rows.count) })
  }

  /// The gradients of latents and gates are the slopes of the loss, along themselves and along random directions.
  /// Differences over two steps, which leave fourth powers of h; rounding of the mean loss adds 1e-6 / h.
  @Test(arguments: [LatentScale.norm, .plain], [nil, [1]] as [[Int]?])
  func gradientsAreSlopes(scale: LatentScale, layers: [Int]?) throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let c = processor.configuration
    let configuration = try EditorConfiguration(
      interface: .p7, processor: TinyModel.identity(),
      backbone: .processor(depth: 1, width: c.hiddenSize, adapters: nil),
      layers: layers.map { LayerSelection($0) }, scale: scale,
      valueWidth: c.kvHeadCount * c.headSize)
    let batch = TokenBatch([ids, Array(ids.reversed())])
    let shapes = [PromptShape(length: 4), PromptShape(length: 3)]
    let tape = try ProcessorTape(
      processor, rowCapacity: batch.rowCount, sequenceCapacity: batch.sequenceCount)
    var random = SplitMix64(seed: 7)
    let sites = configuration.layers.count
    func draw(_ count: Int) -> [Float] {
      (0..<count).map { _ in .random(in: -1...1, using: &random) }
    }
    let latents = draw(sites * 2 * configuration.latentWidth)
    let gates = draw(sites)
    func injection(_ latents: [Float], _ gates: [Float]) throws -> BatchInjection {
      try BatchInjection(
        configuration, latents: latents, gates: gates, batch: batch, prompts: shapes)
    }
    func loss(_ latents: [Float], _ gates: [Float]) throws -> Double {
      try tape.forward(batch, edit: injection(latents, gates))
      let found = tape.losses(Self.objective(batch)).crossEntropy
      return found.reduce(0) { $0 + Double($1) } / Double(found.count)
    }
    let edit = try injection(latents, gates)
    try tape.forward(batch, edit: edit)
    _ = tape.backward(Self.objective(batch))
    let h: Float = 0.05
    for ofGates in [false, true] {
      let gradient = ofGates ? edit.gateGradients : edit.latentGradients
      let size = (gradient.reduce(0) { $0 + Double($1 * $1) } / Double(gradient.count)).squareRoot()
      #expect(size > 0)
      // The gradient's own direction, as long as the others.
      for direction in [gradient.map { $0 / Float(size) }]
        + (0..<4).map({ _ in draw(gradient.count) })
      {
        func moved(_ step: Float) throws -> Double {
          func along(_ values: [Float]) -> [Float] { zip(values, direction).map { $0 + step * $1 } }
          return ofGates
            ? try loss(latents, along(gates)) : try loss(along(latents), gates)
        }
        func slope(_ step: Float) throws -> Double {
          try (moved(step) - moved(-step)) / Double(2 * step)
        }
        let wanted = try (4 * slope(h / 2) - slope(h)) / 3
        let found = zip(gradient, direction).reduce(0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(found - wanted) <= 0.005 * size * Double(gradient.count).squareRoot() + 2e-5)
      }
    }
  }

  /// Compiled it is the first token's keys as they were and its values as they are read, and what follows is the edit's
  /// to the bit, also from a file and with a ghost.
  @Test(arguments: CacheType.allCases)
  func compiles(type: CacheType) throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let c = processor.configuration
    let identity = try TinyModel.identity()
    let sites = try TinyModel.valueEdit().sites
    let none = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
    for ghost in [false, true] {
      let edit = try LatentEdit(
        width: c.hiddenSize, layerCount: c.layerCount, sites: sites, needsGhost: ghost)
      let compiled = try CompiledEdit.compiling(
        edit, on: processor, identity: identity, firstToken: ids[0], cacheType: type, label: "")
      let plain = try CompiledEdit.compiling(
        none, on: processor, identity: identity, firstToken: ids[0], cacheType: type, label: "")
      #expect(compiled.positions[0].keys == plain.positions[0].keys)
      #expect(compiled.positions[0].values != plain.positions[0].values)
      let file = TinyModel.temporaryPath("edit.safetensors")
      defer { try? FileManager.default.removeItem(atPath: file) }
      try compiled.write(to: file, shape: c)
      let read = try CompiledEdit(
        path: file, identity: identity, shape: c, activations: .f32, cacheType: type)
      func answer(_ edit: LatentEdit, _ compiled: CompiledEdit?) throws -> [Float] {
        let model = try EditedProcessor(state(processor, type), edit: edit, compiled: compiled)
        try model.prepare(Prompt(ids))
        return try model.forward(model.extended(Prompt(ids)).tokens)
      }
      #expect(try answer(none, read) == answer(edit, nil))
      #expect(try answer(none, read) != answer(none, nil))
    }
  }

  /// Some blocks alone, another strength, around the mean, and sums are what they are of latents.
  @Test func areEditsLikeOthers() throws {
    let edit = try TinyModel.valueEdit()
    #expect(try edit.restricted(to: LayerSelection([1])).sites == [edit.sites[1]])
    let other = try TinyModel.valueEdit(seed: 9)
    let mean = try Editor.mean([edit, other], families: ["a", "b"])
    #expect(mean.sites.map(\.part) == [.values, .values])
    #expect(try edit.scaled(by: 0, around: mean).sites == mean.sites)
    let stream = try TinyModel.edit()
    #expect(
      try LatentEdit.sum([edit, stream]).sites.count == edit.sites.count + stream.sites.count)
    // Both at once: the state's edit is not lost, nor that of the values.
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let both = try TinyModel.logits(processor, ids, LatentEdit.sum([edit, stream]))
    #expect(both[0] == (try TinyModel.logits(processor, ids, stream))[0])
    for alone in [edit, stream] {
      #expect(try TinyModel.logits(processor, ids, alone).last != both.last)
    }
  }

  /// What does not fit is refused: values of another model, tokens in front of the first one, another edit compiled.
  @Test func othersAreRefused() throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let c = processor.configuration
    let edit = try TinyModel.valueEdit()
    func sites(_ count: Int, at point: Int = 0) -> [LatentSite] {
      [
        LatentSite(
          point: point, position: .fromStart(0), scale: .norm, gate: 1,
          latent: [Float](repeating: 1, count: count), part: .values)
      ]
    }
    let wide = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: sites(17))
    #expect(throws: LatentEditingError.wrongValueWidth(found: 17, needed: 16)) {
      try EditedProcessor(state(processor), edit: wide)
    }
    #expect(throws: LatentEditingError.wrongValueWidth(found: 17, needed: 16)) {
      try CompiledEdit.compiling(
        wide, on: processor, identity: TinyModel.identity(), firstToken: 1, cacheType: .f32,
        label: "")
    }
    #expect(throws: LatentEditingError.wrongValueWidth(found: 17, needed: 16)) {
      try LatentEdit.sum([edit, wide])
    }
    #expect(throws: LatentEditingError.pointOutOfRange(point: 2, layerCount: 2)) {
      try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: sites(16, at: 2))
    }
    let compiled = try CompiledEdit.compiling(
      TinyModel.edit(), on: processor, identity: TinyModel.identity(), firstToken: ids[0],
      cacheType: .f32, label: "")
    #expect(throws: LatentEditingError.compiledConflict) {
      try EditedProcessor(state(processor), edit: edit, compiled: compiled)
    }
    let opening = CompiledEdit(
      processor: compiled.processor, place: .opening(replacing: [ids[0]]), tokens: compiled.tokens,
      activations: .f32, cacheType: .f32, label: "", positions: compiled.positions)
    #expect(throws: LatentEditingError.valuesBehindOpening) {
      try EditedProcessor(state(processor), edit: edit, compiled: opening)
    }
    #expect(throws: LatentEditingError.self) { try ControlVector(edit) }
  }

  /// Fields of its file that are missing, for other values than the model's, or of other interfaces.
  @Test func filesAreChecked() throws {
    let processor = try TinyModel.processor()
    func message(_ name: String, _ truth: String, _ lie: String) throws -> String {
      let copy = try TinyModel.lyingCopy(of: path(name), truth, lie)
      defer { try? FileManager.default.removeItem(atPath: copy) }
      do {
        _ = try Editor(
          path: copy, identity: TinyModel.identity(), processor: processor, pool: TinyModel.pool)
        return ""
      } catch { return "\(error)" }
    }
    let width = "\"value_width\": 16"
    #expect(
      try message("p7", width, "\"value_width\": 24").contains(
        "value_width of the editor is 24, needed is 16, the numbers in a token's values"))
    #expect(
      try message("p7", width, "\"value_widht\": 16").contains(
        "value_width of the editor is missing"))
    #expect(try message("p7", width, "\"value_width\": 0").contains("needed is from 1 to"))
    #expect(
      try message("p7", "\"positions\": \"first\"", "\"positions\": \"all\"")
        .contains("needed is first or ghost, with interface p7"))
    #expect(
      try message("p7", "\"placement\": \"before\"", "\"placement\": \"after\"")
        .contains("needed is before, with interface p7"))
    #expect(
      try message("p0", "\"scale\": \"norm\"", "\"scale\": \"norm\", \"value_width\": 16")
        .contains("value_width of the editor is 16, needed is interface p7"))
    let identity = ProcessorIdentity(
      width: 64, layerCount: 2, vocabularySize: 100, digest: String(repeating: "0", count: 64))
    #expect(throws: LatentEditingError.self) {
      try Editor(path: path("p7"), identity: identity, processor: processor, pool: TinyModel.pool)
    }
  }
}
