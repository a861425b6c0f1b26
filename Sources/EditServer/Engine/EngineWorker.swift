import EditSessions
import LanguageModels
import LatentEditing
import TensorKernels
import TextGeneration
import Tokenization

/// Feeds tokens of several sequences to the model, each to its own: the place where sequences that take a
/// step together would share a pass.
protocol SequenceFeeder {
  /// The logits after the last token of each, or why there are none.
  func feed(_ rows: [(answer: RunningAnswer, tokens: [Int])]) -> [Result<[Float], any Error>]
}

/// One sequence after the other.
struct SequentialFeeder: SequenceFeeder {
  func feed(_ rows: [(answer: RunningAnswer, tokens: [Int])]) -> [Result<[Float], any Error>] {
    rows.map { row in Result { try row.answer.feed(row.tokens) } }
  }
}

/// What the engine's thread has: the model, places for sequences, and the edits that are ready.
final class EngineWorker {
  /// Seconds that a prompt may take in a step while others wait for their next token.
  private static let stepSeconds = 0.15
  /// Tokens of a prompt in such a step at least.
  private static let leastRows = 8
  /// Seconds that a sequence waits for a client that does not read.
  private static let patience = Duration.seconds(60)

  let loaded: LoadedModel
  let slots: [SequenceSlot]
  let edits: EditStore
  private(set) var metrics = EngineMetrics()

  private let batchSize: Int
  private let shiftsContext: Bool
  private let feeder: any SequenceFeeder
  private let memoryLimit: Int?
  private var uses = 0
  /// Prompt tokens a second, as measured.
  private var prefillRate = 0.0
  private var parked: [Int: ContinuousClock.Instant] = [:]
  /// States of the unedited model, for traces.
  private var spare: [ProcessorState] = []

  /// A worker of `count` places.
  init(
    _ loaded: LoadedModel, count: Int, batchSize: Int, shiftsContext: Bool,
    template: ServedTemplate,
    feeder: any SequenceFeeder = SequentialFeeder()
  ) throws {
    self.loaded = loaded
    self.batchSize = batchSize
    self.feeder = feeder
    self.shiftsContext = shiftsContext
    memoryLimit = loaded.opened.settings.memoryLimit
    edits = EditStore(loaded, template)
    slots = try (0..<count).map {
      SequenceSlot(index: $0, state: $0 == 0 ? loaded.state : try loaded.anotherState())
    }
  }

  /// Whether a place is free.
  var hasRoom: Bool { slots.contains { $0.answer == nil } }
  /// Whether something is generated.
  var isBusy: Bool { slots.contains { $0.answer != nil } }

  /// Whether a free place will do for `job`.
  func canTake(_ job: AnswerJob) -> Bool {
    if job.request.isCancelled { return true }
    guard let wanted = job.options.slot, slots.indices.contains(wanted) else { return hasRoom }
    return slots[wanted].answer == nil
  }

  /// A state that no sequence has, made when it is first asked for: for trying whether an edit takes a prompt.
  func scratch() throws -> ProcessorState {
    if let state = spare.last { return state }
    let state = try loaded.anotherState()
    spare.append(state)
    return state
  }

  /// Gives `job` a place: the one whose cache the prompt goes on with, or else the one that was used longest
  /// ago. What makes it impossible fails its request.
  func take(_ job: AnswerJob) {
    guard !job.request.isCancelled else { return }
    do {
      let ready = try edits.prepared(job.edit, conversation: job.conversation)
      var applied = AppliedEdit()
      if let ready {
        applied.sites = ready.value.sites
        applied.prefixTokens = ready.value.compiled?.tokens.count ?? 0
        applied.wasKnown = ready.wasKnown
        applied.editorSeconds = ready.wasKnown ? 0 : ready.value.seconds
      }
      count(job.edit, applied)
      let key = EditStore.key(job.edit, conversation: job.conversation)
      let slot = place(for: job, key)
      slot.begin(key)
      uses += 1
      slot.lastUse = uses
      let trace = try trace(job)
      let model: any SequenceModel =
        try ready?.value.model(slot.state, observer: trace?.recorder) ?? slot.state
      slot.answer = try RunningAnswer(
        job, at: slot, model: model, applied: applied, tokenizer: loaded.tokenizer,
        shiftsContext: shiftsContext, trace: trace)
    } catch {
      fail(job, error)
      for slot in slots where slot.answer == nil { slot.repair() }
    }
  }

  private func place(for job: AnswerJob, _ key: String) -> SequenceSlot {
    if let wanted = job.options.slot, slots.indices.contains(wanted) { return slots[wanted] }
    let free = slots.filter { $0.answer == nil }
    func rank(_ slot: SequenceSlot) -> (Int, Int) {
      let common = job.options.usesCache ? slot.common(job.prompt.tokens, key: key) : 0
      // A few tokens that all prompts begin with are no reason to forget the rest of a long one.
      return (common * 10 > job.prompt.tokens.count ? common : 0, -slot.lastUse)
    }
    return free.max { rank($0) < rank($1) } ?? slots[0]
  }

  private func trace(_ job: AnswerJob) throws -> AnswerTrace? {
    let options = job.options
    guard job.edit.digest != nil, options.tracesSites || options.tracesDivergence else {
      return nil
    }
    var state: ProcessorState?
    if options.tracesDivergence {
      state = spare.popLast()
      if state == nil {
        let plan = try ProcessorState.plan(
          loaded.processor, contextLength: loaded.state.contextLength,
          cacheType: loaded.state.cacheType)
        do {
          try MemoryBudget().adding(plan).check(limit: memoryLimit)
        } catch {
          throw ServerError(
            503, .unavailable, "there is no memory for the unedited model's cache beside: \(error)")
        }
        state = try loaded.anotherState()
      }
    }
    let recorder =
      options.tracesSites
      ? TraceRecorder(
        layerCount: loaded.configuration.layerCount, promptLength: job.prompt.tokens.count) : nil
    return AnswerTrace(recorder: recorder, unedited: state)
  }

  private func count(_ edit: EditSelection, _ applied: AppliedEdit) {
    guard edit.digest != nil else { return }
    for item in edit.effective {
      let kind =
        switch item.source {
        case .instruction: "instruction"
        case .vector: "vector"
        case .compiled: "compiled"
        }
      metrics.edits[kind, default: 0] += 1
    }
    metrics.editorSeconds += applied.editorSeconds
    if applied.wasKnown { metrics.editHits += 1 } else { metrics.editMisses += 1 }
  }

  // MARK: Steps

  /// One step of every sequence whose client reads; whether there was any.
  func step() -> Bool {
    for slot in slots {
      if let answer = slot.answer, answer.job.request.isCancelled { free(slot, answer) }
    }
    let running = slots.compactMap(\.answer).filter(mayGoOn)
    guard !running.isEmpty else { return false }
    let isDecoding = running.contains { !$0.isReading }
    let limit =
      isDecoding && prefillRate > 0
      ? min(batchSize, max(Self.leastRows, Int(Self.stepSeconds * prefillRate))) : batchSize
    let rows = running.map { (answer: $0, tokens: $0.next(limit)) }
    let clock = ContinuousClock()
    let start = clock.now
    let results = feeder.feed(rows)
    metrics.passes += 1
    metrics.busySlots += rows.count
    let seconds = start.duration(to: clock.now).seconds
    let prompts = rows.filter(\.answer.isReading).map(\.tokens.count).reduce(0, +)
    if prompts >= Self.leastRows, seconds > 0 { prefillRate = Double(prompts) / seconds }
    for (row, result) in zip(rows, results) {
      do {
        try row.answer.take(row.tokens, try result.get())
      } catch {
        fail(row.answer.job, error)
        row.answer.slot.repair()
        free(row.answer.slot, row.answer)
        continue
      }
      if row.answer.isFinished { free(row.answer.slot, row.answer) }
    }
    return true
  }

  /// Whether there is room for the events of a step; a client that has not read for long is given up.
  private func mayGoOn(_ answer: RunningAnswer) -> Bool {
    let index = answer.slot.index
    guard !answer.job.request.events.hasRoom else {
      parked[index] = nil
      return true
    }
    let since = parked[index] ?? .now
    parked[index] = since
    if since.duration(to: .now) > Self.patience {
      answer.job.request.cancel()
      free(answer.slot, answer)
    }
    return false
  }

  private func free(_ slot: SequenceSlot, _ answer: RunningAnswer) {
    guard slot.answer === answer else { return }
    slot.answer = nil
    parked[slot.index] = nil
    let timings = answer.timings
    metrics.promptTokens += timings.prompt
    metrics.promptTokensCached += timings.cached
    metrics.promptSeconds += timings.promptSeconds
    metrics.predictedTokens += timings.predicted
    metrics.predictedSeconds += timings.predictedSeconds
    metrics.predictedSteps += max(0, timings.predicted - 1)
    metrics.longestSequence = max(metrics.longestSequence, slot.tokens.count)
    if let state = answer.spareState { spare.append(state) }
  }

  private func fail(_ job: AnswerJob, _ error: any Error) {
    job.request.events.push(.failed(.from(error)))
  }

  /// Ends all that runs.
  func cancelAll(_ error: ServerError) {
    for slot in slots {
      guard let answer = slot.answer else { continue }
      answer.job.request.events.push(.failed(error))
      free(slot, answer)
    }
  }
}
