// Transposition in registers. An element of sixteen vectors has an index of eight bits, four for its
// vector and four for its lane. Interleaving the first half of the vectors with the second rotates
// the index by one bit, so four rounds exchange the two parts; eight vectors take three.

/// a0 b0 a1 b1 ... a7 b7.
@inline(__always) func interleaveLow(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  var r = FloatVector()
  for i in 0..<8 {
    r[2 &* i] = a[i]
    r[2 &* i &+ 1] = b[i]
  }
  return r
}

/// a8 b8 a9 b9 ... a15 b15.
@inline(__always) func interleaveHigh(_ a: FloatVector, _ b: FloatVector) -> FloatVector {
  var r = FloatVector()
  for i in 0..<8 {
    r[2 &* i] = a[8 &+ i]
    r[2 &* i &+ 1] = b[8 &+ i]
  }
  return r
}

extension Eight {
  /// Lane c of vector r to place 8 c + r of the eight vectors in a row.
  @inline(__always) var transposed: Eight { interleaved.interleaved.interleaved }

  @inline(__always) private var interleaved: Eight {
    Eight(
      v0: interleaveLow(v0, v4), v1: interleaveHigh(v0, v4),
      v2: interleaveLow(v1, v5), v3: interleaveHigh(v1, v5),
      v4: interleaveLow(v2, v6), v5: interleaveHigh(v2, v6),
      v6: interleaveLow(v3, v7), v7: interleaveHigh(v3, v7))
  }
}

/// Sixteen vectors of sixteen lanes.
struct Square {
  var first = Eight()
  var second = Eight()

  /// Lane c of vector r to lane r of vector c.
  @inline(__always) var transposed: Square { interleaved.interleaved.interleaved.interleaved }

  @inline(__always) private var interleaved: Square {
    Square(
      first: Eight(
        v0: interleaveLow(first.v0, second.v0), v1: interleaveHigh(first.v0, second.v0),
        v2: interleaveLow(first.v1, second.v1), v3: interleaveHigh(first.v1, second.v1),
        v4: interleaveLow(first.v2, second.v2), v5: interleaveHigh(first.v2, second.v2),
        v6: interleaveLow(first.v3, second.v3), v7: interleaveHigh(first.v3, second.v3)),
      second: Eight(
        v0: interleaveLow(first.v4, second.v4), v1: interleaveHigh(first.v4, second.v4),
        v2: interleaveLow(first.v5, second.v5), v3: interleaveHigh(first.v5, second.v5),
        v4: interleaveLow(first.v6, second.v6), v5: interleaveHigh(first.v6, second.v6),
        v6: interleaveLow(first.v7, second.v7), v7: interleaveHigh(first.v7, second.v7)))
  }

  /// Vector r from `body(r)`.
  @inline(__always) static func load(_ body: (Int) -> FloatVector) -> Square {
    var square = Square()
    square.first.update { r, _ in body(r) }
    square.second.update { r, _ in body(8 &+ r) }
    return square
  }

  /// Hands the first `count` vectors to `body(r, vector)`.
  @inline(__always) func forFirst(_ count: Int, _ body: (Int, FloatVector) -> Void) {
    first.forFirst(count, body)
    second.forFirst(count &- 8) { r, value in body(8 &+ r, value) }
  }
}
