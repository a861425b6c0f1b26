import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import Synchronization
import TensorKernels
import Tokenization

/// An editor's file, opened once: what it says of itself, and the editor when it is asked for. The file is
/// mapped, so that nothing of its weights is read before that.
public final class OpenedEditor {
  /// What kind of editor it is, by what it makes of an instruction.
  public enum Kind: Sendable, Equatable {
    /// Latents for the residual stream.
    case latents(EditorConfiguration)
    /// Keys and values in front of the prompt.
    case prefix(EditorConfiguration)
  }

  /// Where it lies.
  public let path: String
  /// What it makes of an instruction.
  public let kind: Kind
  /// Bytes that its parameters take in memory, where all of them are F32.
  public let parameterBytes: Int
  private let file: SafetensorsFile
  private var ownTokenizer: InstructionTokenizer??

  private static let opened = Mutex<[String: Int]>([:])

  /// How often the file at `path` was opened: once a run is enough.
  package static func openedCount(_ path: String) -> Int { opened.withLock { $0[path] ?? 0 } }

  /// Opens the file at `path` and reads its blueprint. Throws `notEditor`, `editorField`, or `file`.
  public init(path: String) throws(LatentEditingError) {
    self.path = path
    OpenedEditor.opened.withLock { $0[path, default: 0] += 1 }
    file = try SafetensorsFile(path: path, as: .editor)
    parameterBytes = Editor.parameterBytes(file)
    let configuration = try Editor.configuration(file)
    kind = configuration.interface.isPrefix ? .prefix(configuration) : .latents(configuration)
  }

  /// The blueprint.
  public var configuration: EditorConfiguration {
    switch kind {
    case .latents(let configuration), .prefix(let configuration): configuration
    }
  }

  /// The tokenizer of the editor's own; nil where it reads the processor's tokens. Throws `tokenizer` and
  /// `tokenizerTooLarge`.
  public func tokenizer() throws(LatentEditingError) -> InstructionTokenizer? {
    if let known = ownTokenizer { return known }
    let found = try Editor.ownTokenizer(in: file, of: configuration)
    ownTokenizer = .some(found)
    return found
  }

  /// How its instructions are tokenized beside a processor with that tokenizer. Throws as `tokenizer()`.
  public func instructionTokenizer(
    processor: Tokenizer
  ) throws(LatentEditingError) -> InstructionTokenizer {
    try tokenizer() ?? InstructionTokenizer(processor: processor)
  }

  /// The SHA-256 of what the file holds.
  public func digest() -> String {
    CompiledEditCache.digest(of: file.tensors.files[0])
  }

  /// Loads the editor, for the processor of that identity, which is needed itself where the editor reads
  /// with it. Throws as `Editor.init(path:identity:processor:pool:)`.
  public func editor(
    identity: ProcessorIdentity, processor: Processor?, pool: ThreadPool
  ) throws(LatentEditingError) -> Editor {
    try Editor(file, identity: identity, processor: processor, pool: pool)
  }
}

extension EditorConfiguration {
  /// When an editor reads its instructions.
  enum Reading {
    /// With weights of its own, before there is a processor.
    case beforeModel
    /// With the processor's blocks.
    case withModel
    /// Beside each prompt.
    case withPrompt
    /// With the processor's blocks, as the beginning of prompts.
    case asPrefix
  }

  /// When it reads.
  var reading: Reading {
    if crossAttention != nil { return .withPrompt }
    if interface.isPrefix { return .asPrefix }
    if case .processor = backbone { return .withModel }
    return .beforeModel
  }
}
