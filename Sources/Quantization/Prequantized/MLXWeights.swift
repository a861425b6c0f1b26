import ModelFiles

extension MatrixRequest {
  /// mlx: codes of 2 to 8 bits as `weight` U32 `[rows, columns * bits / 32]`, with `scales` and `biases` `[rows, groups]`:
  /// element = code * scale + bias.
  ///
  /// Source: `mlx.core.quantize` and `dequantize`, mode "affine".
  func mlx() throws(ConversionError) -> QuantizedMatrix? {
    guard let codes = optional(".weight"), codes.type == .u32 else { return nil }
    try require(codes, dimensions: 2)
    let scales = try companion(".scales", of: codes)
    try require(scales, dimensions: 2)
    let groups = scales.shape[1]
    try require(scales, [rows, groups])
    let size = try groupSize(scales, groups: groups)
    if scales.type == .u8 {
      throw .unsupportedQuantization(
        path: file(scales), field: scales.name, found: "one of the modes mxfp4, mxfp8 and nvfp4")
    }
    let bits = try bits(codes, words: codes.shape[1], count: columns, [4, 8, 2, 3, 5, 6])
    try require(codes, [rows, codes.shape[1]])
    let biases = try companion(".biases", of: codes)
    try require(biases, [rows, groups])
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: "mlx \(bits)-bit", checkpoint: weights,
      tensors: [codes, scales, biases],
      codes: .alongColumns(
        PackedWords(codes, of: weights, bits: bits), wordsPerRow: codes.shape[1]),
      groups: .uniform(size),
      scales: .byRow(try floats(scales), rowBlock: 1, groupCount: groups, factor: 1),
      biases: .byRow(try floats(biases), rowBlock: 1, groupCount: groups, factor: 1))
  }
}
