import PlainText
import TensorKernels

extension SpeedMeasurement {
  /// `measurements` as a table of Markdown.
  public static func markdown(_ measurements: [SpeedMeasurement]) -> String {
    (["| test | tokens/s | ± | threads | peak memory |", "|---|---:|---:|---:|---:|"]
      + measurements.map {
        "| \($0.test) | \(Numbers.fixed($0.tokensPerSecond, 2)) | \(Numbers.fixed($0.stddev, 2)) | "
          + "\($0.threads) | \(SystemMemory.display($0.peakRssBytes)) |"
      }).joined(separator: "\n")
  }

  /// `measurements` with commas between their figures, a line each under a line of names.
  public static func csv(_ measurements: [SpeedMeasurement]) -> String {
    (["test,tokens_per_second,stddev,peak_rss_bytes,threads,repetitions"]
      + measurements.map {
        "\($0.test),\($0.tokensPerSecond),\($0.stddev),\($0.peakRssBytes),\($0.threads),"
          + "\($0.repetitions)"
      }).joined(separator: "\n")
  }
}
