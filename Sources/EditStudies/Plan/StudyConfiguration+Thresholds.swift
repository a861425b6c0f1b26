/// What figures are held to.
extension StudyConfiguration {
  /// A threshold that was set before anything was measured.
  public struct Threshold: Sendable, Equatable {
    /// As it is written: ">= 0.85".
    public let text: String
    /// Whether a value above it passes, or one below; and whether the bound itself does.
    public let isAbove, includesBound: Bool
    /// The bound.
    public let bound: Double

    init?(_ text: String) {
      let parts = text.split(separator: " ", omittingEmptySubsequences: true)
      guard parts.count == 2, let bound = Double(parts[1]), bound.isFinite,
        [">", ">=", "<", "<="].contains(parts[0])
      else { return nil }
      self.text = parts.joined(separator: " ")
      isAbove = parts[0].hasPrefix(">")
      includesBound = parts[0].hasSuffix("=")
      self.bound = bound
    }

    /// Whether `value` passes.
    public func holds(_ value: Double) -> Bool {
      if value == bound { return includesBound }
      return isAbove ? value > bound : value < bound
    }
  }

  /// Of the specification (docs/study.md).
  public static let defaultThresholds: [String: Threshold] = [
    "anatomy.dimensions_90": "<= 64",
    "contribution.share_values": ">= 0.85",
    "contribution.share_keys": "<= 0.25",
    "contribution.cpr_over_random": "> 0.2",
    "contribution.share_8": ">= 0.85",
    "contribution.share_8_of_random": "<= 0.5",
    "contribution.reliability": ">= 0.9",
    "contribution.share_of_last": ">= 0.95",
    "contribution.share_of_first": "<= 0.1",
    "contribution.k90_of_families": "<= 10",
    "contribution.reliability_of_families": ">= 0.6",
    "contribution.completeness_error": "<= 0.05",
    "contribution.gradients_reliability": ">= 0.9",
    "dose.monotone": ">= 1",
    "reading.family_at_1": ">= 0.75",
    "reading.over_words": ">= 0.1",
    "reading.round_trip": ">= 0.6",
    "reading.round_trip_of_other_family": "<= 0.3",
    "lenses.fidelity": ">= 0.3",
    "lenses.fidelity_over_permuted": "> 0",
    "inverse.family_at_1": ">= 0.5",
    "inverse.family_at_5": ">= 0.8",
    "inverse.none_for_random": ">= 0.95",
    "wayward.named_by_behaviour": ">= 0.83",
    "words.effect_and_gradients": ">= 0.7",
    "words.copied_word_first": ">= 0.8",
    "arithmetic.sum_share": ">= 0.8",
    "arithmetic.over_plain_sum": ">= 0.1",
    "arithmetic.exact_of_sum": ">= 0.5",
    "stress.gain_over_mean": "> 0",
    "stress.effect_over_shuffled": "> 0",
    "stress.effect_over_sentence": "> 0",
    "stress.effect_over_nonsense": "> 0",
    "stress.share_of_meaningless": "<= 0.05",
    "stress.harm_of_meaningless": "<= 0.3",
    "stress.agreement_of_wordings": ">= 0.6",
    "tracing.knocked_out_most": ">= 0.6",
    "tracing.knocked_out_elsewhere": "<= 0.2",
    "tracing.restored_at_last": ">= 0.9",
    "tracing.restored_in_front": "<= 0.1",
    "tracing.reliability": ">= 0.8",
    "probes.edit_accuracy_of_best": ">= 0.8",
    "probes.edit_selectivity": ">= 0.3",
    "probes.state_gain": ">= 0.3",
    "probes.state_gain_in_front": "<= 0.02",
    "vectors.families_with_half": ">= 0.5",
    "vectors.over_mean_difference": "> 0",
    "cebab.accuracy": ">= 0.6",
    "cebab.macro_f1": ">= 0.55",
    "cebab.cosine": "<= 0.45",
    "cebab.cosine_over_s_learner": "< 0",
    "cebab.cosine_over_wrong_aspect": "< 0",
    "cebab.wrong_aspect_over_right": ">= 0.15",
    "cebab.l2_over_s_learner": "<= 0",
    "cebab.norm_difference_over_s_learner": "<= 0",
    "function-vectors.agreement_with_knock_out": ">= 0.5",
    "frontier.sites_with_90": "<= 8",
    "frontier.sites_with_75": "<= 4",
    "frontier.exact_zeros": ">= 0.95",
    "frontier.soft_over_hard": "<= 0.02",
    "frontier.over_pruning": "<= 0.05",
    "frontier.area_over_random": "> 0.1",
    "random-sites.p_of_3": "<= 0.05",
    "random-sites.p_of_6": "<= 0.05",
    "random-sites.predictiveness": ">= 0.6",
    "permuted.selectivity": "> 0",
    "permuted.selectivity_350": ">= 0.15",
    "permuted.code_over_true": ">= 0.3",
    "reader.round_trip": ">= 0.6",
    "reader.round_trip_of_shuffled": "<= 0.1",
    "reader.round_trip_of_kept": ">= 0.3",
    "reader.family_at_1": ">= 0.85",
    "reader.both_steps": ">= 0.5",
    "reader.auroc": ">= 0.95",
    "reader.explained_variance": ">= 0.5",
  ].compactMapValues(Threshold.init)
}
