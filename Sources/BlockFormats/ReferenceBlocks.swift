/// Every format's conversions written as its definition reads: one element at a time, portable,
/// exact to the bit. The fast kernels are tested against these.
///
/// Source: `ggml-common.h` (layout) and `ggml-quants.c` (`dequantize_row_*`, `quantize_row_*_ref`)
/// of ggml, compiled as written: every product and sum is rounded to `Float` by itself. Where a C
/// compiler fuses a product and a sum, as on Arm, ggml's own Q4_0 codes differ on ties: about one
/// block in five hundred when the weights were bf16.
public enum ReferenceBlocks {
  /// Decodes whole blocks to floats: `destination[i]` is the value of element i of `source`.
  ///
  /// - Precondition: `source` has exactly the bytes of `destination.count` elements, which fill
  ///   whole blocks. No alignment is needed. Any bytes decode; non-finite scales give non-finite
  ///   values.
  public static func dequantize(
    _ format: BlockFormat, _ source: UnsafeRawBufferPointer,
    into destination: UnsafeMutableBufferPointer<Float>
  ) {
    checkSizes(format, elements: destination.count, bytes: source.count)
    guard let bytes = source.baseAddress, let values = destination.baseAddress else { return }
    let decode: (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void =
      switch format {
      case .f32: decodeF32
      case .f16: decodeF16
      case .bf16: decodeBF16
      case .q8_0: decodeQ8_0
      case .q4_0: decodeQ4_0
      case .q4_1: decodeQ4_1
      case .q5_0: decodeQ5_0
      case .q5_1: decodeQ5_1
      case .q2_K: decodeQ2_K
      case .q3_K: decodeQ3_K
      case .q4_K: decodeQ4_K
      case .q5_K: decodeQ5_K
      case .q6_K: decodeQ6_K
      case .iq4_NL: decodeIQ4_NL
      case .iq4_XS: decodeIQ4_XS
      case .mxfp4: decodeMXFP4
      }
    for block in 0..<destination.count / format.elementsPerBlock {
      decode(
        bytes + block * format.bytesPerBlock, values + block * format.elementsPerBlock)
    }
  }

  /// Encodes floats to whole blocks, byte for byte as ggml's reference quantizers do.
  ///
  /// No input traps. An element whose code is undefined in C (it is not finite, or its block's
  /// scale has no finite reciprocal) gets code 0, as ggml's does on x86-64.
  ///
  /// - Precondition: `format.hasQuantizer`; `destination` has exactly the bytes of `source.count`
  ///   elements, which fill whole blocks. No alignment is needed.
  public static func quantize(
    _ format: BlockFormat, _ source: UnsafeBufferPointer<Float>,
    into destination: UnsafeMutableRawBufferPointer
  ) {
    checkSizes(format, elements: source.count, bytes: destination.count)
    let encode: (UnsafePointer<Float>, UnsafeMutableRawPointer) -> Void =
      switch format {
      case .f32: encodeF32
      case .f16: encodeF16
      case .bf16: encodeBF16
      case .q8_0: encodeQ8_0
      case .q4_0: encodeQ4_0
      case .q4_1: encodeQ4_1
      case .q5_0: encodeQ5_0
      case .q5_1: encodeQ5_1
      case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: { encodeSuperblock(format, $0, $1) }
      case .iq4_NL, .iq4_XS, .mxfp4:
        preconditionFailure("\(format.name) is only read")
      }
    guard let values = source.baseAddress, let bytes = destination.baseAddress else { return }
    for block in 0..<source.count / format.elementsPerBlock {
      encode(values + block * format.elementsPerBlock, bytes + block * format.bytesPerBlock)
    }
  }

  private static func checkSizes(_ format: BlockFormat, elements: Int, bytes: Int) {
    precondition(
      format.byteCount(elements: elements) == bytes,
      "\(elements) elements of \(format.name) do not take \(bytes) bytes")
  }
}

extension BlockFormat {
  /// Whether `ReferenceBlocks.quantize` writes this format; the others are only read.
  public var hasQuantizer: Bool {
    switch self {
    case .f32, .f16, .bf16, .q8_0, .q4_0, .q4_1, .q5_0, .q5_1: true
    case .q2_K, .q3_K, .q4_K, .q5_K, .q6_K: true
    case .iq4_NL, .iq4_XS, .mxfp4: false
    }
  }
}
