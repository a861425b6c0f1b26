import BlockFormats

/// ggml's numbers for the types of tensors, for the names of those that are not read here.
///
/// Source: `enum ggml_type` of ggml.h.
enum GGMLType {
  /// ggml's name for the type `number`, or nil where it has none.
  static func name(_ number: UInt32) -> String? {
    BlockFormat(rawValue: number)?.ggmlName ?? others[number]
  }

  /// "F32, F16, Q4_0, …": what may stand in a file that is read here.
  static let namesRead = BlockFormat.allCases.map(\.ggmlName).joined(separator: ", ")

  private static let others: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K",
    16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S",
    22: "IQ2_S", 24: "I8", 25: "I16", 26: "I32", 27: "I64", 28: "F64", 29: "IQ1_M",
    31: "Q4_0_4_4", 32: "Q4_0_4_8", 33: "Q4_0_8_8", 34: "TQ1_0", 35: "TQ2_0", 36: "IQ4_NL_4_4",
    37: "IQ4_NL_4_8", 38: "IQ4_NL_8_8", 40: "NVFP4", 41: "Q1_0", 42: "Q2_0",
  ]
}

extension BlockFormat {
  /// The name as ggml's tools print it: "Q4_0", "Q6_K", "BF16".
  fileprivate var ggmlName: String { name.uppercased() }
}
