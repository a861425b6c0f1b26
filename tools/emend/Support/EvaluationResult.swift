import EditEvaluation
import EditorTraining

/// What `emend evaluate` found, as `--json` has it.
struct EvaluationResult: Encodable {
  let model: String
  let editor: String
  let activations: String
  let splitSeed: UInt64
  let seed: UInt64
  let resamples: Int
  /// What the bootstrap draws: "rows" or "families".
  let intervals: String
  let rowsLeftOut: Int
  let splits: [SplitResult]
  let locality: LocalityFigures?
  let seconds: Double
  let peakRssBytes: Int

  /// Tables, one for each split, and what else was measured.
  var text: String {
    var parts = splits.map(\.text)
    if let locality, let kl = locality.kl {
      parts.append(
        "unrelated text: KL(unedited || edited) \(kl.text(4)) nat a token (\(locality.tokens) tokens in "
          + "\(locality.windows) windows, \(locality.instructions) instructions)")
      for condition in LocalityFigures.conditions {
        guard let figure = locality.others[condition.rawValue] else { continue }
        parts.append(
          "unrelated text: KL(unedited || \(condition.rawValue)) \(figure.text(4)) nat a token")
      }
      if let more = locality.overPrompted {
        parts.append("unrelated text: edited - prompted \(more.text(4)) nat a token")
      }
    }
    if rowsLeftOut > 0 { parts.append("\(rowsLeftOut) rows could not be used") }
    parts.append(
      "\(Numbers.fixed(seconds, 0)) s, peak memory \(Memory.display(peakRssBytes))")
    return parts.joined(separator: "\n\n")
  }
}

/// What was found for one split.
struct SplitResult: Encodable {
  let split: String
  /// Rows whose response was longer than what is scored.
  let cutRows: Int
  /// Rows whose other instruction has the same answer.
  let shuffledWithSameAnswer: Int
  let figures: ConditionFigures
  /// By the rows' family, where they have one.
  let families: [String: ConditionFigures]?
  private(set) var answers: AnswerFigures?
  private(set) var answersOfFamilies: [String: AnswerFigures]?
  private(set) var generations: [ComparedAnswers]?

  /// The figures of `split`, some of whose `rows` were cut.
  init(
    _ split: HeldOutSplit, cutRows: Int, _ losses: ConditionLosses, _ rows: [TrainingRow],
    _ bootstrap: Bootstrap
  ) {
    self.split = split.name
    self.cutRows = cutRows
    shuffledWithSameAnswer = split.sameAnswerCount
    figures = ConditionFigures(
      losses, bootstrap, families: split.examples.map { rows[$0.example.row].family })
    let families = Dictionary(grouping: split.examples.indices) {
      rows[split.examples[$0].example.row].family ?? ""
    }.filter { !$0.key.isEmpty }
    self.families =
      families.isEmpty
      ? nil : families.mapValues { ConditionFigures(losses.rows($0), bootstrap) }
  }

  /// Adds what was answered.
  mutating func add(_ answers: [ComparedAnswers], _ bootstrap: Bootstrap) {
    guard !answers.isEmpty else { return }
    generations = answers
    self.answers = AnswerFigures(answers, bootstrap)
    let families = Dictionary(grouping: answers) { $0.family ?? "" }.filter { !$0.key.isEmpty }
    if !families.isEmpty {
      answersOfFamilies = families.mapValues { AnswerFigures($0, bootstrap) }
    }
  }

  /// Tables.
  fileprivate var text: String {
    let cut = cutRows > 0 ? ", \(cutRows) responses cut" : ""
    var parts = ["\(split): \(figures.rows) rows, \(figures.tokens) tokens\(cut)", losses, gains]
    if let families { parts.append(Self.table(families)) }
    if let answers {
      var table = TextTable(["answers", "exact", "", "rouge-L", ""], numbers: [1, 3])
      Self.append(answers, "", to: &table)
      for (family, figures) in (answersOfFamilies ?? [:]).sorted(by: { $0.key < $1.key }) {
        Self.append(figures, "\(family.onOneLine) ", to: &table)
      }
      parts.append(table.text)
    }
    return parts.joined(separator: "\n\n")
  }

  private var losses: String {
    var table = TextTable(
      ["condition", "nat/token", "95 %", "perplexity", "95 %"], numbers: [1, 3])
    for condition in EditCondition.allCases {
      guard let figure = figures.conditions[condition.rawValue] else { continue }
      table.append([
        condition.rawValue, Numbers.fixed(figure.nat.value, 4), figure.nat.interval(4),
        Numbers.fixed(figure.perplexity.value, 3), figure.perplexity.interval(3),
      ])
    }
    return table.text
  }

  private var gains: String {
    var table = TextTable(["gain", "nat/token", "95 %", "of what"], numbers: [1])
    for difference in ConditionFigures.Difference.allCases {
      guard let gain = figures.differences[difference.rawValue] else { continue }
      let (from, to) = difference.conditions
      table.append([
        difference.rawValue, Numbers.fixed(gain.value, 4), gain.interval(4),
        "\(from.rawValue) - \(to.rawValue)",
      ])
    }
    if let recovered = figures.recoveredFraction {
      table.append([
        "recovered", Numbers.fixed(recovered.value, 3), recovered.interval(3),
        "edited / prompted",
      ])
    }
    if let recovered = figures.recoveredFractionOfTuned {
      table.append([
        "recovered of tuned", Numbers.fixed(recovered.value, 3), recovered.interval(3),
        "edited / tuned",
      ])
    }
    if let effect = figures.instructionEffect, let scale = figures.instructionScale {
      let isInsensitive = figures.promptIsInsensitive == true && scale == .prompted
      table.append([
        "instruction effect", Numbers.fixed(effect.value, 3), effect.interval(3),
        "instruction / \(scale.rawValue)_instruction"
          + (isInsensitive
            ? ", which is below \(ConditionFigures.leastSensitivity) nat: no scale" : ""),
      ])
    }
    for (name, effect) in [
      ("over a sentence", figures.instructionEffectOverSentence),
      ("over nonsense", figures.instructionEffectOverNonsense),
    ] {
      guard let effect else { continue }
      table.append([
        "instruction effect " + name, Numbers.fixed(effect.value, 3), effect.interval(3),
        "the same in the prompt",
      ])
    }
    return table.text
  }

  private static func table(_ families: [String: ConditionFigures]) -> String {
    var table = TextTable(
      ["family", "rows", "ablated", "edited", "prompted", "instruction", "95 %"],
      numbers: [1, 2, 3, 4, 5])
    for (family, figures) in families.sorted(by: { $0.key < $1.key }) {
      func nat(_ condition: EditCondition) -> String {
        figures.conditions[condition.rawValue].map { Numbers.fixed($0.nat.value, 4) } ?? "-"
      }
      let gain = figures.differences[ConditionFigures.Difference.instruction.rawValue]
      table.append([
        family.onOneLine, "\(figures.rows)", nat(.ablated), nat(.edited), nat(.prompted),
        gain.map { Numbers.fixed($0.value, 4) } ?? "-", gain?.interval(4) ?? "",
      ])
    }
    return table.text
  }

  private static func append(
    _ figures: AnswerFigures, _ prefix: String, to table: inout TextTable
  ) {
    for condition in AnswerComparison.conditions.map(\.rawValue) {
      guard let figure = figures.conditions[condition], let exact = figure.exactMatch,
        let rouge = figure.rougeL
      else { continue }
      table.append([
        prefix + condition, Numbers.fixed(exact.value, 3), exact.interval(3),
        Numbers.fixed(rouge.value, 3), rouge.interval(3),
      ])
    }
  }
}

extension Estimate {
  /// "[low, high]" with `digits` digits; nothing where there is no interval.
  fileprivate func interval(_ digits: Int) -> String {
    guard let low, let high else { return "" }
    return "[\(Numbers.fixed(low, digits)), \(Numbers.fixed(high, digits))]"
  }

  /// The value and its interval.
  fileprivate func text(_ digits: Int) -> String {
    "\(Numbers.fixed(value, digits)) \(interval(digits))"
  }
}
