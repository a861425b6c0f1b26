import BlockFormats
import TestSupport
import Testing

/// Against ggml's C functions, through committed fixtures (zero, subnormal and extreme scales,
/// ties, zeros of both signs, ranges beyond a half's).
struct ReferenceBlocksTests {
  @Test(arguments: BlockFormat.allCases)
  func decodesAsGGMLDoes(format: BlockFormat) throws {
    let expected = try BlockFixture.floats("\(format.name).values")
    let decoded = format.decoded(try BlockFixture.bytes("\(format.name).blocks"))
    #expect(!decoded.isEmpty)
    #expect(differences(decoded.map(\.bitPattern), expected.map(\.bitPattern)) == [])
  }

  @Test(arguments: BlockFormat.allCases.filter(\.hasQuantizer))
  func encodesAsGGMLDoes(format: BlockFormat) throws {
    let values = try BlockFixture.floats(
      format.elementsPerBlock == 256 ? "quantize.superblocks" : "quantize.values")
    let expected = try BlockFixture.bytes("\(format.name).quantized")
    #expect(!expected.isEmpty)
    #expect(differences(format.encoded(values), expected) == [])
  }

  /// Not-a-numbers, infinities and what C leaves undefined: nothing traps, each block is written
  /// and nothing beside it.
  @Test(arguments: BlockFormat.allCases.filter(\.hasQuantizer))
  func encodesAnyBitPattern(format: BlockFormat) {
    let special: [Float] = [
      .nan, .signalingNaN, -.nan, .infinity, -.infinity, .greatestFiniteMagnitude,
      -.greatestFiniteMagnitude, .leastNonzeroMagnitude, .leastNormalMagnitude, 0, -0.0,
    ]
    var generator = SplitMix64(seed: 1)
    let count = max(32, format.elementsPerBlock)
    let size = format.byteCount(elements: count)!
    for round in 0..<2000 {
      let values = (0..<count).map { _ in
        round % 2 == 0
          ? special.randomElement(using: &generator)!
          : Float(bitPattern: UInt32.random(in: .min ... .max, using: &generator))
      }
      let results = [UInt8(0x00), 0xFF].map { filler in
        var bytes = [UInt8](repeating: filler, count: size + 2)
        values.withUnsafeBufferPointer { source in
          bytes.withUnsafeMutableBytes {
            ReferenceBlocks.quantize(
              format, source, into: UnsafeMutableRawBufferPointer(rebasing: $0[1...size]))
          }
        }
        #expect(bytes.first == filler && bytes.last == filler)
        return Array(bytes[1...size])
      }
      #expect(results[0] == results[1])  // whatever was there before
    }
  }

  /// Whatever bytes a hostile file holds: nothing traps, each value is written and nothing beside
  /// it.
  @Test(arguments: BlockFormat.allCases)
  func decodesAnyBytes(format: BlockFormat) throws {
    var generator = SplitMix64(seed: 2)
    let count = 200 * format.elementsPerBlock
    let bytes = (0..<200 * format.bytesPerBlock).map { _ in
      UInt8.random(in: .min ... .max, using: &generator)
    }
    let results = [Float(1), -2].map { filler in
      var values = [Float](repeating: filler, count: count + 2)
      bytes.withUnsafeBytes { source in
        values.withUnsafeMutableBufferPointer {
          ReferenceBlocks.dequantize(
            format, source, into: UnsafeMutableBufferPointer(rebasing: $0[1...count]))
        }
      }
      #expect(values.first == filler && values.last == filler)
      return values[1...count].map(\.bitPattern)
    }
    #expect(results[0] == results[1])
    // ggml reads MXFP4's NaN as 2^127; loading refuses it (`isFinite`).
    guard format != .mxfp4 else { return }
    let ones = format.decoded([UInt8](repeating: 0xFF, count: format.bytesPerBlock))
    #expect(!ones.contains { !$0.isNaN })  // the scale is a NaN
  }

  /// The error of a code is at most half a step and the rounding of the step, wherever the range
  /// covers the value; Q4_0 cuts one end at 7 steps, so there it is a whole step.
  @Test(arguments: [
    (BlockFormat.q8_0, Float(0.5 / 127)), (.q4_0, 1.0 / 8), (.q4_1, 0.5 * 2 / 15),
  ])
  func staysNearItsInput(format: BlockFormat, steps: Float) {
    var generator = SplitMix64(seed: 3)
    for _ in 0..<500 {
      let values = (0..<32).map { _ in Float.random(in: -1...1, using: &generator) }
      let largest = values.map(\.magnitude).max()!
      // A half has 11 significant bits: a step is off by 2^-11 of itself, and at most 127 steps,
      // or 15 and an offset, make a value.
      let bound = largest * (steps + 0x1p-9)
      for (value, decoded) in zip(values, format.decoded(format.encoded(values))) {
        #expect((value - decoded).magnitude <= bound)
      }
    }
  }

  /// Blocks start at any byte of a file and floats at any of a buffer.
  @Test(arguments: BlockFormat.allCases)
  func needsNoAlignment(format: BlockFormat) throws {
    let blocks = try BlockFixture.bytes("\(format.name).blocks")
    let shifted = [0] + blocks
    var values = [Float](repeating: 0, count: format.decoded(blocks).count)
    shifted.withUnsafeBytes { source in
      values.withUnsafeMutableBufferPointer {
        ReferenceBlocks.dequantize(
          format, UnsafeRawBufferPointer(rebasing: source[1...]), into: $0)
      }
    }
    #expect(values.map(\.bitPattern) == format.decoded(blocks).map(\.bitPattern))

    guard format.hasQuantizer else { return }
    let floats = try BlockFixture.floats("quantize.superblocks")
    let aligned = format.encoded(floats)
    var unaligned = [UInt8](repeating: 0, count: aligned.count + 1)
    floats.withUnsafeBufferPointer { source in
      unaligned.withUnsafeMutableBytes {
        ReferenceBlocks.quantize(
          format, source, into: UnsafeMutableRawBufferPointer(rebasing: $0[1...]))
      }
    }
    #expect(unaligned.dropFirst().elementsEqual(aligned))
  }

  @Test(arguments: BlockFormat.allCases)
  func emptyInputIsEmptyOutput(format: BlockFormat) {
    #expect(format.decoded([]).isEmpty)
    if format.hasQuantizer { #expect(format.encoded([]).isEmpty) }
  }

  /// The twelve packed bytes against the diagram in ggml-quants.c, one bit at a time: every bit
  /// belongs to one scale or minimum.
  @Test func scaleAndMinimumUseEveryBitOnce() {
    var owners: [[Int]: Int] = [:]
    for bit in 0..<96 {
      var packed = [UInt8](repeating: 0, count: 12)
      packed[bit / 8] = 1 << UInt8(bit % 8)
      for index in 0..<8 {
        let (scale, minimum) = packed.withUnsafeBytes {
          ReferenceBlocks.scaleAndMinimum(index, of: $0.baseAddress!)
        }
        if scale != 0 { owners[[0, index, Int(scale)], default: 0] += 1 }
        if minimum != 0 { owners[[1, index, Int(minimum)], default: 0] += 1 }
      }
    }
    #expect(owners.count == 96)  // 16 numbers of six bits, each bit alone
    #expect(owners.values.allSatisfy { $0 == 1 })
    #expect(owners.keys.allSatisfy { $0[2].nonzeroBitCount == 1 && $0[2] < 64 })
  }
}
