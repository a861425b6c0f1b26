import KernelInterface
import LanguageModels
import TensorKernels

/// How much of a calibration is done, in multiply-adds; and what it needs, in bytes.
struct CalibrationWork {
  private let sequencePasses: [Double]
  private let roundings: [Double]
  private let total: Double
  private var done = 0.0

  /// Of one of so many ranks, which takes `windows` of the text.
  init(_ c: ProcessorConfiguration, _ calibration: Calibration, windows: Int, ranks: Int) {
    let groups = c.linears(0)
    let length = Double(calibration.text.length)
    /// What the weights of a group cost for each token.
    func forward(_ group: Int) -> Double {
      groups[group].reduce(0) { $0 + Double($1.rows * $1.columns) }
    }
    // The passes of CalibrationRun: what each computes to get at the input of the next group.
    let ahead = [
      0, forward(0), forward(0) + forward(1), forward(2), forward(2) + forward(3),
    ]
    sequencePasses = ahead.indices.map { pass in
      let width = pass < groups.count ? Double(groups[pass][0].columns) : 0
      return length * (ahead[pass] + width * width / 2)
    }
    roundings = groups.map { linears in
      let width = Double(linears[0].columns)
      let rows = linears.reduce(0) { $0 + Double($1.rows) } / Double(ranks)
      return width * width * (width / 6 + rows * (0.5 + Double(calibration.sweeps)))
    }
    total =
      Double(c.layerCount)
      * (roundings.reduce(0, +)
        + Double(windows) * sequencePasses.reduce(0, +))
  }

  mutating func finishSequence(_ pass: Int) { done += sequencePasses[pass] }
  mutating func finishRounding(_ pass: Int) { done += roundings[pass] }

  var fraction: Double { min(1, done / total) }

  /// The most memory a run takes on each of so many ranks, besides buffers of the file.
  static func byteCount(
    _ c: ProcessorConfiguration, _ calibration: Calibration, threads: Int, ranks: Int
  ) -> Int {
    let windows = (calibration.text.sequences.count + ranks - 1) / ranks
    let tokens = windows * calibration.text.length
    let groups = c.linears(0)
    let largest = groups.map { linears in
      let width = linears[0].columns
      // f32 weights; blocks and packed weights of at most 34 bytes for 32 elements.
      let elements = linears.reduce(0) { $0 + PackedLayout.groupCount(rows: $1.rows) * 16 * width }
      return GramMatrix.byteCount(size: width) + elements * 4 + elements * 34 / 32
    }
    let layer = groups.joined().reduce(0) { $0 + $1.rows * $1.columns * 34 / 32 }
    let blocks = groups.joined().map { $0.rows * $0.columns * 34 / 32 }.max() ?? 0
    return tokens * c.hiddenSize * 4 + (largest.max() ?? 0) + layer
      + (ranks > 1 ? CalibrationRanks.byteCount(largestLinear: blocks) : 0)
      + SteppedBlock.byteCount(c, sequenceLength: calibration.text.length, threads: threads)
  }
}
