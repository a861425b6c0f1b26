/// A mean with the standard error of the mean, from sums in double precision.
struct RunningMean {
  private(set) var count = 0
  private var sum = 0.0
  private var sumOfSquares = 0.0

  mutating func add(_ value: Double) {
    count += 1
    sum += value
    sumOfSquares += value * value
  }

  var mean: Double { sum / Double(count) }

  /// √((mean of squares − square of mean) / (n − 1)): llama.cpp's formula; 0 for fewer than two.
  var standardError: Double {
    guard count > 1 else { return 0 }
    let variance = sumOfSquares / Double(count) - mean * mean
    return variance > 0 ? (variance / Double(count - 1)).squareRoot() : 0
  }
}
