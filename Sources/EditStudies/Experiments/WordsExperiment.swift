import EditEvaluation
import InstructionEditors
import LatentEditing

/// What each word of an instruction does: how much worse the answer becomes without it, beside what gradients say that
/// it does, and which word comes first where the answer takes one from the instruction (docs/study.md).
struct WordsExperiment: StudyExperiment {
  private let material: StudyMaterial
  /// The first row of each instruction.
  private let rows: [Int]
  private static let mostInstructions = 60
  private static let mostWords = 16

  init(_ material: StudyMaterial) {
    self.material = material
    var seen: Set<String> = []
    rows = Array(
      material.rows.indices.filter { index in
        let row = material.rows[index]
        let count = row.instruction.split(whereSeparator: \.isWhitespace).count
        return (2...Self.mostWords).contains(count) && seen.insert(row.instruction).inserted
      }.prefix(Self.mostInstructions))
  }

  var unitCount: Int { rows.count }

  func pending(_ units: [String: String]) -> [String] {
    rows.map { "row/\($0)" }.filter { units[$0] == nil }
  }

  /// Of every word: F without it less F, what gradients say of that, and how far its edit is from the whole one.
  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let row = material.rows[StudyUnit.number(unit)]
    let words = row.instruction.split(whereSeparator: \.isWhitespace).map(String.init)
    let (written, edit, _) = try material.edits(row.instruction)
    let (found, states, _) = try material.gradients(row.tokens, written, edit)
    let others = try words.indices.map { word in
      try material.editor.write(
        words.indices.filter { $0 != word }.map { words[$0] }.joined(separator: " "))
    }
    let losses = try material.runs.losses(
      row.tokens, under: [edit] + others.map { try material.editor.compile($0) })
    let places = places(of: words, written, row.instruction)
    var numbers: [Double] = []
    for word in words.indices {
      let attributed: Double
      if let places {
        // A prefix has tokens of the word: what is attributed to them.
        let count = edit.positions.count
        attributed = (0..<material.editor.layerCount).reduce(0.0) { sum, layer in
          places[word].reduce(sum) { $0 + found.attributions[layer * count + $1] }
        }
      } else {
        // Of latents: the gradient along the difference that the word makes.
        let without = try material.editor.states(
          of: others[word], firstToken: row.tokens.prompt[0])
        var sum = 0.0
        for i in states.indices {
          sum += Double(found.gradient[i]) * (Double(states[i]) - Double(without[i]))
        }
        attributed = -sum
      }
      numbers += [losses[1 + word] - losses[0], attributed, distance(others[word], written)]
    }
    return try StudyUnit(numbers: numbers, words: words).json()
  }

  /// ||v - v without the word||, of latents; of prefixes, whose lengths differ, 0.
  private func distance(_ other: WrittenEdit, _ written: WrittenEdit) -> Double {
    guard case .latents(let a) = other, case .latents(let b) = written else { return 0 }
    return zip(a.sites, b.sites).reduce(0.0) { sum, sites in
      zip(sites.0.latent, sites.1.latent).reduce(sum) {
        let d = Double($1.0 * sites.0.gate) - Double($1.1 * sites.1.gate)
        return $0 + d * d
      }
    }.squareRoot()
  }

  /// The numbers of the tokens of each word; nil of latents.
  private func places(
    of words: [String], _ written: WrittenEdit, _ instruction: String
  ) -> [[Int]]? {
    guard case .states(_, let tokens, let roles) = written else { return nil }
    var ends: [Int] = []
    for word in words { ends.append((ends.last ?? 0) + word.utf8.count) }
    var found = [[Int]](repeating: [], count: words.count)
    var position = 0
    for (index, role) in roles.enumerated() where role == .instruction {
      // A token is the word's that it begins in; white space alone is the next word's.
      if let word = ends.firstIndex(where: { position < $0 }) { found[word].append(index) }
      position += material.tokenizer.bytes(of: tokens[index]).filter { !isWhiteSpace($0) }.count
    }
    return found
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    let found = try rows.map { try StudyUnit("row/\($0)", of: units) }
    let mine = rows.map { material.rows[$0] }
    let clusters = Set(mine.map(\.family)).count
    let copied = mine.map {
      InstructionWords.copied($0.instruction, input: $0.input, output: $0.output)
    }
    /// Of a row, whether the one word that its answer takes from the instruction has the greatest `value`; nil where there
    /// is no such word, or several.
    func isFirst(_ row: Int, _ value: (Int) -> Double) -> Double? {
      guard copied[row].count == 1 else { return nil }
      let words = 0..<found[row].numbers.count / 3
      let best = words.max { (value($0), $1) < (value($1), $0) }
      return best == copied[row][0] ? 1 : 0
    }
    func rates(_ value: (Int, Int) -> Double) -> [Double?] {
      rows.indices.map { row in isFirst(row) { value(row, $0) } }
    }
    let effect = rates { found[$0].numbers[3 * $1] }
    let attributed = rates { found[$0].numbers[3 * $1 + 1] }
    let size = rates { found[$0].numbers[3 * $1 + 2] }
    let last = rates { Double($1) + Double($0) * 0 }
    let chance = rows.indices.map { row in
      copied[row].count == 1 ? 3 / Double(found[row].numbers.count) : nil as Double?
    }
    let hasSizes = found.contains { unit in
      unit.numbers.indices.contains { $0 % 3 == 2 && unit.numbers[$0] > 0 }
    }
    let figures = material.bootstrap.estimates(count: rows.count, families: mine.map(\.family)) {
      times in
      /// The correlation of effects with what stands at `place` of each word.
      func correlation(_ place: Int) -> Double {
        var (x, y, weights): ([Double], [Double], [Double]) = ([], [], [])
        for (row, unit) in found.enumerated() where times[row] > 0 {
          for word in 0..<unit.numbers.count / 3 {
            x.append(unit.numbers[3 * word])
            y.append(unit.numbers[3 * word + place])
            weights.append(Double(times[row]))
          }
        }
        return RankCorrelation.pearson(x, y, weights: weights) ?? .nan
      }
      func rate(_ values: [Double?]) -> Double {
        var (sum, count) = (0.0, 0.0)
        for (row, value) in values.enumerated() {
          guard let value else { continue }
          sum += value * Double(times[row])
          count += Double(times[row])
        }
        return count > 0 ? sum / count : .nan
      }
      return [
        correlation(1), hasSizes ? correlation(2) : .nan,
        rate(effect), rate(attributed), hasSizes ? rate(size) : .nan, rate(last), rate(chance),
      ]
    }
    let withParameter = copied.filter { $0.count == 1 }.count
    let count = rows.count
    return StudyLine.judged(
      job, "effect_and_gradients", figures[0], accept, unit: "Pearson", rows: count,
      clusters: clusters)
      + [
        .estimate(
          job, "effect_and_size", figures[1], unit: "Pearson", rows: count, clusters: clusters,
          note: hasSizes ? nil : "prefixes of different lengths have no distance")
      ]
      + StudyLine.judged(
        job, "copied_word_first", figures[3], accept, unit: "fraction of instructions",
        rows: withParameter, clusters: clusters, condition: "gradients",
        undecided: withParameter < 5
          ? "\(withParameter) instructions have a word that the answer takes" : nil)
      + zip(["effect", "size", "last word", "chance"], [2, 4, 5, 6]).map { name, index in
        .estimate(
          job, "copied_word_first", figures[index], unit: "fraction of instructions",
          rows: withParameter, clusters: clusters, condition: name)
      }
  }
}

private func isWhiteSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
