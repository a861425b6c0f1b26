#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Spearman's correlation of two lists, and what it is worth where neighbours are alike, as the layers of a model
/// are.
public enum RankCorrelation {
  /// Ranks from 1; equal values share the mean of theirs.
  public static func ranks(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { values[$0] < values[$1] }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start
      while end + 1 < order.count, values[order[end + 1]] == values[order[start]] { end += 1 }
      for index in order[start...end] { ranks[index] = Double(start + end) / 2 + 1 }
      start = end + 1
    }
    return ranks
  }

  /// Pearson's correlation: sum (x - mean x)(y - mean y) / sqrt(sum (x - mean x)^2 sum (y - mean y)^2). Nil where
  /// a list is constant or has fewer than two values. With `weights` every sum, those of the means too, has each pair
  /// as often as its weight says.
  public static func pearson(
    _ x: [Double], _ y: [Double], weights: [Double]? = nil
  ) -> Double? {
    let weights = weights ?? [Double](repeating: 1, count: x.count)
    precondition(x.count == y.count && x.count == weights.count)
    guard x.count > 1 else { return nil }
    func mean(_ values: [Double]) -> Double {
      zip(values, weights).reduce(0) { $0 + $1.0 * $1.1 } / weights.reduce(0, +)
    }
    let (mx, my) = (mean(x), mean(y))
    var (xy, xx, yy) = (0.0, 0.0, 0.0)
    for ((a, b), weight) in zip(zip(x, y), weights) {
      xy += weight * (a - mx) * (b - my)
      xx += weight * (a - mx) * (a - mx)
      yy += weight * (b - my) * (b - my)
    }
    guard xx > 0, yy > 0 else { return nil }
    return max(-1, min(1, xy / (xx * yy).squareRoot()))
  }

  /// Spearman's: Pearson's of the ranks. Nil where a list is constant or has fewer than two values.
  public static func spearman(_ x: [Double], _ y: [Double]) -> Double? {
    pearson(ranks(x), ranks(y))
  }

  /// The part of the shifts of `y` around its end, and of their reflections, whose correlation with `x` is at least
  /// as far from 0 as that of `y` itself, which is one of them: a p-value that does not take alike neighbours for
  /// evidence. Nil where there is no correlation.
  public static func shiftProbability(_ x: [Double], _ y: [Double]) -> Double? {
    guard let found = spearman(x, y) else { return nil }
    let n = y.count
    var count = 0
    for reflected in [y, y.reversed()] {
      for shift in 0..<n {
        let moved = (0..<n).map { reflected[($0 + shift) % n] }
        // Ranks move with their values; what is left is the rounding of the sums.
        if let other = spearman(x, moved), abs(other) >= abs(found) - 1e-12 { count += 1 }
      }
    }
    return Double(count) / Double(2 * n)
  }

  /// What a map that was measured on halves of the rows is worth on all of them: 2 r / (1 + r) (Spearman and Brown),
  /// of the halves' correlation r above -1.
  public static func wholeReliability(ofHalves r: Double) -> Double { 2 * r / (1 + r) }

  /// A correlation without what the measurement of both maps takes from it: r / sqrt(rx ry), at most 1 from 0;
  /// nil where a reliability is not above 0.
  public static func corrected(_ r: Double, reliabilities rx: Double, _ ry: Double) -> Double? {
    guard rx > 0, ry > 0 else { return nil }
    return max(-1, min(1, r / (rx * ry).squareRoot()))
  }
}
