// Weights in blocks of any format as the product in bytes reads them: a block of 32 columns by the outputs of a sum,
// rounded to bytes of one step. See `ByteGradientKernels`.

import BlockFormats
import KernelInterface

/// A panel, in memory that others own.
struct RoundedPanel {
  /// Codes `[m / 4][32 columns][4]`, signed.
  let codes: UnsafeMutableRawPointer
  /// The sum of each column's codes times what gradients are stored with, `[32]`.
  private let sums: UnsafeMutableRawPointer
  /// The value of a code of one.
  private(set) var step: Float = 0

  /// Number `i` of those that lie one after the other.
  @inline(__always) init(_ scratch: UnsafeMutablePointer<Float>, _ i: Int) {
    let start = scratch + i &* (8 &* ByteGradientKernels.sumOutputs &+ 32)
    codes = UnsafeMutableRawPointer(start)
    sums = UnsafeMutableRawPointer(start + 8 &* ByteGradientKernels.sumOutputs)
  }

  /// Of 16 columns.
  @inline(__always) func codeSums(_ half: Int) -> IntVector {
    sums.loadUnaligned(fromByteOffset: 64 &* half, as: IntVector.self)
  }

  /// Block `block` of `groups` groups, the first of which lies at `weights`.
  @inline(__always) mutating func fill<F: IntegerBlock>(
    _: F.Type, _ weights: UnsafeRawPointer, groupBytes: Int, groups: Int, block: Int
  ) {
    let low = FloatVector(repeating: Float(F.smallestCode &- F.zeroPoint))
    let high = FloatVector(repeating: Float(F.largestCode &- F.zeroPoint))
    var bounds = FloatVector.zero
    for group in 0..<groups {
      let steps = F.steps(F.place(weights + group &* groupBytes, block))
      func reach(_ step: FloatVector, _ minimum: FloatVector) {
        bounds = maximum(bounds, magnitude(multiplyAdd(low, step, minimum)))
        bounds = maximum(bounds, magnitude(multiplyAdd(high, step, minimum)))
      }
      reach(steps.first, steps.minimum)
      if F.hasHalves { reach(steps.last, steps.lastMinimum) }
    }
    // Below this there is nothing that a gradient of the usual sizes would not lose anyhow.
    let most = largest(bounds)
    let bound = most < 0x1p-100 ? 0x1p-100 : most
    step = bound / 127
    let inverse = FloatVector(repeating: 127 / bound)
    for group in 0..<groups {
      let place = F.place(weights + group &* groupBytes, block)
      let steps = F.steps(place)
      let first = Rounding<F>(step: steps.first, minimum: steps.minimum, inverse: inverse)
      let last = Rounding<F>(step: steps.last, minimum: steps.lastMinimum, inverse: inverse)
      let target = codes + 512 &* group
      for j in 0..<4 {
        storeQuarters(transposeBytes(first.bytes(F.words(place, j))), target + 16 &* j)
      }
      for j in 4..<8 {
        storeQuarters(transposeBytes(last.bytes(F.words(place, j))), target + 16 &* j)
      }
    }
    #if !KERNELS_AVX2 && !KERNELS_NEON
      // 128, what codes of gradients are too large by
      let weight = WordVector(repeating: 0x8080_8080)
      var total = (IntVector.zero, IntVector.zero)
      for i in 0..<4 &* groups {
        let words = UnsafeRawPointer(codes + 128 &* i)
        total.0 = dotCodes(total.0, weight, words.loadUnaligned(as: IntVector.self))
        total.1 = dotCodes(
          total.1, weight, words.loadUnaligned(fromByteOffset: 64, as: IntVector.self))
      }
      sums.storeBytes(of: total.0, as: IntVector.self)
      sums.storeBytes(of: total.1, toByteOffset: 64, as: IntVector.self)
    #endif
  }
}

/// From codes of sixteen rows to their values and to the nearest steps of a panel.
private struct Rounding<F: IntegerBlock> {
  let step: FloatVector
  let minimum: FloatVector
  let inverse: FloatVector

  /// Four codes of each row to four signed bytes.
  @inline(__always) func bytes(_ words: WordVector) -> WordVector {
    (rounded(words & 0xFF) & 0xFF) | ((rounded((words &>> 8) & 0xFF) & 0xFF) &<< 8)
      | ((rounded((words &>> 16) & 0xFF) & 0xFF) &<< 16) | (rounded(words &>> 24) &<< 24)
  }

  /// The low byte of each lane is the result. A step times a code is exact, so that a minimum may be added fused.
  @inline(__always) private func rounded(_ code: WordVector) -> WordVector {
    let code = toFloat(unsafeBitCast(code, to: IntVector.self) &- F.zeroPoint)
    let value = F.hasZeroPoint ? code * step : multiplyAdd(code, step, minimum)
    return unsafeBitCast(
      value * inverse + FloatVector(repeating: 0x1.8p23), to: WordVector.self)
  }
}
