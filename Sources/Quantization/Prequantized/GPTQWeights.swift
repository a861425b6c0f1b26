import ModelFiles

extension MatrixRequest {
  /// GPTQ: codes of 2, 3, 4 or 8 bits as `qweight` `[columns * bits / 32, rows]`, `scales` `[groups, rows]`, `qzeros`
  /// `[groups, rows * bits / 32]`, and where columns were quantized in another order than theirs the group of each, `g_idx`.
  ///
  /// Version 1 has one less in place of a zero point. GPTQModel takes it from whole words where the bits divide
  /// them, so that a zero point of 0 borrows from the next; of 3 bits from each number.
  ///
  /// Source: `PackableQuantLinear` of GPTQModel (`pack_original`, `dequantize_weight`, `convert_gptq_v1_to_v2_format`).
  func gptq(
    zerosAreLessOne: Bool, groupSize stated: Int?, statedBits: Set<Int>
  ) throws(ConversionError) -> QuantizedMatrix? {
    guard let codes = optional(".qweight") else { return nil }
    try require(codes, [.i32])
    try require(codes, dimensions: 2)
    let bits = try bits(
      codes, words: codes.shape[0], count: columns, [4, 8, 2, 3], stated: statedBits)
    let wordsPerGroup = PackedWords.count(rows, bits: bits)
    try require(codes, [codes.shape[0], rows])
    let scales = try companion(".scales", of: codes)
    try require(scales, dimensions: 2)
    let groups = scales.shape[0]
    try require(scales, [groups, rows])
    let zeros = try companion(".qzeros", of: codes)
    try require(zeros, [.i32])
    try require(zeros, [groups, wordsPerGroup])
    let table = optional(".g_idx")
    let sharing: QuantizedMatrix.Groups =
      if let table {
        .table(try groupTable(table, groups: groups))
      } else {
        .uniform(try groupSize(scales, groups: groups, stated: stated))
      }
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: "gptq \(bits)-bit", checkpoint: weights,
      tensors: [codes, scales, zeros] + (table.map { [$0] } ?? []),
      codes: .alongRows(PackedWords(codes, of: weights, bits: bits)),
      groups: sharing,
      scales: .byGroup(try floats(scales), rows: rows),
      zeros: .packedByGroup(
        PackedWords(
          zeros, of: weights, bits: bits,
          adding: zerosAreLessOne && bits != 3 ? .max / (1 << UInt32(bits) - 1) : 0),
        wordsPerGroup: wordsPerGroup, added: zerosAreLessOne && bits == 3 ? 1 : 0))
  }

  /// AWQ: nibbles as `qweight` `[columns, rows / 8]`, `scales` `[groups, rows]` and `qzeros` `[groups, rows / 8]`.
  ///
  /// Source: `WQLinear_GEMM.from_linear` and `dequantize_gemm` of AutoAWQ.
  func awq() throws(ConversionError) -> QuantizedMatrix? {
    guard let codes = optional(".qweight") else { return nil }
    try require(codes, [.i32])
    guard rows % 8 == 0 else {
      throw .wrongShape(
        path: file(codes), tensor: codes.name, found: codes.shape, wanted: [columns, rows / 8])
    }
    try require(codes, [columns, rows / 8])
    let scales = try companion(".scales", of: codes)
    try require(scales, dimensions: 2)
    let groups = scales.shape[0]
    try require(scales, [groups, rows])
    let zeros = try companion(".qzeros", of: codes)
    try require(zeros, [.i32])
    try require(zeros, [groups, rows / 8])
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: "awq 4-bit", checkpoint: weights,
      tensors: [codes, scales, zeros],
      codes: .interleaved(InterleavedNibbles(codes, of: weights, rows: rows)),
      groups: .uniform(try groupSize(scales, groups: groups)),
      scales: .byGroup(try floats(scales), rows: rows),
      zeros: .interleaved(InterleavedNibbles(zeros, of: weights, rows: rows)))
  }
}
