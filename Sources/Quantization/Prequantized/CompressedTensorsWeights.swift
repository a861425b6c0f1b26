import ModelFiles

extension MatrixRequest {
  /// compressed-tensors: "pack-quantized" has codes of 2 to 8 bits as `weight_packed` I32 `[rows, columns * bits / 32]`,
  /// half of the range added; "int-quantized" and "float-quantized" a byte for each as `weight`. `weight_scale` is one for
  /// the tensor, one for each row, one for each group of a row, or one for each block. Zero points, where there are
  /// any, are stored as the codes are, packed along the rows.
  ///
  /// Source: the compressors of compressed-tensors, `dequantize` of its `lifecycle/forward`.
  func compressedTensors(
    block: [Int]?, statedBits: Set<Int>
  ) throws(ConversionError) -> QuantizedMatrix? {
    if let packed = optional(".weight_packed") { return try packedQuantized(packed, statedBits) }
    guard let codes = optional(".weight") else { return nil }
    switch codes.type {
    case .f8E4M3, .f8E5M2: return try fp8(block: block)
    case .i8: break
    default: return nil
    }
    try require(codes, [rows, columns])
    let scales = try companion(".weight_scale", of: codes)
    let grid = try grid(scales, block: block)
    let zeros = optional(".weight_zero_point")
    if let zeros {
      try require(zeros, [.i8])
      try require(zeros, scales.shape)
    }
    let table = try groupIndices(groups: grid.groupCount)
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: "compressed-tensors int8", checkpoint: weights,
      tensors: [codes, scales] + [zeros, table?.tensor].compactMap { $0 },
      codes: .bytes(codes, Self.signedBytes), groups: table?.groups ?? .uniform(grid.groupSize),
      scales: grid.values(try floats(scales)),
      zeros: try zeros.map { zeros throws(ConversionError) in grid.values(try numbers(zeros)) }
        ?? .constant(0))
  }

  private func packedQuantized(
    _ codes: CheckpointTensor, _ stated: Set<Int>
  ) throws(ConversionError) -> QuantizedMatrix {
    try require(codes, [.i32])
    try require(codes, dimensions: 2)
    let bits = try bits(
      codes, words: codes.shape[1], count: columns, [4, 8, 2, 3, 5, 6, 7], stated: stated)
    try require(codes, [rows, codes.shape[1]])
    let scales = try companion(".weight_scale", of: codes)
    let grid = try grid(scales, block: nil)
    let shape = optional(".weight_shape")
    if let shape {
      try require(shape, [.i64, .i32])
      try require(shape, [2])
      let found = shapeValues(shape)
      guard found == [rows, columns] else {
        throw .wrongShape(
          path: file(codes), tensor: codes.name, found: found, wanted: [rows, columns])
      }
    }
    let zeros = optional(".weight_zero_point")
    if let zeros {
      try require(zeros, [.i32])
      try require(zeros, [PackedWords.count(rows, bits: bits), grid.groupCount])
      guard grid.rowBlock == 1 else {
        throw .wrongShape(
          path: file(scales), tensor: scales.name, found: scales.shape,
          wanted: [rows, grid.groupCount])
      }
    }
    let table = try groupIndices(groups: grid.groupCount)
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: "compressed-tensors \(bits)-bit",
      checkpoint: weights,
      tensors: [codes, scales] + [shape, zeros, table?.tensor].compactMap { $0 },
      codes: .alongColumns(
        PackedWords(codes, of: weights, bits: bits), wordsPerRow: codes.shape[1]),
      groups: table?.groups ?? .uniform(grid.groupSize),
      scales: grid.values(try floats(scales)),
      zeros: zeros.map {
        .packedByRow(PackedWords($0, of: weights, bits: bits), groupCount: grid.groupCount)
      } ?? .constant(Float(1 << (bits - 1))))
  }

  /// The group of each column, where groups are not of neighbours; all -1 says that they are.
  private func groupIndices(
    groups: Int
  ) throws(ConversionError) -> (tensor: CheckpointTensor, groups: QuantizedMatrix.Groups?)? {
    guard let tensor = optional(".weight_g_idx") else { return nil }
    try require(tensor, [.i32])
    if weights.bytes(of: tensor).allSatisfy({ $0 == 255 }) { return (tensor, nil) }
    return (tensor, .table(try groupTable(tensor, groups: groups)))
  }

  private func shapeValues(_ tensor: CheckpointTensor) -> [Int] {
    let bytes = weights.bytes(of: tensor)
    return (0..<2).map {
      tensor.type == .i64
        ? Int(
          clamping: Int64(
            littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Int64.self)))
        : Int(Int32(littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)))
    }
  }

  /// FP8: element = code * scale, the scale as `weight_scale_inv` (which is not an inverse) or `weight_scale`.
  ///
  /// Source: DeepSeek-V3's `weight_dequant`, `FP8Linear` of transformers, `FloatQuantizationCompressor`.
  func fp8(block: [Int]?) throws(ConversionError) -> QuantizedMatrix? {
    guard let codes = optional(".weight") else { return nil }
    let meaning: [Float]
    switch codes.type {
    case .f8E4M3: meaning = EightBitFloats.e4m3
    case .f8E5M2: meaning = EightBitFloats.e5m2
    default: return nil
    }
    try require(codes, [rows, columns])
    let scales =
      if let inverse = optional(".weight_scale_inv") {
        inverse
      } else {
        try companion(".weight_scale", of: codes)
      }
    try require(scales, [.f32, .f16, .bf16, .f8E8M0])
    let grid = try grid(scales, block: block)
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: codes.type == .f8E4M3 ? "fp8 e4m3" : "fp8 e5m2",
      checkpoint: weights, tensors: [codes, scales], codes: .bytes(codes, meaning),
      groups: .uniform(grid.groupSize), scales: grid.values(try numbers(scales)))
  }

  /// How scales lie over a matrix.
  struct ScaleGrid {
    let rowBlock: Int
    let groupSize: Int
    let groupCount: Int

    func values(_ numbers: StoredNumbers) -> QuantizedMatrix.Values {
      .byRow(numbers, rowBlock: rowBlock, groupCount: groupCount, factor: 1)
    }
  }

  /// One scale, one for each row, one for each group of a row, or one for each block of `block` rows and columns.
  func grid(_ scales: CheckpointTensor, block: [Int]?) throws(ConversionError) -> ScaleGrid {
    if scales.elementCount == 1 {
      return ScaleGrid(rowBlock: rows, groupSize: columns, groupCount: 1)
    }
    if scales.shape == [rows] || scales.shape == [rows, 1] {
      return ScaleGrid(rowBlock: 1, groupSize: columns, groupCount: 1)
    }
    if let block, block.count == 2, block[0] > 0, block[1] > 0,
      scales.shape == [(rows - 1) / block[0] + 1, (columns - 1) / block[1] + 1]
    {
      return ScaleGrid(rowBlock: block[0], groupSize: block[1], groupCount: scales.shape[1])
    }
    guard scales.shape.count == 2, scales.shape[0] == rows else {
      let blocks =
        block.map { ", or one for each block of \($0.map(String.init).joined(separator: " x "))" }
        ?? ""
      throw .unusableValue(
        path: file(scales), field: "the shape of \(scales.name)", found: "\(scales.shape)",
        wanted: "one scale, one for each of \(rows) rows or group of \(columns) columns" + blocks)
    }
    return ScaleGrid(
      rowBlock: 1, groupSize: try groupSize(scales, groups: scales.shape[1]),
      groupCount: scales.shape[1])
  }
}
