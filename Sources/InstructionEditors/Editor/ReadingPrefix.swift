import LanguageModels
import LatentEditing
import TensorKernels

/// The edit of a reading prefix (P8): the processor's own blocks read the beginning of a conversation with
/// the instruction in it, through the editor's adapters; of every token i the state e_i[l] at the input of
/// each block l is the residual stream of a token in front of the prompt, of which the frozen processor
/// makes keys and values.
///
///     x_i[l] = e_i[l]                                            as it was trained
///     x_i[l] = mean[l] + s m[l] (e_i[l] - mean[l])               at another strength s, or masked; of l above 0
///     k_i[l], v_i[l] = W_K, W_V rmsNorm(x_i[l])
///
/// with m[l] 1 for the blocks that are chosen and 0 for the others, and mean[l] the mean of e_i[l] over the
/// tokens of many instructions, which the editor's file carries: what all edits share is neither made
/// stronger nor taken away.
///
/// An editor of `prefixTokens` writes the states of the last so many tokens alone, which have read the others,
/// and of the first (`EditorConfiguration.writtenTokens`), at the positions from 0 on. `PrefixHeads` has what editors
/// do that read with a network of their own.
extension Editor {
  /// Reads `opening` (see `ChatTemplate.opening`), and returns the keys and values of the tokens that are written, in
  /// order.
  ///
  /// - Parameters:
  ///   - opening: the tokens of the conversation's beginning; one at least.
  ///   - strength: s; not 0, which is no edit.
  ///   - layers: the blocks whose states are the instruction's own; nil for all.
  ///   - processor: the processor that the editor is of.
  ///   - cacheType: how keys and values are stored.
  ///   - observer: is shown, for every token and block, the state that the processor by itself has there, and the
  ///     one that is written in its place; where heads write, for every token of theirs the mean and what is written;
  ///     nil for nobody, who costs nothing.
  /// - Throws: `model`, e.g. where the instruction is longer than the processor's context, `notFinite`, and
  ///   `layerOutOfRange`.
  public func readPrefix(
    _ opening: [Int], strength: Float = 1, layers: LayerSelection? = nil, on processor: Processor,
    cacheType: CacheType, observer: (any EditObserver)? = nil
  ) throws(LatentEditingError) -> [PositionKeyValues] {
    let depth = processor.configuration.layerCount
    let chosen = try layers.map { layers throws(LatentEditingError) in
      Set(try layers.resolved(layerCount: depth))
    }
    let isAsTrained = strength == 1 && (chosen?.count ?? depth) == depth
    guard !configuration.hasPrefixHeads else {
      return try readHeadedPrefix(
        opening, on: processor, cacheType: cacheType, observer: observer,
        factors: isAsTrained
          ? nil : (0..<depth).map { chosen?.contains($0) ?? true ? strength : 0 })
    }
    let adapters = requiredReadingAdapters
    let written = configuration.writtenTokens(of: opening.count)
    let isWhole = written.count == opening.count
    do throws(LanguageModelError) {
      let state = try Self.state(for: opening, processor, cacheType)
      var states: [Float]? = isAsTrained && isWhole && observer == nil ? nil : []
      try state.read(opening, through: adapters, states: &states)
      guard let states else { return try finite(opening.indices.map(state.keyValues)) }
      var plain: [Float]? = []
      if observer != nil {
        try Self.state(for: opening, processor, cacheType)
          .read(opening, through: nil, states: &plain)
      }
      let target =
        isWhole
        ? state : try Self.emptyPositions(written.map { opening[$0] }, processor, cacheType)
      for layer in 0..<depth {
        var rows = chosenRows(written, of: states, layer: layer, count: opening.count)
        // At the input of block 0 are the tokens' embeddings, which the editor does not write.
        if !isAsTrained, layer > 0 {
          rows = around(mean: layer, rows, chosen?.contains(layer) ?? true ? strength : 0)
        }
        if !isAsTrained || !isWhole { target.restate(rows, layer: layer, from: 0) }
        if let observer, let plain {
          let before = chosenRows(written, of: plain, layer: layer, count: opening.count)
          show(observer, layer: layer, before: before, after: rows)
        }
      }
      return try finite(written.indices.map(target.keyValues))
    } catch {
      throw .model(error)
    }
  }

  /// The states of some tokens, `[tokens][width]`, of those of `count` tokens in all layers.
  private func chosenRows(
    _ tokens: [Int], of states: [Float], layer: Int, count: Int
  ) -> [Float] {
    let width = configuration.processor.width
    return tokens.flatMap { token in
      states[(layer * count + token) * width..<(layer * count + token + 1) * width]
    }
  }

  /// A state with as many positions as `tokens`, whose keys and values are to be written.
  private static func emptyPositions(
    _ tokens: [Int], _ processor: Processor, _ cacheType: CacheType
  ) throws(LanguageModelError) -> ProcessorState {
    let c = processor.configuration
    let state = try state(for: tokens, processor, cacheType)
    let zeros = [Float](repeating: 0, count: c.layerCount * c.kvHeadCount * c.headSize)
    for _ in tokens { try state.append(PositionKeyValues(keys: zeros, values: zeros)) }
    return state
  }

  /// Sets the mean to that over the written tokens of `openings`, of which there is one at least. Throws `model`.
  public func measureMean(
    over openings: [[Int]], on processor: Processor
  ) throws(LatentEditingError) {
    precondition(!openings.isEmpty, "there is nothing to read")
    guard !configuration.hasPrefixHeads else { return try measureHeadedMean(over: openings) }
    let adapters = requiredReadingAdapters
    let (depth, width) = (processor.configuration.layerCount, processor.configuration.hiddenSize)
    var sums = [Double](repeating: 0, count: depth * width)
    var count = 0
    for opening in openings {
      var states: [Float]? = []
      do throws(LanguageModelError) {
        let state = try Self.state(for: opening, processor, .f32)
        try state.read(opening, through: adapters, states: &states)
      } catch { throw .model(error) }
      guard let states else { continue }
      let written = configuration.writtenTokens(of: opening.count)
      for layer in 0..<depth {
        for token in written {
          let start = (layer * opening.count + token) * width
          for i in 0..<width { sums[layer * width + i] += Double(states[start + i]) }
        }
      }
      count += written.count
    }
    let mean = heads.parameters.floats(of: Self.mean)
    for (i, sum) in sums.enumerated() { mean[i] = Float(sum / Double(count)) }
  }

  /// Bytes that `readPrefix` takes for `tokens` beside the weights, the adapters included: its state, which
  /// has no room for logits of more than a row, and what it records.
  public static func readingBytes(
    _ configuration: EditorConfiguration, of processor: ProcessorConfiguration, tokens: Int,
    threads: Int, isAsTrained: Bool
  ) -> Int {
    if case .gpt2(let gpt2, _) = configuration.backbone, configuration.hasPrefixHeads {
      return headedReadingBytes(
        configuration, gpt2, of: processor, tokens: tokens, threads: threads)
    }
    guard let adapters = configuration.readingAdapters else { return 0 }
    return ProcessorState.readingBytes(
      adapters, of: processor, tokens: tokens, threads: threads,
      recordsStates: !isAsTrained || configuration.prefixTokens != nil)
  }

  static let mean = "mean"

  private var requiredReadingAdapters: LowRankAdapters {
    guard let readingAdapters else { preconditionFailure("the editor makes no prefix") }
    return readingAdapters
  }

  static func state(
    for opening: [Int], _ processor: Processor, _ cacheType: CacheType
  ) throws(LanguageModelError) -> ProcessorState {
    guard !opening.isEmpty else { throw .noTokens }
    let most = processor.configuration.contextLength
    guard opening.count < most else {
      throw .contextFull(position: 0, count: opening.count, contextLength: most)
    }
    return try ProcessorState(processor, contextLength: opening.count, cacheType: cacheType)
  }

  /// Shows `observer` the states of a block, `[tokens][width]`, token after token, the first of which is at `first`.
  func show(
    _ observer: any EditObserver, layer: Int, from first: Int = 0, before: [Float], after: [Float]
  ) {
    let width = configuration.processor.width
    for position in 0..<before.count / width {
      let row = position * width..<(position + 1) * width
      observer.observe(
        point: layer, position: first + position, before: Array(before[row]),
        after: Array(after[row]))
    }
  }

  /// mean[layer] + factor (e_i[layer] - mean[layer]) for all tokens i, of their `states`.
  func around(mean layer: Int, _ states: [Float], _ factor: Float) -> [Float] {
    let width = configuration.processor.width
    let mean = heads.parameters.floats(of: Self.mean)
    return states.indices.map { i in
      let center = mean[layer * width + i % width]
      return center + factor * (states[i] - center)
    }
  }

  func finite(
    _ positions: [PositionKeyValues]
  ) throws(LanguageModelError) -> [PositionKeyValues] {
    for (index, position) in positions.enumerated()
    where !position.keys.allSatisfy(\.isFinite) || !position.values.allSatisfy(\.isFinite) {
      throw .streamOverflow(point: 0, position: index)
    }
    return positions
  }
}

extension CompiledEdit {
  /// What `editor`, a prefix editor, reads in `opening`, which takes the place of `replaced` at the beginning
  /// of prompts; parameters and errors as `Editor.readPrefix` has them.
  public static func reading(
    _ opening: [Int], replacing replaced: [Int], with editor: Editor, strength: Float = 1,
    layers: LayerSelection? = nil, on processor: Processor, identity: ProcessorIdentity,
    cacheType: CacheType, label: String, observer: (any EditObserver)? = nil
  ) throws(LatentEditingError) -> CompiledEdit {
    CompiledEdit(
      processor: identity, place: .opening(replacing: replaced),
      tokens: editor.configuration.processorTokens(
        of: editor.configuration.writtenTokens(of: opening).map { opening[$0] }),
      activations: processor.activations, cacheType: cacheType, label: label,
      positions: try editor.readPrefix(
        opening, strength: strength, layers: layers, on: processor, cacheType: cacheType,
        observer: observer))
  }
}
