/// A superblock of Q2_K, Q3_K, Q4_K, Q5_K or Q6_K taken apart: what a quantizer chooses, before it is put into
/// bytes. value = d * scale * code - dmin * minimum, one scale and minimum for each sub-block.
package struct Superblock {
  /// What differs between the formats.
  package struct Shape: Sendable {
    package let format: BlockFormat
    /// Elements of a sub-block: 16 or 32.
    package let width: Int
    package let codes: ClosedRange<Int>
    package let scales: ClosedRange<Int>
    /// Nil of the formats that have no minimum.
    package let minima: ClosedRange<Int>?

    /// Nil where `format` has no superblocks of this kind.
    package init?(_ format: BlockFormat) {
      self.format = format
      switch format {
      case .q2_K: (width, codes, scales, minima) = (16, 0...3, 0...15, 0...15)
      case .q3_K: (width, codes, scales, minima) = (16, -4...3, -32...31, nil)
      case .q4_K: (width, codes, scales, minima) = (32, 0...15, 0...63, 0...63)
      case .q5_K: (width, codes, scales, minima) = (32, 0...31, 0...63, 0...63)
      case .q6_K: (width, codes, scales, minima) = (16, -32...31, -128...127, nil)
      default: return nil
      }
    }

    package var subBlocks: Int { 256 / width }
  }

  package let shape: Shape
  /// The units of scales and minima; as halves they are what is stored.
  package var d: Half
  package var dmin = Half(bits: 0)
  package var scales: [Int]
  package var minima: [Int]
  package var codes: [Int8]

  /// All scales zero, and all codes what `Shape.codes` begins with.
  package init(_ shape: Shape) {
    self.shape = shape
    d = Half(bits: 0)
    scales = [Int](repeating: 0, count: shape.subBlocks)
    minima = scales
    codes = [Int8](repeating: Int8(shape.codes.lowerBound), count: 256)
  }

  package func step(_ subBlock: Int) -> Float { Float(d) * Float(scales[subBlock]) }
  package func offset(_ subBlock: Int) -> Float { Float(dmin) * Float(minima[subBlock]) }

  /// The codes nearest to (x + offset) / step for one sub-block; as they were where the step is zero.
  package mutating func retakeCodes(_ subBlock: Int, _ values: UnsafePointer<Float>) {
    let step = step(subBlock)
    guard step != 0 else { return }
    let offset = offset(subBlock)
    for i in subBlock * shape.width..<(subBlock + 1) * shape.width {
      let value = shape.minima == nil ? values[i] : values[i] + offset
      codes[i] = Int8(nearestInteger(value / step, in: shape.codes))
    }
  }

  /// Puts it into the format's bytes.
  package func store(_ block: UnsafeMutableRawPointer) {
    switch shape.format {
    case .q2_K:
      for i in 0..<16 {
        store(UInt8(scales[i]) | UInt8(minima[i]) << 4, block, i)
      }
      storePairs(block + 16)
      ReferenceBlocks.store(d, block + 80)
      ReferenceBlocks.store(dmin, block + 82)
    case .q3_K:
      var packed = [UInt8](repeating: 0, count: 12)
      for i in 0..<16 {
        let scale = UInt8(scales[i] + 32)
        packed[i % 8] |= (scale & 0xF) << UInt8(i / 8 * 4)
        packed[8 + i % 4] |= (scale >> 4) << UInt8(2 * (i / 4))
      }
      for i in 0..<32 { store(bits(2, ofElement: i), block, i) }
      storePairs(block + 32)
      for i in 0..<12 { store(packed[i], block, 96 + i) }
      ReferenceBlocks.store(d, block + 108)
    case .q4_K, .q5_K:
      ReferenceBlocks.store(d, block)
      ReferenceBlocks.store(dmin, block + 2)
      storeSixBitPairs(block + 4)
      if shape.format == .q5_K {
        for i in 0..<32 { store(bits(4, ofElement: i), block, 16 + i) }
      }
      storeNibbles(block + (shape.format == .q5_K ? 48 : 16))
    default:
      for half in 0..<2 {
        for i in 0..<32 {
          let q = (0..<4).map { unsigned(128 * half + 32 * $0 + i) }
          store(q[0] & 0xF | (q[2] & 0xF) << 4, block, 64 * half + i)
          store(q[1] & 0xF | (q[3] & 0xF) << 4, block, 64 * half + 32 + i)
          let high = q[0] >> 4 | (q[1] >> 4) << 2 | (q[2] >> 4) << 4 | (q[3] >> 4) << 6
          store(high, block, 128 + 32 * half + i)
        }
      }
      for i in 0..<16 { store(UInt8(bitPattern: Int8(scales[i])), block, 192 + i) }
      ReferenceBlocks.store(d, block + 208)
    }
  }

  /// As stored: from zero.
  private func unsigned(_ i: Int) -> UInt8 { UInt8(Int(codes[i]) - shape.codes.lowerBound) }

  private func store(_ byte: UInt8, _ block: UnsafeMutableRawPointer, _ offset: Int) {
    block.storeBytes(of: byte, toByteOffset: offset, as: UInt8.self)
  }

  /// Bit `bit` of the codes of elements i, 32 + i, ..., 224 + i, the first lowest.
  private func bits(_ bit: UInt8, ofElement i: Int) -> UInt8 {
    (0..<8).reduce(UInt8(0)) { $0 | (unsigned(32 * $1 + i) >> bit & 1) << UInt8($1) }
  }

  /// Four bytes of 128 elements: two bits of elements 32 apart.
  private func storePairs(_ bytes: UnsafeMutableRawPointer) {
    for half in 0..<2 {
      for i in 0..<32 {
        let byte = (0..<4).reduce(UInt8(0)) {
          $0 | (unsigned(128 * half + 32 * $1 + i) & 3) << UInt8(2 * $1)
        }
        store(byte, bytes, 32 * half + i)
      }
    }
  }

  /// Low four bits; two sub-blocks share 32 bytes.
  private func storeNibbles(_ bytes: UnsafeMutableRawPointer) {
    for pair in 0..<4 {
      for i in 0..<32 {
        let (low, high) = (unsigned(64 * pair + i), unsigned(64 * pair + 32 + i))
        store(low & 0xF | high << 4, bytes, 32 * pair + i)
      }
    }
  }

  /// The inverse of `ReferenceBlocks.scaleAndMinimum`.
  private func storeSixBitPairs(_ bytes: UnsafeMutableRawPointer) {
    var packed = [UInt8](repeating: 0, count: 12)
    for i in 0..<8 {
      let (scale, minimum) = (UInt8(scales[i]), UInt8(minima[i]))
      if i < 4 {
        packed[i] = scale
        packed[i + 4] = minimum
      } else {
        packed[i + 4] = scale & 0xF | (minimum & 0xF) << 4
        packed[i - 4] |= (scale >> 4) << 6
        packed[i] |= (minimum >> 4) << 6
      }
    }
    for i in 0..<12 { store(packed[i], bytes, i) }
  }
}

/// The nearest integer of |v| < 2^22, ties to even; of others what ggml's addition leaves in the low bits.
package func nearestInteger(_ v: Float) -> Int {
  Int((v + 12_582_912).bitPattern & 0x007F_FFFF) - 0x0040_0000
}

/// The same, kept to `range`.
package func nearestInteger(_ v: Float, in range: ClosedRange<Int>) -> Int {
  max(range.lowerBound, min(range.upperBound, nearestInteger(v)))
}
