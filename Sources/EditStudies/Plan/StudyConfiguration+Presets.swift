/// How much is measured where the file does not say it.
extension StudyConfiguration {
  /// How much is measured, before anything is said of it in particular.
  public enum Preset: String, Sendable, CaseIterable {
    /// Minutes.
    case quick
    /// Nearly all experiments on all unseen rows of our own set.
    case standard
    /// All, with more rows and finer integrals.
    case full

    var rows: Int { self == .quick ? 48 : self == .standard ? 400 : 2000 }
    var rowsPerFamily: Int { self == .quick ? 1 : self == .standard ? 8 : 16 }
    var knownPerFamily: Int { self == .quick ? 2 : 4 }
    var pathPoints: Int { self == .quick ? 8 : self == .standard ? 16 : 32 }
    var originals: Int { self == .quick ? 24 : 100_000 }
    var kinds: [Experiment.Kind] {
      Experiment.Kind.asked.filter { kind in
        switch self {
        case .quick:
          !([.lenses, .inverse, .wayward, .tracing, .probes, .vectors, .cebab, .functionVectors]
            .contains(kind) || kind.isTrained)
        case .standard: kind != .functionVectors
        case .full: true
        }
      }
    }
    var seeds: [UInt64] { self == .full ? [0, 1, 2] : [0] }
  }
}
