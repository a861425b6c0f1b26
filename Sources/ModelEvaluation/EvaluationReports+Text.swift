import PlainText

extension Perplexity {
  /// The figure over `windows` for people.
  public func text(of windows: PerplexityWindows) -> String {
    "perplexity \(Numbers.fixed(value, 4)) +/- \(Numbers.fixed(standardError, 5)) "
      + "(\(tokens) tokens scored in \(windows.count) windows of \(windows.length))"
  }
}

extension KLDivergence {
  /// The figures for people, a line for each.
  public var text: String {
    func percentile(_ p: Double) -> String { Numbers.fixed(self.percentile(p), 6) }
    return """
      perplexity        \(Numbers.fixed(perplexity.value, 4)) +/- \
      \(Numbers.fixed(perplexity.standardError, 5))
      of the base       \(Numbers.fixed(basePerplexity.value, 4)) +/- \
      \(Numbers.fixed(basePerplexity.standardError, 5))
      ratio             \(Numbers.fixed(perplexityRatio, 5))
      KL mean           \(Numbers.fixed(mean, 6)) +/- \
      \(Numbers.fixed(standardError, 6))
      KL maximum        \(Numbers.fixed(maximum, 6))
      KL 99.9 %         \(percentile(0.999))
      KL 99 %           \(percentile(0.99))
      KL 90 %           \(percentile(0.9))
      KL median         \(percentile(0.5))
      KL minimum        \(percentile(0))
      RMS of p change   \(Numbers.fixed(100 * probabilityDifference, 3)) %
      same top token    \(Numbers.fixed(100 * sameTop, 3)) %
      """
  }
}
