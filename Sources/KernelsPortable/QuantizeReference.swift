// ggml's reference quantizers, byte for byte (`ReferenceBlocks` in BlockFormats has them one element
// at a time): every product and sum is rounded by itself, the first of equal extremes counts, and a
// code that C leaves undefined is 0.

/// Q4_0: the element of largest magnitude goes to -8.
@inline(__always) func referenceQ4_0(
  _ tile: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>
) {
  let d = extreme(tile) / FloatVector(repeating: -8)
  let inverse = reciprocal(d)
  storeNibbleBlocks(d, nil, count, out, words) { i in
    cutToNibble(tile.vector(i &* lanes) * inverse + FloatVector(repeating: 8.5))
  }
}

/// Q4_1: the smallest element goes to 0, the largest to 15.
@inline(__always) func referenceQ4_1(
  _ tile: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>
) {
  let (smallest, largest) = range(tile)
  let d = (largest - smallest) / FloatVector(repeating: 15)
  let inverse = reciprocal(d)
  storeNibbleBlocks(d, smallest, count, out, words) { i in
    cutToNibble((tile.vector(i &* lanes) - smallest) * inverse + FloatVector(repeating: 0.5))
  }
}

/// Q8_0: the largest magnitude goes to 127; ties are rounded away from zero.
@inline(__always) func referenceQ8_0(
  _ tile: UnsafePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>
) {
  let d = magnitude(extreme(tile)) / FloatVector(repeating: 127)
  let inverse = reciprocal(d)
  storeByteBlocks(d, count, out, words) { i in
    let scaled = tile.vector(i &* lanes) * inverse
    let low = FloatVector(repeating: -128)
    let high = FloatVector(repeating: 127)
    let finite = isFinite(scaled)
    let v = minimum(maximum(select(finite, scaled, .zero), low), high)
    let even = rounded(v)
    // Nearest-even differs from away-from-zero on exact ties only, and there by one towards zero.
    let up = (v - even .== 0.5) .& (v .> 0)
    let down = (v - even .== -0.5) .& (v .< 0)
    let one = FloatVector(repeating: 1)
    let away = even + select(up, one, .zero) - select(down, one, .zero)
    return roundToInt(minimum(away, high))
  }
}

/// The first element of largest magnitude, 0 in a block of zeros.
@inline(__always) func extreme(_ tile: UnsafePointer<Float>) -> FloatVector {
  var largest = FloatVector.zero
  var result = FloatVector.zero
  for i in 0..<blockSize {
    let x = tile.vector(i &* lanes)
    let size = magnitude(x)
    let isLarger = largest .< size
    largest = select(isLarger, size, largest)
    result = select(isLarger, x, result)
  }
  return result
}

/// The smallest and the largest element.
@inline(__always) func range(_ tile: UnsafePointer<Float>) -> (FloatVector, FloatVector) {
  var smallest = FloatVector(repeating: .greatestFiniteMagnitude)
  var largest = FloatVector(repeating: -.greatestFiniteMagnitude)
  for i in 0..<blockSize {
    let x = tile.vector(i &* lanes)
    smallest = select(x .< smallest, x, smallest)
    largest = select(largest .< x, x, largest)
  }
  return (smallest, largest)
}

/// `min(15, (int8_t) v)`, and 0 where v is not finite.
@inline(__always) private func cutToNibble(_ v: FloatVector) -> IntVector {
  let high = FloatVector(repeating: 15)
  let inside = minimum(maximum(select(isFinite(v), v, .zero), .zero), high)
  let nearest = rounded(inside)
  return roundToInt(nearest - select(inside .< nearest, FloatVector(repeating: 1), .zero))
}
