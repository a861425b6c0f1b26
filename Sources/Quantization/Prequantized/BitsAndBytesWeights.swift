import Foundation
import ModelFiles

extension MatrixRequest {
  /// bitsandbytes: four bits (NF4, FP4) or int8.
  func bitsAndBytes() throws(ConversionError) -> QuantizedMatrix? {
    guard let codes = optional(".weight") else { return nil }
    switch codes.type {
    case .u8: return try fourBits(codes)
    case .i8: return try int8(codes)
    default: return nil
    }
  }

  /// int8: element = code * SCB[row] / 127.
  ///
  /// Source: `Linear8bitLt` of bitsandbytes, `int8_vectorwise_dequant`; layout 0 is that of rows.
  private func int8(_ codes: CheckpointTensor) throws(ConversionError) -> QuantizedMatrix {
    try require(codes, [rows, columns])
    let scales = try companion(".SCB", of: codes)
    try require(scales, [rows])
    var tensors = [codes, scales]
    if let layout = optional(".weight_format") {
      let number = layout.elementCount == 1 ? Int(try numbers(layout)[0]) : -1
      guard number == 0 else {
        throw .unsupportedQuantization(
          path: file(layout), field: layout.name, found: "\(number), an order of a GPU's kernels")
      }
      tensors.append(layout)
    }
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: "bitsandbytes int8", checkpoint: weights,
      tensors: tensors, codes: .bytes(codes, Self.signedBytes), groups: .uniform(columns),
      scales: .byRow(try floats(scales), rowBlock: 1, groupCount: 1, factor: 1 / 127))
  }

  /// What `quant_state` says: JSON in a tensor of bytes.
  private struct FourBitState: Decodable {
    let quantType: String
    let blocksize: Int
    let shape: [Int]
    let nestedBlocksize: Int?
    let nestedOffset: Float?
  }

  private static let mostStateBytes = 65_536

  /// Four bits: element = quant_map[code] * absmax[block], blocks of all elements row after row. Where absmax is
  /// quantized itself, absmax = nested_quant_map[code] * nested_absmax[block of blocks] + nested_offset.
  ///
  /// Source: `QuantState.as_dict` and `dequantize_4bit` of bitsandbytes.
  private func fourBits(_ codes: CheckpointTensor) throws(ConversionError) -> QuantizedMatrix {
    let names = ["nf4", "fp4"].map { ".weight.quant_state.bitsandbytes__" + $0 }
    guard let stateTensor = names.compactMap({ optional($0) }).first else {
      throw .missingScales(path: file(codes), tensor: codes.name, missing: module + names[0])
    }
    let state = try state(stateTensor)
    func refuse(_ field: String, _ found: String, _ wanted: String) -> ConversionError {
      .unusableValue(
        path: file(stateTensor), field: "\(field) of \(stateTensor.name)", found: found,
        wanted: wanted)
    }
    let sizes = 1...(1 << 20)
    guard sizes.contains(state.blocksize) else {
      throw refuse("blocksize", "\(state.blocksize)", "from 1 to \(sizes.upperBound)")
    }
    guard state.shape == [rows, columns] else {
      throw .wrongShape(
        path: file(codes), tensor: codes.name, found: state.shape, wanted: [rows, columns])
    }
    // The shape is that of the configuration, whose product is that of a tensor of it: it fits in an Int.
    let count = rows * columns
    guard codes.elementCount == (count + 1) / 2 else {
      throw .wrongShape(
        path: file(codes), tensor: codes.name, found: codes.shape, wanted: [(count + 1) / 2, 1])
    }
    let scales = try companion(".weight.absmax", of: codes)
    let blocks = (count - 1) / state.blocksize + 1
    try require(scales, [blocks])
    let map = try companion(".weight.quant_map", of: codes)
    var tensors = [codes, stateTensor, scales, map]
    let values: QuantizedMatrix.Values
    if scales.type == .u8 {
      let nested = try companion(".weight.nested_absmax", of: codes)
      let nestedMap = try companion(".weight.nested_quant_map", of: codes)
      guard let size = state.nestedBlocksize, sizes.contains(size) else {
        throw refuse(
          "nested_blocksize", state.nestedBlocksize.map(String.init) ?? "missing",
          "from 1 to \(sizes.upperBound)")
      }
      guard let offset = state.nestedOffset, offset.isFinite else {
        throw refuse(
          "nested_offset", state.nestedOffset.map { "\($0)" } ?? "missing", "a finite number")
      }
      try require(nested, [(blocks - 1) / size + 1])
      tensors += [nested, nestedMap]
      values = .nested(
        NestedScales(
          codes: try numbers(scales), table: try table(nestedMap, count: 256),
          scales: try floats(nested), blockSize: size, offset: offset))
    } else {
      values = .byRow(try floats(scales), rowBlock: rows, groupCount: blocks, factor: 1)
    }
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: "bitsandbytes \(state.quantType.prefix(8))",
      checkpoint: weights, tensors: tensors,
      codes: .nibbles(codes, try table(map, count: 16)), groups: .flat(state.blocksize),
      scales: values)
  }

  private func state(_ tensor: CheckpointTensor) throws(ConversionError) -> FourBitState {
    try require(tensor, [.u8])
    let bytes = weights.bytes(of: tensor)
    guard bytes.count <= Self.mostStateBytes, let text = String(bytes: bytes, encoding: .utf8)
    else {
      throw .unusableValue(
        path: file(tensor), field: tensor.name, found: "\(bytes.count) bytes",
        wanted: "a text of at most \(Self.mostStateBytes) bytes")
    }
    do {
      return try JSONFile.read(FourBitState.self, text: text, path: file(tensor))
    } catch { throw .file(error) }
  }

  private func table(_ tensor: CheckpointTensor, count: Int) throws(ConversionError) -> [Float] {
    try require(tensor, [count])
    let numbers = try floats(tensor)
    return (0..<count).map { numbers[$0] }
  }

  /// What the bytes of two's complement mean.
  static let signedBytes: [Float] = (0...255).map { Float(Int8(truncatingIfNeeded: $0)) }
}
