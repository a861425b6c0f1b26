import CPlatform

/// Eight accumulators, one for each row of activations in a tile.
///
/// An array, even a fixed-size one, is kept in memory by the optimiser; eight named values are kept
/// in registers, which is what makes the tiles fast.
struct Eight {
  var v0 = FloatVector.zero
  var v1 = FloatVector.zero
  var v2 = FloatVector.zero
  var v3 = FloatVector.zero
  var v4 = FloatVector.zero
  var v5 = FloatVector.zero
  var v6 = FloatVector.zero
  var v7 = FloatVector.zero

  /// Replaces each value by `body(row, value)`.
  @inline(__always) mutating func update(_ body: (Int, FloatVector) -> FloatVector) {
    v0 = body(0, v0)
    v1 = body(1, v1)
    v2 = body(2, v2)
    v3 = body(3, v3)
    v4 = body(4, v4)
    v5 = body(5, v5)
    v6 = body(6, v6)
    v7 = body(7, v7)
  }

  /// Replaces each two of the first `count` values by `body(first row, first, second)`; a literal
  /// `count` costs nothing.
  @inline(__always) mutating func updatePairs(
    _ count: Int, _ body: (Int, FloatVector, FloatVector) -> (FloatVector, FloatVector)
  ) {
    (v0, v1) = body(0, v0, v1)
    if count > 2 { (v2, v3) = body(2, v2, v3) }
    if count > 4 { (v4, v5) = body(4, v4, v5) }
    if count > 6 { (v6, v7) = body(6, v6, v7) }
  }

  /// Hands the first `count` values to `body(row, value)`.
  @inline(__always) func forFirst(_ count: Int, _ body: (Int, FloatVector) -> Void) {
    if count > 0 { body(0, v0) }
    if count > 1 { body(1, v1) }
    if count > 2 { body(2, v2) }
    if count > 3 { body(3, v3) }
    if count > 4 { body(4, v4) }
    if count > 5 { body(5, v5) }
    if count > 6 { body(6, v6) }
    if count > 7 { body(7, v7) }
  }
}

/// Four accumulators, where there are registers for no more.
struct Four {
  var v0 = FloatVector.zero
  var v1 = FloatVector.zero
  var v2 = FloatVector.zero
  var v3 = FloatVector.zero

  /// Replaces each value by `body(row, value)`.
  @inline(__always) mutating func update(_ body: (Int, FloatVector) -> FloatVector) {
    v0 = body(0, v0)
    v1 = body(1, v1)
    v2 = body(2, v2)
    v3 = body(3, v3)
  }

  /// Adds to each the product of `a` with one of the four numbers at `p`.
  @inline(__always) mutating func addProducts(_ a: FloatVector, _ p: UnsafePointer<Float>) {
    #if KERNELS_NEON
      let four = UnsafeRawPointer(p).floatQuad()
      update { n, acc in multiplyAdd(a, FloatVector(repeating: four[n]), acc) }
    #else
      update { n, acc in multiplyAdd(a, p.broadcast(n), acc) }
    #endif
  }

  #if KERNELS_NEON
    /// No instruction: what follows is loaded after this, not before, when there are no registers for it.
    @inline(__always) mutating func settle() {
      v0.highHalf.highHalf = emend_then(v0.highHalf.highHalf)
      v1.highHalf.highHalf = emend_then(v1.highHalf.highHalf)
      v2.highHalf.highHalf = emend_then(v2.highHalf.highHalf)
      v3.highHalf.highHalf = emend_then(v3.highHalf.highHalf)
    }

    /// Adds to value n the products of four vectors with the four numbers at `p + n * stride`, in order.
    @inline(__always) mutating func addFourProducts(
      _ p: UnsafePointer<Float>, _ stride: Int, _ vector: (Int) -> FloatVector
    ) {
      let w0 = UnsafeRawPointer(p).floatQuad()
      let w1 = UnsafeRawPointer(p + stride).floatQuad()
      let w2 = UnsafeRawPointer(p + 2 &* stride).floatQuad()
      let w3 = UnsafeRawPointer(p + 3 &* stride).floatQuad()
      @inline(__always) func step(_ t: Int) {
        let a = vector(t)
        v0 = multiplyAdd(a, FloatVector(repeating: w0[t]), v0)
        v1 = multiplyAdd(a, FloatVector(repeating: w1[t]), v1)
        v2 = multiplyAdd(a, FloatVector(repeating: w2[t]), v2)
        v3 = multiplyAdd(a, FloatVector(repeating: w3[t]), v3)
      }
      // Not a loop: of a lane whose number is not known the compiler makes a detour through memory.
      step(0)
      settle()
      step(1)
      settle()
      step(2)
      settle()
      step(3)
    }
  #endif

  /// Hands the first `count` values to `body(row, value)`.
  @inline(__always) func forFirst(_ count: Int, _ body: (Int, FloatVector) -> Void) {
    if count > 0 { body(0, v0) }
    if count > 1 { body(1, v1) }
    if count > 2 { body(2, v2) }
    if count > 3 { body(3, v3) }
  }
}
