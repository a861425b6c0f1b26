import BlockFormats
import KernelInterface

/// `ByteGradientKernels` written as its definition reads, one number at a time.
struct ByteGradientReference {
  let matrix: RandomMatrix
  let slices: Int
  let seed: UInt32

  /// dx `[n][columns]` of rows of `g`, `stride` apart, added to `onto`.
  func inputGradient(_ g: [Float], stride: Int, n: Int, onto: [Float]?) -> [Float] {
    let columns = matrix.columns
    let values = matrix.values
    let reach = matrix.reach
    let groups = (matrix.rows + 15) / 16
    let sums = (groups + 7) / 8
    let outputs = 16 * ((groups + sums - 1) / sums)
    var result = onto ?? [Float](repeating: 0, count: n * columns)
    for first in Swift.stride(from: 0, to: matrix.rows, by: outputs) {
      let part = first..<min(first + outputs, matrix.rows)
      let rounded = (0..<n).map {
        round(Array(g[$0 * stride..<$0 * stride + matrix.rows]), $0, part)
      }
      for block in 0..<columns / 32 {
        let some = part.flatMap { m in
          (0..<32).map { reach[m * columns + 32 * block + $0] }
        }
        let bound = max(some.max()!, 0x1p-100)
        for k in 32 * block..<32 * block + 32 {
          let codes = part.map { m in
            Int((values[m * columns + k] * (127 / bound)).rounded(.toNearestOrEven))
          }
          for row in 0..<n {
            let (scale, whole) = rounded[row]
            // The high byte with its own scale, then the low one.
            let bytes: [(Int) -> Int] =
              slices == 1 ? [{ $0 }] : [{ ($0 + 128) >> 8 }, { $0 - (($0 + 128) >> 8) * 256 }]
            for (i, byte) in bytes.enumerated() {
              let sum = zip(whole, codes).reduce(0) { $0 + byte($1.0) * $1.1 }
              let step = bound / 127 * (i + 1 == slices ? 1 : 256) * (slices == 2 ? 0x1p-8 : 1)
              let value = Float(sum) * (scale * step)
              let isFirst = onto == nil && first == 0 && i == 0
              let at = row * columns + k
              result[at] = isFirst ? value : result[at] + value
            }
          }
        }
      }
    }
    return result
  }

  /// What a step of a row's gradients is in a sum, and how many each is.
  private func round(_ g: [Float], _ row: Int, _ part: Range<Int>) -> (Float, [Int]) {
    let largest = part.map { g[$0].magnitude }.reduce(0) { $0 < $1 || $1.isNaN ? $1 : $0 }
    guard largest.isFinite else { return (.nan, part.map { _ in 0 }) }
    let bound = max(largest, 0x1p-100)
    let inverse = 126.99 / bound * (slices == 2 ? 256 : 1)
    let base = hash(seed &+ UInt32(row) &* 0x9E37_79B1)
    return (
      bound / 126.99,
      part.map { m in
        // Two groups of sixteen share a hash of 32 bits.
        let group = m / 16
        let word = hash(base &+ UInt32(group / 2 * 16 + m % 16))
        let bits = group % 2 == 0 ? word & 0xFFFF : word >> 16
        let noise = (Float(bits) + 0.5) / 65536 - 0.5
        return Int((g[m] * inverse + noise).rounded(.toNearestOrEven))
      }
    )
  }

  private func hash(_ x: UInt32) -> UInt32 {
    var x = x
    x = (x ^ (x >> 16)) &* 0x7FEB_352D
    x = (x ^ (x >> 15)) &* 0x846C_A68B
    return x ^ (x >> 16)
  }
}

extension RandomMatrix {
  /// The largest magnitude that an element could have, whatever its code: decoded from the lowest and the highest.
  fileprivate var reach: [Float] {
    let (codes, low, high) = format.codeBytes
    func filled(_ byte: UInt8) -> [Float] {
      var other = self
      for block in 0..<bytes.count / format.bytesPerBlock {
        for i in codes { other.bytes[block * format.bytesPerBlock + i] = byte }
      }
      return other.values
    }
    return zip(filled(low), filled(high)).map { max($0.magnitude, $1.magnitude) }
  }
}

extension BlockFormat {
  /// The bytes of a block that hold codes, and what they are filled with for the lowest and the highest one.
  fileprivate var codeBytes: (places: Range<Int>, low: UInt8, high: UInt8) {
    switch self {
    case .f32, .f16, .bf16: (0..<0, 0, 0)
    case .q4_0, .iq4_NL: (2..<18, 0, 0xFF)
    case .q4_1: (4..<20, 0, 0xFF)
    case .q5_0: (2..<22, 0, 0xFF)
    case .q5_1: (4..<24, 0, 0xFF)
    case .q8_0: (2..<34, 0x80, 0x7F)
    case .q2_K: (16..<80, 0, 0xFF)
    case .q3_K: (0..<96, 0, 0xFF)
    case .q4_K: (16..<144, 0, 0xFF)
    case .q5_K: (16..<176, 0, 0xFF)
    case .q6_K: (0..<192, 0, 0xFF)
    case .iq4_XS: (8..<136, 0, 0xFF)
    case .mxfp4: (1..<17, 0x77, 0xFF)
    }
  }
}
