/// The addition at a site, on one row h `[d]` of the residual stream:
///
///     plain:  h <- h + v
///     norm:   h <- h + n v,   n = ||h||_2 / sqrt(d)
///
/// v has the gate in it. When several latents meet in a place, n is that of the state before any of
/// them, so that their order does not matter. Sums run over eight lanes in a fixed order.
package enum LatentAddition {
  /// n of the formula.
  package static func scale(_ row: UnsafePointer<Float>, count: Int) -> Float {
    (squaredNorm(row, count: count) / Float(count)).squareRoot()
  }

  /// row += factor * latent.
  package static func add(
    _ latent: UnsafePointer<Float>, times factor: Float, to row: UnsafeMutablePointer<Float>,
    count: Int
  ) {
    let whole = count & ~7
    let factors = SIMD8<Float>(repeating: factor)
    var i = 0
    while i < whole {
      let sum = eight(row + i) + factors * eight(latent + i)
      UnsafeMutableRawPointer(row + i).storeBytes(of: sum, as: SIMD8<Float>.self)
      i += 8
    }
    while i < count {
      row[i] += factor * latent[i]
      i += 1
    }
  }

  /// ||x||^2.
  package static func squaredNorm(_ x: UnsafePointer<Float>, count: Int) -> Float {
    dot(x, x, count: count)
  }

  /// x . y.
  package static func dot(_ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, count: Int) -> Float
  {
    let whole = count & ~7
    var lanes = SIMD8<Float>.zero
    var i = 0
    while i < whole {
      lanes += eight(x + i) * eight(y + i)
      i += 8
    }
    var sum = lanes.sum()
    while i < count {
      sum += x[i] * y[i]
      i += 1
    }
    return sum
  }

  @inline(__always) private static func eight(_ p: UnsafePointer<Float>) -> SIMD8<Float> {
    UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self)
  }
}
