import BlockFormats
import TestSupport

/// A matrix as it stands in a file, of random blocks, and what the reference decodes from them.
struct RandomMatrix {
  let format: BlockFormat
  let rows: Int
  let columns: Int
  var bytes: [UInt8]

  /// What the blocks' scales, or a plain format's elements, are like.
  enum Scales {
    /// Weights like a model's, up to about 1.
    case ordinary
    /// Some of them zeros of both signs, subnormals, the smallest normals and the largest numbers.
    case extreme
  }

  init(
    _ format: BlockFormat, rows: Int, columns: Int, scales: Scales = .ordinary,
    _ random: inout SplitMix64
  ) {
    self.format = format
    self.rows = rows
    self.columns = columns
    let blocks = rows * columns / format.elementsPerBlock
    bytes = (0..<blocks * format.bytesPerBlock).map { _ in .random(in: 0...255, using: &random) }
    for block in 0..<blocks {
      for place in format.floatOffsets {
        let offset = block * format.bytesPerBlock + place
        let isExtreme = scales == .extreme && Bool.random(using: &random)
        put(
          isExtreme
            ? format.extremeFloats.randomElement(using: &random)!
            : format.floatBits(.random(in: -1...1, using: &random) * format.usualScale),
          at: offset)
      }
    }
  }

  /// Overwrites a little-endian float of the format's width at a byte.
  mutating func put(_ bits: UInt32, at offset: Int) {
    for i in 0..<format.floatBytes {
      bytes[offset + i] = UInt8(truncatingIfNeeded: bits >> (8 * i))
    }
  }

  /// The elements, row after row.
  var values: [Float] {
    var values = [Float](repeating: 0, count: rows * columns)
    bytes.withUnsafeBytes { source in
      values.withUnsafeMutableBufferPointer { ReferenceBlocks.dequantize(format, source, into: $0) }
    }
    return values
  }
}

extension BlockFormat {
  /// Where a block's floats are: its scales, or the element itself.
  var floatOffsets: [Int] {
    switch self {
    case .f32, .f16, .bf16, .q4_0, .q5_0, .q8_0, .iq4_NL, .iq4_XS, .mxfp4: [0]
    case .q4_1, .q5_1, .q4_K, .q5_K: [0, 2]
    case .q2_K: [80, 82]
    case .q3_K: [108]
    case .q6_K: [208]
    }
  }

  var floatBytes: Int { self == .f32 ? 4 : self == .mxfp4 ? 1 : 2 }

  func floatBits(_ value: Float) -> UInt32 {
    switch self {
    case .f32: value.bitPattern
    case .bf16: value.bitPattern >> 16
    case .mxfp4: UInt32(Int(value.exponent) + 128)  // of the power of two below
    default: UInt32(Half(value).bits)
    }
  }

  /// Makes the largest element about 1.
  var usualScale: Float {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q4_0, .q4_1: 0.1
    case .q5_0, .q5_1: 0.05
    case .q8_0: 0.01
    case .iq4_NL, .mxfp4: 0.01
    case .iq4_XS: 2.5e-4
    case .q2_K: 0.02
    case .q3_K: 8e-3
    case .q4_K, .q5_K: 1e-3
    case .q6_K: 2.5e-4
    }
  }

  /// Zeros, the smallest and largest subnormals, the smallest normal, the largest number, of either
  /// sign.
  var extremeFloats: [UInt32] {
    switch self {
    case .f32:
      [
        0, 0x8000_0000, 1, 0x8000_0001, 0x7F_FFFF, 0x80_0000, 0x8080_0000, 0x7F7F_FFFF, 0xFF7F_FFFF,
      ]
    case .mxfp4: [0, 1, 2, 3, 127, 252]
    case .bf16: [0, 0x8000, 1, 0x8001, 0x7F, 0x80, 0x8080, 0x7F7F, 0xFF7F]
    default: [0, 0x8000, 1, 0x8001, 0x3FF, 0x83FF, 0x400, 0x7BFF, 0xFBFF]
    }
  }

  /// Infinities and NaNs, quiet and signalling.
  var nonFiniteFloats: [UInt32] {
    switch self {
    case .f32: [0x7F80_0000, 0xFF80_0000, 0x7FC0_0000, 0x7F80_0001, 0xFFFF_FFFF]
    case .mxfp4: [253, 254, 255]
    case .bf16: [0x7F80, 0xFF80, 0x7FC0, 0x7F81, 0xFFFF]
    default: [0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFFFF]
    }
  }
}

/// Half the distance from 1 to the next Float: the relative error of one rounding.
let unit = 0x1p-24

/// Random floats in -size...size.
func randomFloats(_ count: Int, size: Float = 1, _ random: inout SplitMix64) -> [Float] {
  (0..<count).map { _ in .random(in: -size...size, using: &random) }
}

func bitPatterns(_ values: some Sequence<Float>) -> [UInt32] { values.map(\.bitPattern) }
