import LatentEditing
import ModelFiles
import PlainText
import TensorKernels

/// What a file contains, whatever it is: an object of JSON as `emend inspect --json` writes it, and text.
public enum FileReport: Encodable {
  /// A model, with the file that it is a report on.
  case model(ModelFileReport, GGUFFile)
  /// A model with a type of tensors that is not read, with its header.
  case outline(ModelOutlineReport, GGUFOutline)
  /// An editor.
  case editor(EditorReport)
  /// A compiled edit, or any tensors.
  case tensors(SafetensorsReport)

  /// A report on the file at `path`; a model's memory is that of a context of `contextLength` tokens, as
  /// `ModelFileReport` has it. Throws what makes the file unreadable.
  public init(path: String, contextLength: Int? = nil, cacheType: CacheType = .f16) throws {
    let mapped = try MappedFile(path: path)
    if withExtendedLifetime(mapped, { FileKind(firstBytes: mapped.bytes) }) == .safetensors {
      let file = try SafetensorsFile(path: path)
      self =
        file.metadata["format"]?.hasPrefix("emend.editor") == true
        ? .editor(try EditorReport(OpenedEditor(path: path)))
        : .tensors(SafetensorsReport(file, path: path))
      return
    }
    do {
      let file = try GGUFFile(path: path, acceptingPacked: true)
      self = .model(
        ModelFileReport(file, contextLength: contextLength, cacheType: cacheType), file)
    } catch {
      guard case .unsupportedTensorType = error else { throw error }
      let outline = try GGUFOutline(path: path)
      self = .outline(ModelOutlineReport(outline, reason: "\(error)"), outline)
    }
  }

  /// Writes the report itself.
  public func encode(to encoder: any Encoder) throws {
    switch self {
    case .model(let report, _): try report.encode(to: encoder)
    case .outline(let report, _): try report.encode(to: encoder)
    case .editor(let report): try report.encode(to: encoder)
    case .tensors(let report): try report.encode(to: encoder)
    }
  }

  /// The same for people.
  public var text: String {
    switch self {
    case .model(let report, let file): report.text(of: file)
    case .outline(let report, let outline): report.text(of: outline)
    case .editor(let report): report.text
    case .tensors(let report): report.text
    }
  }
}

extension EditorReport {
  /// The same for people.
  public var text: String {
    """
    \(file): an editor

    interface  \(interface)
    layers     \(LayerSelection(layers)) (\(interface == "p7" ? "values in" : placement) the block)
    positions  \(positions)\(prefixTokens.map { " (the first token and the last \($0))" } ?? "")
    scale      \(scale)
    heads      \(heads)
    backbone   \(backbone)
    made for   \(processor)
    """
  }
}

extension SafetensorsReport {
  /// The same for people.
  public var text: String {
    let metadata = metadata.sorted { $0.key < $1.key }.map {
      "\($0.key.onOneLine) = \($0.value.onOneLine)\n"
    }
    var table = TextTable(["tensor", "shape", "type", "bytes"], numbers: [3])
    for tensor in tensors {
      table.append([
        tensor.name.onOneLine, tensor.shape.map(String.init).joined(separator: " x "), tensor.type,
        String(tensor.bytes),
      ])
    }
    return "\(file): \(kind)\n\n" + metadata.joined() + (metadata.isEmpty ? "" : "\n") + table.text
  }
}
