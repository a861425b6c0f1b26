// From GGUF rows to groups of 16 rows whose codes lie side by side, as `PackedLayout` says: blocks of 32
// columns or superblocks of 256 one after the other, the superblocks' two-level scales taken apart once, here.

import KernelInterface

/// `LinearKernels.PackGroup`. Infinities and NaNs are looked for in plain elements and in the blocks'
/// halves: everything else is an integer.
func packGroup(
  _ format: Int, _ rows: UnsafeRawPointer, _ rowBytes: Int, _ validRows: Int, _ k: Int,
  _ group: UnsafeMutableRawPointer
) -> Int {
  let source = GroupSource(rows: rows, rowBytes: rowBytes, validRows: validRows)
  return switch PackedLayout.format(format) {
  case .f32: packPlain(UInt32.self, exponent: 0x7F80_0000, source, k, group)
  case .f16: packPlain(UInt16.self, exponent: 0x7C00, source, k, group)
  case .bf16: packPlain(UInt16.self, exponent: 0x7F80, source, k, group)
  case .q4_0: packBlocks(source, k / 32, headerHalves: 1, codeWords: 4, group)
  case .q4_1: packBlocks(source, k / 32, headerHalves: 2, codeWords: 4, group)
  case .q5_0: packBlocks(source, k / 32, headerHalves: 1, codeWords: 4, fifths: true, group)
  case .q5_1: packBlocks(source, k / 32, headerHalves: 2, codeWords: 4, fifths: true, group)
  case .q8_0: packBlocks(source, k / 32, headerHalves: 1, codeWords: 8, flip: 0x8080_8080, group)
  case .iq4_NL: packBlocks(source, k / 32, headerHalves: 1, codeWords: 4, group)
  case .mxfp4: packMXFP4(source, k / 32, group)
  case .q2_K: packQ2_K(source, k / 256, group)
  case .q3_K: packQ3_K(source, k / 256, group)
  case .q4_K: packAffineSuperblocks(source, k / 256, highBits: false, group)
  case .q5_K: packAffineSuperblocks(source, k / 256, highBits: true, group)
  case .q6_K: packQ6_K(source, k / 256, group)
  case .iq4_XS: packIQ4_XS(source, k / 256, group)
  }
}

/// The up to 16 rows of a group; `nil` stands for a row past the matrix, which packs as zeros.
struct GroupSource {
  let rows: UnsafeRawPointer
  let rowBytes: Int
  let validRows: Int

  @inline(__always) func row(_ r: Int) -> UnsafeRawPointer? {
    r < validRows ? rows + r &* rowBytes : nil
  }
}

/// Plain elements: `[k][16]`.
@inline(__always) private func packPlain<E: FixedWidthInteger>(
  _: E.Type, exponent: E, _ source: GroupSource, _ k: Int, _ group: UnsafeMutableRawPointer
) -> Int {
  let size = E.bitWidth / 8
  var badRow = 0
  for r in 0..<16 {
    guard let row = source.row(r) else {
      for i in 0..<k {
        group.storeBytes(of: 0, toByteOffset: (i &* 16 &+ r) &* size, as: E.self)
      }
      continue
    }
    for i in 0..<k {
      let value = row.loadUnaligned(fromByteOffset: i &* size, as: E.self)
      if value & exponent == exponent { badRow = r &+ 1 }
      group.storeBytes(of: value, toByteOffset: (i &* 16 &+ r) &* size, as: E.self)
    }
  }
  return badRow
}

@inline(__always) func isNotFinite(_ half: UInt16) -> Bool { half & 0x7C00 == 0x7C00 }

/// Formats of blocks of 32: each block's header halves, then its codes in 32-bit words, both as in the
/// file but for `flip`, which makes signed bytes unsigned, and for fifth bits, which stand before the
/// codes in the file and after them here. Blocks are the outer loop, so that the group is written from
/// front to back.
@inline(__always) private func packBlocks(
  _ source: GroupSource, _ blocks: Int, headerHalves: Int, codeWords: Int, fifths: Bool = false,
  flip: UInt32 = 0, _ group: UnsafeMutableRawPointer
) -> Int {
  let fifthBytes = fifths ? 4 : 0
  let codesAt = 2 &* headerHalves &+ fifthBytes
  let blockBytes = codesAt &+ 4 &* codeWords
  var badRow = 0
  for block in 0..<blocks {
    let header = group + block &* (32 &* headerHalves &+ 64 &* codeWords &+ 16 &* fifthBytes)
    let words = header + 32 &* headerHalves
    for r in 0..<source.validRows {
      let from = source.rows + (r &* source.rowBytes &+ block &* blockBytes)
      for h in 0..<headerHalves {
        let bits = from.loadUnaligned(fromByteOffset: 2 &* h, as: UInt16.self)
        if isNotFinite(bits) { badRow = r &+ 1 }
        header.storeBytes(of: bits, toByteOffset: h &* 32 &+ 2 &* r, as: UInt16.self)
      }
      for pair in 0..<codeWords / 2 {
        let two = from.loadUnaligned(
          fromByteOffset: codesAt &+ 8 &* pair, as: UInt64.self)
        words.storeBytes(
          of: UInt32(truncatingIfNeeded: two) ^ flip, toByteOffset: pair &* 128 &+ 4 &* r,
          as: UInt32.self)
        words.storeBytes(
          of: UInt32(truncatingIfNeeded: two &>> 32) ^ flip,
          toByteOffset: pair &* 128 &+ 64 &+ 4 &* r, as: UInt32.self)
      }
      if fifths {
        let bits = from.loadUnaligned(fromByteOffset: 2 &* headerHalves, as: UInt32.self)
        words.storeBytes(
          of: byColumnInFour(bits), toByteOffset: 64 &* codeWords &+ 4 &* r, as: UInt32.self)
      }
    }
    for r in source.validRows..<PackedLayout.groupRows {
      for h in 0..<headerHalves {
        header.storeBytes(of: 0, toByteOffset: h &* 32 &+ 2 &* r, as: UInt16.self)
      }
      for w in 0..<codeWords {
        words.storeBytes(of: flip, toByteOffset: w &* 64 &+ 4 &* r, as: UInt32.self)
      }
      if fifths {
        words.storeBytes(of: 0, toByteOffset: 64 &* codeWords &+ 4 &* r, as: UInt32.self)
      }
    }
  }
  return badRow
}

/// Bit 4j + t to bit j of byte t: the two lowest bits of a bit's number become its highest, one after the
/// other.
@inline(__always) private func byColumnInFour(_ bits: UInt32) -> UInt32 {
  @inline(__always) func exchange(_ x: UInt32, _ mask: UInt32, _ distance: UInt32) -> UInt32 {
    let moved = (x ^ (x &>> distance)) & mask
    return x ^ moved ^ (moved &<< distance)
  }
  var x = bits
  for _ in 0..<2 {
    x = exchange(x, 0x2222_2222, 1)
    x = exchange(x, 0x0C0C_0C0C, 2)
    x = exchange(x, 0x00F0_00F0, 4)
    x = exchange(x, 0x0000_FF00, 8)
  }
  return x
}

/// Four words of nibbles from 32 codes, as Q4_0 has them: column i low and column 16 + i high.
@inline(__always) private func storeNibbles(
  _ codes: SIMD32<UInt8>, _ target: UnsafeMutableRawPointer, _ r: Int
) {
  let bytes = (codes.lowHalf & 15) | ((codes.highHalf & 15) &<< 4)
  let words = unsafeBitCast(bytes, to: SIMD4<UInt32>.self)
  for w in 0..<4 {
    target.storeBytes(of: words[w], toByteOffset: w &* 64 &+ 4 &* r, as: UInt32.self)
  }
}

/// Q4_K and Q5_K: value = d * scale * code - dmin * minimum, scale and minimum in 6 bits.
@inline(__always) private func packAffineSuperblocks(
  _ source: GroupSource, _ superblocks: Int, highBits: Bool, _ group: UnsafeMutableRawPointer
) -> Int {
  var badRow = 0
  let sourceBytes = highBits ? 176 : 144
  let targetBytes = highBits ? PackedLayout.q5_KSuperblock : PackedLayout.q4_KSuperblock
  for s in 0..<superblocks {
    let target = group + s &* targetBytes
    for r in 0..<16 {
      guard let row = source.row(r) else {
        if highBits {
          clearRow(target, r, halves: 2, block: PackedLayout.q5_KBlock)
        } else {
          clearRow(target, r, halves: 2, scaleRows: 16, words: 32)
        }
        continue
      }
      let from = row + s &* sourceBytes
      let packedScales = from + 4
      let fifths = from + 16
      let nibbles = highBits ? from + 48 : from + 16
      for h in 0..<2 {
        let bits = from.loadUnaligned(fromByteOffset: 2 &* h, as: UInt16.self)
        if isNotFinite(bits) { badRow = r &+ 1 }
        target.storeBytes(of: bits, toByteOffset: 32 &* h &+ 2 &* r, as: UInt16.self)
      }
      for block in 0..<8 {
        let (scale, minimum) = sixBitPair(packedScales, block)
        let start = target + (64 &+ PackedLayout.q5_KBlock &* block)
        let scales = highBits ? start : target + (64 &+ 16 &* block)
        scales.storeBytes(of: scale, toByteOffset: r, as: UInt8.self)
        scales.storeBytes(of: minimum, toByteOffset: (highBits ? 16 : 128) &+ r, as: UInt8.self)
        let pair = nibbles.loadUnaligned(
          fromByteOffset: 32 &* (block / 2), as: SIMD32<UInt8>.self)
        let codes = block % 2 == 0 ? pair & 15 : pair &>> 4
        storeNibbles(codes, highBits ? start + 32 : target + (320 &+ 256 &* block), r)
        if highBits {
          var word: UInt32 = 0
          for i in 0..<32 {
            let byte = fifths.load(fromByteOffset: i, as: UInt8.self)
            let place = 8 &* (i & 3) &+ i &>> 2
            word |= UInt32((byte >> UInt8(truncatingIfNeeded: block)) & 1) << UInt32(place)
          }
          start.storeBytes(of: word, toByteOffset: 288 &+ 4 &* r, as: UInt32.self)
        }
      }
    }
  }
  return badRow
}

/// The 6-bit scale and minimum of one of eight blocks, from the 12 bytes that hold them all.
@inline(__always) private func sixBitPair(_ p: UnsafeRawPointer, _ block: Int) -> (UInt8, UInt8) {
  func byte(_ i: Int) -> UInt8 { p.load(fromByteOffset: i, as: UInt8.self) }
  if block < 4 { return (byte(block) & 63, byte(block &+ 4) & 63) }
  return (
    (byte(block &+ 4) & 15) | ((byte(block &- 4) >> 6) << 4),
    (byte(block &+ 4) >> 4) | ((byte(block) >> 6) << 4)
  )
}

/// Q6_K: value = d * scale * (code - 32), a scale for every 16 columns.
@inline(__always) private func packQ6_K(
  _ source: GroupSource, _ superblocks: Int, _ group: UnsafeMutableRawPointer
) -> Int {
  var badRow = 0
  for s in 0..<superblocks {
    let target = group + s &* PackedLayout.q6_KSuperblock
    for r in 0..<16 {
      guard let row = source.row(r) else {
        clearRow(target, r, halves: 1, block: PackedLayout.q6_KBlock)
        continue
      }
      let from = row + s &* 210
      let d = from.loadUnaligned(fromByteOffset: 208, as: UInt16.self)
      if isNotFinite(d) { badRow = r &+ 1 }
      target.storeBytes(of: d, toByteOffset: 2 &* r, as: UInt16.self)
      for block in 0..<8 {
        let start = target + (32 &+ PackedLayout.q6_KBlock &* block)
        for half in 0..<2 {
          start.storeBytes(
            of: from.load(fromByteOffset: 192 &+ 2 &* block &+ half, as: UInt8.self),
            toByteOffset: 16 &* half &+ r, as: UInt8.self)
        }
        let part = block % 4
        let low = from.loadUnaligned(
          fromByteOffset: 64 &* (block / 4) &+ 32 &* (part % 2), as: SIMD32<UInt8>.self)
        let high = from.loadUnaligned(
          fromByteOffset: 128 &+ 32 &* (block / 4), as: SIMD32<UInt8>.self)
        storeNibbles(part < 2 ? low & 15 : low &>> 4, start + 32, r)
        for word in 0..<2 {
          var bits: UInt32 = 0
          for i in 0..<16 {
            let pair = (high[16 &* word &+ i] >> UInt8(truncatingIfNeeded: 2 &* part)) & 3
            bits |= UInt32(pair) << UInt32(8 &* (i & 3) &+ 2 &* (i &>> 2))
          }
          start.storeBytes(of: bits, toByteOffset: 288 &+ 64 &* word &+ 4 &* r, as: UInt32.self)
        }
      }
    }
  }
  return badRow
}

/// Zeroes one row of a packed superblock: with its scales zero, its codes mean nothing but must
/// still be written.
func clearRow(_ target: UnsafeMutableRawPointer, _ r: Int, halves: Int, block: Int) {
  clearRow(target, r, halves: halves, scaleRows: 0, words: 0)
  for b in 0..<8 {
    clearRow(
      target + (32 &* halves &+ b &* block), r, halves: 0, scaleRows: 2, words: (block &- 32) / 64)
  }
}

/// As above, where all scales come before all codes.
func clearRow(
  _ target: UnsafeMutableRawPointer, _ r: Int, halves: Int, scaleRows: Int, words: Int
) {
  for h in 0..<halves {
    target.storeBytes(of: 0, toByteOffset: 32 &* h &+ 2 &* r, as: UInt16.self)
  }
  for i in 0..<scaleRows {
    target.storeBytes(of: 0, toByteOffset: 32 &* halves &+ 16 &* i &+ r, as: UInt8.self)
  }
  let start = target + (32 &* halves &+ 16 &* scaleRows)
  for w in 0..<words {
    start.storeBytes(of: 0, toByteOffset: 64 &* w &+ 4 &* r, as: UInt32.self)
  }
}
