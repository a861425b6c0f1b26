import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Editors whose GPT-2 is frozen and has low-rank adapters, trained through the processor.
@Suite struct AdaptedTrainingTests {
  static let shape = GPT2AdapterConfiguration(rank: 3, alpha: 6)

  private func editor(
    _ shape: GPT2AdapterConfiguration = shape, pool: ThreadPool = Pools.all[1]
  ) throws -> Editor {
    try TinyTraining.newEditor(pool: pool).withAdapters(shape, seed: 9)
  }

  /// Gradients of every A and B and of the heads, with A and B random, against autograd's with the same
  /// numbers (tools/witness/editor_gradients.py --adapters): cosine 0.99999 and a relative error of
  /// 1e-3. Ten steps of AdamW from there: every loss within 1e-4.
  @Test(arguments: ["p0", "p4", "p0-c_fc", "p5-c_proj"])
  func matchesPyTorch(name: String) throws {
    let fixture = try AdaptedFixture(name)
    var plan = TrainingPlan(steps: 10)
    plan.batchSize = 3
    plan.backboneRate = 1e-3
    plan.clip = 0
    for pool in Pools.all {
      let trainer = try TinyTraining.trainer(
        plan, editor: fixture.editor(pool: pool), data: TinyTraining.fixtureData(), pool: pool)
      let found = try trainer.nextGradients()
      for entry in found.named {
        let (cosine, error) = agreement(entry.values, try fixture.expected(entry.name))
        #expect(cosine >= 0.99999, "\(entry.name)")
        #expect(error <= 1e-3, "\(entry.name)")
      }
      #expect(Set(found.named.map(\.name)) == fixture.expectedNames)
    }
    let trainer = try TinyTraining.trainer(
      plan, editor: fixture.editor(pool: Pools.all[1]), data: TinyTraining.fixtureData())
    var losses: [Double] = []
    try trainer.run { report in
      losses.append(report.losses.meanCrossEntropy)
      return true
    }
    for (found, wanted) in zip(losses, try fixture.expected("losses")) {
      #expect(abs(found - Double(wanted)) <= 1e-4 * Double(wanted))
    }
    #expect(losses.count == 10)
  }

  /// The frozen weights keep their bits, adapters and heads do not, and nothing is allocated for the
  /// gradients and moments of what is frozen.
  @Test func theRestIsFrozen() throws {
    let editor = try editor()
    let adapted = try #require(editor.backbone as? AdaptedGPT2)
    let frozen = bitPatterns(adapted.model.parameters.floats)
    let before = TinyTraining.bits(editor)
    let trainer = try TinyTraining.trainer(TinyTraining.plan, editor: editor)
    try trainer.run { _ in true }
    #expect(bitPatterns(adapted.model.parameters.floats) == frozen)
    #expect(TinyTraining.bits(editor) != before)
    // The third block is read by no layer of a model that has two.
    for entry in adapted.adapters.parameters.layout.entries where entry.name.hasSuffix("lora_B") {
      let isTrained = try adapted.adapters.parameters.values(of: entry.name).contains { $0 != 0 }
      #expect(isTrained == !entry.name.hasPrefix("h.2."), "\(entry.name)")
    }
    let trained = adapted.adapters.parameters.layout.elementCount
    let heads = editor.heads.parameters
    #expect(trained == 3 * 3 * (24 + 72 + 24 + 24 + 24 + 96 + 96 + 24))
    let counts = trainer.parameterCounts
    #expect(counts.trained == trained + heads.layout.elementCount)
    #expect(counts.total == counts.trained + adapted.model.parameters.layout.elementCount)
    let memory = trainer.memory
    #expect(memory.gradients == adapted.adapters.parameters.byteCount + heads.byteCount)
    #expect(memory.editor == memory.gradients + adapted.model.parameters.byteCount)
    let ranges = adapted.adapters.parameters.layout.entries + heads.layout.entries
    #expect(
      memory.moments
        == AdamW.stateByteCount(.f32, parameterCounts: ranges.map(\.floatCount)))
    let whole = try TinyTraining.trainer(TinyTraining.plan)
    #expect(memory.total < whole.memory.total)
  }

  /// The file is that of a plain GPT-2, says what the adapters say up to rounding, and can be trained on:
  /// its losses are sums of a few dozen terms a layer in another order.
  @Test func theFileIsMerged() throws {
    var plan = TrainingPlan(steps: 20)
    plan.batchSize = 3
    plan.backboneRate = 3e-3
    plan.headRate = 3e-3
    let trainer = try TinyTraining.trainer(
      plan, editor: editor(), data: TinyTraining.heldOutData())
    try trainer.run { _ in true }
    try withTemporaryFolder { folder in
      let path = folder + "/editor.safetensors"
      try trainer.network.write(to: path, storage: .f32)
      let merged = try Editor(
        path: path, identity: TinyTraining.identity(), processor: nil, pool: Pools.all[1])
      #expect(merged.backbone is GPT2)
      #expect(merged.configuration == trainer.editor.configuration)
      let instruction = [3, 1, 4, 1, 5]
      let (a, b) = try (merged.edit(instruction), trainer.editor.edit(instruction))
      let base = try TinyTraining.newEditor(pool: Pools.one).backbone as! GPT2
      let model = try #require(merged.backbone as? GPT2)
      #expect(model.parameters.floats.contains { $0 != 0 })
      #expect(bitPatterns(model.parameters.floats) != bitPatterns(base.parameters.floats))
      for name in ["wte.weight", "h.1.ln_1.weight", "h.2.mlp.c_proj.bias"] {
        #expect(try model.parameters.values(of: name) == base.parameters.values(of: name))
      }
      var largest: Float = 0
      for (x, y) in zip(a.sites, b.sites) {
        #expect(x.gate == y.gate)
        let size = y.latent.map(\.magnitude).max()!
        largest = max(largest, size)
        for (p, q) in zip(x.latent, y.latent) { #expect(abs(p - q) <= 2e-5 * size) }
      }
      #expect(largest > 0)
      let unmerged = try #require(try trainer.validate().first)
      let again = try TinyTraining.trainer(
        plan, editor: merged, data: TinyTraining.heldOutData())
      let report = try #require(try again.validate().first)
      #expect(abs(report.edited - unmerged.edited) <= 1e-5 * unmerged.edited)
      #expect(report.prompted == unmerged.prompted)
      // The same adapters give the same bytes.
      try trainer.network.write(to: folder + "/again", storage: .f32)
      func bytes(_ name: String) throws -> Data { try Data(contentsOf: URL(filePath: name)) }
      #expect(try bytes(path) == bytes(folder + "/again"))
    }
  }

  /// A run that is saved, thrown away and resumed ends with the bits of one that was not, with any
  /// moments and number of threads.
  @Test(arguments: AdamW.Kind.allCases)
  func resumesBitForBit(kind: AdamW.Kind) throws {
    var plan = TinyTraining.plan
    plan.optimizer.kind = kind
    let whole = try TinyTraining.trainer(plan, editor: editor())
    try whole.run { _ in true }
    try withTemporaryFolder { folder in
      let path = folder + "/state"
      var left: Trainer? = try TinyTraining.trainer(
        plan, editor: editor(pool: Pools.one), pool: Pools.one)
      for stop in [1, 4, 7] {
        try left!.run { $0.step < stop }
        try left!.save(to: path)
        let pool = Pools.all[stop % 3]
        left = try TinyTraining.trainer(plan, editor: editor(pool: pool), pool: pool)
        try left!.resume(from: path)
      }
      try left!.run { _ in true }
      #expect(left!.step == plan.steps)
      #expect(TinyTraining.bits(left!.editor) == TinyTraining.bits(whole.editor))
      // The base is no part of the state.
      let size = try Data(contentsOf: URL(filePath: path)).count
      let base = try #require(left!.editor.backbone as? AdaptedGPT2).model.parameters.byteCount
      #expect(size < whole.memory.editor - base + whole.memory.moments + 8192)
    }
  }

  /// Adapters go on only on the weights that they were begun on, on the same layers, and not as a whole
  /// GPT-2; nor does that go on as adapters.
  @Test func otherBackbonesAreRefused() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/state"
      let plan = TinyTraining.plan
      let trainer = try TinyTraining.trainer(plan, editor: editor())
      try trainer.run { _ in false }
      try trainer.save(to: path)
      let other = try TinyTraining.newEditor(pool: Pools.one)
      let weights = try #require(other.backbone as? GPT2).parameters
      weights.floats(of: "ln_f.bias")[0] += 1e-3
      var modules = Self.shape
      // As many numbers in the state as before.
      modules.modules.remove(.contraction)
      var swapped = Self.shape
      swapped.modules.remove(.expansion)
      var alpha = Self.shape
      alpha.alpha = 3
      func differences(_ editor: Editor) throws -> [String] {
        do { try TinyTraining.trainer(plan, editor: editor).resume(from: path) } catch {
          guard case EditorTrainingError.startedOtherwise(path, let differences) = error else {
            throw error
          }
          return differences.map(\.name)
        }
        return []
      }
      let adapters = [
        "lora_rank", "alpha of the adapters", "lora_modules", "weights of the backbone",
      ]
      for (wrong, names) in [
        (try other.withAdapters(Self.shape, seed: 9), ["weights of the backbone"]),
        (try editor(modules), ["lora_modules"]), (try editor(swapped), ["lora_modules"]),
        (try editor(alpha), ["alpha of the adapters"]),
        (try TinyTraining.newEditor(pool: Pools.one), adapters),
      ] { #expect(try differences(wrong) == names) }
      let whole = try TinyTraining.trainer(plan)
      try whole.run { _ in false }
      try whole.save(to: path)
      #expect(try differences(editor()) == adapters)
      try TinyTraining.trainer(plan).resume(from: path)
    }
  }

  /// Adapters on adapters, or on a processor, are refused.
  @Test func onlyAGPT2CanBeAdapted() throws {
    for editor in [try editor(), try TinyTraining.adapterEditor()] {
      #expect(throws: LatentEditingError.self) { try editor.withAdapters(Self.shape, seed: 1) }
    }
  }

  @Test func optionsChooseAdapters() throws {
    func options(_ values: [(String, String)]) throws -> TrainingOptions {
      var options = TrainingOptions()
      options.model = "m"
      for (name, value) in values { try options.set(name, to: value) }
      return options
    }
    let processor = try TinyTraining.processor()
    let identity = try TinyTraining.identity()
    let tokenizer = try Tokenizer(
      sentencePieceModel: OutsideFiles.fixture("conversion/whole/tokenizer.model").path)
    func backbone(_ values: [(String, String)]) throws -> any EditorBackbone {
      let options = try options([("backbone", "gpt2:2x16x2")] + values)
      try options.validate()
      return try options.editor(for: processor, identity: identity, tokenizer: tokenizer).backbone
    }
    #expect(try backbone([]) is GPT2)
    #expect(try backbone([("lora_rank", "0")]) is GPT2)
    let all = try #require(try backbone([("lora_rank", "5")]) as? AdaptedGPT2)
    #expect(all.adapters.configuration == GPT2AdapterConfiguration(rank: 5, alpha: 10))
    let some = try #require(
      try backbone([("lora_rank", "2"), ("lora_modules", "c_attn,mlp.c_proj")]) as? AdaptedGPT2)
    #expect(some.adapters.configuration.modules == [.projections, .contraction])
    // A processor's own blocks have adapters of rank 16 unless something else is said.
    for (rank, wanted) in [(nil, 16), ("0", nil), ("3", 3)] as [(String?, Int?)] {
      let chosen = rank.map { [("lora_rank", $0)] } ?? []
      let found = try backbone([("backbone", "processor:1")] + chosen)
      let adapters = try #require(found as? ProcessorBackbone).adapters
      #expect(adapters?.configuration.rank == wanted)
      #expect(adapters?.configuration.modules.count == (wanted == nil ? nil : 7))
    }
    for (values, problem) in [
      ([("lora_rank", "2"), ("lora_modules", "q_proj,c_fc")], "lora_modules is q_proj, and must"),
      (
        [("lora_rank", "2"), ("lora_modules", "proj")],
        "attn.c_attn, attn.c_proj, mlp.c_fc, mlp.c_proj"
      ),
      ([("lora_modules", "c_fc")], "lora_rank is not given"),
      ([("lora_rank", "2"), ("frozen", "backbone")], "frozen is backbone"),
      ([("lora_rank", "5000")], "lora_rank is 5000"),
      ([("lora_rank", "-1")], "lora_rank is -1"),
      (
        [("backbone", "processor"), ("lora_modules", "c_attn,down_proj")],
        "lora_modules is c_attn, and must be of q_proj"
      ),
      ([("tune", "true"), ("lora_modules", "c_attn")], "lora_modules is c_attn"),
    ] {
      let isTuning = values[0].0 == "tune"
      let problems = try options(
        (isTuning ? [] : [("backbone", "gpt2:2x16x2")]) + values
      ).problems
      #expect(problems.count == 1 && "\(problems)".contains(problem), "\(problems)")
    }
    // What is in an editor's file is known when it is read.
    try withTemporaryFolder { folder in
      let path = folder + "/editor.safetensors"
      try TinyTraining.newEditor(pool: Pools.one).write(to: path)
      let file = [("editor", path), ("lora_rank", "2")]
      let found = try options(file).editor(for: processor, identity: identity, tokenizer: tokenizer)
      #expect(found.backbone is AdaptedGPT2)
      let wrong = try options(file + [("lora_modules", "q_proj")])
      #expect(wrong.problems.isEmpty)
      #expect(throws: EditorTrainingError.self) {
        try wrong.editor(for: processor, identity: identity, tokenizer: tokenizer)
      }
      // The adapters of a processor's blocks are those of the file: rank 4 on all modules.
      try TinyTraining.adapterEditor().write(to: path)
      for (more, isRight) in [
        ([], true), ([("lora_rank", "4")], true), ([("lora_rank", "2")], false),
        ([("lora_rank", "0")], false), ([("lora_modules", "q_proj")], false),
        ([("lora_modules", "c_attn")], false),
      ] {
        let options = try options([("editor", path)] + more)
        let found = Result {
          try options.editor(for: processor, identity: identity, tokenizer: tokenizer)
        }
        switch found {
        case .success(let editor): #expect(isRight && editor.backbone is ProcessorBackbone)
        case .failure(let error): #expect(!isRight && error is EditorTrainingError, "\(error)")
        }
      }
    }
  }
}

/// An editor of the fixtures with random adapters, and what PyTorch says of it.
private struct AdaptedFixture {
  private let editorName: String
  private let adapters: SafetensorsFile
  private let gradients: CheckpointTensors

  init(_ name: String) throws {
    editorName = String(name.prefix(2))
    let folder = OutsideFiles.fixture("adapters/\(name)").path
    adapters = try SafetensorsFile(path: folder + "/adapters.safetensors")
    gradients = try SafetensorsFile(path: folder + "/gradients.safetensors").tensors
  }

  func editor(pool: ThreadPool) throws -> Editor {
    let names = Set(adapters.tensors.map(\.name))
    let shape = GPT2AdapterConfiguration(
      rank: Int(adapters.metadata["rank"]!)!, alpha: Float(adapters.metadata["alpha"]!)!,
      modules: Set(
        GPT2AdapterConfiguration.Module.allCases.filter {
          names.contains("backbone.h.0.\($0.rawValue).lora_A")
        }))
    let editor = try TinyTraining.editor(editorName, pool: pool).withAdapters(shape, seed: 1)
    let store = try #require(editor.backbone as? AdaptedGPT2).adapters.parameters
    #expect(store.layout.entries.count == names.count)
    for entry in store.layout.entries {
      let tensor = try adapters.tensors.tensor(named: "backbone." + entry.name)
      try store.setValues(of: entry.name, to: adapters.tensors.floats(of: tensor))
    }
    return editor
  }

  var expectedNames: Set<String> { Set(gradients.map(\.name)).subtracting(["loss", "losses"]) }

  func expected(_ name: String) throws -> [Float] {
    try gradients.floats(of: gradients.tensor(named: name))
  }
}
