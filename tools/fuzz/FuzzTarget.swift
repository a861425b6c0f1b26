import TestSupport

/// A good file to start from.
struct CorpusFile {
  var name: String
  var bytes: [UInt8]
}

/// A parser under test, and how to make inputs for it.
protocol FuzzTarget {
  /// The name on the command line.
  static var name: String { get }

  init(corpus: [CorpusFile]) throws

  /// A damaged input. Must depend on `random` only, so that any execution can be repeated alone.
  func input(_ random: inout SplitMix64) -> [UInt8]

  /// Parses the input and uses what comes of it; returns in a word what became of it ("accepted",
  /// or the name of the error), for the statistics. A trap is a finding.
  func run(_ input: [UInt8]) -> String
}
