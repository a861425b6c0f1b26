import BlockFormats
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import Tokenization

/// How an editor's matrices are stored.
public enum EditorStorage: String, Sendable, CaseIterable {
  case f32
  case bf16
  /// Codes of 8 bits and an F32 scale for each row, `<name>.scale`: value = scale * code.
  case int8
}

extension Editor {
  private static let format = "emend.editor"
  private static let version = "1"

  /// Writes the editor as one safetensors file (docs/editor-format.md); the same editor gives the same
  /// bytes. Adapters on a GPT-2 are merged into its weights, and the file is that of a plain one; centred heads
  /// are written as plain ones. Throws `file` and `notWritable`.
  public func write(
    to path: String, storage: EditorStorage = .f32
  ) throws(LatentEditingError) {
    guard heads.centring == nil else {
      return try folded().write(to: path, storage: storage)
    }
    let parts = stored(
      backbone: ownParameters, heads: heads.parameters, merging: backbone as? AdaptedGPT2)
    do throws(ModelFileError) {
      var writer = try SafetensorsWriter(
        path: path, tensors: parts.flatMap { $0.tensors(storage) } + tokenizerTensors,
        metadata: [
          ("format", Self.format), ("version", Self.version),
          ("configuration", EditorDescription(configuration).json),
        ])
      for part in parts { try part.write(to: &writer, storage) }
      if let json = ownTokenizer?.json { try writer.append(json.span.bytes) }
      try writer.commit()
    } catch {
      throw .file(error)
    }
  }

  /// A tokenizer of the editor's own, after all others.
  private var tokenizerTensors: [SafetensorsWriter.Tensor] {
    guard let json = ownTokenizer?.json else { return [] }
    return [.init(name: InstructionTokenizer.tensor, type: .u8, shape: [json.count])]
  }

  /// What stores of the backbone's and the heads' parameters hold, by the names, shapes and orders of the
  /// editor's file: for gradients.
  package func named(
    backbone: ParameterStore, heads: ParameterStore?
  ) -> [(String, [Int], [Float])] {
    stored(backbone: backbone, heads: heads).flatMap(\.all)
  }

  /// Both as they stand in files; what a backbone trains may be nothing, and so may heads.
  private func stored(
    backbone store: ParameterStore?, heads: ParameterStore?, merging adapted: AdaptedGPT2? = nil
  ) -> [StoredParameters] {
    let isGPT2 = backbone is GPT2 || backbone is AdaptedGPT2
    let own = store.map {
      StoredParameters(StoredLayout(backbone: $0.layout, isGPT2: isGPT2), $0, merging: adapted)
    }
    return [own, heads.map { StoredParameters(StoredLayout(heads: $0.layout), $0) }]
      .compactMap { $0 }
  }

  /// Reads the blueprint of the editor at `path`, and nothing else of it. Throws `notEditor`,
  /// `editorField`, or `file`.
  public static func configuration(
    path: String
  ) throws(LatentEditingError) -> EditorConfiguration {
    let file = try SafetensorsFile(path: path, as: .editor)
    return try configuration(file)
  }

  /// Bytes that the parameters of the editor at `path` take in memory, where all of them are F32. No
  /// weights are read. Throws `file`.
  public static func parameterBytes(path: String) throws(LatentEditingError) -> Int {
    let file = try SafetensorsFile(path: path, as: .editor)
    return parameterBytes(file)
  }

  /// As above, of a file that is open already.
  package static func parameterBytes(_ file: SafetensorsFile) -> Int {
    file.tensors.filter { $0.name != InstructionTokenizer.tensor }
      .reduce(0) { $0 + 4 * $1.elementCount }
  }

  /// The blueprint in a file that is open already. Throws as `configuration(path:)`.
  package static func configuration(
    _ file: SafetensorsFile
  ) throws(LatentEditingError) -> EditorConfiguration {
    let path = file.tensors.path
    guard file.metadata["format"] == format else {
      throw .notEditor(path: path, found: file.metadata["format"] ?? "missing")
    }
    guard file.metadata["version"] == version else {
      throw .editorField(
        path: path, field: "version", found: file.metadata["version"] ?? "missing",
        needed: version)
    }
    guard let text = file.metadata["configuration"] else {
      throw .editorField(path: path, field: "configuration", found: "missing", needed: "JSON")
    }
    return try EditorDescription(json: text, path: path).configuration(path: path)
  }

  /// How instructions are tokenized for the editor at `path` of a processor with the given tokenizer; no
  /// weights are read. Throws as `configuration(path:)`, and `tokenizer` and `tokenizerTooLarge`.
  public static func instructionTokenizer(
    path: String, processor: Tokenizer
  ) throws(LatentEditingError) -> InstructionTokenizer {
    try ownTokenizer(path: path) ?? InstructionTokenizer(processor: processor)
  }

  /// The tokenizer in the editor's file at `path`; nil where it reads the processor's tokens. Throws as
  /// `instructionTokenizer(path:processor:)`.
  public static func ownTokenizer(
    path: String
  ) throws(LatentEditingError) -> InstructionTokenizer? {
    let file = try SafetensorsFile(path: path, as: .editor)
    return try ownTokenizer(in: file, of: configuration(file))
  }

  /// The tokenizer in a file that is open already. Throws as `instructionTokenizer(path:processor:)`.
  package static func ownTokenizer(
    in file: SafetensorsFile, of configuration: EditorConfiguration
  ) throws(LatentEditingError) -> InstructionTokenizer? {
    let name = InstructionTokenizer.tensor
    let path = file.tensors.path
    guard case .gpt2(let gpt2, .own) = configuration.backbone else {
      guard file.tensors.tensorIfPresent(named: name) == nil else {
        throw .editorField(
          path: path, field: "backbone.tokenizer", found: "processor beside a tensor \(name)",
          needed: "own")
      }
      return nil
    }
    guard let tensor = file.tensors.tensorIfPresent(named: name) else {
      throw .editorField(
        path: path, field: "backbone.tokenizer", found: "own without a tensor \(name)",
        needed: "that tensor, or processor")
    }
    guard tensor.type == .u8, tensor.shape.count == 1 else {
      throw .editorField(
        path: path, field: "the tensor \(name)",
        found: "of type \(tensor.type.rawValue) and shape \(tensor.shape)",
        needed: "U8, one number a byte")
    }
    return try InstructionTokenizer(
      json: file.tensors.withBytes(of: tensor) { Array($0) }, for: gpt2, path: path)
  }

  /// Reads the editor at `path` for a processor. `processor` is needed, loaded, where the backbone is
  /// taken from it.
  ///
  /// Throws `wrongProcessor` where it was made for another model, `notEditor`, `editorField`,
  /// `tokenizer`, `tokenizerTooLarge`, `unknownTensor`, `tensorShape`, `tensorNotFinite`, and what makes
  /// the file unreadable.
  public convenience init(
    path: String, identity: ProcessorIdentity, processor: Processor?, pool: ThreadPool
  ) throws(LatentEditingError) {
    let file = try SafetensorsFile(path: path, as: .editor)
    try self.init(file, identity: identity, processor: processor, pool: pool)
  }

  /// As above, of a file that is open already.
  package convenience init(
    _ file: SafetensorsFile, identity: ProcessorIdentity, processor: Processor?, pool: ThreadPool
  ) throws(LatentEditingError) {
    let path = file.tensors.path
    let configuration = try Editor.configuration(file)
    guard configuration.processor == identity else {
      throw .wrongProcessor(path: path, made: configuration.processor, found: identity)
    }
    if let processor { try configuration.check(for: processor.configuration, path: path) }
    let tokenizer = try Editor.ownTokenizer(in: file, of: configuration)
    // Nothing is allocated for a file that does not have what it says.
    try Editor.checkTensors(file, configuration, processor)

    let heads = try EditorHeads(configuration, seed: 0, pool: pool)
    let backbone: any EditorBackbone
    do throws(LanguageModelError) {
      switch configuration.backbone {
      case .gpt2(let gpt2, _): backbone = try GPT2(zeros: gpt2, pool: pool)
      case .processor(let depth, _, let shape):
        guard let processor else { preconditionFailure("the backbone needs its processor") }
        backbone = try ProcessorBackbone(
          processor, depth: depth, newAdapters: shape, seed: nil, pool: pool)
      }
    } catch {
      throw .model(error)
    }
    try self.init(
      configuration, backbone: backbone, heads: heads, tokenizer: tokenizer, pool: pool)
    for part in stored(backbone: ownParameters, heads: heads.parameters) {
      try part.read(from: file, on: pool)
    }
  }

  /// Checks that `file` has all tensors that its blueprint speaks of, in their shapes, and no others.
  private static func checkTensors(
    _ file: SafetensorsFile, _ configuration: EditorConfiguration, _ processor: Processor?
  ) throws(LatentEditingError) {
    var layouts = [StoredLayout(heads: configuration.headLayout)]
    var known: Set<String> = []
    switch configuration.backbone {
    case .gpt2(let gpt2, let tokenizer):
      layouts.append(StoredLayout(backbone: gpt2.parameterLayout, isGPT2: true))
      if tokenizer == .own { known.insert(InstructionTokenizer.tensor) }
    case .processor(_, _, let shape):
      if let shape, let processor {
        layouts.append(
          StoredLayout(backbone: shape.layout(processor.configuration), isGPT2: false))
      }
    }
    for layout in layouts { known.formUnion(try layout.check(file)) }
    if let other = file.tensors.first(where: { !known.contains($0.name) }) {
      throw .unknownTensor(path: file.tensors.path, tensor: other.name)
    }
  }

  /// What of the backbone is the editor's: a GPT-2's weights, a processor's adapters, or nothing.
  private var ownParameters: ParameterStore? {
    switch backbone {
    case let gpt2 as GPT2: gpt2.parameters
    case let adapted as AdaptedGPT2: adapted.model.parameters
    case let processor as ProcessorBackbone: processor.adapters?.parameters
    default: nil
    }
  }
}
