/// The value that the fraction `p` (0 to 1) of `sorted` stays below, interpolated linearly between
/// neighbours; `sorted` is ascending and has one at least.
package func percentile(_ p: Double, of sorted: [Double]) -> Double {
  let position = min(max(p, 0), 1) * Double(sorted.count - 1)
  let lower = Int(position)
  let upper = min(lower + 1, sorted.count - 1)
  return sorted[lower] + (position - Double(lower)) * (sorted[upper] - sorted[lower])
}
