/// A result with the sum of its terms' magnitudes, which its error is measured against.
typealias ReferenceSum = (value: Double, magnitude: Double)

/// Activations in int8 blocks, from the formula: scale = max |x| / 127, code = x * (127 / max |x|)
/// rounded to even, each operation rounded to Float.
struct QuantizedRow {
  let codes: [Int]
  let scales: [Float]

  init(_ x: some Collection<Float>) {
    var codes: [Int] = []
    var scales: [Float] = []
    var rest = x[...]
    while !rest.isEmpty {
      let block = rest.prefix(32)
      rest = rest.dropFirst(32)
      let peak = block.map { $0.magnitude }.max()!
      let inverse = (127 / peak).isFinite ? 127 / peak : 0
      scales.append(peak / 127)
      codes += block.map { Int(($0 * inverse).rounded(.toNearestOrEven)) }
    }
    self.codes = codes
    self.scales = scales
  }
}
