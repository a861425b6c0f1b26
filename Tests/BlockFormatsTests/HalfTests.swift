import BlockFormats
import TestSupport
import Testing

struct HalfTests {
  static let all = (UInt16.min...UInt16.max).map(Half.init(bits:))

  @Test func everyValueSurvivesARoundTrip() {
    for half in Self.all {
      let value = Float(half)
      if value.isNaN {
        #expect(Half(value).bits == half.bits | 0x0200)  // quiet, payload kept
      } else {
        #expect(Half(value) == half)
      }
    }
  }

  /// By the definition in IEEE 754: (-1)^s * 2^(e-15) * 1.f, or 2^-14 * 0.f when e is 0. Doubles
  /// hold each of these exactly.
  @Test func everyValueIsAsDefined() {
    for half in Self.all {
      let (exponent, fraction) = (Int(half.bits >> 10 & 31), Double(half.bits & 1023))
      let sign = half.bits >> 15 == 0 ? 1.0 : -1.0
      let value = Float(half)
      if exponent == 31 {
        #expect(fraction == 0 ? Double(value) == sign * .infinity : value.isNaN)
      } else if exponent == 0 {
        #expect(Double(value) == sign * fraction * 0x1p-24)
      } else {
        #expect(
          Double(value) == sign * (1 + fraction / 1024)
            * Double(sign: .plus, exponent: exponent - 15, significand: 1))
      }
      #expect((value.sign == .minus) == (sign < 0))
    }
  }

  /// Between each two neighbours: the middle goes to the even one, the floats next to the middle to
  /// the nearer one.
  @Test func roundsToNearestEven() {
    for bits in UInt16(0)..<0x7BFF {
      let (low, high) = (Half(bits: bits), Half(bits: bits + 1))
      let middle = (Float(low) + Float(high)) / 2  // exact: one more bit than a half has
      let even = bits % 2 == 0 ? low : high
      for sign in [Float(1), -1] {
        let signBit: UInt16 = sign < 0 ? 0x8000 : 0
        #expect(Half(sign * middle).bits == even.bits | signBit)
        #expect(Half(sign * middle.nextDown).bits == low.bits | signBit)
        #expect(Half(sign * middle.nextUp).bits == high.bits | signBit)
      }
    }
  }

  static let edges: [(Float, UInt16)] = [
    (65504, 0x7BFF), (Float(65520).nextDown, 0x7BFF), (65520, 0x7C00), (-65520, 0xFC00),
    (.greatestFiniteMagnitude, 0x7C00), (.infinity, 0x7C00), (-.infinity, 0xFC00),
    (0x1p-25, 0), (Float(0x1p-25).nextUp, 1), (0x1p-14, 0x0400), (Float(0x1p-14).nextDown, 0x0400),
    (.leastNonzeroMagnitude, 0), (-.leastNonzeroMagnitude, 0x8000), (-0.0, 0x8000),
  ]

  @Test(arguments: edges)
  func roundsAtTheEdges(value: Float, bits: UInt16) {
    #expect(Half(value).bits == bits)
  }

  @Test(arguments: [
    Float.nan, -.nan, Float(bitPattern: 0x7F80_0001), Float(bitPattern: 0xFFFF_FFFF),
  ])
  func notANumberStaysOne(value: Float) {
    let half = Half(value)
    #expect(Float(half).isNaN)
    #expect(half.bits & 0x0200 != 0)
    #expect((half.bits >> 15 == 1) == (value.sign == .minus))
  }

  #if !(os(macOS) && arch(x86_64))
    @Test func agreesWithFloat16() {
      for half in Self.all where !Float(half).isNaN {
        #expect(Float(half).bitPattern == Float(Float16(bitPattern: half.bits)).bitPattern)
      }
      var generator = SplitMix64(seed: 4)
      for _ in 0..<1_000_000 {
        let value = Float(bitPattern: UInt32.random(in: .min ... .max, using: &generator))
        let expected = Float16(value)
        if expected.isNaN {
          #expect(Float(Half(value)).isNaN)
        } else if Half(value).bits != expected.bitPattern {
          Issue.record("\(value): \(Half(value).bits), not \(expected.bitPattern)")
        }
      }
    }
  #endif
}

struct BFloat16Tests {
  @Test func everyValueSurvivesARoundTrip() {
    for bits in UInt16.min...UInt16.max {
      let value = Float(BFloat16(bits: bits))
      #expect(value.bitPattern == UInt32(bits) << 16)
      #expect(BFloat16(value).bits == (value.isNaN ? bits | 0x0040 : bits))
    }
  }

  @Test func roundsToNearestEven() {
    for bits in UInt16(0)..<0x7F80 {  // up to infinity: the neighbour above the largest number
      let even = bits % 2 == 0 ? bits : bits + 1
      let base = UInt32(bits) << 16
      for sign in [UInt32(0), 0x8000_0000] {
        let signBit = UInt16(sign >> 16)
        #expect(BFloat16(Float(bitPattern: sign | base | 0x7FFF)).bits == bits | signBit)
        #expect(BFloat16(Float(bitPattern: sign | base | 0x8000)).bits == even | signBit)
        #expect(BFloat16(Float(bitPattern: sign | base | 0x8001)).bits == (bits + 1) | signBit)
      }
    }
  }
}
