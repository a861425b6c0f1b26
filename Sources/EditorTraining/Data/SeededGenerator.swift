/// SplitMix64 (Steele, Lea and Flood, 2014) with orders and picks of its own: Swift does not promise that
/// its `shuffle` gives the same order in the next version, and a training must resume.
package struct SeededGenerator {
  private var state: UInt64

  /// Equal keys give equal sequences.
  package init(_ keys: UInt64...) {
    state = 0
    for key in keys {
      state ^= key
      state = next()
    }
  }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// 0..<bound, off even odds by less than bound / 2^64.
  package mutating func pick(_ bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Puts the elements in an order that is as likely as any other (Fisher and Yates).
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    guard elements.count > 1 else { return }
    for last in stride(from: elements.count - 1, to: 0, by: -1) {
      elements.swapAt(last, pick(last + 1))
    }
  }
}
