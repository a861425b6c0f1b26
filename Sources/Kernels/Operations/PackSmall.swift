// Packing of the formats of two and three bits and of those with a table; see PackGroup.swift.

import KernelInterface

/// Eight words of four codes: byte t of word j is of column 4j + t.
private typealias CodeWords = SIMD8<UInt32>

/// Two words of a row from 32 codes of two bits: bits 2j and 2j + 1 of byte t for column 4j + t of 16.
@inline(__always) private func storePairs(
  _ codes: CodeWords, _ target: UnsafeMutableRawPointer, _ r: Int
) {
  for word in 0..<2 {
    var bits: UInt32 = 0
    for j in 0..<4 { bits |= codes[4 &* word &+ j] &<< UInt32(truncatingIfNeeded: 2 &* j) }
    target.storeBytes(of: bits, toByteOffset: 64 &* word &+ 4 &* r, as: UInt32.self)
  }
}

/// The codes of block `block` of 256 columns, of which each 128 have 32 bytes and each 32 a pair of bits.
@inline(__always) private func pairCodes(_ bytes: UnsafeRawPointer, _ block: Int) -> CodeWords {
  let words = bytes.loadUnaligned(fromByteOffset: 32 &* (block / 4), as: CodeWords.self)
  return (words &>> UInt32(truncatingIfNeeded: 2 &* (block % 4))) & 0x0303_0303
}

/// Q2_K: value = d * scale * code - dmin * minimum, both for every 16 columns, in 4 bits.
@inline(__always) func packQ2_K(
  _ source: GroupSource, _ superblocks: Int, _ group: UnsafeMutableRawPointer
) -> Int {
  var badRow = 0
  for s in 0..<superblocks {
    let target = group + s &* PackedLayout.q2_KSuperblock
    for r in 0..<16 {
      guard let row = source.row(r) else {
        clearRow(target, r, halves: 2, block: PackedLayout.q2_KBlock)
        continue
      }
      let from = row + s &* 84
      for h in 0..<2 {
        let bits = from.loadUnaligned(fromByteOffset: 80 &+ 2 &* h, as: UInt16.self)
        if isNotFinite(bits) { badRow = r &+ 1 }
        target.storeBytes(of: bits, toByteOffset: 32 &* h &+ 2 &* r, as: UInt16.self)
      }
      for block in 0..<8 {
        let start = target + (64 &+ PackedLayout.q2_KBlock &* block)
        for half in 0..<2 {
          start.storeBytes(
            of: from.load(fromByteOffset: 2 &* block &+ half, as: UInt8.self),
            toByteOffset: 16 &* half &+ r, as: UInt8.self)
        }
        storePairs(pairCodes(from + 16, block), start + 32, r)
      }
    }
  }
  return badRow
}

/// Q3_K: value = d * (scale - 32) * (code - 4), a scale for every 16 columns, in 6 bits.
@inline(__always) func packQ3_K(
  _ source: GroupSource, _ superblocks: Int, _ group: UnsafeMutableRawPointer
) -> Int {
  var badRow = 0
  for s in 0..<superblocks {
    let target = group + s &* PackedLayout.q3_KSuperblock
    for r in 0..<16 {
      guard let row = source.row(r) else {
        clearRow(target, r, halves: 1, block: PackedLayout.q3_KBlock)
        continue
      }
      let from = row + s &* 110
      let d = from.loadUnaligned(fromByteOffset: 108, as: UInt16.self)
      if isNotFinite(d) { badRow = r &+ 1 }
      target.storeBytes(of: d, toByteOffset: 2 &* r, as: UInt16.self)
      let thirds = from.loadUnaligned(as: CodeWords.self)
      for block in 0..<8 {
        let start = target + (32 &+ PackedLayout.q3_KBlock &* block)
        for half in 0..<2 {
          start.storeBytes(
            of: sixBits(from + 96, 2 &* block &+ half) &- 32, toByteOffset: 16 &* half &+ r,
            as: UInt8.self)
        }
        storePairs(pairCodes(from + 32, block), start + 32, r)
        let bits = (thirds &>> UInt32(truncatingIfNeeded: block)) & 0x0101_0101
        var word: UInt32 = 0
        for j in 0..<8 { word |= bits[j] &<< UInt32(truncatingIfNeeded: j) }
        start.storeBytes(of: word, toByteOffset: 160 &+ 4 &* r, as: UInt32.self)
      }
    }
  }
  return badRow
}

/// One of sixteen scales in 6 bits, from the 12 bytes that hold them.
@inline(__always) private func sixBits(_ p: UnsafeRawPointer, _ i: Int) -> UInt8 {
  let nibbles = p.load(fromByteOffset: i & 7, as: UInt8.self)
  let low = i < 8 ? nibbles & 15 : nibbles &>> 4
  let upper = p.load(fromByteOffset: 8 &+ i & 3, as: UInt8.self)
  return low | ((upper &>> UInt8(truncatingIfNeeded: 2 &* (i &>> 2))) & 3) &<< 4
}

/// IQ4_XS: value = d * (scale - 32) * table[code], a scale for every 32 columns, in 6 bits.
@inline(__always) func packIQ4_XS(
  _ source: GroupSource, _ superblocks: Int, _ group: UnsafeMutableRawPointer
) -> Int {
  var badRow = 0
  for s in 0..<superblocks {
    let target = group + s &* PackedLayout.iq4_XSSuperblock
    for r in 0..<16 {
      guard let row = source.row(r) else {
        target.storeBytes(of: 0, toByteOffset: 2 &* r, as: UInt16.self)
        for block in 0..<8 {
          clearRow(
            target + (32 &+ PackedLayout.iq4_XSBlock &* block), r, halves: 0, scaleRows: 1,
            words: 4)
        }
        continue
      }
      let from = row + s &* 136
      let d = from.loadUnaligned(as: UInt16.self)
      if isNotFinite(d) { badRow = r &+ 1 }
      target.storeBytes(of: d, toByteOffset: 2 &* r, as: UInt16.self)
      let upper = from.loadUnaligned(fromByteOffset: 2, as: UInt16.self)
      for block in 0..<8 {
        let start = target + (32 &+ PackedLayout.iq4_XSBlock &* block)
        let nibbles = from.load(fromByteOffset: 4 &+ block / 2, as: UInt8.self)
        let low = block % 2 == 0 ? nibbles & 15 : nibbles &>> 4
        let high = UInt8(
          truncatingIfNeeded: (upper &>> UInt16(truncatingIfNeeded: 2 &* block)) & 3)
        start.storeBytes(of: (low | high &<< 4) &- 32, toByteOffset: r, as: UInt8.self)
        copyNibbles(from + (8 &+ 16 &* block), start + 16, r)
      }
    }
  }
  return badRow
}

/// MXFP4: value = 2^(e - 128) * table[code].
@inline(__always) func packMXFP4(
  _ source: GroupSource, _ blocks: Int, _ group: UnsafeMutableRawPointer
) -> Int {
  var badRow = 0
  for block in 0..<blocks {
    let target = group + block &* 272
    for r in 0..<16 {
      guard let row = source.row(r) else {
        clearRow(target, r, halves: 0, scaleRows: 1, words: 4)
        continue
      }
      let from = row + block &* 17
      let exponent = from.load(as: UInt8.self)
      if exponent >= 253 { badRow = r &+ 1 }  // as `BlockFormat.isFinite` has it
      target.storeBytes(of: exponent, toByteOffset: r, as: UInt8.self)
      copyNibbles(from + 1, target + 16, r)
    }
  }
  return badRow
}

/// Sixteen bytes of nibbles to one row's four words.
@inline(__always) private func copyNibbles(
  _ from: UnsafeRawPointer, _ target: UnsafeMutableRawPointer, _ r: Int
) {
  let words = from.loadUnaligned(as: SIMD4<UInt32>.self)
  for w in 0..<4 {
    target.storeBytes(of: words[w], toByteOffset: 64 &* w &+ 4 &* r, as: UInt32.self)
  }
}
