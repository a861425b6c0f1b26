import InstructionEditors
import LanguageModels
import LatentEditing
import TensorKernels
import Tokenization

/// A network that is trained through a frozen processor, run over batches of examples.
package protocol TrainingPass: AnyObject {
  /// The processor's passes.
  var tape: ProcessorTape { get }
  /// What is trained, by part.
  var stores: [TrainedStore] { get }
  /// What an editor has beside that and keeps as it is; nil where there is nothing.
  var frozen: ParameterStore? { get }
  /// Bytes beside weights, gradients and `tape`.
  var byteCount: Int { get }
  /// Who hears when parameters are read, and when their gradients are final; nil where nobody does.
  var stages: (any ParameterStages)? { get set }
  /// The stage of a parameter of the heads.
  func headStage(of name: String) -> Int
  /// What the next gradients are rounded with, where the backward pass runs in eight bits, and gates drawn with.
  func seedRounding(_ seed: RoundingSeed)

  /// The losses of every response token of `batch`, example after example; `edited` is with what is
  /// trained.
  func losses(
    _ batch: TrainingBatch, _ condition: EditorPass.Condition
  ) throws(LatentEditingError) -> [[Float]]

  /// Adds to the gradients those of `objective` over `batch`, its means taken over `tokenCount` response
  /// tokens and `exampleCount` examples: those of a whole step, of which the batch may be a part.
  func accumulateGradients(
    _ batch: TrainingBatch, _ objective: EditorObjective, tokenCount: Int, exampleCount: Int
  ) throws(LatentEditingError) -> LossSums
}

extension TrainingPass {
  package func headStage(of name: String) -> Int { ParameterStage.heads }
  package func seedRounding(_ seed: RoundingSeed) { tape.roundingSeed = seed }
}

/// The passes of an editor: of what heads write, latents or a prefix, or of a prefix that the processor's blocks make.
package protocol EditingPass: TrainingPass {
  /// KL(prompted || edited) at every response token of `batch`, example after example, in nats; a tape
  /// that distills is needed. Throws `model` or `promptTooShort`.
  func divergences(_ batch: TrainingBatch) throws(LatentEditingError) -> [[Float]]

  /// KL(ablated || condition) at every response token of `batch`, example after example, in nats. As above.
  func changes(
    _ batch: TrainingBatch, _ condition: EditorPass.Condition
  ) throws(LatentEditingError) -> [[Float]]
}

extension EditingPass {
  /// KL(teacher || what was read last) after `rows` of `batch`, example after example.
  func divergences(
    _ batch: TrainingBatch, from teacher: TeacherStates, after rows: [Int]
  ) -> [[Float]] {
    batch.byExample(
      tape.losses(
        batch.objective(rows, crossEntropy: 0, distillation: 1), teacher: teacher
      ).divergence)
  }
}

extension Editor {
  /// Memory for batches of that size, parameters and errors as `EditorPass` and `PrefixPass` have them.
  package func pass(
    through processor: Processor, capacity: EditorPass.Capacity, options: ProcessorTape.Options,
    teachers: TeacherCache? = nil, freezesBackbone: Bool = false
  ) throws(LatentEditingError) -> any EditingPass {
    if configuration.prefixTokens != nil, !configuration.hasPrefixHeads {
      return try ShortPrefixPass(
        self, processor: processor, capacity: capacity, options: options)
    }
    return configuration.interface.isPrefix && !configuration.hasPrefixHeads
      ? try PrefixPass(
        self, processor: processor, capacity: capacity, options: options, teachers: teachers)
      : try EditorPass(
        self, processor: processor, capacity: capacity, options: options, teachers: teachers,
        freezesBackbone: freezesBackbone)
  }
}

/// Parameters of one part of a network, and their gradients.
package struct TrainedStore {
  /// A part of a network; states of trainings have its weights by this name.
  package enum Part: String {
    /// Low-rank changes to the processor, or to what it reads an instruction with.
    case adapters
    /// The model that reads an editor's instruction.
    case backbone
    /// What an editor makes latents with.
    case heads
    /// What opens and shuts an editor's sites (`EditSparsity`).
    case sites
  }

  package let part: Part
  package let parameters: ParameterStore
  package let gradients: ParameterStore
}

/// What a trainer trains.
public enum TrainedNetwork {
  /// An editor, which reads instructions.
  case editor(Editor)
  /// Low-rank changes to the processor itself, which reads the instruction in its prompt: the bound that
  /// editors are held against.
  case adapters(LowRankAdapters, identity: ProcessorIdentity)
  /// Low-rank changes to the processor behind edits, which says what these ask for.
  case reader(EditReader)

  /// Longest instruction that it reads; what is in the prompt is limited by the prompt alone.
  public var instructionLimit: Int {
    switch self {
    case .editor(let editor): editor.configuration.instructionLimit
    case .adapters, .reader: .max
    }
  }

  /// The blueprint of a prefix editor, which reads the beginning of a conversation; nil for others, which read the
  /// instruction alone.
  public var prefixConfiguration: EditorConfiguration? {
    switch self {
    case .editor(let editor):
      editor.configuration.interface.isPrefix ? editor.configuration : nil
    case .adapters, .reader: nil
    }
  }

  /// Whether batches have examples of any length: by length, those in which a reader has nothing to say would come
  /// together.
  var mixesLengths: Bool {
    if case .reader = self { true } else { false }
  }

  /// Whether examples have an instruction's tokens, or an edit's, in front of their prompts.
  var hasFront: Bool {
    if case .reader = self { true } else { prefixConfiguration != nil }
  }

  /// How the instructions that it reads are tokenized; `tokenizer` is the processor's.
  public func instructionTokenizer(processor tokenizer: Tokenizer) -> InstructionTokenizer {
    switch self {
    case .editor(let editor): editor.instructionTokenizer(processor: tokenizer)
    case .adapters, .reader: InstructionTokenizer(processor: tokenizer)
    }
  }

  /// Tells a tokenizer of the editor's own from others; nil where there is none.
  var tokenizerDigest: String? {
    switch self {
    case .editor(let editor): editor.ownTokenizer?.digest
    case .adapters, .reader: nil
    }
  }

  /// Tokens of instructions are from here on, as openings have them (`EditorConfiguration.opening`).
  public var firstInstructionToken: Int {
    prefixConfiguration.map { $0.hasPrefixHeads ? $0.processor.vocabularySize : 0 } ?? 0
  }

  /// How many of them there are.
  public var instructionVocabularySize: Int {
    switch self {
    case .editor(let editor): editor.configuration.instructionVocabularySize
    case .adapters(_, let identity): identity.vocabularySize
    case .reader(let reader): reader.identity.vocabularySize
    }
  }

  /// The name of its file: "editor", "adapters" or "reader".
  public var name: String {
    switch self {
    case .editor: "editor"
    case .adapters: "adapters"
    case .reader: "reader"
    }
  }

  /// What a response under it is called: "edited", "tuned" or "read".
  public var participle: String {
    switch self {
    case .editor: "edited"
    case .adapters: "tuned"
    case .reader: "read"
    }
  }

  /// Writes it as one file; adapters are small, and stay in f32. Throws `file`.
  public func write(to path: String, storage: EditorStorage) throws(LatentEditingError) {
    switch self {
    case .editor(let editor): try editor.write(to: path, storage: storage)
    case .adapters(let adapters, let identity): try adapters.write(to: path, identity: identity)
    case .reader(let reader): try reader.adapters.write(to: path, identity: reader.identity)
    }
  }

  /// Writes adapters as a folder that PEFT opens, too; of an editor there is none, nor of a reader, whose adapters do not
  /// act on all tokens. Throws `file`.
  public func writeFolder(_ folder: String) throws(LatentEditingError) {
    guard case .adapters(let adapters, let identity) = self else { return }
    try adapters.writeFolder(folder, identity: identity)
  }
}
