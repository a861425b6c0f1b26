import LatentEditing
import ModelFiles

/// What `inspect` says of a safetensors file: an editor, a compiled edit, or any tensors.
enum SafetensorsReport {
  static func show(path: String, json: Bool) throws {
    let file = try SafetensorsFile(path: path)
    if file.metadata["format"]?.hasPrefix("emend.editor") == true {
      return try EditorReport.show(path: path, json: json)
    }
    let report = Report(file, path: path)
    if json { return try JSON.print(report) }
    Console.print("\(path): \(report.kind)\n")
    for (key, value) in file.metadata.sorted(by: { $0.key < $1.key }) {
      Console.print("\(key.onOneLine) = \(value.onOneLine)")
    }
    if !file.metadata.isEmpty { Console.print("") }
    var table = TextTable(["tensor", "shape", "type", "bytes"], numbers: [3])
    for tensor in report.tensors {
      table.append([
        tensor.name.onOneLine, tensor.shape.map(String.init).joined(separator: " x "), tensor.type,
        String(tensor.bytes),
      ])
    }
    Console.print(table.text)
  }

  /// `--json`.
  private struct Report: Encodable {
    struct Tensor: Encodable {
      let name: String
      let shape: [Int]
      let type: String
      let bytes: Int
    }

    let file: String
    let kind: String
    let metadata: [String: String]
    let tensors: [Tensor]

    init(_ source: SafetensorsFile, path: String) {
      file = path
      kind =
        source.metadata["format"] == "emend.compiled-edit"
        ? "a compiled edit" : "a safetensors file"
      metadata = source.metadata
      tensors = source.tensors.map {
        Tensor(name: $0.name, shape: $0.shape, type: $0.type.rawValue, bytes: $0.byteCount)
      }
    }
  }
}
