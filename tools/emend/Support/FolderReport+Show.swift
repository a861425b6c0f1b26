import Quantization

extension FolderReport {
  /// Prints what the folder at `path` is and becomes.
  static func show(path: String, json: Bool) throws {
    let report = FolderReport(path: path)
    if json { return try JSON.print(report) }
    Console.print("\(path): \(report.layout.map { "a folder of \($0)" } ?? "a folder")\n")
    if report.layout != nil {
      Console.print("architecture  \((report.architecture ?? "unknown").onOneLine)")
      Console.print("quantized     \((report.quantization ?? "no").onOneLine)")
    }
    for total in report.types {
      let size =
        "\(total.tensors) tensors, \(total.elements) elements, \(Memory.display(total.bytes))"
      Console.print("stored as     \(total.type)  \(size)")
    }
    guard let model = report.converts else {
      return Console.print("refused       \((report.refused ?? "").onOneLine)")
    }
    Console.print("weights       \(model.weights.joined(separator: ", "))")
    Console.print("parameters    \(model.parameters), context \(model.contextLength)")
    Console.print(
      "shape         \(model.layers) blocks, width \(model.width), \(model.vocabulary) tokens")
    let template = model.hasChatTemplate ? "with" : "without"
    Console.print("tokenizer     \(model.tokenizer), \(template) a chat template")
    let sizes = model.sizes.map { "\($0.type) \(Memory.display($0.bytes))" }
    Console.print("converts to   \(sizes.joined(separator: ", "))")
  }
}
