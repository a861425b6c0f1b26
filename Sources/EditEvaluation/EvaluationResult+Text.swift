import EditorTraining
import PlainText
import TensorKernels

extension EvaluationResult {
  /// Tables, one for each split, and what else was measured.
  public var text: String {
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
      "\(Numbers.fixed(seconds, 0)) s, peak memory \(SystemMemory.display(peakRssBytes))")
    return parts.joined(separator: "\n\n")
  }
}

extension SplitResult {
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
