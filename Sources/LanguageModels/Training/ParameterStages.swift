import TensorKernels

/// Hears from the passes of what is trained when they need parameters and when they are done with gradients, stage by
/// stage: block n of a network is stage n + 1, what is before its blocks stage 0, and what is behind them the stages
/// after the last block's.
///
/// Called on the thread that called the pass, while the other threads of the pool wait.
package protocol ParameterStages: AnyObject {
  /// A forward pass is about to read the parameters of this stage and of lower ones.
  func willRead(stage: Int)
  /// A backward pass adds no more to gradients of this stage and of higher ones.
  func areFinal(from stage: Int)
}

/// The number of a stage, by what is in it.
package enum ParameterStage {
  /// What gets gradients until the end of a pass, wherever it is read.
  package static let last = -1
  /// What is behind the blocks of another network, whose gradients come first.
  package static let heads = 1 << 40

  /// That of a network's parameter of `blockCount` blocks; the block is in the name that editors' files have for it.
  package static func stage(of entry: ParameterLayout.Entry, blockCount: Int) -> Int {
    let parts = entry.name.split(separator: ".", maxSplits: 2)
    if parts.count == 3, parts[0] == "blocks" || parts[0] == "h", let block = Int(parts[1]) {
      return block + 1
    }
    // The tables of tokens and of positions.
    return entry.role == .embedding ? 0 : blockCount + 1
  }
}
