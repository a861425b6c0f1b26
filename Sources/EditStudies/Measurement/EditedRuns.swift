import LanguageModels
import LatentEditing
import TensorKernels

/// Runs of a processor on the same text under many compiled edits at once: what differs between them are the keys and
/// values in front, so the rest of the text goes through together, a sequence for each edit. Each sequence has, to the
/// bit, the logits that it has alone.
///
/// Used by one thread at a time.
public final class EditedRuns {
  /// A prompt and what is answered to it, as tokens.
  public struct Row: Sendable, Equatable {
    /// The prompt, of two tokens at least.
    public var prompt: [Int]
    /// The answer, its end among it; one token at least.
    public var response: [Int]

    /// A prompt and an answer.
    public init(prompt: [Int], response: [Int]) {
      precondition(prompt.count > 1 && !response.isEmpty)
      self.prompt = prompt
      self.response = response
    }

    /// A text, of three tokens at least, that is to be gone on with from its second token.
    public init(text: [Int]) {
      self.init(prompt: Array(text.prefix(2)), response: Array(text.dropFirst(2)))
    }
  }

  /// Tokens that went through the processor.
  public private(set) var tokenCount = 0
  /// Asked before every pass: whether to stop.
  public var isStopRequested: () -> Bool = { false }

  private let memory: PassMemory
  let states: [ProcessorState]
  private let adapters: AdaptedBlocks?

  /// Runs of `count` sequences at a time that share the memory of `state`, through `adapters` where they are given, which
  /// act on all tokens behind the edits. Throws `memory`.
  public init(
    beside state: ProcessorState, sequences count: Int, through adapters: LowRankAdapters? = nil
  ) throws(LanguageModelError) {
    precondition(count >= 1)
    let memory = state.memory
    self.adapters = try adapters.map { adapters throws(LanguageModelError) in
      try AdaptedBlocks(adapters, of: memory.processor, rows: memory.chunkSize)
    }
    self.memory = memory
    var states: [ProcessorState] = []
    for _ in 0..<count {
      states.append(
        try ProcessorState(sharing: state.memory, cacheType: state.cacheType))
    }
    self.states = states
  }

  /// The first of its sequences.
  var state: ProcessorState { states[0] }
  /// Tokens of the longest sequence.
  public var contextLength: Int { memory.contextLength }

  /// Sum of -log p over the response's tokens, in nats, under each of `edits`; nil is no edit. `visitors` read or
  /// change the residual stream of the runs, one for each edit where they are given. Throws what running throws, and
  /// `interrupted`.
  public func losses(
    _ row: Row, under edits: [CompiledEdit?], visitors: [(any ResidualStreamVisitor)?] = []
  ) throws -> [Double] {
    precondition(visitors.isEmpty || visitors.count == edits.count)
    var sums = [Double](repeating: 0, count: edits.count)
    try run(row, edits, visitors) { edit, index, logits in
      let softmax = try Self.softmax(logits)
      sums[edit] -= softmax(logits[row.response[index]])
    }
    return sums
  }

  /// The state before block `point`, and after the last, of the prompt's last token under `edit`, `[width]` each. Throws
  /// what running throws.
  public func lastStates(
    _ prompt: [Int], under edit: CompiledEdit?, points: [Int]
  ) throws -> [[Float]] {
    let (rest, count) = try start(states[0], prompt, edit)
    let capture = StateCapture(points: points, positions: [count - 1])
    try pass([PassSegment(states[0], rest, visitor: capture)]) { _, _, _ in }
    return points.map { capture.states[.init(point: $0, position: count - 1)] ?? [] }
  }

  /// The states after the last block before each of the response's tokens under `edit`, `[response][width]`: what their
  /// distributions are made of. Throws what running throws.
  public func lastStates(_ row: Row, under edit: CompiledEdit?) throws -> [Float] {
    try responseStates(
      row, under: edit, points: [states[0].processor.configuration.layerCount])[0]
  }

  /// The states before block `point`, and after the last, before each of the response's tokens under `edit`,
  /// `[response][width]` for each point. Throws what running throws.
  func responseStates(
    _ row: Row, under edit: CompiledEdit?, points: [Int]
  ) throws -> [[Float]] {
    let (rest, whole) = try start(states[0], row.prompt, edit)
    let places = whole - 1..<whole - 1 + row.response.count
    let capture = StateCapture(points: points, positions: Set(places))
    try pass([
      PassSegment(
        states[0], rest + row.response.dropLast(), logitsFrom: rest.count - 1, visitor: capture)
    ]) { _, _, _ in }
    return points.map { point in
      places.flatMap { capture.states[.init(point: point, position: $0)] ?? [] }
    }
  }

  /// log p of every token of the vocabulary before each of the response's tokens, `[response][vocabulary]`; a visitor, where
  /// there is one, reads or changes the residual stream.
  public func logProbabilities(
    _ row: Row, under edit: CompiledEdit?, visitors: [(any ResidualStreamVisitor)?] = []
  ) throws -> [[Float]] {
    precondition(visitors.count <= 1)
    var result: [[Float]] = []
    try run(row, [edit], visitors) { _, _, logits in
      let softmax = try Self.softmax(logits)
      result.append(logits.indices.map { Float(softmax(logits[$0])) })
    }
    return result
  }

  /// Softmax over `tokens` alone of the logits behind `prompt`, `[edits][tokens]`, under each of `edits`. Throws what running
  /// throws.
  func choices(
    _ prompt: [Int], among tokens: [Int], under edits: [CompiledEdit?]
  ) throws -> [[Double]] {
    var result = [[Double]](repeating: [], count: edits.count)
    try run(Row(prompt: prompt, response: [tokens[0]]), edits) { edit, _, logits in
      let found = tokens.map { Double(logits[$0]) }
      guard let most = found.max(), found.allSatisfy(\.isFinite) else {
        throw LanguageModelError.streamOverflow(point: 0, position: 0)
      }
      let powers = found.map { exponential($0 - most) }
      let sum = powers.reduce(0, +)
      result[edit] = powers.map { $0 / sum }
    }
    return result
  }

  /// Sum over the response's tokens of KL(p || q), in nats, with p what `logProbabilities` gave and q the
  /// distribution under each of `edits`.
  public func divergences(
    _ row: Row, of p: [[Float]], under edits: [CompiledEdit?]
  ) throws -> [Double] {
    var sums = [Double](repeating: 0, count: edits.count)
    try run(row, edits) { edit, index, logits in
      let softmax = try Self.softmax(logits)
      var sum = 0.0
      p[index].withUnsafeBufferPointer { p in
        for i in 0..<p.count where p[i] > -60 {
          sum += exponential(Double(p[i])) * (Double(p[i]) - softmax(logits[i]))
        }
      }
      sums[edit] += max(0, sum)
    }
    return sums
  }

  /// The likeliest token each time, of at most `maximumTokens`, to each prompt under its edit, up to the first of
  /// `ends`, which is the last where it came. `visitors` read or change the residual stream, one for each prompt where
  /// they are given.
  public func answers(
    _ prompts: [(tokens: [Int], edit: CompiledEdit?)], maximumTokens: Int, ends: Set<Int>,
    visitors: [(any ResidualStreamVisitor)?] = []
  ) throws -> [[Int]] {
    precondition(visitors.isEmpty || visitors.count == prompts.count)
    var answers = [[Int]](repeating: [], count: prompts.count)
    for first in stride(from: 0, to: prompts.count, by: states.count) {
      let some = Array(first..<min(first + states.count, prompts.count))
      var next: [Int: [Int]] = [:]
      for (slot, number) in some.enumerated() {
        next[number] = try start(states[slot], prompts[number].tokens, prompts[number].edit).rest
      }
      for _ in 0..<maximumTokens {
        let open = some.filter { next[$0] != nil }
        guard !open.isEmpty else { break }
        var chosen: [Int] = []
        try pass(
          open.map {
            PassSegment(
              states[$0 - first], next[$0]!, visitor: visitors.isEmpty ? nil : visitors[$0])
          }
        ) { _, _, logits in
          chosen.append(try Self.softmax(logits).best)
        }
        for (number, token) in zip(open, chosen) {
          answers[number].append(token)
          let isFull = states[number - first].position == states[number - first].contextLength
          next[number] = ends.contains(token) || isFull ? nil : [token]
        }
      }
    }
    return answers
  }

  /// Sum of -log p over the response's tokens, in nats, under `edit`, where the tokens of `readers`, numbers in what is
  /// fed behind the edit, see one of `others` in its place, each in a run of its own: attention knock-out (Geva et al.,
  /// arXiv 2304.14767), exact, since the keys and values in front are exchanged between the tokens. Throws what running
  /// throws.
  public func losses(
    _ row: Row, under edit: CompiledEdit, seenBy readers: Range<Int>, as others: [CompiledEdit]
  ) throws -> [Double] {
    let fed =
      Array(edit.tokens(for: row.prompt).dropFirst(edit.positions.count))
      + row.response.dropLast()
    let first = fed.count - row.response.count
    precondition(readers.lowerBound >= 0 && readers.upperBound <= fed.count)
    precondition(others.allSatisfy { $0.positions.count == edit.positions.count })
    let parts = [0..<readers.lowerBound, readers, readers.upperBound..<fed.count]
    var sums = [Double](repeating: 0, count: others.count)
    for start in stride(from: 0, to: others.count, by: states.count) {
      let some = Array(start..<min(start + states.count, others.count))
      for slot in some.indices { states[slot].truncate(to: 0) }
      for (part, range) in parts.enumerated() where !range.isEmpty {
        for (slot, number) in some.enumerated() {
          try putInFront(part == 1 ? others[number] : edit, of: states[slot])
        }
        try pass(
          some.indices.map { slot in
            PassSegment(
              states[slot], Array(fed[range]), logitsFrom: max(0, first - range.lowerBound))
          }
        ) { slot, index, logits in
          let softmax = try Self.softmax(logits)
          sums[some[slot]] -= softmax(logits[row.response[range.lowerBound + index - first]])
        }
      }
    }
    return sums
  }

  /// Puts the keys and values of `edit` in the place of those of as many tokens in front, what follows them left as it
  /// is.
  private func putInFront(_ edit: CompiledEdit, of state: ProcessorState) throws {
    let count = edit.positions.count
    let behind =
      state.position > count ? (count..<state.position).map { state.keyValues(at: $0) } : []
    state.truncate(to: 0)
    for position in edit.positions + behind { try state.append(position) }
  }

  /// Empties `state` and puts what is known of a prompt under an edit into it; the tokens that are left to be fed, and
  /// how many there are in all.
  func start(
    _ state: ProcessorState, _ prompt: [Int], _ edit: CompiledEdit?
  ) throws -> (rest: [Int], whole: Int) {
    state.truncate(to: 0)
    guard let edit else { return (prompt, prompt.count) }
    guard prompt.starts(with: edit.promptBeginning) else {
      throw LatentEditingError.compiledForOtherPrompt(
        firstToken: edit.firstToken, prompt: Array(prompt.prefix(2)))
    }
    let fed = edit.tokens(for: prompt)
    for position in edit.positions { try state.append(position) }
    return (Array(fed.dropFirst(edit.positions.count)), fed.count)
  }

  /// Feeds `row` under each of `edits`, and hands `body` the number of the edit, the index of a token of the
  /// response, and the logits before it.
  private func run(
    _ row: Row, _ edits: [CompiledEdit?], _ visitors: [(any ResidualStreamVisitor)?] = [],
    _ body: (_ edit: Int, _ index: Int, _ logits: Span<Float>) throws -> Void
  ) throws {
    for first in stride(from: 0, to: edits.count, by: states.count) {
      let some = first..<min(first + states.count, edits.count)
      var segments: [PassSegment] = []
      var starts: [Int] = []
      for (slot, number) in some.enumerated() {
        let rest = try start(states[slot], row.prompt, edits[number]).rest
        starts.append(rest.count - 1)
        segments.append(
          PassSegment(
            states[slot], rest + row.response.dropLast(), logitsFrom: rest.count - 1,
            visitor: visitors.isEmpty ? nil : visitors[number]))
      }
      try pass(segments) { segment, index, logits in
        try body(first + segment, index - starts[segment], logits)
      }
    }
  }

  func pass(
    _ segments: [PassSegment], _ body: (Int, Int, Span<Float>) throws -> Void
  ) throws {
    guard !isStopRequested() else { throw StudyError.interrupted(work: "running edits") }
    tokenCount += segments.reduce(0) { $0 + $1.tokens.count }
    let failures = try memory.forward(segments, through: adapters) { segment, index, logits in
      try body(segment, index, logits)
    }
    if let failure = failures.compactMap({ $0 }).first { throw failure }
  }

  /// Last tokens, in sequences of these runs, from their blocks on.
  func passLast(_ tokens: [LastToken], _ body: (Int, Span<Float>) throws -> Void) throws {
    guard !isStopRequested() else { throw StudyError.interrupted(work: "running edits") }
    tokenCount += tokens.count
    try memory.runLast(tokens, body)
  }

  /// Sequences that go through together at most.
  var sequenceLimit: Int { min(states.count, memory.chunkSize) }

  static func softmax(_ logits: Span<Float>) throws -> LogSoftmax {
    guard let softmax = LogSoftmax(logits) else {
      throw LanguageModelError.streamOverflow(point: 0, position: 0)
    }
    return softmax
  }
}
