/// Which rows are trained on, and which are kept for each kind of question about the editor.
///
/// Everything follows from the seed and the rows' texts: a row is on the same side whatever other rows
/// there are and in whatever order, but for those that are brought back (see below). Instructions are
/// compared as `normalizedInstruction` has them, inputs likewise.
///
/// - `unseen`: rows whose instruction is in no row of training. All rows of an instruction go together.
/// - `seen`: rows of instructions that are trained on, with an input that is not, with that instruction.
///   All rows of one instruction and input go together; where that would leave an instruction without
///   a row for training, one input of it is brought back.
/// - `compositional`: rows that say of what parts their instruction is, two at least, whose combination is
///   in no row of training, and each part of it is. Combinations with a part that training lacks are
///   brought back. Rows with parts are split by these alone.
///
/// A row that says on which side it is (`TrainingRow.split`) is there, whatever its texts: `train` is
/// trained on, and any other name is held out under that name, those of the three lists above in the
/// list, others in `named`. Such rows are taken at their word: they have no part in what is said above.
///
/// Whole families can be kept from training too: all rows of so many families, chosen by the seed among those
/// that would be trained on, are held out under the name `families`.
///
/// The lists for validation are in an order that the seed determines, so that their beginnings are fair
/// samples; that for training is in the order of the rows.
public struct DataSplit: Sendable, Equatable {
  /// How much is kept from training.
  public struct Options: Sendable, Codable, Equatable {
    /// Equal seeds split alike.
    public var seed: UInt64
    /// The part of the instructions that is not trained on.
    public var unseen: Double
    /// The part of the inputs of the other instructions.
    public var seen: Double
    /// The part of the combinations.
    public var compositional: Double
    /// Families of which nothing is trained on.
    public var families = 0

    /// A tenth, a twentieth and a tenth unless given.
    public init(
      seed: UInt64 = 0, unseen: Double = 0.1, seen: Double = 0.05, compositional: Double = 0.1
    ) {
      self.seed = seed
      self.unseen = unseen
      self.seen = seen
      self.compositional = compositional
    }
  }

  /// Indices of rows to train on.
  public private(set) var train: [Int] = []
  /// Rows of known instructions with new inputs.
  public private(set) var seen: [Int] = []
  /// Rows of new instructions.
  public private(set) var unseen: [Int] = []
  /// Rows of new combinations of known parts.
  public private(set) var compositional: [Int] = []
  /// Rows that are held out under other names of their own.
  public private(set) var named: [String: [Int]] = [:]

  /// Some rows, and where in its list they stand: from 0 to 1.
  private typealias Placed = (place: Double, rows: [Int])

  /// Splits `rows`. Throws `EditorTrainingError.option` for parts that are not from 0 to 1 and
  /// `.noExamples` where nothing is left to train on, unless that is no matter.
  public init(
    _ rows: [TrainingRow], _ options: Options = Options(), needsTraining: Bool = true
  ) throws(EditorTrainingError) {
    for (name, part) in [
      ("unseen", options.unseen), ("seen", options.seen), ("compositional", options.compositional),
    ] where !(part >= 0 && part <= 1) {
      throw .option(name: "the \(name) part", found: "\(part)", needed: "from 0 to 1")
    }
    var held: [String: [Placed]] = [:]
    let rows = try holdingFamilies(rows, options)
    splitNamed(rows, options, &held)
    splitCombinations(rows, options, &held)
    splitInstructions(rows, options, &held)
    train.sort()
    for (name, rows) in held { self[name] = Self.inOrder(rows) }
    guard !train.isEmpty || !needsTraining else { throw .noExamples }
  }

  /// Those rows to train on, and none held out.
  package init(train: [Int]) { self.train = train }

  /// The names of the lists that follow from texts.
  public static let standardNames = ["seen", "unseen", "compositional"]

  /// What is held out, by name: those that follow from texts first, then the others in order; no empty
  /// ones.
  public var heldOut: [(name: String, rows: [Int])] {
    (Self.standardNames + named.keys.sorted()).map { ($0, self[$0]) }.filter { !$0.rows.isEmpty }
  }

  /// Whether rows can say that they are in a split of that name.
  static func isName(_ text: String) -> Bool {
    (1...64).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "_-.".utf8.contains(byte)
        }
      }
  }

  private subscript(name: String) -> [Int] {
    get {
      switch name {
      case "seen": seen
      case "unseen": unseen
      case "compositional": compositional
      default: named[name] ?? []
      }
    }
    set {
      switch name {
      case "seen": seen = newValue
      case "unseen": unseen = newValue
      case "compositional": compositional = newValue
      default: named[name] = newValue
      }
    }
  }

  /// The rows, those of so many families on the side `families`, whatever side they say they are on. Throws
  /// `option` where that would be all families.
  private func holdingFamilies(
    _ rows: [TrainingRow], _ options: Options
  ) throws(EditorTrainingError) -> [TrainingRow] {
    guard options.families > 0 else { return rows }
    // Families of which nothing would be trained on are held out already.
    let known = Set(
      rows.lazy.filter { $0.split == nil || $0.split == "train" }.compactMap(\.family))
    guard known.count > options.families else {
      throw .option(
        name: "the number of families to validate with", found: "\(options.families)",
        needed: "below \(known.count), the families of the rows to train on")
    }
    let held = Set(
      known.map { (seededFraction(options.seed, "families", $0), $0) }.sorted(by: <)
        .prefix(options.families).map(\.1))
    return rows.map { row in
      guard let family = row.family, held.contains(family) else { return row }
      var row = row
      row.split = "families"
      return row
    }
  }

  private mutating func splitNamed(
    _ rows: [TrainingRow], _ options: Options, _ held: inout [String: [Placed]]
  ) {
    for (index, row) in rows.enumerated() {
      guard let name = row.split else { continue }
      if name == "train" {
        train.append(index)
      } else {
        let place = seededFraction(
          options.seed, "named", row.instruction, row.input, row.output)
        held[name, default: []].append((place, [index]))
      }
    }
  }

  private mutating func splitInstructions(
    _ rows: [TrainingRow], _ options: Options, _ held: inout [String: [Placed]]
  ) {
    var ofInstruction: [String: [Int]] = [:]
    for (index, row) in rows.enumerated()
    where row.split == nil && Self.combination(row) == nil {
      ofInstruction[normalizedInstruction(row.instruction), default: []].append(index)
    }
    for (instruction, members) in ofInstruction {
      let fraction = seededFraction(options.seed, "unseen", instruction)
      if fraction < options.unseen {
        held["unseen", default: []].append((fraction / options.unseen, members))
        continue
      }
      let groups = Dictionary(grouping: members) { normalizedInstruction(rows[$0].input) }
        .map { (seededFraction(options.seed, "seen", instruction, $0.key), $0.value) }
        .sorted { $0.0 < $1.0 }
      // The last one stays, whatever its fraction.
      for (fraction, members) in groups.dropLast() where fraction < options.seen {
        held["seen", default: []].append((fraction / options.seen, members))
      }
      train += groups.dropLast().filter { $0.0 >= options.seen }.flatMap(\.1)
      train += groups.last?.1 ?? []
    }
  }

  private mutating func splitCombinations(
    _ rows: [TrainingRow], _ options: Options, _ held: inout [String: [Placed]]
  ) {
    var ofCombination: [[String]: [Int]] = [:]
    for (index, row) in rows.enumerated() where row.split == nil {
      if let parts = Self.combination(row) { ofCombination[parts, default: []].append(index) }
    }
    let groups = ofCombination.map { parts, members in
      (
        fraction: seededFraction(
          options.seed, "compositional", parts.map { "\($0.utf8.count) \($0)" }.joined()), parts,
        members
      )
    }.sorted { $0.fraction < $1.fraction }
    let chosen = groups.filter { $0.fraction < options.compositional }
    let others = groups.filter { $0.fraction >= options.compositional }
    var known = Set(others.flatMap(\.1))
    // Those with the largest fraction first: they are the nearest to not being chosen. What is brought
    // back makes more parts known, never fewer, so that those that stay have all of theirs.
    var back: Set<[String]> = []
    for group in chosen.reversed() where !group.1.allSatisfy(known.contains) {
      known.formUnion(group.1)
      back.insert(group.1)
    }
    train += others.flatMap(\.2) + chosen.filter { back.contains($0.1) }.flatMap(\.2)
    held["compositional", default: []] += chosen.filter { !back.contains($0.1) }
      .map { ($0.fraction / options.compositional, $0.2) }
  }

  /// The parts in an order of their own, or nil where there are fewer than two.
  private static func combination(_ row: TrainingRow) -> [String]? {
    let parts = Set(row.parts.map(normalizedInstruction)).sorted()
    return parts.count >= 2 ? parts : nil
  }

  /// Rows by their place; those with the same one by their index.
  private static func inOrder(_ groups: [Placed]) -> [Int] {
    groups.sorted { ($0.place, $0.rows.first ?? 0) < ($1.place, $1.rows.first ?? 0) }
      .flatMap { $0.rows.sorted() }
  }
}
