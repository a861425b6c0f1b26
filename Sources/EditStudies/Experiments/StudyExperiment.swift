import Foundation

/// An experiment as units that are measured one by one, each alone what it is beside others, and what comes of all.
protocol StudyExperiment {
  /// Names of the units that can be measured now, of the ones that are there already (`units`, JSON by name): an
  /// experiment of two phases has those of the second when the first is whole.
  func pending(_ units: [String: String]) throws -> [String]
  /// How many there will be in all.
  var unitCount: Int { get }
  /// Measures a unit.
  func measure(_ unit: String, _ units: [String: String]) throws -> String
  /// The results.
  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine]
  /// Hears that the results are on the disk.
  func finished()
}

extension StudyExperiment {
  func finished() {}
}

/// An experiment that compares what others found: it has no units of its own.
protocol ComparingExperiment: StudyExperiment {}

extension ComparingExperiment {
  var unitCount: Int { 0 }
  func pending(_ units: [String: String]) -> [String] { [] }
  func measure(_ unit: String, _ units: [String: String]) -> String {
    preconditionFailure("there is nothing to measure")
  }
}

/// What is kept of a unit, as JSON.
protocol KeptUnit: Codable {}

extension KeptUnit {
  /// The unit of that name, which is there.
  init(_ name: String, of units: [String: String]) throws {
    self = try JSONDecoder().decode(Self.self, from: Data((units[name] ?? "").utf8))
  }

  /// As it is kept.
  func json() throws -> String { try String(decoding: JSONEncoder().encode(self), as: UTF8.self) }
}

/// What most units are: numbers, some of them missing, and words.
struct StudyUnit: KeptUnit {
  var numbers: [Double] = []
  var words: [String]?

  init(numbers: [Double] = [], words: [String]? = nil) {
    self.numbers = numbers
    self.words = words
  }

  /// The number behind the slash of a unit's name.
  static func number(_ name: String) -> Int {
    guard let number = name.split(separator: "/").last.flatMap({ Int($0) }) else {
      preconditionFailure("there is no unit \(name)")
    }
    return number
  }
}
