import Foundation
import ModelFiles

/// Rewrites model.safetensors of a copied folder with changed tensors, so that it can lie.
struct SafetensorsEdit {
  struct Tensor {
    var name: String
    var type: String
    var shape: [Int]
    var data: [UInt8]
  }

  var tensors: [Tensor]

  init(folder: String) throws {
    let file = try SafetensorsFile(path: folder + "/model.safetensors")
    tensors = file.tensors.map {
      Tensor(
        name: $0.name, type: $0.type.rawValue, shape: $0.shape,
        data: Array(file.tensors.bytes(of: $0)))
    }
  }

  /// Applies `change` to the tensor called `name`.
  mutating func change(_ name: String, _ change: (inout Tensor) -> Void) {
    change(&tensors[tensors.firstIndex { $0.name == name }!])
  }

  func write(folder: String) throws {
    var entries: [String] = []
    var data = Data()
    for tensor in tensors {
      entries.append(
        "\"\(tensor.name)\":{\"dtype\":\"\(tensor.type)\",\"shape\":\(tensor.shape),"
          + "\"data_offsets\":[\(data.count),\(data.count + tensor.data.count)]}")
      data += tensor.data
    }
    let header = Data("{\(entries.joined(separator: ","))}".utf8)
    var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) }
    file += header
    file += data
    try file.write(to: URL(fileURLWithPath: folder + "/model.safetensors"))
  }
}
