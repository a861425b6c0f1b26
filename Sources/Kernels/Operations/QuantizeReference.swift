// ggml's reference quantizers, byte for byte (`ReferenceBlocks` in BlockFormats has them one element
// at a time): every product and sum is rounded by itself, the first of equal extremes counts, and a
// code that C leaves undefined is 0.

/// Q4_0: the element of largest magnitude goes to -8. The tile then holds the codes, as below.
@inline(__always) func referenceQ4_0(
  _ tile: UnsafeMutablePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>
) {
  let d = firstExtreme(tile) / FloatVector(repeating: -8)
  let inverse = reciprocal(d)
  for i in 0..<blockSize {
    let shifted = tile.vector(i &* lanes) * inverse + FloatVector(repeating: 8.5)
    tile.store(cutToNibble(shifted), at: i &* lanes)
  }
  storeNibbleBlocks(d, nil, tile, 0, count, out, words)
}

/// Q4_1: the smallest element goes to 0, the largest to 15.
@inline(__always) func referenceQ4_1(
  _ tile: UnsafeMutablePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>
) {
  let (smallest, largest) = range(tile)
  let d = (largest - smallest) / FloatVector(repeating: 15)
  let inverse = reciprocal(d)
  for i in 0..<blockSize {
    let shifted = (tile.vector(i &* lanes) - smallest) * inverse + FloatVector(repeating: 0.5)
    tile.store(cutToNibble(shifted), at: i &* lanes)
  }
  storeNibbleBlocks(d, smallest, tile, 0, count, out, words)
}

/// Q8_0: the largest magnitude goes to 127; ties are rounded away from zero.
@inline(__always) func referenceQ8_0(
  _ tile: UnsafeMutablePointer<Float>, _ count: Int, _ out: UnsafeMutableRawPointer,
  _ words: UnsafeMutablePointer<UInt32>
) {
  let d = magnitude(firstExtreme(tile)) / FloatVector(repeating: 127)
  let inverse = reciprocal(d)
  let low = FloatVector(repeating: -128)
  let high = FloatVector(repeating: 127)
  let one = FloatVector(repeating: 1)
  for i in 0..<blockSize {
    let scaled = tile.vector(i &* lanes) * inverse
    let v = minimum(maximum(select(isFinite(scaled), scaled, .zero), low), high)
    let even = rounded(v)
    // Nearest-even differs from away-from-zero on exact ties only, and there by one towards zero.
    let up = (v - even .== 0.5) .& (v .> 0)
    let down = (v - even .== -0.5) .& (v .< 0)
    let away = even + select(up, one, .zero) - select(down, one, .zero)
    tile.store(minimum(away, high), at: i &* lanes)
  }
  storeByteBlocks(d, tile, count, out, words)
}

/// The first element of largest magnitude, 0 in a block of zeros.
@_transparent func firstExtreme(_ tile: UnsafePointer<Float>) -> FloatVector {
  var largest = FloatVector.zero
  var result = FloatVector.zero
  for i in 0..<blockSize {
    let x = tile.vector(i &* lanes)
    let size = magnitude(x)
    result = select(largest .< size, x, result)
    largest = maximum(largest, size)
  }
  return result
}

/// The smallest and the largest element.
@_transparent func range(_ tile: UnsafePointer<Float>) -> (FloatVector, FloatVector) {
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
@_transparent private func cutToNibble(_ v: FloatVector) -> FloatVector {
  let high = FloatVector(repeating: 15)
  let inside = minimum(maximum(select(isFinite(v), v, .zero), .zero), high)
  let nearest = rounded(inside)
  return nearest - select(inside .< nearest, FloatVector(repeating: 1), .zero)
}
