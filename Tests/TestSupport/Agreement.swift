/// Cosine of two lists, and the norm of their difference relative to the second's. Lists of zeros
/// agree with each other and with nothing else.
public func agreement(_ a: [Float], _ b: [Float]) -> (cosine: Double, error: Double) {
  precondition(a.count == b.count)
  func dot(_ x: [Float], _ y: [Float]) -> Double {
    zip(x, y).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  let norms = (dot(a, a) * dot(b, b)).squareRoot()
  let difference = zip(a, b).map { $0 - $1 }
  return (
    norms == 0 ? (dot(a, a) == dot(b, b) ? 1 : 0) : dot(a, b) / norms,
    dot(b, b) == 0 ? dot(a, a).squareRoot() : (dot(difference, difference) / dot(b, b)).squareRoot()
  )
}
