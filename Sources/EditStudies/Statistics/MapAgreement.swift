/// Whether two maps over blocks are the same, each of which was measured on two halves of its rows.
package struct MapAgreement: Sendable, Equatable {
  /// Spearman's correlation of the maps of all rows.
  package let correlation: Double
  /// What each map is worth: the correlation of its halves, for the whole (Spearman and Brown); nil where there is none.
  package let reliabilities: (x: Double?, y: Double?)
  /// The part of shifts and reflections of one map that agree as well.
  package let shiftProbability: Double

  /// Maps by half, `[2][blocks]`, whose sum is the map of all rows; nil where one is constant. `known` are reliabilities that are
  /// known from elsewhere, in the place of those of the halves.
  package init?(
    _ x: [[Double]], _ y: [[Double]], reliabilities known: (x: Double?, y: Double?) = (nil, nil)
  ) {
    let (a, b) = (Self.whole(x), Self.whole(y))
    guard let correlation = RankCorrelation.spearman(a, b),
      let probability = RankCorrelation.shiftProbability(a, b)
    else { return nil }
    self.correlation = correlation
    shiftProbability = probability
    reliabilities = (known.x ?? Self.reliability(x), known.y ?? Self.reliability(y))
  }

  /// The map of both halves.
  package static func whole(_ halves: [[Double]]) -> [Double] {
    zip(halves[0], halves[1]).map(+)
  }

  /// What a map of two halves is worth; nil where a half is constant.
  package static func reliability(_ halves: [[Double]]) -> Double? {
    RankCorrelation.spearman(halves[0], halves[1]).map(RankCorrelation.wholeReliability(ofHalves:))
  }

  /// `correlation`, or another of such maps, without what their measurement takes from it; nil where that cannot be told.
  package func corrected(_ correlation: Double) -> Double? {
    guard let x = reliabilities.x, let y = reliabilities.y else { return nil }
    return RankCorrelation.corrected(correlation, reliabilities: x, y)
  }

  /// Why nothing is said: a map that is not the same on its own halves cannot be that of something else.
  package var undecided: String? {
    let least = min(reliabilities.x ?? 0, reliabilities.y ?? 0)
    guard least < 0.5 else { return nil }
    return "a map's reliability is below 0.5"
  }

  /// Whether they are the same.
  package static func == (a: Self, b: Self) -> Bool {
    a.correlation == b.correlation && a.reliabilities == b.reliabilities
      && a.shiftProbability == b.shiftProbability
  }
}
