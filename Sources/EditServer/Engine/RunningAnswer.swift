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
  let model: any BatchableModel
  /// The prompt as it is fed.
  let prompt: [Int]
  /// What is read before tokens are chosen: the prompt, and again what a full context leaves of the sequence.
  private var opening: [Int]
  private var isShifted = false
  private let shiftsContext: Bool
  /// Whether what is in a cache may be used.
  private let reuses: Bool
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
  /// Text of an answer that is sent as a whole.
  private var withheld = ""
  private var echo: [TokenRecord] = []
  /// The logits of the step: after the last token of a prompt, or after every token of a draft.
  private var heard: [[Float]] = []
  /// Storage of logits that are done with.
  private var spare: [[Float]] = []
  /// Tokens of the step that a compiled edit has, which are in no pass.
  private var skipped = 0
  private var lookup: PromptLookup?
  private var hasNewLine = false
  private let trace: AnswerTrace?
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var firstToken: ContinuousClock.Instant?

  private var options: AnswerOptions { job.options }
  private var generated: Int { timings.predicted }

  /// Whether what is in a cache may be used for an answer of these options: not where every token of the prompt has
  /// to go through the model.
  static func reuses(_ options: AnswerOptions, _ trace: AnswerTrace?) -> Bool {
    options.usesCache && !options.echoes && trace == nil
  }

  /// Throws where a prompt, as it is fed, has no token or no room for one more.
  static func check(_ prompt: Prompt, context: Int) throws {
    guard !prompt.tokens.isEmpty else { throw TextGenerationError.emptyPrompt }
    guard prompt.tokens.count < context else {
      throw ServerError.context(prompt: prompt.tokens.count, context: context)
    }
  }

  /// `job` at `slot`, whose cache holds then what `prefix` has of the prompt, fed under `key`. Throws what makes
  /// the prompt or the options impossible.
  init(
    _ job: AnswerJob, at slot: SequenceSlot, model: any BatchableModel, applied: AppliedEdit,
    tokenizer: Tokenizer, shiftsContext: Bool, trace: AnswerTrace?, key: String,
    with prefix: CachedPrefix?
  ) throws {
    let prompt = model.extended(job.prompt)
    try Self.check(prompt, context: model.contextLength)
    try model.prepare(job.prompt)
    self.job = job
    self.slot = slot
    self.model = model
    self.prompt = prompt.tokens
    opening = prompt.tokens
    reuses = Self.reuses(job.options, trace)
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
    sampler = try TokenSampler(
      sampling, tellsCandidates: job.options.probabilitiesAfterSampling)
    matcher = try StopStringMatcher(job.options.stops, turnEnds: job.options.turnEnds)
    decoder = StreamingDetokenizer(tokenizer, startsText: job.options.startsText)
    history = prompt.tokens
    start = clock.now
    if trace == nil { lookup = job.options.speculation.map { PromptLookup($0) } }
    timings.cached = slot.begin(prompt.tokens, key: key, with: prefix)
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

  /// Tokens that are still to be read.
  var remaining: Int { opening.count - slot.tokens.count }

  /// Whether an earlier one of `others` is still reading what this one begins with too: it is copied from there then.
  func waits(for others: [RunningAnswer]) -> Bool {
    others.contains { other in
      guard mayShare, other.isReading, other.slot.lastUse < slot.lastUse,
        other.slot.key == slot.key
      else { return false }
      let common = zip(opening.dropLast(), other.opening).prefix { $0 == $1 }.count
      return common > slot.tokens.count + Self.leastShared && other.slot.tokens.count < common
    }
  }

  /// Takes over what one of `slots` has of the prompt beyond what was read of it.
  func catchUp(with slots: [SequenceSlot]) {
    guard mayShare else { return }
    func common(_ other: SequenceSlot) -> Int { other.common(opening, key: slot.key) }
    let read = slot.tokens.count
    guard let best = slots.max(by: { common($0) < common($1) }), best !== slot,
      common(best) > read + Self.leastShared
    else { return }
    let prefix = CachedPrefix(state: best.state, count: common(best))
    timings.cached += slot.begin(opening, key: slot.key, with: prefix) - read
  }

  /// Tokens that are worth a copy.
  private static let leastShared = 16

  /// Whether what others have read of the prompt will do: no logits of it are wanted but the last.
  private var mayShare: Bool { isReading && !isShifted && reuses }

  /// The tokens that are fed next: at most `limit` of the prompt, or the last that was chosen and a draft of at most
  /// `drafts` tokens behind it.
  func next(reading limit: Int, drafting drafts: Int) -> [Int] {
    let fed = slot.tokens.count
    if isReading { return Array(opening[fed..<min(fed + limit, opening.count)]) }
    var most = min(drafts, model.contextLength - fed - 1)
    // The last token is not fed.
    if let maximum = options.maximumTokens { most = min(most, maximum - generated - 1) }
    return [history[history.count - 1]] + (lookup?.draft(after: history, most: most) ?? [])
  }

  /// The likeliest tokens that are told of each token of the prompt; nil where none are.
  private var echoed: Int? {
    options.echoes && isReading && !isShifted ? options.probabilities : nil
  }

  /// What a pass has to run for `tokens`; nil where a compiled edit has all of them. Throws what the model throws.
  func segment(_ tokens: [Int]) throws(LanguageModelError) -> PassSegment? {
    let first = slot.tokens.count
    heard = []
    var wanted = 0
    if echoed != nil {
      // Of each token of the prompt what the ones before it say of it. Those that the edit put in front are no
      // part of it, and those of a compiled edit have no logits.
      let from = max(applied.ghostTokens, applied.prefixTokens)
      if first == 0 {
        echo = (applied.ghostTokens..<from).map { TokenRecord(id: prompt[$0 + 1]) }
      }
      wanted = max(0, min(from - first, tokens.count))
    } else if isReading {
      wanted = first + tokens.count == opening.count ? tokens.count - 1 : tokens.count
    }
    let segment = try model.segment(tokens, logitsFrom: wanted)
    skipped = tokens.count - (segment?.tokens.count ?? 0)
    return segment
  }

  /// The logits after number `index` of the segment's tokens.
  func hear(_ index: Int, _ logits: Span<Float>) {
    let position = slot.tokens.count + skipped + index + 1
    if let echoed, position < prompt.count {
      echo.append(TokenRecord(prompt[position], of: logits, alternatives: echoed))
    } else {
      logits.withUnsafeBufferPointer { logits in
        guard var copy = spare.popLast(), copy.count == logits.count else {
          return heard.append(Array(logits))
        }
        copy.withUnsafeMutableBufferPointer { _ = $0.update(fromContentsOf: logits) }
        heard.append(copy)
      }
    }
  }

  /// What the unedited model has beside `tokens` in the same pass; nil where nobody asked.
  func twin(_ tokens: [Int]) -> PassSegment? {
    trace?.segment(
      tokens, from: slot.tokens.count, isWanted: !isReading || remaining == tokens.count)
  }

  /// The unedited model's logits after the last of them.
  func hearTwin(_ logits: Span<Float>) { trace?.hear(logits) }

  /// `tokens` were fed, and their logits heard.
  func take(_ tokens: [Int]) throws {
    let logits = heard
    heard = []
    defer { spare = logits }
    guard isReading else { return try take(tokens, logits) }
    slot.tokens += tokens
    if isShifted {
      if isReading { return }
    } else {
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
    guard let last = logits.last else { throw TextGenerationError.noLogits }
    try choose(last)
  }

  /// The token that was chosen last and a draft were fed: chooses tokens as far as there are logits.
  private func take(_ tokens: [Int], _ logits: [[Float]]) throws {
    guard logits.count == tokens.count else { throw TextGenerationError.noLogits }
    slot.tokens.append(tokens[0])
    var check = DraftCheck(Array(tokens.dropFirst()), logits: logits)
    timings.drafted += check.drafted
    if check.drafted > 0 { timings.drafts += 1 }
    var next = check.first
    while true {
      let accepted = check.accepted
      try choose(next)
      // A full context may have been emptied.
      guard !isFinished, !isReading, let last = history.last,
        let following = check.logits(after: last)
      else { break }
      timings.accepted += check.accepted - accepted
      slot.tokens.append(last)
      next = following
    }
    lookup?.learn(drafted: check.drafted, accepted: check.accepted)
    if model.position > slot.tokens.count { model.truncate(to: slot.tokens.count) }
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
    if !options.streams {
      withheld += text
    } else if !text.isEmpty || options.probabilities != nil || options.tracesDivergence {
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
    let rest = withheld + text + matcher.append(decoder.finish()) + matcher.finish()
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
