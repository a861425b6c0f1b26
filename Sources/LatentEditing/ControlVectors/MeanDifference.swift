import LanguageModels

/// A control vector from examples: for each block, the difference between the mean states of two
/// sets of texts at their last tokens,
///
///     direction[l] = mean over positive of h[l] - mean over negative of h[l]
///
/// with h[l] the output of block l (Rimsky et al., arXiv 2312.06681; llama.cpp's cvector-generator
/// with method mean, whose texts come in pairs likewise).
public final class MeanDifference: ResidualStreamVisitor {
  private let state: ProcessorState
  private let layerCount: Int
  private let width: Int
  private var sums: [[Double]] = []
  private var lastPosition = 0
  private var finished = 0
  private var total = 0

  /// Means over texts fed to a state of the processor, which is emptied for each.
  public init(_ state: ProcessorState) {
    self.state = state
    layerCount = state.processor.configuration.layerCount
    width = state.processor.configuration.hiddenSize
  }

  /// The control vector that leads from `negative` to `positive`, each a list of texts in tokens.
  /// `onProgress` hears how many texts are done; where it returns false the work stops with `interrupted`.
  /// Throws `model`, and `noDifference` where the two are the same.
  public func controlVector(
    positive: [[Int]], negative: [[Int]], onProgress: (Int) -> Bool = { _ in true }
  ) throws(LatentEditingError) -> ControlVector {
    precondition(!positive.isEmpty && !negative.isEmpty)
    finished = 0
    total = positive.count + negative.count
    let up = try means(positive) { onProgress($0) }
    let down = try means(negative) { onProgress(positive.count + $0) }
    var directions: [Int: [Float]] = [:]
    for layer in 1..<max(layerCount, 1) {
      directions[layer] = zip(up[layer], down[layer]).map { Float($0 - $1) }
    }
    guard directions.values.contains(where: { $0.contains { $0 != 0 } }) else {
      throw .noDifference
    }
    return ControlVector(directions: directions)
  }

  private func means(
    _ texts: [[Int]], onProgress: (Int) -> Bool
  ) throws(LatentEditingError) -> [[Double]] {
    sums = Array(repeating: Array(repeating: 0, count: width), count: layerCount)
    for (index, text) in texts.enumerated() {
      state.truncate(to: 0)
      lastPosition = text.count - 1
      do { _ = try state.forward(text, visitor: self) } catch { throw .model(error) }
      finished += 1
      guard onProgress(index + 1) else { throw .interrupted(done: finished, total: total) }
    }
    return sums.map { $0.map { $0 / Double(texts.count) } }
  }

  /// The output of block l is what comes before block l + 1.
  public func visits(point: Int) -> Bool { point >= 1 }

  /// Takes the last token's state.
  public func visit(_ rows: ResidualRows) {
    let row = lastPosition - rows.firstPosition
    guard (0..<rows.count).contains(row) else { return }
    rows.withRow(row) { span in
      for i in 0..<width { sums[rows.point - 1][i] += Double(span[i]) }
    }
  }
}
