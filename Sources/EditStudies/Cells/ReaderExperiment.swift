import EditEvaluation
import EditorTraining
import InstructionEditors
import LatentEditing
import TensorKernels

/// A reader of edits: a processor that is trained to say what the edit in front asks for, and what it says of edits that it
/// did not learn from (docs/study.md). Its first unit is the training, whose own state it goes on with; texts that are said
/// come next, and last their round trips, which need those of other rows.
final class ReaderExperiment: StudyExperiment {
  let material: StudyMaterial
  let judge: ReaderJudge
  /// Unseen wordings of known families, unseen families, and pairs of steps that were not trained together: a row of each
  /// text.
  let texts, kept, pairs: [StudyRow]
  private let options: ReaderOptions
  private let training: ReaderTraining
  private let trips: RoundTrips
  private let question: [Int]
  private let others = 20
  /// Kept until another adapter is trained.
  private var reader: EditedRuns?
  private static let sequences = 8

  /// `folder` is the job's.
  init(_ material: StudyMaterial, folder: String) throws {
    self.material = material
    options = material.configuration.reader
    judge = ReaderJudge(material.data)
    training = ReaderTraining(material, options, folder: folder + "/run")
    trips = RoundTrips(material)
    question = material.editor.prompt(StudyMaterial.question)
    let families = Set(material.known.map(\.family))
    var seen: Set<String> = []
    func first(_ rows: [StudyRow]) -> [StudyRow] {
      rows.filter { seen.insert($0.instruction).inserted }
    }
    texts = first(material.rows.filter { families.contains($0.family) })
    kept = first(material.otherFamilies)
    pairs = first(material.pairs)
    guard Set(texts.map(\.family)).count > 1 else {
      throw StudyError.configuration(
        path: material.configuration.path,
        problem:
          "experiments.reader needs unseen wordings of two families that are trained on, and there are rows of "
          + "\(Set(texts.map(\.family)).count); give more rows with families")
    }
  }

  /// Whether edits have sums.
  var addsUp: Bool { !material.editor.configuration.interface.isPrefix }

  private var firstNames: [String] {
    ["nothing/0"] + texts.indices.map { "text/\($0)" } + kept.indices.map { "kept/\($0)" }
      + pairs.indices.map { "pair/\($0)" }
  }

  var unitCount: Int { 1 + firstNames.count + texts.count }

  func pending(_ units: [String: String]) throws -> [String] {
    guard units["train/0"] != nil else { return ["train/0"] }
    guard try Self.diverged(units) == nil else { return [] }
    let first = firstNames.filter { units[$0] == nil }
    return first.isEmpty ? texts.indices.map { "trip/\($0)" }.filter { units[$0] == nil } : first
  }

  /// Why the training was given up; nil where it was not.
  static func diverged(_ units: [String: String]) throws -> String? {
    try StudyUnit("train/0", of: units).words?.last
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let number = StudyUnit.number(unit)
    switch unit.split(separator: "/")[0] {
    case "train":
      reader = nil
      return try training.train().json()
    case "nothing": return try measureNothing().json()
    case "text": return try measure(texts[number], number).json()
    case "kept": return try measureKept(kept[number]).json()
    case "pair": return try measurePair(pairs[number]).json()
    default: return try measureTrips(number, units).json()
    }
  }

  func finished() { training.discard() }

  // MARK: Saying

  private func runs() throws -> EditedRuns {
    if let reader { return reader }
    let made = try EditedRuns(
      beside: material.editor.loaded.state, sequences: Self.sequences,
      through: training.adapters())
    made.isStopRequested = material.runs.isStopRequested
    reader = made
    return made
  }

  /// What is said of edits, the likeliest token each time; without the adapters where they are not `trained`.
  private func say(_ edits: [CompiledEdit], trained: Bool = true) throws -> [String] {
    let ends = material.tokenizer.endOfGenerationTokens
    return try (trained ? runs() : material.runs).answers(
      edits.map { (question, $0) }, maximumTokens: StudyMaterial.longestSaying, ends: ends
    ).map { tokens in
      let text = material.tokenizer.decode(tokens.filter { !ends.contains($0) })
      return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
  }

  /// Losses of a text that could be said, nat a token, under each of `edits`.
  private func losses(of text: String, under edits: [CompiledEdit]) throws -> [Double] {
    let response = try material.response(text, after: question)
    return try runs().losses(
      EditedRuns.Row(prompt: question, response: response), under: edits
    ).map { $0 / Double(response.count) }
  }

  /// The text that a reader has to beat: the known one whose edit is nearest.
  private func nearest(_ edit: CompiledEdit) throws -> String {
    material.known[try material.neighbourhood.get().nearest(to: edit)].text
  }

  // MARK: Units

  /// What is said of no edit and of the mean edit.
  private func measureNothing() throws -> StudyUnit {
    let none = try material.editor.compiledNothing()
    let (_, edit, mean) = try material.edits(texts[0].instruction)
    // Rule 9: an edit in front changes what is said.
    let found = try losses(of: texts[0].instruction, under: [none, edit])
    guard abs(found[0] - found[1]) > 1e-3 else {
      throw StudyError.control(
        name: "an edit in front changes what a reader says",
        found: "\(found[1]) nat a token with it and \(found[0]) without")
    }
    return StudyUnit(numbers: found, words: try say([none, mean]))
  }

  /// Numbers: the place of the right text among others by its loss; losses of the right text, of `Nothing.`, and of
  /// `Nothing.` under an edit of random directions. Words: what is said of the edit, of it by the processor alone, of the
  /// mean edit in its place, of random directions; the known text with the nearest edit; and, where the processor has
  /// states of the words without the editor, what is said of these.
  private func measure(_ row: StudyRow, _ number: Int) throws -> StudyUnit {
    let parts = try material.parts(of: row.instruction)
    let (_, edit, mean) = try material.edits(row.instruction)
    let random = try material.editor.compile(
      parts.random(
        from: NormalGenerator(
          seed: material.configuration.seed ^ 0x4E4F_4E45, stream: UInt64(number))))
    var strangers = material.known.filter { $0.family != row.family }.map(\.text)
    var draw = SeededGenerator(material.configuration.seed, 0x5241_4E4B, UInt64(number))
    draw.shuffle(&strangers)
    let right = try losses(of: row.instruction, under: [edit])[0]
    let place = try strangers.prefix(others).reduce(1) {
      try losses(of: $1, under: [edit])[0] < right ? $0 + 1 : $0
    }
    let nothing = try losses(of: ReaderEdits.nothing, under: [edit, random])
    let unread = try material.editor.unread(row.instruction).map { try material.editor.compile($0) }
    let said = try say([edit, mean, random] + [unread].compactMap { $0 })
    let alone = try say([edit], trained: false)
    return StudyUnit(
      numbers: [Double(place), right] + nothing,
      words: [said[0], alone[0], said[1], said[2], try nearest(edit)] + said.dropFirst(3))
  }

  /// Round trips of what is said of an edit of a family that nothing was trained on, and of the nearest known text.
  private func measureKept(_ row: StudyRow) throws -> StudyUnit {
    let (_, edit, _) = try material.edits(row.instruction)
    let words = [try say([edit])[0], try nearest(edit)]
    return StudyUnit(numbers: try trips.measure(row, edit, words), words: words)
  }

  /// Of two steps: what is said of the edit of the whole text and, of latents, of the sum of the steps' edits around the
  /// mean; the round trip of each to what it was said of.
  private func measurePair(_ row: StudyRow) throws -> StudyUnit {
    let (_, whole, _) = try material.edits(row.instruction)
    var edits = [whole]
    if addsUp {
      let steps = try material.steps(row.parts, of: row.instruction).map {
        try material.parts(of: $0)
      }
      let sum = steps[0].adding(steps.dropFirst())
      edits.append(try material.editor.compile(sum.edit(sum.own)))
    }
    let said = try say(edits)
    return StudyUnit(
      numbers: try zip(edits, said).map { try trips.measure(row, $0, [$1])[0] }, words: said)
  }

  /// What is measured of round trips, in the order of a unit's numbers.
  static let trips = [
    "round_trip", "round_trip_of_shuffled", "round_trip_of_untrained", "round_trip_of_no_edit",
    "round_trip_of_most_common", "round_trip_of_retrieval", "round_trip_of_other_family",
  ]

  /// The row of another family whose text is taken for `number`'s: the next one.
  func shuffled(_ number: Int) -> Int {
    (1..<texts.count).map { (number + $0) % texts.count }.first {
      texts[$0].family != texts[number].family
    } ?? number
  }

  /// Round trips, and last what is left of the edit's own part when that of what was said is taken away, and all of it.
  private func measureTrips(_ number: Int, _ units: [String: String]) throws -> StudyUnit {
    func words(_ unit: String) throws -> [String] { try StudyUnit(unit, of: units).words ?? [] }
    let (said, other) = (try words("text/\(number)"), try words("text/\(shuffled(number))"))
    let row = texts[number]
    let edit = try material.editor.compile(material.editor.write(row.instruction))
    let found = try trips.measure(
      row, edit, [said[0], other[0], said[1], words("nothing/0")[0], judge.mostCommon, said[4]])
    let (left, all) = try material.neighbourhood.get().explained(
      edit, by: material.editor.compile(material.editor.write(said[0])))
    return StudyUnit(numbers: found + [left, all])
  }
}
