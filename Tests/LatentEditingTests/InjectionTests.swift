import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels
import TestSupport
import Testing

struct InjectionTests {
  /// An edit of no strength, and an editor that has learned nothing, are no edit, bit for bit.
  @Test(arguments: ActivationPrecision.allCases)
  func noEditIsTheUneditedModel(activations: ActivationPrecision) throws {
    let (ids, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor(activations, name: "q4_0")
    let c = processor.configuration
    let unedited = try TinyModel.logits(processor, ids, nil)
    let none = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [])
    #expect(try TinyModel.logits(processor, ids, none) == unedited)

    let some = LatentSite(
      point: 0, position: .all, scale: .norm, gate: 1,
      latent: [Float](repeating: 1, count: c.hiddenSize))
    let edit = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [some])
    #expect(try TinyModel.logits(processor, ids, edit) != unedited)
    #expect(try edit.scaled(by: 0).isEmpty)
    #expect(try TinyModel.logits(processor, ids, edit.scaled(by: 0)) == unedited)

    let identity = try TinyModel.identity()
    let editor = try Editor(
      EditorConfiguration(
        interface: .p0, processor: identity,
        backbone: .gpt2(
          GPT2Configuration(
            contextLength: 32, width: 24, blockCount: 3, headCount: 2, vocabularySize: 100),
          tokenizer: .processor)), seed: 7, pool: TinyModel.pool)
    #expect(try editor.edit(instruction).isEmpty)
  }

  /// A state whose norm overflows would become zeros in the model's own norms, and every token as likely as
  /// every other.
  @Test(arguments: [Float(1e20), -1e38])
  func overflowIsNoEdit(size: Float) throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor(.int8, name: "q4_0")
    let c = processor.configuration
    let site = LatentSite(
      point: 1, position: .fromStart(2), scale: .plain, gate: 1,
      latent: [Float](repeating: size, count: c.hiddenSize))
    let edit = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: [site])
    let overflow = LanguageModelError.streamOverflow(point: 1, position: 2)
    #expect(throws: SequenceError<Never>.model(overflow)) {
      try TinyModel.logits(processor, ids, edit)
    }
  }

  /// Prompt and answer, chunks of any size, give the same bits.
  @Test(arguments: [1, 2, 5, 64])
  func chunksDoNotMatter(chunk: Int) throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor(.int8, name: "q4_0")
    let c = processor.configuration
    var random = SplitMix64(seed: 5)
    for positions: [SitePosition] in [
      [.fromStart(0)], [.fromEnd(0)], [.firstContent], [.prompt], [.all],
      [.fromStart(0), .fromEnd(1), .fromEnd(0)],
    ] {
      let sites = (0...c.layerCount).flatMap { point in
        positions.map {
          LatentSite(
            point: point, position: $0, scale: .norm, gate: 0.5,
            latent: (0..<c.hiddenSize).map { _ in .random(in: -1...1, using: &random) })
        }
      }
      let edit = try LatentEdit(width: c.hiddenSize, layerCount: c.layerCount, sites: sites)
      let whole = try TinyModel.logits(processor, ids, edit, firstContent: 3)
      #expect(
        try TinyModel.logits(processor, ids, edit, chunk: chunk, firstContent: 3) == whole,
        "\(positions)")
    }
  }

  /// The formula, in double precision, at one site of the first layer: what the model's first block
  /// then reads is what a visitor sees.
  @Test(arguments: LatentScale.allCases)
  func followsTheFormula(scale: LatentScale) throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let edit = try TinyModel.edit(positions: [.fromStart(1)], scale: scale)
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    let witness = Witness()
    let injector = try EditInjector(
      edit, prompt: PromptShape(length: ids.count), observer: witness)
    _ = try state.forward(ids, visitor: injector)
    let site = edit.sites[0]
    for row in witness.rows where row.point == 0 {
      guard row.position == 1 else {
        #expect(row.before == row.after)
        continue
      }
      let square = row.before.reduce(0) { $0 + Double($1) * Double($1) }
      let n = scale == .norm ? (square / Double(row.before.count)).squareRoot() : 1
      for i in row.before.indices {
        let wanted = Double(row.before[i]) + Double(site.gate) * n * Double(site.latent[i])
        // Gate times latent, n, their product and the sum round once each.
        let size = abs(Double(row.before[i])) + abs(Double(site.gate * site.latent[i])) * n
        #expect(abs(Double(row.after[i]) - wanted) <= 1e-6 * size)
      }
    }
    #expect(witness.rows.contains { $0.point == 0 && $0.position == 1 && $0.before != $0.after })
  }

  /// Edits together do what all of them do, in whichever order.
  @Test func orderDoesNotMatter() throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let edits = try [
      TinyModel.edit(positions: [.fromStart(0), .all], seed: 1),
      TinyModel.edit(positions: [.fromStart(0)], scale: .plain, seed: 2),
      TinyModel.edit(positions: [.fromEnd(0)], seed: 3).scaled(by: -0.5),
    ]
    let first = try TinyModel.logits(processor, ids, LatentEdit.sum(edits))
    for order in [[1, 2, 0], [2, 1, 0], [0, 2, 1]] {
      let other = try TinyModel.logits(processor, ids, LatentEdit.sum(order.map { edits[$0] }))
      #expect(other == first, "\(order)")
    }
  }

  /// A plain edit and its opposite cancel.
  @Test func oppositesCancel() throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let edit = try TinyModel.edit(positions: [.all], scale: .plain)
    let both = try LatentEdit.sum([edit, edit.scaled(by: -1)])
    #expect(
      try TinyModel.logits(processor, ids, both) == TinyModel.logits(processor, ids, nil))
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let width = 8
    func site(_ point: Int, _ latent: [Float]) -> LatentSite {
      LatentSite(point: point, position: .all, scale: .plain, gate: 1, latent: latent)
    }
    let ones = [Float](repeating: 1, count: width)
    #expect(throws: LatentEditingError.pointOutOfRange(point: 5, layerCount: 4)) {
      try LatentEdit(width: width, layerCount: 4, sites: [site(5, ones)])
    }
    #expect(throws: LatentEditingError.wrongWidth(found: 7, needed: 8)) {
      try LatentEdit(width: width, layerCount: 4, sites: [site(0, Array(ones.dropLast()))])
    }
    #expect(throws: LatentEditingError.notFinite(point: 2)) {
      try LatentEdit(
        width: width, layerCount: 4, sites: [site(2, ones.dropLast() + [.nan])])
    }
    let small = try LatentEdit(width: width, layerCount: 4, sites: [site(0, ones)])
    #expect(throws: LatentEditingError.notFinite(point: 0)) {
      try small.scaled(by: .infinity)
    }
    let other = try LatentEdit(width: width, layerCount: 5, sites: [site(0, ones)])
    #expect(throws: LatentEditingError.wrongDepth(found: 5, needed: 4)) {
      try LatentEdit.sum([small, other])
    }
  }
}

/// Keeps what it sees.
private final class Witness: EditObserver {
  var rows: [(point: Int, position: Int, before: [Float], after: [Float])] = []
  func observe(point: Int, position: Int, before: [Float], after: [Float]) {
    rows.append((point, position, before, after))
  }
}
