import EditorTraining
import ModelEvaluation

/// A figure and, where it can be had, the interval that it may lie in.
public struct Estimate: Sendable, Equatable, Encodable {
  /// The figure itself.
  public let value: Double
  /// The lower end of the interval; nil where some resample has no such figure.
  public let low: Double?
  /// Its upper end.
  public let high: Double?

  /// A figure and its interval.
  public init(value: Double, low: Double? = nil, high: Double? = nil) {
    self.value = value
    self.low = low
    self.high = high
  }
}

/// Percentile intervals by the bootstrap over examples (Efron, 1979): each resample draws as many examples
/// as there are, with replacement; the ends are the percentiles (1 - level) / 2 and (1 + level) / 2 of
/// what the figure is in the resamples, interpolated linearly between neighbours.
public struct Bootstrap: Sendable, Equatable {
  /// How often examples are drawn.
  public var resamples: Int
  /// Equal seeds draw alike.
  public var seed: UInt64
  /// The part of the resamples that is in the interval.
  public var level: Double

  /// Whether families of rows are drawn, and rows within those, rather than rows: what the figure may be on other
  /// families, and not on other rows of the same.
  public var drawsFamilies: Bool

  /// 2000 resamples of rows and 95 % unless given.
  public init(
    resamples: Int = 2000, seed: UInt64 = 0, level: Double = 0.95, drawsFamilies: Bool = false
  ) {
    precondition(resamples >= 1 && level > 0 && level < 1)
    self.resamples = resamples
    self.seed = seed
    self.level = level
    self.drawsFamilies = drawsFamilies
  }

  /// Estimates of some figures of `count` examples. `figures` gets how often each example was drawn and
  /// answers with the same number of figures each time; those that are not finite are nil, and so are
  /// the ends of the interval of one that is not finite in some resample.
  ///
  /// `families` are those of the examples, for `drawsFamilies`; an example of nil is a family of its own. Of a family
  /// that is drawn as many examples are drawn as it has.
  public func estimates(
    count: Int, families: [String?] = [], _ figures: ([Int]) -> [Double]
  ) -> [Estimate?] {
    estimates(of: [(count, families)]) { figures($0[0]) }
  }

  /// The same of several sets of examples, as tasks and rows, each of which is drawn by itself.
  public func estimates(
    of sets: [(count: Int, families: [String?])], _ figures: ([[Int]]) -> [Double]
  ) -> [Estimate?] {
    precondition(
      sets.allSatisfy { $0.count >= 1 && ($0.families.isEmpty || $0.families.count == $0.count) })
    let groups = sets.map {
      drawsFamilies && !$0.families.isEmpty ? Self.groups($0.families) : nil
    }
    let values = figures(sets.map { [Int](repeating: 1, count: $0.count) })
    var drawn = [[Double]](repeating: [], count: values.count)
    for resample in 0..<resamples {
      var generator = SeededGenerator(seed, 0x424F_4F54, UInt64(resample))
      let times = sets.indices.map { Self.draw(sets[$0].count, groups[$0], &generator) }
      for (index, value) in figures(times).enumerated() { drawn[index].append(value) }
    }
    return zip(values, drawn).map { value, drawn in
      guard value.isFinite else { return nil }
      guard drawn.allSatisfy(\.isFinite) else { return Estimate(value: value) }
      let sorted = drawn.sorted()
      return Estimate(
        value: value, low: percentile((1 - level) / 2, of: sorted),
        high: percentile((1 + level) / 2, of: sorted))
    }
  }
}

extension Bootstrap {
  /// How often each of `count` examples is drawn, where `groups` are drawn and examples in them.
  private static func draw(
    _ count: Int, _ groups: [[Int]]?, _ generator: inout SeededGenerator
  ) -> [Int] {
    var times = [Int](repeating: 0, count: count)
    if let groups {
      for _ in groups {
        let group = groups[generator.pick(groups.count)]
        for _ in group { times[group[generator.pick(group.count)]] += 1 }
      }
    } else {
      for _ in 0..<count { times[generator.pick(count)] += 1 }
    }
    return times
  }

  /// The indices of each family, in the order in which families come first.
  private static func groups(_ families: [String?]) -> [[Int]] {
    var groups: [[Int]] = []
    var known: [String: Int] = [:]
    for (index, family) in families.enumerated() {
      if let family, let group = known[family] {
        groups[group].append(index)
      } else {
        if let family { known[family] = groups.count }
        groups.append([index])
      }
    }
    return groups
  }
}

/// The median of `values`, each as often as it was drawn; one at least was.
package func drawnMedian(_ values: [Double], _ times: [Int]) -> Double {
  let all = values.indices.flatMap { [Double](repeating: values[$0], count: times[$0]) }.sorted()
  return (all[(all.count - 1) / 2] + all[all.count / 2]) / 2
}

/// The sum of `values`, each as often as it was drawn.
package func drawnSum(_ values: [Double], _ times: [Int]) -> Double {
  zip(values, times).reduce(0) { $0 + $1.0 * Double($1.1) }
}

/// The sum of `values`, each as often as it was drawn.
package func drawnSum(_ values: [Int], _ times: [Int]) -> Double {
  Double(zip(values, times).reduce(0) { $0 + $1.0 * $1.1 })
}
