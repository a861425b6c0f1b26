/// How a checkpoint stores the elements of a tensor. Raw values are safetensors' names.
///
/// Source: `Dtype` of the safetensors library; its types of less than a byte are not known here.
public enum ElementType: String, Sendable, CaseIterable {
  case bool = "BOOL"
  case u8 = "U8"
  case i8 = "I8"
  case f8E5M2 = "F8_E5M2"
  case f8E4M3 = "F8_E4M3"
  case f8E8M0 = "F8_E8M0"
  case u16 = "U16"
  case i16 = "I16"
  case f16 = "F16"
  case bf16 = "BF16"
  case u32 = "U32"
  case i32 = "I32"
  case f32 = "F32"
  case u64 = "U64"
  case i64 = "I64"
  case f64 = "F64"
  case c64 = "C64"

  /// Size of one element in bytes.
  public var byteCount: Int {
    switch self {
    case .bool, .u8, .i8, .f8E5M2, .f8E4M3, .f8E8M0: 1
    case .u16, .i16, .f16, .bf16: 2
    case .u32, .i32, .f32: 4
    case .u64, .i64, .f64, .c64: 8
    }
  }

  /// Bytes of a tensor of `shape`, or nil where a dimension is negative or the product does not fit
  /// in an `Int`.
  func byteCount(shape: [Int]) -> Int? {
    var product = byteCount
    // A dimension of zero must not hide that the others are too large.
    var isEmpty = false
    for dimension in shape {
      guard dimension >= 0 else { return nil }
      isEmpty = isEmpty || dimension == 0
      let (next, overflow) = product.multipliedReportingOverflow(by: max(dimension, 1))
      guard !overflow else { return nil }
      product = next
    }
    return isEmpty ? 0 : product
  }
}
