import BlockFormats
import Foundation
import ModelFiles

/// The elements of a tensor as numbers: scales, zero points, tables.
struct StoredNumbers: Sendable {
  let tensor: CheckpointTensor
  private let checkpoint: CheckpointTensors

  /// Throws `unsupportedElements` where they are none.
  init(_ tensor: CheckpointTensor, of checkpoint: CheckpointTensors) throws(ConversionError) {
    switch tensor.type {
    case .f32, .f16, .bf16, .i8, .u8, .i32, .f8E8M0, .f8E4M3: break
    default:
      throw .file(
        .unsupportedElements(
          path: checkpoint.files[tensor.part].path, tensor: tensor.name,
          type: tensor.type.rawValue))
    }
    self.tensor = tensor
    self.checkpoint = checkpoint
  }

  subscript(index: Int) -> Float {
    let bytes = checkpoint.bytes(of: tensor)
    func load<Value: FixedWidthInteger>(_ type: Value.Type) -> Value {
      precondition((index + 1) * MemoryLayout<Value>.size <= bytes.count, "no such element")
      return Value(
        littleEndian: bytes.loadUnaligned(
          fromByteOffset: index * MemoryLayout<Value>.size, as: Value.self))
    }
    return switch tensor.type {
    case .f32: Float(bitPattern: load(UInt32.self))
    case .f16: Float(Half(bits: load(UInt16.self)))
    case .bf16: Float(BFloat16(bits: load(UInt16.self)))
    case .i8: Float(load(Int8.self))
    case .i32: Float(load(Int32.self))
    case .f8E8M0: EightBitFloats.powerOfTwo(load(UInt8.self))
    case .f8E4M3: EightBitFloats.e4m3[Int(load(UInt8.self))]
    default: Float(load(UInt8.self))
    }
  }
}

/// What the 256 codes of floats of eight bits mean.
///
/// Source: OCP 8-bit Floating Point Specification (E4M3 without infinities, E5M2), OCP Microscaling (E8M0).
enum EightBitFloats {
  /// One sign, four bits of exponent, three of mantissa; the largest number is 448.
  static let e4m3: [Float] = (0...255).map { code in
    let (exponent, mantissa) = (code >> 3 & 15, code & 7)
    let magnitude: Float =
      if exponent == 15 && mantissa == 7 {
        .nan
      } else if exponent == 0 {
        Float(mantissa) * 0x1p-9
      } else {
        Float(8 + mantissa) * Float(sign: .plus, exponent: exponent - 10, significand: 1)
      }
    return code < 128 ? magnitude : -magnitude
  }

  /// The upper half of a half.
  static let e5m2: [Float] = (0...255).map { Float(Half(bits: UInt16($0) << 8)) }

  /// 2^(code - 127); the highest code is not a number.
  static func powerOfTwo(_ code: UInt8) -> Float {
    code == 255 ? .nan : Float(Foundation.pow(2, Double(code) - 127))
  }
}
