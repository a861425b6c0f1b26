// Reading and writing at the edges of a matrix, where a vector has fewer than sixteen valid lanes.

/// Stores sixteen results, or the first `validRows` of them; adds to what is there when asked.
@inline(__always) func storeRows(
  _ value: FloatVector, _ out: UnsafeMutablePointer<Float>, _ validRows: Int, _ accumulate: Bool
) {
  if validRows >= 16 {
    out.store(accumulate ? out.vector() + value : value)
  } else {
    for i in 0..<validRows { out[i] = accumulate ? out[i] + value[i] : value[i] }
  }
}

/// What `storeRows` stored; lanes past the valid rows are zero.
@inline(__always) func loadRows(_ out: UnsafePointer<Float>, _ validRows: Int)
  -> FloatVector
{
  if validRows >= 16 { return out.vector() }
  var value = FloatVector.zero
  for i in 0..<validRows { value[i] = out[i] }
  return value
}

/// `[count][32]` to rows of `dx`.
@inline(__always) func storeTransposed(
  _ sums: UnsafePointer<Float>, _ count: Int, _ validRows: Int, _ dx: UnsafeMutablePointer<Float>,
  _ dxStride: Int, _ accumulate: Bool
) {
  var first = 0
  while first < validRows {
    var column = 0
    while column < count {
      let square = Square.load { i in sums.vector((column &+ i) &* 32 &+ first) }
      square.transposed.forFirst(validRows &- first) { row, value in
        storeRows(
          value, dx + ((first &+ row) &* dxStride &+ column), count &- column, accumulate)
      }
      column &+= 16
    }
    first &+= 16
  }
}
