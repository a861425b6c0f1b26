import EditorTraining
import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport

/// Trainings of small editors through the small model of Tests/Fixtures/llama.
enum TinyTraining {
  static let model = OutsideFiles.fixture("llama/f32.gguf").path

  /// Eleven steps of four random sequences, with everything that a state has to carry.
  static var plan: TrainingPlan {
    var plan = TrainingPlan(steps: 11)
    plan.batchSize = 2
    plan.accumulation = 2
    plan.schedule = LearningRateSchedule(.cosine, warmUpSteps: 3)
    plan.objective.regularizers[.groupLasso] = 0.01
    plan.objective.regularizers[.l1] = 0.01
    return plan
  }

  static func identity() throws -> ProcessorIdentity {
    try ProcessorIdentity(GGUFFile(path: model))
  }

  static func processor(pool: ThreadPool = Pools.all[1]) throws -> Processor {
    try Processor(GGUFFile(path: model), activations: .f32, pool: pool)
  }

  /// An editor of the fixtures.
  static func editor(_ name: String, pool: ThreadPool = Pools.all[1]) throws -> Editor {
    try Editor(
      path: OutsideFiles.fixture("editor/\(name)/editor.safetensors").path, identity: identity(),
      processor: processor(pool: pool), pool: pool)
  }

  /// A new editor with a GPT-2.
  static func newEditor(pool: ThreadPool) throws -> Editor {
    try Editor(
      EditorConfiguration(
        interface: .p0, processor: identity(),
        backbone: .gpt2(
          GPT2Configuration(
            contextLength: 64, width: 24, blockCount: 3, headCount: 2, vocabularySize: 100),
          tokenizer: .processor)), seed: 5, pool: pool)
  }

  /// A new editor whose backbone is the model, with adapters.
  static func adapterEditor(pool: ThreadPool = Pools.all[1]) throws -> Editor {
    let processor = try processor(pool: pool)
    return try Editor(
      EditorConfiguration(
        interface: .p0, processor: identity(),
        backbone: .processor(
          depth: 2, width: 64,
          adapters: AdapterConfiguration(
            rank: 4, alpha: 8, modules: Set(AdapterConfiguration.Module.allCases), depth: 2))),
      seed: 5, processor: processor, pool: pool)
  }

  static func trainer(
    _ plan: TrainingPlan, editor: Editor? = nil, data: Trainer.Data? = nil,
    pool: ThreadPool = Pools.all[1]
  ) throws -> Trainer {
    try Trainer(
      plan, editor: editor ?? newEditor(pool: pool), processor: processor(pool: pool),
      data: data ?? randomData())
  }

  static func randomData() -> Trainer.Data {
    Trainer.Data(
      randomSequences: 9, tokens: 8, instructionTokens: 5, vocabularySize: 100, seed: 1)
  }

  /// The batch that PyTorch had.
  static func fixtureData() throws -> Trainer.Data {
    Trainer.Data(
      train: try examples(), files: [0, 0, 0], weights: [1], firstContent: 0)
  }

  /// The same batch to train on and to measure with, prompted by its instructions.
  static func heldOutData() throws -> Trainer.Data {
    var data = try fixtureData()
    data.validation = [
      (
        "unseen",
        data.train.enumerated().map { index, example in
          let other = data.train[(index + 1) % data.train.count]
          return HeldOutExample(
            example: example, otherInstruction: other.instruction,
            otherPrompted: other.instruction + example.prompt)
        }
      )
    ]
    return data
  }

  private static func examples() throws -> [TokenizedExample] {
    struct Row: Decodable {
      let instruction: [Int]
      let prompt: [Int]
      let response: [Int]
    }
    struct Batch: Decodable { let rows: [Row] }
    let batch = try JSONDecoder().decode(
      Batch.self, from: Foundation.Data(contentsOf: OutsideFiles.fixture("editor/batch.json")))
    return batch.rows.enumerated().map { index, row in
      TokenizedExample(
        row: index, instruction: row.instruction, prompt: row.prompt, response: row.response,
        prompted: row.instruction + row.prompt)
    }
  }

  /// Every weight of an editor that a training may change.
  static func bits(_ editor: Editor) -> [UInt32] {
    var stores = [editor.heads.parameters]
    if let gpt2 = editor.backbone as? GPT2 { stores.append(gpt2.parameters) }
    if let adapted = editor.backbone as? AdaptedGPT2 { stores.append(adapted.adapters.parameters) }
    if let adapters = (editor.backbone as? ProcessorBackbone)?.adapters {
      stores.append(adapters.parameters)
    }
    return stores.flatMap { $0.floats.map(\.bitPattern) }
  }

  static func temporaryPath(_ name: String) -> String {
    FileManager.default.temporaryDirectory
      .appendingPathComponent("emend-\(UUID().uuidString)-\(name)").path
  }
}
