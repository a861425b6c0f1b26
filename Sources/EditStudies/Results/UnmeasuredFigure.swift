/// A figure with a threshold that no study measures yet, and why: a figure that is missing is said, and not left out.
struct UnmeasuredFigure {
  /// The experiment that would measure it, its figure, and what would be asked of it.
  let experiment, metric, threshold: String
  /// What it takes.
  let why: String

  /// All of them, in the order of the experiments in docs/study.md.
  static let all: [UnmeasuredFigure] =
    figures(
      "anatomy", ["bits_90 <= 256"], "coefficients of components are not rounded to bits")
    + figures(
      "scaling", ["slope < 0"], "no editors are trained on fewer families")
    + figures(
      "cebab", ["cosine_of_left_out_aspect <= 0.55"],
      "no editor is trained on texts that people changed, nor on all aspects but one")
    + figures(
      "places", ["reliability >= 0.8"], "no editors are trained at other positions and blocks")
    + figures(
      "addresses",
      [
        "share_of_top_8 >= 0.9", "over_random_8 >= 0.1", "entropy <= 2.48",
        "agreement_with_insertion >= 0.5", "between_over_within >= 2",
      ], "no interface learns where to act")
    + figures(
      "weight-updates",
      [
        "effect_over_first_token >= 0.5", "rank_1_over_rank_8 >= 0.8",
        "exported_difference <= 0.001",
      ],
      "no interface writes weights")
    + figures(
      "value-edits",
      [
        "share_over_first_token >= 0.9", "unrelated_kl_over_first_token <= 0.5",
        "attention_difference <= 0.1", "composition_over_first_token >= 1",
      ], "no interface edits values alone")

  private static func figures(
    _ experiment: String, _ figures: [String], _ why: String
  ) -> [UnmeasuredFigure] {
    figures.map { figure in
      let parts = figure.split(separator: " ", maxSplits: 1).map(String.init)
      return UnmeasuredFigure(
        experiment: experiment, metric: parts[0], threshold: parts[1], why: why)
    }
  }
}
