import InstructionEditors
import LatentEditing

/// What other strengths do, mu + s (v - mu), and what the edit changes where it should change nothing.
extension Explainer {
  /// Windows of the unrelated text, each with the token that texts begin with where the vocabulary has one. Throws
  /// `shortText`.
  func unrelatedWindows() throws -> [[Int]] {
    let (text, source) =
      options.unrelated
      ?? (
        String(decoding: PackageResources.unrelated_txt, as: UTF8.self), "the text that is built in"
      )
    let tokens = tokenizer.encode(text, addSpecial: false, parseSpecial: false)
    let bos = textBeginning
    let size = min(ExplanationOptions.windowTokens, tokens.count)
    guard size + bos.count >= 4 else {
      throw StudyError.shortText(path: source, tokens: tokens.count, needed: 4)
    }
    return (0..<min(ExplanationOptions.windows, tokens.count / size)).map {
      bos + tokens[$0 * size..<($0 + 1) * size]
    }
  }

  /// The token that texts begin with, where the vocabulary has one.
  private var textBeginning: [Int] {
    tokenizer.vocabulary.addsBOS ? tokenizer.bosToken.map { [$0] } ?? [] : []
  }

  /// Doses, the strongest within limits, and harm.
  func doses(
    _ subject: Subject, _ answered: Answered, _ windows: [[Int]]
  ) throws -> ([EditExplanation.Dose], EditExplanation.Limit, EditExplanation.Harm) {
    let strengths = Set(options.strengths + [0, 1]).sorted()
    let written = try strengths.map { try subject.mean.around(subject.written, strength: $0) }
    let edits = try written.map { try editor.compile($0) }
    let losses = try losses(answered, edits, .dose, 0..<0.3)
    let prompts = inputs.map(editor.prompt)
    let answers = try runs.answers(
      edits.flatMap { edit in prompts.map { ($0, edit) } }, maximumTokens: options.answerTokens,
      ends: tokenizer.endOfGenerationTokens)
    try report(.dose, 0.6)
    let harm = try divergences(written, windows)
    let tokens = Double(answered.tokens)
    let dose = strengths.indices.map { index in
      let mine = Array(answers[index * prompts.count..<(index + 1) * prompts.count])
      return EditExplanation.Dose(
        strength: Double(strengths[index]), loss: losses[index].reduce(0, +) / tokens,
        share: share(losses[index], answered) ?? 0, distinct2: distinctPairs(mine),
        unrelatedKl: harm[index], answer: tokenizer.decode(mine[0]))
    }
    let one = strengths.firstIndex(of: 1)!
    let zero = strengths.firstIndex(of: 0)!
    return (
      dose, limit(dose, dose[one]),
      .init(
        edited: harm[one], mean: harm[zero],
        tokens: windows.reduce(0) { $0 + $1.count - 2 },
        text: options.unrelated?.source ?? "built in")
    )
  }

  /// KL(unedited || edited), nats a token, of each edit.
  private func divergences(_ written: [WrittenEdit], _ windows: [[Int]]) throws -> [Double] {
    var sums = [Double](repeating: 0, count: written.count)
    for (number, window) in windows.enumerated() {
      let row = EditedRuns.Row(text: window)
      let edits = try written.map {
        try editor.compile($0, firstToken: window[0]).inFrontOfText(replacing: textBeginning)
      }
      let p = try runs.logProbabilities(row, under: nil)
      for (index, sum) in try runs.divergences(row, of: p, under: edits).enumerated() {
        sums[index] += sum
      }
      try report(.dose, 0.6 + 0.4 * Double(number + 1) / Double(windows.count))
    }
    let tokens = Double(windows.reduce(0) { $0 + $1.count - 2 })
    return sums.map { $0 / tokens }
  }

  /// Going up from 1, the last strength before one that repeats itself or changes other text.
  private func limit(
    _ dose: [EditExplanation.Dose], _ one: EditExplanation.Dose
  ) -> EditExplanation.Limit {
    var strongest = 1.0
    for other in dose where other.strength > 1 {
      let varies = (other.distinct2 ?? 1) >= 0.8 * (one.distinct2 ?? 1)
      guard varies, other.unrelatedKl <= 2 * one.unrelatedKl, other.share >= 0.8 else { break }
      strongest = other.strength
    }
    let rising = dose.filter { (0...1).contains($0.strength) }
    return .init(
      strength: strongest,
      monotone: RankCorrelation.spearman(rising.map(\.strength), rising.map(\.share)),
      rule:
        "going up from 1, the last whose answers repeat themselves no more (distinct-2 at least 0.8 of that at 1), which "
        + "still gives the answers of strength 1 (share at least 0.8) and changes unrelated text at most twice as much"
    )
  }
}
