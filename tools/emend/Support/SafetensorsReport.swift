import EditSessions
import LatentEditing
import ModelFiles

extension SafetensorsReport {
  /// Prints what is in the file at `path`: an editor, a compiled edit, or any tensors.
  static func show(path: String, json: Bool) throws {
    let file = try SafetensorsFile(path: path)
    if file.metadata["format"]?.hasPrefix("emend.editor") == true {
      return try EditorReport.show(path: path, json: json)
    }
    let report = SafetensorsReport(file, path: path)
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
}

extension EditorReport {
  /// Prints what the editor at `path` is.
  static func show(path: String, json: Bool) throws {
    let report = try EditorReport(OpenedEditor(path: path))
    if json { return try JSON.print(report) }
    Console.print(
      """
      \(path): an editor

      interface  \(report.interface)
      layers     \(LayerSelection(report.layers)) (\(report.placement) the block)
      positions  \(report.positions)\(report.prefixTokens.map { " (the first token and the last \($0))" } ?? "")
      scale      \(report.scale)
      heads      \(report.heads)
      backbone   \(report.backbone)
      made for   \(report.processor)
      """)
  }
}
