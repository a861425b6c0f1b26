import TensorKernels

/// A perplexity: an object of JSON as `emend perplexity --json` writes it.
public struct PerplexityReport: Sendable, Encodable {
  /// exp of the mean of -log p, and its standard error.
  public let perplexity, stderr: Double
  /// Tokens that were scored, in how many windows of which length.
  public let tokens, chunks, contextSize: Int
  /// The most memory that the process has had.
  public let peakRssBytes: Int

  /// A report on what `windows` gave.
  public init(_ result: Perplexity, _ windows: PerplexityWindows) {
    perplexity = result.value
    stderr = result.standardError
    tokens = result.tokens
    chunks = windows.count
    contextSize = windows.length
    peakRssBytes = SystemMemory.peakResidentBytes
  }
}

/// What differs from another model's distributions: an object of JSON as
/// `emend perplexity --kl-divergence --json` writes it.
public struct DivergenceReport: Sendable, Encodable {
  /// exp of the mean of -log p, and its standard error.
  public let perplexity, stderr: Double
  /// Tokens that were scored, in how many windows of which length.
  public let tokens, chunks, contextSize: Int
  /// The other model's, and this one's against it.
  public let basePerplexity, perplexityRatio: Double
  /// KL(base || model) in nats a token: mean, its standard error, and the largest.
  public let klMean, klStderr, klMax: Double
  /// By the percentage: 1 to 99.9.
  public let klPercentiles: [String: Double]
  /// Root mean square of the difference in the right token's probability.
  public let rmsPDifference: Double
  /// The part of the tokens of which both find the same likeliest.
  public let sameTop: Double
  /// The most memory that the process has had.
  public let peakRssBytes: Int

  /// A report on so many windows.
  public init(_ result: KLDivergence, chunks: Int, contextSize: Int) {
    perplexity = result.perplexity.value
    stderr = result.perplexity.standardError
    tokens = result.perplexity.tokens
    self.chunks = chunks
    self.contextSize = contextSize
    basePerplexity = result.basePerplexity.value
    perplexityRatio = result.perplexityRatio
    klMean = result.mean
    klStderr = result.standardError
    klMax = result.maximum
    klPercentiles = [
      "1": result.percentile(0.01), "5": result.percentile(0.05), "10": result.percentile(0.1),
      "50": result.percentile(0.5), "90": result.percentile(0.9), "95": result.percentile(0.95),
      "99": result.percentile(0.99), "99.9": result.percentile(0.999),
    ]
    rmsPDifference = result.probabilityDifference
    sameTop = result.sameTop
    peakRssBytes = SystemMemory.peakResidentBytes
  }
}
