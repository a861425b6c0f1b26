import LatentEditing

/// Which blocks and which half of keys and values carry the edit: insertion into the mean edit. Leaving single blocks out
/// shows nothing, because edits are redundant (docs/study.md).
extension Explainer {
  /// Losses of every row under each of `edits`, `[edits][rows]`.
  func losses(
    _ answered: Answered, _ edits: [CompiledEdit], _ stage: ExplanationStage,
    _ parts: Range<Double> = 0..<1
  ) throws -> [[Double]] {
    var result = [[Double]](repeating: [], count: edits.count)
    for (number, row) in answered.rows.enumerated() {
      for (index, loss) in try runs.losses(row, under: edits).enumerated() {
        result[index].append(loss)
      }
      let part = Double(number + 1) / Double(answered.rows.count)
      try report(stage, parts.lowerBound + part * (parts.upperBound - parts.lowerBound))
    }
    return result
  }

  /// The share over the rows `indices`, or all of them; nil where these gain too little.
  func share(_ losses: [Double], _ answered: Answered, _ indices: [Int]? = nil) -> Double? {
    let indices = indices ?? Array(answered.rows.indices)
    let gain = indices.reduce(0) { $0 + answered.gains[$1] }
    let tokens = indices.reduce(0) { $0 + answered.rows[$1].response.count }
    guard gain > ExplanationOptions.leastGain * Double(tokens) else { return nil }
    return indices.reduce(0) { $0 + answered.mean[$1] - losses[$1] } / gain
  }

  /// The same with the least and the most of single rows.
  func spread(_ losses: [Double], _ answered: Answered) -> EditExplanation.Share {
    let single = answered.rows.indices.compactMap { share(losses, answered, [$0]) }
    return .init(
      share: share(losses, answered) ?? 0, least: single.min(), most: single.max())
  }

  /// Halves, and the map by blocks.
  func contributions(
    _ subject: Subject, _ answered: Answered
  ) throws -> (EditExplanation.Halves, EditExplanation.ContributionMap) {
    let depth = editor.layerCount
    let window = max(1, depth / 5)
    func inserted(
      _ layers: Range<Int>, _ halves: Set<CompiledEdit.Half> = [.keys, .values]
    ) -> CompiledEdit {
      subject.meanEdit.mixed(with: subject.edit, layers: layers, halves: halves)
    }
    let single = (0..<depth).map { inserted($0..<$0 + 1) }
    let windows = (0...depth - window).map { inserted($0..<$0 + window) }
    let from = (1..<depth).map { inserted($0..<depth) }
    let below = (1..<depth).map { inserted(0..<$0) }
    let all =
      [inserted(0..<depth, [.keys]), inserted(0..<depth, [.values])] + single + windows + from
      + below
    let losses = try losses(answered, all, .map, 0..<0.85)
    var next = 2
    func take(_ count: Int) -> [[Double]] {
      defer { next += count }
      return Array(losses[next..<next + count])
    }
    let singleLosses = take(single.count)
    let windowLosses = take(windows.count)
    let fromLosses = take(from.count)
    let belowLosses = take(below.count)
    func shares(_ losses: [[Double]]) -> [Double] { losses.map { share($0, answered) ?? 0 } }
    let windowShares = shares(windowLosses)
    let best = windowShares.indices.max { (windowShares[$0], $1) < (windowShares[$1], $0) }!
    let keys = spread(losses[0], answered)
    let values = spread(losses[1], answered)
    let (gradients, gradientsError) = try gradients(subject, answered)
    let (carrying, isHeldOut) = try carrying(subject, answered, fromLosses)
    return (
      .init(keys: keys, values: values, interaction: 1 - keys.share - values.share),
      .init(
        single: shares(singleLosses), windowSize: window, windows: windowShares,
        from: [1] + shares(fromLosses), below: [0] + shares(belowLosses), gradients: gradients,
        gradientsError: gradientsError,
        best: .init(
          first: best, last: best + window - 1, share: spread(windowLosses[best], answered)),
        carrying: carrying, isCarryingHeldOut: isHeldOut)
    )
  }

  /// What integrated gradients from the mean edit attribute to every block, of all of the gain, and how far their sum is
  /// from it.
  private func gradients(
    _ subject: Subject, _ answered: Answered
  ) throws -> ([Double], Double) {
    // There is memory for it: that was looked at in the beginning.
    let path = try PathGradients(
      editor.loaded.processor, points: ExplanationOptions.pathPoints, length: runs.contextLength)
    let count = subject.edit.positions.count
    var sums = [Double](repeating: 0, count: editor.layerCount)
    var gain = 0.0
    let meanWritten = try subject.mean.inPlace(of: subject.written)
    for row in answered.rows {
      try report(.map, 0.85)
      if editor.configuration.interface.part == .values {
        // Of a block such an edit is what its latent is.
        let found = try path.measure(
          latentsOf: editor.configuration, row,
          from: meanWritten.latents(of: editor.configuration),
          to: subject.written.latents(of: editor.configuration))
        gain += found.from - found.to
        for (layer, value) in zip(editor.configuration.layers, found.attributions) {
          sums[layer] += value
        }
        continue
      }
      let first = row.prompt[0]
      let found = try path.measure(
        subject.edit.tokens(for: row.prompt) + row.response, responseCount: row.response.count,
        from: editor.states(of: meanWritten, firstToken: first),
        to: editor.states(of: subject.written, firstToken: first), tokenCount: count)
      gain += found.from - found.to
      for layer in sums.indices {
        sums[layer] += found.attributions[layer * count..<(layer + 1) * count].reduce(0, +)
      }
    }
    guard gain > 0 else { return (sums.map { _ in 0 }, 0) }
    return (sums.map { $0 / gain }, abs(sums.reduce(0, +) - gain) / gain)
  }

  /// Of the rows of even number the latest block from which on the edit still has 0.95 of its share, and from there the
  /// fewest blocks with 0.9; what these carry of the other rows.
  private func carrying(
    _ subject: Subject, _ answered: Answered, _ fromLosses: [[Double]]
  ) throws -> (EditExplanation.Window?, Bool) {
    let depth = editor.layerCount
    let isHeldOut = answered.rows.count > 1
    let rows = Array(answered.rows.indices)
    let choosing = isHeldOut ? rows.filter { $0 % 2 == 0 } : rows
    let measured = isHeldOut ? rows.filter { $0 % 2 == 1 } : rows
    // fromLosses[i] is from block i + 1 on.
    let first =
      (fromLosses.lastIndex { (share($0, answered, choosing) ?? 0) >= 0.95 } ?? -1) + 1
    let edits = (first..<depth).map {
      subject.meanEdit.mixed(with: subject.edit, layers: first...$0)
    }
    let losses = try losses(answered, edits, .map, 0.85..<1)
    guard let index = losses.firstIndex(where: { (share($0, answered, choosing) ?? 0) >= 0.9 }),
      let found = share(losses[index], answered, measured)
    else { return (nil, isHeldOut) }
    let single = measured.compactMap { share(losses[index], answered, [$0]) }
    return (
      .init(
        first: first, last: first + index,
        share: .init(share: found, least: single.min(), most: single.max())), isHeldOut
    )
  }
}
