import LanguageModels
import LatentEditing
import TensorKernels

/// The reading prefix of an editor that reads with a network of its own, a GPT-2: of its state e_i[m] of every token i
/// of the instruction after block m(l), heads make the state at the input of each block l of the processor,
///
///     x_i[l] = W[l] LN(e_i[m(l)]) + b[l]              (or another form of head: `EditorHeads`)
///     k_i[l], v_i[l] = W_K, W_V rmsNorm(x_i[l])
///
/// in the place that the instruction has in the template. What the template writes in front of it and behind it the
/// processor reads by itself, the latter with these keys and values in its cache. The norm takes the length of x away:
/// heads begin with, and write, states of the length sqrt(width).
extension Editor {
  /// The states that heads write for the tokens of `opening` that are theirs and are written, `[layers][tokens][width]`.
  /// Throws `model` where the network cannot read the instruction.
  private func headStates(of opening: [Int]) throws(LatentEditingError) -> [Float] {
    let own = configuration.ownTokens(of: opening)
    let batch = TokenBatch([own])
    let count = min(own.count, configuration.prefixTokens ?? own.count)
    let memory: EditorHeadsState
    do throws(LanguageModelError) {
      let states = try backbone.hiddenStates(
        batch, after: configuration.readBlocks, at: Array(own.count - count..<own.count))
      do {
        memory = try EditorHeadsState(heads, batch: count, threads: pool.threadCount)
      } catch { throw .memory(error) }
      memory.read(states)
    } catch { throw .model(error) }
    pool.run { memory.forward(count: count, $0) }
    return Array(
      UnsafeBufferPointer(
        start: memory.latents, count: heads.siteCount * count * heads.latentCount))
  }

  /// As `readPrefix`; `factors` are how far each block's states are from the mean, nil as they were trained.
  func readHeadedPrefix(
    _ opening: [Int], on processor: Processor, cacheType: CacheType,
    observer: (any EditObserver)?, factors: [Float]?
  ) throws(LatentEditingError) -> [PositionKeyValues] {
    var states = try headStates(of: opening)
    let width = configuration.processor.width
    let depth = configuration.processor.layerCount
    let size = states.count / depth
    for layer in 0..<depth {
      let range = layer * size..<(layer + 1) * size
      if let factors {
        states.replaceSubrange(
          range, with: around(mean: layer, Array(states[range]), factors[layer]))
      }
      guard let observer else { continue }
      let mean = heads.parameters.floats(of: Self.mean)
      show(
        observer, layer: layer, from: configuration.ownRange(of: opening).lowerBound,
        before: (0..<size).map { mean[layer * width + $0 % width] }, after: Array(states[range]))
    }
    do throws(LanguageModelError) {
      let state = try Self.state(for: opening, processor, cacheType)
      var (front, back): ([Float]?, [Float]?) = (nil, nil)
      try place(states, of: opening, on: state, front: &front, back: &back)
      return try finite((0..<state.position).map(state.keyValues))
    } catch { throw .model(error) }
  }

  /// Fills `state` with the opening: the processor reads what the template has, and the keys and values between are made
  /// of `states`. The processor's states of both parts, `[layers][tokens][width]`, where they are asked for.
  private func place(
    _ states: [Float], of opening: [Int], on state: ProcessorState, front: inout [Float]?,
    back: inout [Float]?
  ) throws(LanguageModelError) {
    let c = state.processor.configuration
    let own = configuration.ownRange(of: opening)
    let count = states.count / (c.layerCount * c.hiddenSize)
    func read(_ tokens: ArraySlice<Int>, _ states: inout [Float]?) throws(LanguageModelError) {
      guard !tokens.isEmpty else { return }
      try state.read(Array(tokens), through: nil, states: &states)
    }
    try read(opening[..<own.lowerBound], &front)
    let zeros = [Float](repeating: 0, count: c.layerCount * c.kvHeadCount * c.headSize)
    for _ in 0..<count { try state.append(PositionKeyValues(keys: zeros, values: zeros)) }
    let size = count * c.hiddenSize
    for layer in 0..<c.layerCount {
      state.restate(
        Array(states[layer * size..<(layer + 1) * size]), layer: layer, from: own.lowerBound)
    }
    try read(opening[own.upperBound...], &back)
  }

  /// The states at the input of every block of all tokens that are written, `[layers][tokens][width]`: what heads write,
  /// and between which the processor reads. `state` has room for the opening and is emptied. Throws `model`.
  package func headedStates(
    of opening: [Int], on state: ProcessorState
  ) throws(LatentEditingError) -> [Float] {
    let states = try headStates(of: opening)
    var (front, back): ([Float]?, [Float]?) = ([], [])
    state.truncate(to: 0)
    do { try place(states, of: opening, on: state, front: &front, back: &back) } catch {
      throw .model(error)
    }
    let depth = configuration.processor.layerCount
    return (0..<depth).flatMap { layer in
      [front ?? [], states, back ?? []].flatMap { part in
        let size = part.count / depth
        return part[layer * size..<(layer + 1) * size]
      }
    }
  }

  /// As `measureMean`, over what heads write.
  func measureHeadedMean(over openings: [[Int]]) throws(LatentEditingError) {
    let (depth, width) = (configuration.processor.layerCount, configuration.processor.width)
    var sums = [Double](repeating: 0, count: depth * width)
    var count = 0
    for opening in openings {
      let states = try headStates(of: opening)
      let rows = states.count / (depth * width)
      for (i, value) in states.enumerated() {
        sums[i / (rows * width) * width + i % width] += Double(value)
      }
      count += rows
    }
    let mean = heads.parameters.floats(of: Self.mean)
    for (i, sum) in sums.enumerated() { mean[i] = Float(sum / Double(count)) }
  }

  /// Lets new heads begin where the processor is: b[l] is its own state at the input of block l of the last token of
  /// `opening`, at the length sqrt(width), and W stays zero. With an opening that has no words in it, of which templates end
  /// in a line break, every token of a new editor is thus a line break as the processor knows it, and a new edit does
  /// nothing to speak of; states that it has never seen, as the mean of its own ones is, would have it say nonsense. Of
  /// shared heads b is the mean over the blocks. Throws `model`.
  package func startAsLast(
    of opening: [Int], on processor: Processor
  ) throws(LatentEditingError) {
    let (depth, width) = (configuration.processor.layerCount, configuration.processor.width)
    var states: [Float]? = []
    do throws(LanguageModelError) {
      try Self.state(for: opening, processor, .f32).read(opening, through: nil, states: &states)
    } catch { throw .model(error) }
    let all = states ?? []
    let biases = (0..<depth).map { layer -> [Float] in
      let start = (layer * opening.count + opening.count - 1) * width
      let state = all[start..<start + width]
      let sum = state.reduce(0) { $0 + Double($1) * Double($1) }
      let length = Float((sum / Double(width)).squareRoot())
      return state.map { length > 0 ? $0 / length : 0 }
    }
    if configuration.heads == .shared {
      let bias = heads.parameters.floats(of: "heads.shared.bias")
      for i in 0..<width { bias[i] = biases.reduce(0) { $0 + $1[i] } / Float(depth) }
      return
    }
    for layer in configuration.layers {
      let bias = heads.parameters.floats(of: "heads.\(layer).bias")
      for i in 0..<width { bias[i] = biases[layer][i] }
    }
  }

  /// As `readingBytes`: the network's states and heads, of all tokens.
  static func headedReadingBytes(
    _ configuration: EditorConfiguration, _ gpt2: GPT2Configuration,
    of processor: ProcessorConfiguration, tokens: Int, threads: Int
  ) -> Int {
    let states = 3 * tokens * processor.layerCount * processor.hiddenSize * 4
    return states + GPT2State.byteCount(gpt2, rows: tokens, threads: threads)
      + tokens * configuration.layers.count * 2 * gpt2.width * 4
  }
}
