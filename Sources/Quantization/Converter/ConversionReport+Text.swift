import Foundation
import PlainText
import TensorKernels

extension ConversionReport {
  /// What would become of each tensor, for people: a table, and the size of all.
  public var text: String {
    var table = TextTable(["tensor", "shape", "from", "to", "bytes", ""], numbers: [4])
    for tensor in tensors {
      table.append([
        tensor.name.onOneLine, tensor.shape.map(String.init).joined(separator: " x "), tensor.from,
        tensor.to + (tensor.packed ? " packed" : ""), String(tensor.bytes), tensor.note ?? "",
      ])
    }
    return table.text
      + "\ntotal \(tensorBytes) bytes (\(SystemMemory.display(tensorBytes)))"
  }
}

extension RequantizationLoss {
  /// The loss in a sentence.
  public var text: String {
    "\(tensors) tensors were quantized already, and were rounded again: root mean square error "
      + "\(Numbers.fixed(100 * relativeError, 2)) % of theirs"
  }
}
