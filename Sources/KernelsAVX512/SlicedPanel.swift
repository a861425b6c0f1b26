// Weights in blocks as the product in whole numbers reads them: signed bytes of four outputs m side by
// side, a word for each column. See LinearTransposedSlices.swift.

import BlockFormats
import KernelInterface

extension IntegerBlock {
  /// Codes of columns 4j..<4j+4 less their zero point: signed bytes, a word for each row.
  @inline(__always) fileprivate static func signedWords(_ place: BlockPlace, _ j: Int)
    -> WordVector
  {
    let codes = words(place, j)
    if zeroPoint == 128 { return codes ^ 0x8080_8080 }
    if zeroPoint == 0 { return codes }
    // Codes are below 128, so that nothing is borrowed from a neighbour.
    return ((codes | 0x8080_8080) &- UInt32(truncatingIfNeeded: zeroPoint) &* 0x0101_0101)
      ^ 0x8080_8080
  }
}

/// One block of 32 columns by the outputs of a pass, in memory that others own.
struct SlicedPanel {
  /// Outputs of a pass at most.
  static var mostOutputs: Int { KernelTable.slicedOutputs }
  /// Bytes of a panel.
  static var byteCount: Int { KernelTable.slicedPanelBytes }

  /// Codes `[m / 4][32 columns][4]`.
  let codes: UnsafeMutableRawPointer
  /// Scales `[half][m]`; of a format without halves the second is not written.
  let scales: UnsafeMutablePointer<Float>
  /// What a minimum adds, `[half][m]`, of a format that has one; without halves the second is not written.
  let minima: UnsafeMutablePointer<Float>
  /// The sum of each column's codes, `[32]`.
  private let sums: UnsafeMutableRawPointer
  /// The largest magnitude of each half's scales.
  let largestScale: UnsafeMutablePointer<Float>

  @inline(__always) init(_ memory: UnsafeMutableRawPointer) {
    codes = memory
    scales = (memory + 32 &* SlicedPanel.mostOutputs).assumingMemoryBound(to: Float.self)
    minima = scales + 2 &* SlicedPanel.mostOutputs
    sums = UnsafeMutableRawPointer(minima + 2 &* SlicedPanel.mostOutputs)
    largestScale = (sums + 128).assumingMemoryBound(to: Float.self)
  }

  /// The sums of the codes of 16 columns.
  @inline(__always) func codeSums(_ half: Int) -> IntVector {
    sums.loadUnaligned(fromByteOffset: 64 &* half, as: IntVector.self)
  }

  /// Fours of outputs in a group of sixteen, the last of `outputs` being in the last four.
  @inline(__always) static func fours(_ group: Int, outputs: Int) -> Int {
    min(4, (outputs &- 16 &* group &+ 3) / 4)
  }

  /// Block `block` of the groups that hold `outputs` rows.
  @inline(__always) func fill<F: IntegerBlock>(
    _: F.Type, _ weights: UnsafeRawPointer, groupBytes: Int, outputs: Int, block: Int
  ) {
    let ones = WordVector(repeating: 0x0101_0101)
    var first = IntVector.zero
    var last = IntVector.zero
    var largestFirst = FloatVector.zero
    var largestLast = FloatVector.zero
    for group in 0..<PackedLayout.groupCount(rows: outputs) {
      let place = F.place(weights + group &* groupBytes, block)
      let steps = F.steps(place)
      scales.store(steps.first, at: 16 &* group)
      largestFirst = maximum(largestFirst, magnitude(steps.first))
      if F.hasHalves {
        scales.store(steps.last, at: SlicedPanel.mostOutputs &+ 16 &* group)
        largestLast = maximum(largestLast, magnitude(steps.last))
      }
      if !F.hasZeroPoint {
        minima.store(steps.minimum, at: 16 &* group)
        if F.hasHalves {
          minima.store(steps.lastMinimum, at: SlicedPanel.mostOutputs &+ 16 &* group)
        }
      }
      let target = codes + 512 &* group
      for j in 0..<8 {
        storeQuarters(transposeBytes(F.signedWords(place, j)), target + 16 &* j)
      }
      for step in 0..<SlicedPanel.fours(group, outputs: outputs) {
        let words = UnsafeRawPointer(target + 128 &* step)
        first = dotCodes(first, ones, words.signedBytes())
        last = dotCodes(last, ones, words.signedBytes(64))
      }
    }
    sums.storeBytes(of: first, as: IntVector.self)
    sums.storeBytes(of: last, toByteOffset: 64, as: IntVector.self)
    largestScale[0] = largest(largestFirst)
    largestScale[1] = largest(largestLast)
  }
}

extension UnsafeRawPointer {
  /// Sixteen words of four bytes, as the second factor of `dotCodes`.
  @inline(__always) func signedBytes(_ byteOffset: Int = 0) -> IntVector {
    loadUnaligned(fromByteOffset: byteOffset, as: IntVector.self)
  }
}
