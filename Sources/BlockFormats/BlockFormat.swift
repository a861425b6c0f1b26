/// How the elements of a tensor are stored: plain floats, or blocks of quantized codes that share
/// scales. Raw values are ggml's type numbers, as they stand in a GGUF file.
///
/// Source: the GGUF specification and `ggml-common.h` of ggml (layout of the blocks).
public enum BlockFormat: UInt32, Sendable, CaseIterable {
  case f32 = 0
  case f16 = 1
  case q4_0 = 2
  case q4_1 = 3
  case q5_0 = 6
  case q5_1 = 7
  case q8_0 = 8
  case q2_K = 10
  case q3_K = 11
  case q4_K = 12
  case q5_K = 13
  case q6_K = 14
  case iq4_NL = 20
  case iq4_XS = 23
  case bf16 = 30
  case mxfp4 = 39

  /// Elements in one block; a row's length must be a multiple of it.
  public var elementsPerBlock: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q4_0, .q4_1, .q5_0, .q5_1, .q8_0, .iq4_NL, .mxfp4: 32
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K, .iq4_XS: 256
    }
  }

  /// Bytes of one block.
  public var bytesPerBlock: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q4_0: 18  // f16 d; 16 bytes of nibbles
    case .q4_1: 20  // f16 d, f16 m; 16 bytes of nibbles
    case .q5_0: 22  // f16 d; 4 bytes of fifth bits; 16 of nibbles
    case .q5_1: 24  // f16 d, f16 m; 4 bytes of fifth bits; 16 of nibbles
    case .q8_0: 34  // f16 d; 32 signed bytes
    case .q2_K: 84  // 16 bytes of 4-bit scales and minima; 64 of 2-bit codes; f16 d, f16 dmin
    case .q3_K: 110  // 32 bytes of high bits; 64 of low bit pairs; 12 of 6-bit scales; f16 d
    case .q4_K: 144  // f16 d, f16 dmin; 12 bytes of 6-bit scales and minima; 128 of nibbles
    case .q5_K: 176  // as q4_K, with 32 bytes of fifth bits before the nibbles
    case .q6_K: 210  // 128 bytes of low nibbles, 64 of high bit pairs, 16 signed scales; f16 d
    case .iq4_NL: 18  // as q4_0, codes being numbers of values in a table
    case .iq4_XS: 136  // f16 d; 2 + 4 bytes of 6-bit scales; 128 of nibbles
    case .mxfp4: 17  // exponent; 16 bytes of nibbles
    }
  }

  /// Bytes of `count` consecutive elements, or nil when they do not fill whole blocks or the size
  /// does not fit in an `Int`.
  public func byteCount(elements count: Int) -> Int? {
    guard count >= 0, count % elementsPerBlock == 0 else { return nil }
    let (bytes, overflow) = (count / elementsPerBlock).multipliedReportingOverflow(
      by: bytesPerBlock)
    return overflow ? nil : bytes
  }

  /// The name people use on a command line and `inspect` prints: "q4_0", "q6_K", "bf16".
  public var name: String {
    switch self {
    case .f32: "f32"
    case .f16: "f16"
    case .bf16: "bf16"
    case .q4_0: "q4_0"
    case .q4_1: "q4_1"
    case .q5_0: "q5_0"
    case .q5_1: "q5_1"
    case .q8_0: "q8_0"
    case .q2_K: "q2_K"
    case .q3_K: "q3_K"
    case .q4_K: "q4_K"
    case .q5_K: "q5_K"
    case .q6_K: "q6_K"
    case .iq4_NL: "iq4_NL"
    case .iq4_XS: "iq4_XS"
    case .mxfp4: "mxfp4"
    }
  }
}
