import EditEvaluation
import EditorTraining
import LatentEditing

/// What a linear probe reads of an edit and of the states that it makes, beside what it reads where there is nothing of
/// the kind to be read (docs/study.md).
struct ProbesExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let layers, points: [Int]
  private static let mostFamilies = 40
  private static let wordings = 8
  private static let draws = 20
  /// Of the states.
  private static let stateFamilies = 16
  private static let rowsOfFamily = (training: 12, test: 6)
  static let conditions = ["edited", "mean", "unedited"]

  init(_ material: StudyMaterial) {
    self.material = material
    let depth = material.editor.layerCount
    layers = Array(stride(from: 0, to: depth, by: max(1, depth / 10)))
    points = Array(stride(from: 0, through: depth, by: max(1, depth / 10)))
  }

  var unitCount: Int { 2 }

  func pending(_ units: [String: String]) -> [String] {
    ["edits", "states"].filter { units[$0] == nil }
  }

  /// The families whose unseen texts are probed.
  private var families: [String] {
    let known = material.data.known(perFamily: Self.wordings)
    let counts = known.reduce(into: [:]) { $0[$1.family, default: 0] += 1 }
    var seen: Set<String> = []
    return Array(
      material.rows.map(\.family).filter { counts[$0, default: 0] >= 3 && seen.insert($0).inserted }
        .prefix(Self.mostFamilies))
  }

  private func tests(_ families: [String]) -> [StudyRow] {
    var seen: Set<String> = []
    return material.rows.filter {
      families.contains($0.family) && seen.insert($0.instruction).inserted
    }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    try (unit == "edits" ? probeEdits() : probeStates()).json()
  }

  /// Of every layer the accuracy on a third of the training texts and which tests are right; the same with a label of the
  /// text's first word, drawn; last the accuracies of the best layer with labels that are drawn for each text.
  private func probeEdits() throws -> StudyUnit {
    let families = families
    guard families.count >= 2 else { return StudyUnit() }
    let known = material.data.known(perFamily: Self.wordings).filter {
      families.contains($0.family)
    }
    let tests = tests(families)
    let texts = known.map(\.text) + tests.map(\.instruction)
    let labels = (known.map(\.family) + tests.map(\.family)).map { families.firstIndex(of: $0)! }
    let control = Self.drawn(texts, classes: families.count, material.configuration.seed)
    var features: [[Float]] = []
    for (number, text) in texts.enumerated() {
      let edit = try material.editor.compile(material.editor.write(text))
      features.append(Neighbourhood.feature(edit))
      try material.progress("reading", Double(number + 1) / Double(texts.count))
    }
    let width = features[0].count / material.editor.layerCount
    let classes = families.count
    func rows(_ layer: Int) -> [[Double]] {
      features.map { $0[layer * width..<(layer + 1) * width].map(Double.init) }
    }
    var numbers: [Double] = []
    var best = (layer: layers[0], accuracy: -1.0)
    for layer in layers {
      let probe = Probe(
        rows(layer), labels: labels, trained: known.count, classes: classes)
      let other = Probe(
        rows(layer), labels: control, trained: known.count, classes: classes)
      numbers += [probe.validation] + probe.right + other.right
      if probe.validation > best.accuracy { best = (layer, probe.validation) }
    }
    for draw in 0..<Self.draws {
      var random = SeededGenerator(material.configuration.seed, 0x5045_524D, UInt64(draw))
      var shuffled = Array(labels.prefix(known.count))
      random.shuffle(&shuffled)
      let probe = Probe(
        rows(best.layer), labels: shuffled + labels.dropFirst(known.count), trained: known.count,
        classes: classes)
      numbers.append(probe.right.reduce(0, +) / Double(tests.count))
    }
    return StudyUnit(numbers: numbers)
  }

  /// A label for the first word of every text: what a probe can have without knowing what is asked for.
  private static func drawn(_ texts: [String], classes: Int, _ seed: UInt64) -> [Int] {
    texts.map { text in
      let word = text.split(whereSeparator: \.isWhitespace).first ?? ""
      var random = SeededGenerator(
        seed, 0x434F_4E54, word.utf8.reduce(0) { ($0 &* 31) &+ UInt64($1) })
      return random.pick(classes)
    }
  }

  /// Rows of training, wordings that a probe is trained with and others that it is tried on.
  private func stateRows() throws -> [(row: StudyRow, label: Int, isTest: Bool)] {
    var rows: [(row: StudyRow, label: Int, isTest: Bool)] = []
    for (label, family) in families.prefix(Self.stateFamilies).enumerated() {
      let mine = material.data.training.filter { $0.family == family }
      var instructions: [String] = []
      for row in mine where !instructions.contains(row.instruction) {
        instructions.append(row.instruction)
      }
      let training = Set(instructions.prefix((instructions.count + 1) / 2))
      var counts = (training: 0, test: 0)
      for row in mine {
        let isTest = !training.contains(row.instruction)
        if isTest
          ? counts.test < Self.rowsOfFamily.test : counts.training < Self.rowsOfFamily.training
        {
          let row = try material.row(row)
          guard row.tokens.prompt.count <= material.longestPrompt else { continue }
          rows.append((row, label, isTest))
          if isTest { counts.test += 1 } else { counts.training += 1 }
        }
      }
    }
    return rows.filter { !$0.isTest } + rows.filter { $0.isTest }
  }

  /// Of every condition and point the accuracy on a third of the training rows and which tests are right.
  private func probeStates() throws -> StudyUnit {
    let rows = try stateRows()
    let trained = rows.filter { !$0.isTest }.count
    let classes = Set(rows.map(\.label)).count
    guard classes >= 2, trained < rows.count else { return StudyUnit() }
    var states = [[[[Double]]]](
      repeating: [[[Double]]](repeating: [], count: points.count), count: Self.conditions.count)
    for (number, row) in rows.enumerated() {
      let (_, edit, mean) = try material.edits(row.row.instruction)
      for (condition, edit) in [edit, mean, nil].enumerated() {
        let found = try material.runs.lastStates(row.row.tokens.prompt, under: edit, points: points)
        for (index, state) in found.enumerated() {
          states[condition][index].append(state.map(Double.init))
        }
      }
      try material.progress("reading states", Double(number + 1) / Double(rows.count))
    }
    var numbers = [Double(rows.count - trained)]
    for condition in states {
      for point in condition {
        let probe = Probe(point, labels: rows.map(\.label), trained: trained, classes: classes)
        numbers += [probe.validation] + probe.right
      }
    }
    return StudyUnit(numbers: numbers, words: rows.dropFirst(trained).map(\.row.family))
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    try edits(units, job) + states(units, job)
  }

  private func edits(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    let numbers = try StudyUnit("edits", of: units).numbers
    let rows = tests(families)
    guard !numbers.isEmpty else {
      return ["edit_accuracy", "edit_selectivity"].flatMap { metric in
        StudyLine.judged(
          job, metric, nil, accept, unit: "fraction of texts", rows: 0, clusters: 0,
          undecided: "there are no two families with known and unseen texts")
      }
    }
    let (count, clusters) = (rows.count, Set(rows.map(\.family)).count)
    let size = 1 + 2 * count
    let found = layers.indices.map { Array(numbers[$0 * size..<($0 + 1) * size]) }
    let best = found.indices.max { (found[$0][0], $1) < (found[$1][0], $0) }!
    let right = material.means(found.map { Array($0[1...count]) }, of: rows)
    let control = material.means(found.map { Array($0[(1 + count)...]) }, of: rows)
    let selectivity = material.means(
      [zip(found[best][1...count], found[best][(1 + count)...]).map { $0 - $1 }], of: rows)[0]
    let drawn = numbers.dropFirst(layers.count * size).sorted()
    let unit = "fraction of texts"
    let x = layers.map(Double.init)
    return [
      .series(
        job, "edit_accuracy", x: x, xName: "block", right, unit: "fraction", rows: count,
        clusters: clusters, condition: "family"),
      .series(
        job, "edit_accuracy", x: x, xName: "block", control, unit: "fraction", rows: count,
        clusters: clusters, condition: "a label of the first word"),
      .estimate(
        job, "permuted_accuracy",
        Estimate(
          value: drawn.reduce(0, +) / Double(drawn.count), low: drawn.first, high: drawn.last),
        unit: unit, rows: count, clusters: clusters, note: "least and most of \(drawn.count) draws"),
      .estimate(
        job, "chance", Estimate(value: 1 / Double(clusters)), unit: unit, rows: count,
        clusters: clusters),
    ]
      + StudyLine.judged(
        job, "edit_accuracy_of_best", right[best], accept, unit: unit, rows: count,
        clusters: clusters, condition: "block \(layers[best])")
      + StudyLine.judged(
        job, "edit_selectivity", selectivity, accept, unit: unit, rows: count, clusters: clusters,
        condition: "block \(layers[best])")
  }

  private func states(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    let unit = try StudyUnit("states", of: units)
    guard let first = unit.numbers.first, let families = unit.words else {
      return ["state_gain", "state_gain_in_front"].flatMap { metric in
        StudyLine.judged(
          job, metric, nil, accept, unit: "fraction of rows", rows: 0, clusters: 0,
          undecided: "there are no two families with two wordings")
      }
    }
    let count = Int(first)
    let clusters = Set(families).count
    func found(_ condition: Int, _ point: Int) -> [Double] {
      let start = 1 + (condition * points.count + point) * (1 + count)
      return Array(unit.numbers[start..<start + 1 + count])
    }
    func means(_ values: [[Double]]) -> [Estimate?] {
      material.means(values, families: families)
    }
    var lines: [StudyLine] = Self.conditions.enumerated().map { condition, name in
      .series(
        job, "state_accuracy", x: points.map(Double.init), xName: "point",
        means(points.indices.map { Array(found(condition, $0).dropFirst()) }), unit: "fraction",
        rows: count, clusters: clusters, condition: name)
    }
    // The place is chosen on training rows, in the second half of the model.
    let late = points.indices.filter { 2 * points[$0] >= material.editor.layerCount }
    let best = late.max { found(0, $0)[0] - found(2, $0)[0] < found(0, $1)[0] - found(2, $1)[0] }!
    for (metric, point) in [("state_gain", best), ("state_gain_in_front", 0)] {
      let gain = zip(found(0, point), found(2, point)).dropFirst().map { $0 - $1 }
      lines += StudyLine.judged(
        job, metric, means([gain])[0], accept, unit: "fraction of rows", rows: count,
        clusters: clusters, condition: "point \(points[point]), over the unedited state")
    }
    return lines
  }
}

/// A logistic regression on the first components of features, its penalty chosen on every third training row.
private struct Probe {
  /// The accuracy there.
  let validation: Double
  /// 1 for each test that is right, else 0.
  let right: [Double]
  private static let components = 24
  private static let penalties = [1e-3, 1e-2, 1e-1, 1.0, 10.0]

  /// The first `trained` rows are for training.
  init(_ rows: [[Double]], labels: [Int], trained: Int, classes: Int) {
    let components = PrincipalComponents(Array(rows.prefix(trained)))
    let count = min(Self.components, components.directions.count)
    let coordinates = rows.map { components.coordinates(of: $0, count: count) }
    // Each of variance 1 over the training rows.
    let scales = (0..<count).map { i in
      components.singularValues[i] / Double(trained).squareRoot()
    }
    let features = coordinates.map { row in
      row.indices.map { scales[$0] > 0 ? row[$0] / scales[$0] : 0 }
    }
    func fit(_ indices: [Int], _ penalty: Double) -> LogisticRegression {
      LogisticRegression(
        indices.map { features[$0] }, labels: indices.map { labels[$0] }, classes: classes,
        penalty: penalty, iterations: 100, tolerance: 1e-4)
    }
    func accuracy(_ model: LogisticRegression, _ indices: [Int]) -> Double {
      Double(indices.filter { model.label(of: features[$0]) == labels[$0] }.count)
        / Double(max(1, indices.count))
    }
    let held = (0..<trained).filter { $0 % 3 == 2 }
    let kept = (0..<trained).filter { $0 % 3 != 2 }
    let found = Self.penalties.map { accuracy(fit(kept, $0), held) }
    let best = found.indices.max { (found[$0], $1) < (found[$1], $0) }!
    validation = found[best]
    let model = fit(Array(0..<trained), Self.penalties[best])
    right = (trained..<rows.count).map { model.label(of: features[$0]) == labels[$0] ? 1 : 0 }
  }
}
