import LanguageModels
import LatentEditing
import TextGeneration
import Tokenization

/// One sequence while it is generated: what is fed next, and what is made of the logits that come of it.
///
/// Used by the engine's thread alone. Who feeds the tokens is the engine's affair, so that several
/// sequences can share a pass: a row's results do not depend on the rows computed with it.
final class RunningAnswer {
  let job: AnswerJob
  let slot: SequenceSlot
  /// What the tokens are fed to.
  let model: any SequenceModel
  /// The prompt as it is fed.
  let prompt: [Int]
  /// What is read before tokens are chosen: the prompt, and again what a full context leaves of the sequence.
  private var opening: [Int]
  private var isShifted = false
  private let shiftsContext: Bool
  private(set) var timings = AnswerTimings()
  /// Nothing follows.
  private(set) var isFinished = false

  private let applied: AppliedEdit
  private let endTokens: Set<Int>
  private let tokenizer: Tokenizer
  private var sampler: TokenSampler
  private var matcher: StopStringMatcher
  private var decoder: StreamingDetokenizer
  private var history: [Int]
  private var pending: [TokenRecord] = []
  private var echo: [TokenRecord] = []
  private var hasNewLine = false
  private let trace: AnswerTrace?
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var firstToken: ContinuousClock.Instant?

  private var options: AnswerOptions { job.options }
  private var generated: Int { timings.predicted }

  /// `job` at `slot`, whose cache is cut down to what the prompt begins with. Throws what makes the prompt
  /// or the options impossible.
  init(
    _ job: AnswerJob, at slot: SequenceSlot, model: any SequenceModel, applied: AppliedEdit,
    tokenizer: Tokenizer, shiftsContext: Bool, trace: AnswerTrace?
  ) throws {
    let prompt = model.extended(job.prompt)
    guard !prompt.tokens.isEmpty else { throw TextGenerationError.emptyPrompt }
    guard prompt.tokens.count < model.contextLength else {
      throw ServerError.context(prompt: prompt.tokens.count, context: model.contextLength)
    }
    try model.prepare(job.prompt)
    self.job = job
    self.slot = slot
    self.model = model
    self.prompt = prompt.tokens
    opening = prompt.tokens
    // Positions of an edit would move.
    self.shiftsContext = shiftsContext && job.edit.digest == nil
    var applied = applied
    applied.ghostTokens = prompt.tokens.count - job.prompt.tokens.count
    self.applied = applied
    self.tokenizer = tokenizer
    self.trace = trace
    endTokens = tokenizer.endOfGenerationTokens.union(job.options.endTokens)
    var sampling = job.options.sampler
    if job.options.ignoresEnd { for id in endTokens { sampling.bias[id] = -.infinity } }
    sampler = try TokenSampler(sampling)
    matcher = try StopStringMatcher(job.options.stops, turnEnds: job.options.turnEnds)
    decoder = StreamingDetokenizer(tokenizer, startsText: job.options.startsText)
    history = prompt.tokens
    start = clock.now
    let mayReuse = job.options.usesCache && !job.options.echoes && trace == nil
    timings.cached = slot.keep(prompt.tokens, mayReuse: mayReuse, of: model)
    trace?.prepare(ghosts: applied.ghostTokens)
    job.request.events.push(
      .started(
        choice: job.choice, promptTokens: prompt.tokens.count, cached: timings.cached, edit: applied
      ))
    if job.options.reportsProgress { reportProgress() }
  }

  /// A state that the trace had for the unedited model, to be used again.
  var spareState: ProcessorState? { trace?.unedited }

  // MARK: What is fed

  /// Whether the prompt is still being read.
  var isReading: Bool { slot.tokens.count < opening.count }

  /// The tokens that are fed next, at most `limit` of the prompt.
  func next(_ limit: Int) -> [Int] {
    let fed = slot.tokens.count
    return isReading
      ? Array(opening[fed..<min(fed + limit, opening.count)]) : [history[history.count - 1]]
  }

  /// Whether the logits after each token of the prompt are needed.
  var needsEveryLogit: Bool {
    options.echoes && options.probabilities != nil && isReading && !isShifted
  }

  /// Feeds them to the sequence's own model. Throws what it throws.
  func feed(_ tokens: [Int]) throws -> [Float] {
    guard needsEveryLogit, let count = options.probabilities else {
      return try model.forward(tokens)
    }
    // Of each token of the prompt what the ones before it say of it. Those that the edit put in front are no
    // part of it, and those of a compiled edit have no logits.
    let first = slot.tokens.count
    let from = max(applied.ghostTokens, applied.prefixTokens)
    if first == 0 {
      echo = (applied.ghostTokens..<from).map { TokenRecord(id: prompt[$0 + 1]) }
    }
    let skipped = max(0, min(from - first, tokens.count))
    guard skipped < tokens.count else { return try model.forward(tokens) }
    var last: [Float] = []
    try model.forwardAll(tokens, logitsFrom: skipped) { index, logits in
      let position = first + index + 1
      if position < prompt.count {
        echo.append(TokenRecord(prompt[position], of: logits, alternatives: count))
      } else {
        last = logits.indices.map { logits[$0] }
      }
    }
    return last
  }

  /// The tokens were fed, and `logits` are those after the last of them.
  func take(_ tokens: [Int], _ logits: [Float]) throws {
    let wasReading = isReading
    slot.tokens += tokens
    try trace?.feed(tokens, from: slot.tokens.count - tokens.count)
    if isShifted {
      if isReading { return }
    } else if wasReading {
      timings.prompt += tokens.count
      timings.promptSeconds = start.duration(to: clock.now).seconds
      if options.reportsProgress { reportProgress() }
      if isReading { return }
      if options.tracesSites, let trace {
        job.request.events.push(.sites(choice: job.choice, trace.sites(before: prompt.count)))
      }
      if options.echoes { job.request.events.push(.echo(choice: job.choice, echo)) }
      firstToken = clock.now
      if options.maximumTokens == 0 { return finish(.length, "") }
    }
    try choose(logits)
  }

  // MARK: What is chosen

  private func choose(_ logits: [Float]) throws {
    let (id, candidates) = try sampler.next(logits, after: history)
    guard id < tokenizer.vocabularyCount else {
      throw LanguageModelError.tokenOutOfRange(
        token: id, vocabularySize: tokenizer.vocabularyCount)
    }
    if endTokens.contains(id) { return finish(.endToken, "") }
    history.append(id)
    timings.predicted += 1
    timings.predictedSeconds = firstToken?.duration(to: clock.now).seconds ?? 0
    var record = TokenRecord(id: id)
    if let count = options.probabilities {
      record =
        options.probabilitiesAfterSampling
        ? TokenRecord(id, among: candidates, alternatives: count)
        : TokenRecord(id, of: logits.span, alternatives: count)
    }
    if options.tracesDivergence, let trace {
      record.divergence = trace.divergence(logits)
      record.compared = trace.compared(logits)
    }
    pending.append(record)
    let text = matcher.append(decoder.append(id))
    hasNewLine = hasNewLine || text.utf8.contains(0x0A)
    if matcher.hasStopped { return finish(.stopString, text) }
    if !text.isEmpty || options.probabilities != nil || options.tracesDivergence {
      job.request.events.push(.text(choice: job.choice, text, pending, timings))
      pending = []
    }
    if generated == options.maximumTokens {
      finish(.length, "")
    } else if history.count >= model.contextLength {
      if shiftsContext { shift() } else { finish(.contextFull, "") }
    } else if let limit = options.secondsAtMost, hasNewLine, timings.predictedSeconds > limit {
      finish(.length, "")
    }
  }

  /// Forgets the older half of the sequence but for BOS; the rest is read again.
  private func shift() {
    let kept = history.first == tokenizer.bosToken ? 1 : 0
    history.removeSubrange(kept..<kept + (history.count - kept) / 2)
    opening = history
    isShifted = true
    slot.empty()
  }

  private func finish(_ reason: AnswerEnd.Reason, _ text: String) {
    isFinished = true
    let rest = text + matcher.append(decoder.finish()) + matcher.finish()
    let end = AnswerEnd(
      reason: reason, stoppingWord: reason == .stopString ? stoppingWord : "", timings: timings,
      promptTokens: prompt, isTruncated: reason == .contextFull || isShifted,
      hasNewLine: hasNewLine,
      tokensCached: slot.tokens.count, slot: slot.index, edit: applied)
    job.request.events.push(.finished(choice: job.choice, rest, pending, end))
  }

  /// Which of the stop strings it was: the one that the text of the tokens ends with.
  private var stoppingWord: String {
    let text = tokenizer.decode(Array(history.suffix(64)))
    return options.stops.first { text.contains($0) } ?? options.stops.first ?? ""
  }

  private func reportProgress() {
    job.request.events.push(
      .progress(
        choice: job.choice, total: prompt.count, cached: timings.cached,
        processed: slot.tokens.count, timings))
  }
}

/// A place for a sequence: its cache, and which tokens and which edit are in it.
final class SequenceSlot {
  let index: Int
  let state: ProcessorState
  /// The tokens in the cache.
  var tokens: [Int] = []
  /// What was done to the model when they were fed.
  var key = ""
  /// Counts up with every answer: the least was used longest ago.
  var lastUse = 0
  /// What is generated there.
  var answer: RunningAnswer?

  init(index: Int, state: ProcessorState) {
    self.index = index
    self.state = state
  }

  /// How many of the first tokens of `prompt` are in the cache, fed under `key`.
  func common(_ prompt: [Int], key: String) -> Int {
    key == self.key ? zip(prompt, tokens).prefix { $0 == $1 }.count : 0
  }

  /// Empties the cache for what is fed under another edit.
  func begin(_ key: String) {
    guard key != self.key else { return }
    self.key = key
    empty()
  }

  /// Forgets all tokens.
  func empty() {
    tokens = []
    state.truncate(to: 0)
  }

  /// Cuts the cache down to what `prompt` begins with; returns how many tokens that are. The last token is
  /// always fed again, for its logits; `model` may have emptied the cache itself.
  func keep(_ prompt: [Int], mayReuse: Bool, of model: any SequenceModel) -> Int {
    let same = mayReuse ? zip(prompt.dropLast(), tokens).prefix { $0 == $1 }.count : 0
    let count = min(same, model.position)
    tokens.removeSubrange(count...)
    model.truncate(to: count)
    return count
  }

  /// After a failure: what the model had taken in is forgotten, so that `tokens` stays true.
  func repair() {
    let count = min(tokens.count, state.position)
    tokens.removeSubrange(count...)
    state.truncate(to: count)
  }
}
