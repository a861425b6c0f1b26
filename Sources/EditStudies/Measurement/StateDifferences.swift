/// What an edit changes in the states of tokens, on average.
package enum StateDifferences {
  /// mean (a - b) over pairs of states of the same token, `[width]`. Pairs of which one is four times as long as the median
  /// of its kind are left out: one massive token would own the mean. Zeros where nothing is left.
  package static func mean(
    _ pairs: [(edited: ArraySlice<Float>, unedited: ArraySlice<Float>)], width: Int
  ) -> [Float] {
    func lengths(_ states: [ArraySlice<Float>]) -> [Double] {
      states.map { $0.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot() }
    }
    func limit(_ lengths: [Double]) -> Double {
      lengths.isEmpty ? 0 : 4 * lengths.sorted()[lengths.count / 2]
    }
    let (a, b) = (lengths(pairs.map(\.edited)), lengths(pairs.map(\.unedited)))
    let (mostEdited, mostUnedited) = (limit(a), limit(b))
    var sum = [Double](repeating: 0, count: width)
    var count = 0
    for (index, pair) in pairs.enumerated() where a[index] < mostEdited && b[index] < mostUnedited {
      count += 1
      for (j, (x, y)) in zip(pair.edited, pair.unedited).enumerated() {
        sum[j] += Double(x) - Double(y)
      }
    }
    return sum.map { count > 0 ? Float($0 / Double(count)) : 0 }
  }
}
