import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// Gradients of an editor's parameters through the frozen processor, against PyTorch's autograd with
/// the same file (tools/witness/editor_gradients.py).
@Suite struct EditorGradientTests {
  static let cases =
    ["p0", "p0-plain-shared", "p1", "p2", "p4", "p4-adapters", "p4-processor"]
    + ["p5", "p7", "p7-plain-shared"]

  /// The bounds that were asked for: cosine 0.99999 and a relative error of 1e-3, each over a whole
  /// parameter, with the processor in f32.
  @Test(arguments: InstructionSet.available, cases)
  func matchesAutograd(set: InstructionSet, name: String) throws {
    let expected = try ExpectedGradients(name)
    for pool in Pools.all {
      let found = try GradientRun(name, set: set, pool: pool).run()
      let loss = try expected.loss
      #expect(abs(found.loss - loss) <= 1e-5 * loss)
      for entry in found.named {
        let wanted = try expected.values(entry.name)
        let (cosine, error) = agreement(entry.values, wanted)
        #expect(cosine >= 0.99999, "\(entry.name)")
        #expect(error <= 1e-3, "\(entry.name)")
      }
      #expect(found.named.count == expected.count, "a parameter has no gradient")
    }
  }

  /// Through biases of queries, keys and values, with transformers' Qwen2 in PyTorch (make_qwen2_fixtures.py): the bounds
  /// are those of the models without. Every instruction set, since biases are added between its kernels.
  @Test(arguments: InstructionSet.available, ["qwen2/p0", "qwen2/p4"])
  func matchesAutogradThroughBiases(set: InstructionSet, name: String) throws {
    let expected = try ExpectedGradients(name)
    for pool in Pools.all {
      let found = try GradientRun(name, set: set, pool: pool, model: "qwen2/qwen2").run()
      let loss = try expected.loss
      #expect(abs(found.loss - loss) <= 1e-5 * loss)
      for entry in found.named {
        let (cosine, error) = agreement(entry.values, try expected.values(entry.name))
        #expect(cosine >= 0.99999, "\(entry.name)")
        #expect(error <= 1e-3, "\(entry.name)")
      }
      #expect(found.named.count == expected.count, "a parameter has no gradient")
    }
  }

  /// Whatever is kept of the forward pass, and on any number of threads: the same bits.
  @Test(arguments: InstructionSet.available, ["p0", "p2", "p4", "p7"])
  func checkpointsChangeNothing(set: InstructionSet, name: String) throws {
    var reference: [[UInt32]]?
    for checkpoints in [GradientCheckpoints.off, .every(1), .every(2), .every(5)] {
      for pool in Pools.all {
        let found = try GradientRun(name, set: set, pool: pool, checkpoints: checkpoints).run()
        let bits = found.named.map { $0.values.map(\.bitPattern) }
        if let reference { #expect(bits == reference) } else { reference = bits }
      }
    }
  }

  /// Block inputs kept in bf16: the losses are the forward pass's, which nothing changed; the gradients
  /// come from inputs that are off by 2^-9 of themselves, and are the same on any number of threads.
  @Test(arguments: InstructionSet.available, ["p0", "p4"])
  func roundedCheckpointsAreClose(set: InstructionSet, name: String) throws {
    let exact = try GradientRun(name, set: set, pool: Pools.all[0]).run()
    for interval in [1, 2, 5] {
      var reference: [[UInt32]]?
      for pool in Pools.all {
        let checkpoints = GradientCheckpoints.every(interval, rounded: true)
        let found = try GradientRun(name, set: set, pool: pool, checkpoints: checkpoints).run()
        #expect(found.losses == exact.losses)
        for (a, b) in zip(found.named, exact.named) {
          #expect(agreement(a.values, b.values).cosine >= 0.9995, "\(a.name), \(checkpoints)")
        }
        let bits = found.named.map { $0.values.map(\.bitPattern) }
        let isExact = bits == exact.named.map { $0.values.map(\.bitPattern) }
        #expect(!isExact, "nothing was rounded")
        let isSame = reference == nil || bits == reference
        #expect(isSame, "\(pool.threadCount) threads")
        reference = bits
      }
    }
  }

  /// int8 activations in the forward pass, against autograd where linear layers read them with the same
  /// rounding and its gradient is that of the identity. A number that lies on a step's edge may still be
  /// rounded up here and down there, after sums in another order: a step is 1/127 of a block's largest.
  @Test(arguments: InstructionSet.available, ["p0-int8", "p4-int8", "p7-int8"])
  func roundedActivationsMatchAutograd(set: InstructionSet, name: String) throws {
    let expected = try ExpectedGradients(name)
    let found = try GradientRun(
      name, set: set, pool: Pools.all[1], activations: .int8, model: "q8_0-plain"
    ).run()
    let loss = try expected.loss
    #expect(abs(found.loss - loss) <= 1e-4 * loss)
    for entry in found.named {
      let (cosine, error) = agreement(entry.values, try expected.values(entry.name))
      #expect(cosine >= 0.99999, "\(entry.name)")
      #expect(error <= 1e-3, "\(entry.name)")
    }
    #expect(found.named.count == expected.count, "a parameter has no gradient")
  }

  /// The fast way, with bf16 in the backward pass as well: what is asked of it is a cosine of 0.995 for
  /// every parameter.
  @Test(.enabled(if: InstructionSet.highest == .avx512bf16), arguments: ["p0-int8", "p4-int8"])
  func roundedBackwardIsClose(name: String) throws {
    let expected = try ExpectedGradients(name)
    let found = try GradientRun(
      name, set: .avx512bf16, pool: Pools.all[1], activations: .int8, backward: .bf16,
      model: "q8_0-plain"
    ).run()
    for entry in found.named {
      let cosine = agreement(entry.values, try expected.values(entry.name)).cosine
      #expect(cosine >= 0.995, "\(entry.name)")
    }
  }

  /// Eight bits in the backward pass as well, on every instruction set: a cosine of 0.99 for every parameter, over 33
  /// rows (the batch eleven times, each time rounded otherwise).
  @Test(arguments: InstructionSet.available, ["p0-int8", "p4-int8", "p7-int8"])
  func byteBackwardIsClose(set: InstructionSet, name: String) throws {
    let expected = try ExpectedGradients(name)
    let found = try GradientRun(
      name, set: set, pool: Pools.all[1], activations: .int8, backward: .int8,
      model: "q8_0-plain", repeats: 11
    ).run()
    for entry in found.named {
      let cosine = agreement(entry.values, try expected.values(entry.name)).cosine
      #expect(cosine >= 0.99, "\(entry.name)")
    }
    #expect(found.named.count == expected.count, "a parameter has no gradient")
  }

  /// Threads and what is kept of the forward pass change no bit of gradients in eight bits; the seed does.
  @Test(arguments: InstructionSet.available) func byteBackwardIsReproducible(set: InstructionSet)
    throws
  {
    func bits(
      _ pool: ThreadPool, _ checkpoints: GradientCheckpoints, seed: UInt64 = 3
    ) throws -> [[UInt32]] {
      try GradientRun(
        "p0-int8", set: set, pool: pool, checkpoints: checkpoints, activations: .int8,
        backward: .int8, model: "q8_0-plain", seed: seed
      ).run().named.map { $0.values.map(\.bitPattern) }
    }
    let first = try bits(Pools.all[0], .every(1))
    #expect(try bits(Pools.all[1], .every(2)) == first)
    #expect(try bits(Pools.all[2], .off) == first)
    #expect(try bits(Pools.all[0], .every(1), seed: 4) != first)
  }

  /// int8 activations in the forward pass, from a file of Q8_0, and bf16 in the backward pass: what is
  /// asked of the fast way is a cosine of 0.995 to the exact one's for every parameter.
  @Test(
    .enabled(if: InstructionSet.highest == .avx512bf16),
    arguments: ["p0", "p0-plain-shared", "p2", "p5"])
  func brainFloatIsClose(name: String) throws {
    let pool = Pools.all[1]
    let exact = try GradientRun(name, set: .avx512bf16, pool: pool, model: "q8_0").run()
    let fast = try GradientRun(
      name, set: .avx512bf16, pool: pool, activations: .int8, backward: .bf16, model: "q8_0"
    ).run()
    for (a, b) in zip(fast.named, exact.named) {
      #expect(agreement(a.values, b.values).cosine >= 0.995, "\(a.name)")
    }
  }

  /// The forward pass of training is that of inference, bit for bit: losses from `EditInjector`'s
  /// logits and from the tape.
  @Test(arguments: ["p0", "p2", "p5", "p7"], ["f32", "q8_0", "q4_0"])
  func lossesAreThoseOfInference(name: String, model: String) throws {
    let pool = Pools.all[1]
    for activations in ActivationPrecision.allCases {
      let run = GradientRun(
        name, set: .best, pool: pool, activations: activations, model: model)
      let losses = try run.run().losses
      let expected = try run.inferenceLosses()
      #expect(losses.count == expected.count)
      for (a, b) in zip(losses, expected) {
        // The states are the same; a log-sum-exp in f32 over 128 logits is not.
        #expect(abs(Double(a) - b) <= 2e-6 * max(1, b))
      }
    }
  }
}

/// One forward and backward pass of an editor of the fixtures over their batch.
struct GradientRun {
  let name: String
  let set: InstructionSet
  let pool: ThreadPool
  var checkpoints = GradientCheckpoints.every(1)
  var activations = ActivationPrecision.f32
  var backward = BackwardPrecision.f32
  var model = "f32"
  /// How often the batch's rows are there.
  var repeats = 1
  /// Of the rounding of the backward pass.
  var seed: UInt64 = 0

  struct Row: Decodable {
    let instruction: [Int]
    let prompt: [Int]
    let response: [Int]
  }

  struct Result {
    let loss: Double
    let losses: [Float]
    /// In the order of the file's names.
    let named: [(name: String, values: [Float])]
  }

  init(
    _ name: String, set: InstructionSet, pool: ThreadPool,
    checkpoints: GradientCheckpoints = .every(1), activations: ActivationPrecision = .f32,
    backward: BackwardPrecision = .f32, model: String = "f32", repeats: Int = 1, seed: UInt64 = 0
  ) {
    self.name = name
    self.set = set
    self.pool = pool
    self.checkpoints = checkpoints
    self.activations = activations
    self.backward = backward
    self.model = model
    self.repeats = repeats
    self.seed = seed
  }

  static func rows() throws -> [Row] {
    struct Batch: Decodable { let rows: [Row] }
    return try JSONDecoder().decode(
      Batch.self, from: Data(contentsOf: OutsideFiles.fixture("editor/batch.json"))
    ).rows
  }

  private var modelPath: String {
    OutsideFiles.fixture(model.contains("/") ? "\(model).gguf" : "llama/\(model).gguf").path
  }

  private func processor() throws -> Processor {
    try Processor(
      GGUFFile(path: modelPath), activations: activations, pool: pool, instructionSet: set)
  }

  /// The editor of that name for the model it was made for, one of the same interface with random
  /// parameters for the others.
  private func editor(_ processor: Processor) throws -> Editor {
    guard model == "f32" || name.hasSuffix("-int8") || name.contains("/") else {
      return try randomEditor(processor)
    }
    return try Editor(
      path: EditorFolder.path(name) + "/editor.safetensors",
      identity: ProcessorIdentity(GGUFFile(path: modelPath)), processor: processor, pool: pool)
  }

  private func randomEditor(_ processor: Processor) throws -> Editor {
    let file = try GGUFFile(path: modelPath)
    let configuration = try EditorConfiguration(
      interface: EditorInterface(rawValue: String(name.prefix(2)))!,
      processor: ProcessorIdentity(file),
      backbone: .gpt2(
        GPT2Configuration(
          contextLength: 128, width: 24, blockCount: 3, headCount: 2,
          vocabularySize: processor.configuration.vocabularySize), tokenizer: .processor),
      scale: name.contains("plain") ? .plain : nil,
      heads: name.contains("shared") ? .shared : .perLayer,
      valueWidth: processor.configuration.valueWidth)
    let editor = try Editor(configuration, seed: 3, processor: processor, pool: pool)
    editor.heads.parameters.initialize(seed: 4, pool: pool) { entry in
      entry.name == "norm.weight" ? .constant(1) : .normal(deviation: 0.2)
    }
    return editor
  }

  /// All latents at once, or, where `watch` is given, site by site, watched.
  func run(_ watch: ((EditorTape) -> any ParameterStages)? = nil) throws -> Result {
    let once = try GradientRun.rows()
    let rows = (0..<repeats).flatMap { _ in once }
    let processor = try processor()
    let editor = try editor(processor)
    var options = ProcessorTape.Options()
    options.checkpoints = checkpoints
    options.backward = backward
    let batch = TokenBatch(rows.map { $0.prompt + $0.response })
    let tape = try ProcessorTape(
      processor, rowCapacity: batch.rowCount + 3, sequenceCapacity: rows.count + 1,
      options: options)
    tape.roundingSeed = RoundingSeed(seed)
    let editorTape = try EditorTape(
      editor, rowCapacity: 64 * repeats, sequenceCapacity: rows.count + 1, pool: pool,
      backward: backward)
    editorTape.backbone.roundingSeed = RoundingSeed(seed, 1)
    let instructions = rows.map(\.instruction)
    let prompts = rows.map(\.prompt)
    let shapes = prompts.map { PromptShape(length: $0.count) }
    let injection: BatchInjection
    if let watch {
      editorTape.stages = watch(editorTape)
      try editorTape.read(instructions, prompts: prompts, on: tape)
      injection = try BatchInjection(
        editor.configuration, from: editorTape, gates: editor.heads.gates, batch: batch,
        prompts: shapes)
    } else {
      let latents = try editorTape.forward(instructions, prompts: prompts, on: tape)
      injection = try BatchInjection(
        editor.configuration, latents: latents, gates: editor.heads.gates, batch: batch,
        prompts: shapes)
    }
    try tape.forward(batch, edit: injection)
    let losses = tape.backward(objective(rows, batch))
    if watch == nil {
      editorTape.backward(injection.latentGradients, gates: injection.gateGradients)
    } else {
      editorTape.backward(gates: injection.gateGradients)
    }

    let backbone = editorTape.backbone.gradients
    let heads = editorTape.headGradients
    let named =
      try backbone.layout.entries.map { entry in
        (
          "backbone." + entry.name,
          try backbone.values(
            of: entry.name, transposed: GPT2Configuration.isConv1D(entry.name))
        )
      } + heads.layout.entries.map { ($0.name, try heads.values(of: $0.name)) }
    return Result(
      loss: losses.crossEntropy.reduce(0) { $0 + Double($1) } / Double(losses.crossEntropy.count),
      losses: losses.crossEntropy, named: named)
  }

  /// The mean over all response tokens.
  private func objective(_ rows: [Row], _ batch: TokenBatch) -> TokenObjective {
    var scored: [Int] = []
    for (i, row) in rows.enumerated() {
      let first = batch.boundaries[i] + row.prompt.count - 1
      scored += first..<first + row.response.count
    }
    let targets = rows.flatMap(\.response)
    return TokenObjective(
      rows: scored, targets: targets,
      weights: [Float](repeating: 1 / Float(targets.count), count: targets.count))
  }

  /// -log p of the response tokens by inference, in double precision from its logits.
  func inferenceLosses() throws -> [Double] {
    let processor = try processor()
    let editor = try editor(processor)
    return try GradientRun.rows().flatMap { row in
      let ids = row.prompt + row.response
      let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
      let edit = try editor.edit(row.instruction, prompt: row.prompt, on: state)
      let injector = try EditInjector(edit, prompt: PromptShape(length: row.prompt.count))
      var losses: [Double] = []
      try state.forwardAll(ids, visitor: injector) { index, logits in
        guard index >= row.prompt.count - 1, index < ids.count - 1 else { return }
        let values = (0..<logits.count).map { Double(logits[$0]) }
        let peak = values.max()!
        let sum = values.reduce(0) { $0 + exp($1 - peak) }
        losses.append(peak + log(sum) - values[ids[index + 1]])
      }
      return losses
    }
  }
}

/// What PyTorch says.
struct ExpectedGradients {
  private let tensors: CheckpointTensors

  init(_ name: String) throws {
    tensors = try SafetensorsFile(
      path: EditorFolder.path(name) + "/gradients.safetensors"
    ).tensors
  }

  var loss: Double { get throws { Double(try values("loss")[0]) } }

  /// Parameters.
  var count: Int { tensors.count { $0.name != "loss" && $0.name != "losses" } }

  func values(_ name: String) throws -> [Float] {
    try tensors.floats(of: tensors.tensor(named: name))
  }
}

/// Where an editor of the fixtures is: "p0" of make_editor_fixtures.py, "qwen2/p0" of another script.
enum EditorFolder {
  static func path(_ name: String) -> String {
    OutsideFiles.fixture(name.contains("/") ? name : "editor/" + name).path
  }
}
