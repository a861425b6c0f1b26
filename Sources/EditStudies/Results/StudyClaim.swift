/// What a study says of a model's edits, and what of it could be refuted: one line each, never stronger than what was
/// measured.
public struct StudyClaim: Sendable, Encodable {
  /// C1 to C5.
  public let name: String
  /// What is claimed.
  public let claim: String
  /// The editor that it is said of.
  public let editor: String
  /// pass, fail or undecided.
  public let verdict: String
  /// The figures that it stands on, or what is missing.
  public let why: String

  /// A claim, the figures that have to keep to their thresholds, and what would have to be tried beside them.
  private struct Rule {
    let name, claim: String
    let figures: [String]
    /// Figures of what could refute it.
    var controls: [String] = []
    /// What is said where none of these was measured, or where there is no such figure.
    let untried: String?
  }

  private static let rules = [
    Rule(
      name: "C1", claim: "the instruction is read",
      figures: [
        "stress.gain_over_mean", "stress.effect_over_shuffled", "stress.effect_over_sentence",
        "stress.effect_over_nonsense",
      ], untried: nil),
    Rule(
      name: "C2", claim: "the edit brings out what the model has, rather than teaching it",
      figures: [],
      controls: ["permuted.selectivity", "permuted.selectivity_350", "permuted.code_over_true"],
      untried: "no editor was trained on permuted meanings"),
    Rule(
      name: "C3", claim: "the edit acts in those blocks",
      figures: ["contribution.cpr_over_random", "contribution.reliability"],
      controls: [
        "random-sites.p_of_3", "random-sites.p_of_6", "random-sites.predictiveness",
      ],
      untried: "no edits were trained at random blocks of the same number"),
    Rule(
      name: "C4", claim: "the edit can be read back",
      figures: [
        "reading.family_at_1", "reading.over_words", "reading.round_trip",
        "reading.round_trip_of_other_family",
      ], controls: ["wayward.named_by_behaviour"],
      untried: "no edits were made that do one thing and lie near the text of another"),
    Rule(
      name: "C5", claim: "the edit is a faithful counterfactual",
      // That the model cannot rate says nothing of the edit: then these are undecided.
      figures: [
        "cebab.cosine", "cebab.cosine_over_s_learner", "cebab.cosine_over_wrong_aspect",
      ], untried: nil),
  ]

  /// The claims about `editor`, of the verdicts on its jobs. One passes where all of its figures do and nothing that could
  /// refute it is untried, and fails where one of them fails.
  static func all(_ editor: String, _ verdicts: [StudyVerdict]) -> [StudyClaim] {
    rules.map { rule in
      func found(_ figures: [String]) -> [(figure: String, verdict: StudyVerdict?)] {
        figures.map { figure in
          let parts = figure.split(separator: ".").map(String.init)
          return (
            figure,
            verdicts.first {
              $0.job == "\(parts[0])/\(editor)" && $0.metric == parts[1] && $0.verdict != "not run"
            }
          )
        }
      }
      let controls = found(rule.controls)
      let isTried = controls.contains { $0.verdict != nil }
      let untried = isTried ? nil : rule.untried
      let found = found(rule.figures) + (isTried ? controls : [])
      let failed = found.filter { $0.verdict?.verdict == "fail" }
      let open = found.filter { $0.verdict == nil || $0.verdict?.verdict == "undecided" }
      let verdict =
        !failed.isEmpty
        ? "fail" : open.isEmpty && untried == nil ? "pass" : "undecided"
      let why =
        found.map { figure, verdict in
          guard let verdict else { return "\(figure): not measured" }
          let value = verdict.value.map { Page.fixed($0, 3) } ?? "-"
          return "\(figure) \(value), asked \(verdict.threshold): \(verdict.verdict)"
        } + (untried.map { [$0] } ?? [])
      return StudyClaim(
        name: rule.name, claim: rule.claim, editor: editor, verdict: verdict,
        why: why.joined(separator: "; "))
    }
  }
}
