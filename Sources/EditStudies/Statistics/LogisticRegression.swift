#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Multinomial logistic regression with an L2 penalty on the weights and none on the intercepts:
///
///     minimise  sum_i -log softmax(W x_i + b)[y_i] + (penalty / 2) ||W||^2
///
/// by L-BFGS with a backtracking line search (Liu and Nocedal, 1989). scikit-learn's C is 1 / penalty.
public struct LogisticRegression: Sendable {
  /// W, `[classes][columns]`.
  public let weights: [[Double]]
  /// b, `[classes]`.
  public let intercepts: [Double]
  /// The objective that was reached.
  public let objective: Double

  /// Fits `rows` of features, all as long, to `labels` in 0..<`classes`, of which there are two at least.
  public init(
    _ rows: [[Double]], labels: [Int], classes: Int, penalty: Double, iterations: Int = 500,
    tolerance: Double = 1e-8
  ) {
    precondition(rows.count == labels.count && !rows.isEmpty && classes >= 2 && penalty >= 0)
    precondition(labels.allSatisfy { (0..<classes).contains($0) })
    let d = rows[0].count
    let stride = d + 1
    func value(_ p: [Double], _ gradient: inout [Double]) -> Double {
      for i in gradient.indices { gradient[i] = 0 }
      var total = 0.0
      var scores = [Double](repeating: 0, count: classes)
      for (row, label) in zip(rows, labels) {
        for k in 0..<classes {
          var score = p[k * stride + d]
          for j in 0..<d { score += p[k * stride + j] * row[j] }
          scores[k] = score
        }
        let greatest = scores.max()!
        let sum = scores.reduce(0) { $0 + exp($1 - greatest) }
        total += greatest + log(sum) - scores[label]
        for k in 0..<classes {
          let error = exp(scores[k] - greatest) / sum - (k == label ? 1 : 0)
          for j in 0..<d { gradient[k * stride + j] += error * row[j] }
          gradient[k * stride + d] += error
        }
      }
      for k in 0..<classes {
        for j in 0..<d {
          let w = p[k * stride + j]
          total += penalty / 2 * w * w
          gradient[k * stride + j] += penalty * w
        }
      }
      return total
    }
    var p = [Double](repeating: 0, count: classes * stride)
    var gradient = p
    var best = value(p, &gradient)
    var history: [(s: [Double], y: [Double], rho: Double)] = []
    for _ in 0..<iterations {
      guard gradient.reduce(0, { max($0, abs($1)) }) > tolerance else { break }
      var direction = Self.direction(gradient, history)
      var slope = Self.dot(direction, gradient)
      if slope >= 0 {
        history = []
        direction = gradient.map { -$0 }
        slope = -Self.dot(gradient, gradient)
      }
      var step = history.isEmpty ? min(1, 1 / (-slope).squareRoot()) : 1
      var next = p
      var nextGradient = gradient
      var found = best
      var isDown = false
      for _ in 0..<40 {
        for i in p.indices { next[i] = p[i] + step * direction[i] }
        found = value(next, &nextGradient)
        if found <= best + 1e-4 * step * slope {
          isDown = true
          break
        }
        step /= 2
      }
      guard isDown else { break }
      let s = zip(next, p).map { $0 - $1 }
      let y = zip(nextGradient, gradient).map { $0 - $1 }
      let sy = Self.dot(s, y)
      if sy > 1e-12 { history.append((s, y, 1 / sy)) }
      if history.count > 12 { history.removeFirst() }
      (p, gradient, best) = (next, nextGradient, found)
    }
    weights = (0..<classes).map { k in Array(p[k * stride..<k * stride + d]) }
    intercepts = (0..<classes).map { p[$0 * stride + d] }
    objective = best
  }

  /// The class with the highest score of `row`; the first of several.
  public func label(of row: [Double]) -> Int {
    let scores = zip(weights, intercepts).map { Self.dot($0, row) + $1 }
    return scores.indices.max { (scores[$0], $1) < (scores[$1], $0) }!
  }

  /// softmax(W x + b) of `row`.
  public func probabilities(of row: [Double]) -> [Double] {
    let scores = zip(weights, intercepts).map { Self.dot($0, row) + $1 }
    let most = scores.max() ?? 0
    let powers = scores.map { exponential($0 - most) }
    let sum = powers.reduce(0, +)
    return powers.map { $0 / sum }
  }

  /// -H g of the limited memory (two loops).
  private static func direction(
    _ gradient: [Double], _ history: [(s: [Double], y: [Double], rho: Double)]
  ) -> [Double] {
    var q = gradient
    var alphas: [Double] = []
    for pair in history.reversed() {
      let alpha = pair.rho * dot(pair.s, q)
      alphas.append(alpha)
      for i in q.indices { q[i] -= alpha * pair.y[i] }
    }
    if let last = history.last {
      let scale = 1 / (last.rho * dot(last.y, last.y))
      for i in q.indices { q[i] *= scale }
    }
    for (pair, alpha) in zip(history, alphas.reversed()) {
      let beta = pair.rho * dot(pair.y, q)
      for i in q.indices { q[i] += (alpha - beta) * pair.s[i] }
    }
    return q.map { -$0 }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
