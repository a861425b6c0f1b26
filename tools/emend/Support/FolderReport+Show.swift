import Quantization

extension FolderReport {
  /// Prints what the folder at `path` is and becomes.
  static func show(path: String, json: Bool) throws {
    let report = FolderReport(path: path)
    if json { return try JSON.print(report) }
    Console.print("\(path): \(report.layout.map { "a folder of \($0)" } ?? "a folder")")
    if report.layout != nil { Console.print("") }
    if let architecture = report.architecture {
      Console.print("architecture  \(architecture.onOneLine)")
    }
    if report.layout != nil {
      Console.print("quantized     \(report.quantization?.onOneLine ?? "no")")
    }
    for total in report.types {
      Console.print(
        "stored as     \(total.type)  \(total.tensors) tensors, \(total.elements) elements, "
          + Memory.display(total.bytes))
    }
    guard let model = report.converts else {
      return Console.print("\nrefused: \((report.refused ?? "").onOneLine)")
    }
    Console.print(
      """
      weights       \(model.weights.joined(separator: ", "))
      parameters    \(model.parameters)
      context       \(model.contextLength)
      shape         \(model.layers) blocks, width \(model.width), \(model.vocabulary) tokens
      tokenizer     \(model.tokenizer), \(model.hasChatTemplate ? "with" : "without") a chat template

      converts to a GGUF file of
      """)
    for (type, bytes) in model.sizes {
      Console.print(
        "  \(type)\(String(repeating: " ", count: 8 - type.count))\(Memory.display(bytes))")
    }
  }
}
