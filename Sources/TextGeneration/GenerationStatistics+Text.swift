import PlainText

extension GenerationStatistics {
  /// "prompt 12 tokens, 0.05 s (240.0 tok/s); answer 40 tokens, 0.80 s (50.0 tok/s)".
  public var summary: String {
    func part(_ name: String, _ count: Int, _ seconds: Double, _ rate: Double?) -> String {
      let rate = rate.map { " (\(Numbers.fixed($0, 1)) tok/s)" } ?? ""
      return "\(name) \(count) tokens, \(Numbers.fixed(seconds, 2)) s\(rate)"
    }
    let reused = reusedTokens > 0 ? ", \(reusedTokens) of them kept" : ""
    let drafts = draftedTokens > 0 ? ", \(acceptedTokens) of \(draftedTokens) drafted kept" : ""
    return part("prompt", promptTokens, prefillSeconds, prefillRate) + reused + "; "
      + part("answer", generatedTokens, decodeSeconds, decodeRate) + drafts
  }
}
