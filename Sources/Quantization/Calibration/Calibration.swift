/// Rounding by what the linear layers of a model read on a text: what to do it with.
///
/// Layer after layer, and in each for query/key/value, attention output, gate/up and down in turn:
/// the model as quantized so far runs on the text in f32, H = Σ x xᵀ is summed over what the linears
/// read, they are rounded with error compensation (GPTQ, arXiv 2210.17323), then improved by
/// coordinate descent (QuantEase, arXiv 2309.01885). Blocks keep their order and format, so any
/// reader opens the result. The embedding and the output matrix are rounded without.
public struct Calibration: Sendable, Equatable {
  /// What the model runs on.
  public var text: CalibrationText
  /// Fraction of the mean of H's diagonal that is added to it, more than 0.
  public var damping: Float = 0.01
  /// Passes of coordinate descent after the rounding.
  public var sweeps = 2

  /// Calibration on a text.
  public init(text: CalibrationText) { self.text = text }

  /// What the file says of it.
  var summary: String {
    "text=\(text.name) sha256=\(text.sha256) windows=\(text.sequences.count)x\(text.length) "
      + "damping=\(damping) sweeps=\(sweeps)"
  }
}
