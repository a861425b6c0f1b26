import ModelFiles
import PlainText
import TensorKernels

extension ModelFileReport {
  /// The report on `source` for people; its metadata in the file's order.
  public func text(of source: GGUFFile) -> String {
    var lines = [
      "\(file): \(packed ? "packed" : "GGUF") version \(version), \(SystemMemory.display(bytes))",
      "",
    ]
    lines += source.metadata.lines + ["", "tensors"]
    let names = tensors.map(\.name.onOneLine)
    let shapes = tensors.map { $0.shape.map(String.init).joined(separator: " x ") }
    let nameWidth = names.map(\.count).max() ?? 0
    let shapeWidth = shapes.map(\.count).max() ?? 0
    for ((tensor, name), shape) in zip(zip(tensors, names), shapes) {
      lines.append(
        "  \(padded(name, nameWidth))  \(padded(shape, shapeWidth))  \(padded(tensor.format, 4))  "
          + "\(tensor.bytes)\(tensor.packed ? "  packed" : "")")
    }
    lines += ["", "formats"]
    for total in formats {
      lines.append(
        "  \(padded(total.format, 4))  \(total.tensors) tensors, \(total.elements) elements, "
          + SystemMemory.display(total.bytes))
    }
    if let memory {
      lines += [
        "",
        "memory to run with a context of \(memory.contextSize) and a cache in \(memory.cacheType): "
          + memory.summary,
      ]
    } else if let memoryError {
      lines += ["", "emend cannot run it: \(memoryError.onOneLine)"]
    }
    return lines.joined(separator: "\n")
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }
}

extension ModelOutlineReport {
  /// The report on `source` for people; its metadata in the file's order.
  public func text(of source: GGUFOutline) -> String {
    var table = TextTable(["tensor", "shape", "type"])
    for tensor in tensors {
      table.append([
        tensor.name.onOneLine, tensor.shape.map(String.init).joined(separator: " x "),
        tensor.format,
      ])
    }
    let lines =
      ["\(file): GGUF version \(version), \(SystemMemory.display(bytes))", ""]
      + source.metadata.lines
      + ["", "tensors", table.text, "", "emend cannot run it: \(memoryError.onOneLine)"]
    return lines.joined(separator: "\n")
  }
}

extension GGUFMetadata {
  /// A heading, and a line for each key and its value.
  fileprivate var lines: [String] {
    ["metadata"]
      + keys.compactMap { key in
        self[key].map { "  \(key.onOneLine) = \($0.description)" }
      }
  }
}
