import BlockFormats
import Foundation
import LanguageModels
import ModelFiles
import TensorKernels

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
  /// bytes. Throws `file`.
  public func write(
    to path: String, storage: EditorStorage = .f32
  ) throws(LatentEditingError) {
    var parts = [
      StoredParameters(store: heads.parameters, prefix: "", isTransposed: { _ in false })
    ]
    if let gpt2 = backbone as? GPT2 { parts.insert(StoredParameters(gpt2), at: 0) }
    if let adapters = (backbone as? ProcessorBackbone)?.adapters {
      parts.insert(StoredParameters(adapters), at: 0)
    }
    do throws(ModelFileError) {
      var writer = try SafetensorsWriter(
        path: path, tensors: parts.flatMap { $0.tensors(storage) },
        metadata: [
          ("format", Self.format), ("version", Self.version),
          ("configuration", EditorDescription(configuration).json),
        ])
      for part in parts { try part.write(to: &writer, storage) }
      try writer.commit()
    } catch {
      throw .file(error)
    }
  }

  /// What `stores` (of the backbone's parameters and of the heads', in this order) hold, by the names,
  /// shapes and orders of the editor's file: for gradients.
  package func named(_ stores: [ParameterStore]) -> [(String, [Int], [Float])] {
    precondition(stores.count == 2)
    let isGPT2 = backbone is GPT2
    return StoredParameters(
      store: stores[0], prefix: "backbone.",
      isTransposed: { isGPT2 && GPT2Configuration.isConv1D($0) }
    ).all
      + StoredParameters(store: stores[1], prefix: "", isTransposed: { _ in false }).all
  }

  /// Reads the blueprint of the editor at `path`, and nothing else of it. Throws `notEditor`,
  /// `editorField`, or `file`.
  public static func configuration(
    path: String
  ) throws(LatentEditingError) -> EditorConfiguration {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: path) } catch { throw .file(error) }
    return try configuration(file, path: path)
  }

  private static func configuration(
    _ file: SafetensorsFile, path: String
  ) throws(LatentEditingError) -> EditorConfiguration {
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

  /// Reads the editor at `path` for a processor. `processor` is needed, loaded, where the backbone is
  /// taken from it.
  ///
  /// Throws `wrongProcessor` where it was made for another model, `notEditor`, `editorField`,
  /// `unknownTensor`, `tensorShape`, `tensorNotFinite`, and what makes the file unreadable.
  public convenience init(
    path: String, identity: ProcessorIdentity, processor: Processor?, pool: ThreadPool
  ) throws(LatentEditingError) {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: path) } catch { throw .file(error) }
    let configuration = try Editor.configuration(file, path: path)
    guard configuration.processor == identity else {
      throw .wrongProcessor(path: path, made: configuration.processor, found: identity)
    }
    let heads = try EditorHeads(configuration, seed: 0, pool: pool)
    var parts = [
      StoredParameters(store: heads.parameters, prefix: "", isTransposed: { _ in false })
    ]
    let backbone: any EditorBackbone
    do throws(LanguageModelError) {
      switch configuration.backbone {
      case .gpt2(let gpt2, _):
        let model = try GPT2(zeros: gpt2, pool: pool)
        parts.append(StoredParameters(model))
        backbone = model
      case .processor(let depth, _, let shape):
        guard let processor else { preconditionFailure("the backbone needs its processor") }
        let adapters = try shape.map { shape throws(LanguageModelError) in
          try LowRankAdapters(shape, of: processor.configuration, seed: 0, pool: pool)
        }
        if let adapters { parts.append(StoredParameters(adapters)) }
        backbone = try ProcessorBackbone(processor, depth: depth, adapters: adapters)
      }
    } catch {
      throw .model(error)
    }
    let known = Set(parts.flatMap { $0.names })
    if let other = file.tensors.first(where: { !known.contains($0.name.withoutScale) }) {
      throw .unknownTensor(path: path, tensor: other.name)
    }
    for part in parts { try part.read(from: file) }
    try self.init(configuration, backbone: backbone, heads: heads, pool: pool)
  }
}

extension String {
  /// The name of the tensor that a tensor of scales belongs to; any other as it is.
  fileprivate var withoutScale: String { hasSuffix(".scale") ? String(dropLast(6)) : self }
}
