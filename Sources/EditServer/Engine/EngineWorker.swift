import EditSessions
import LanguageModels
import LatentEditing
import TensorKernels
import TextGeneration
import Tokenization

/// What the engine's thread has: the model, places for sequences, and the edits that are ready.
final class EngineWorker {
  /// Seconds that a sequence waits for a client that does not read.
  private static let patience = Duration.seconds(60)

  let loaded: LoadedModel
  let slots: [SequenceSlot]
  let edits: EditStore
  private(set) var metrics = EngineMetrics()

  private let batchSize: Int
  private let shiftsContext: Bool
  private let feeder: PassFeeder
  private let memoryLimit: Int?
  private let prefixes: PrefixCache
  private var uses = 0
  private var budget = StepBudget()
  private var parked: [Int: ContinuousClock.Instant] = [:]
  /// States of the unedited model, for traces.
  private var spare: [ProcessorState] = []

  /// A worker of `count` places, which keeps at most `cacheBytes` of prompts that no place has any more.
  init(
    _ loaded: LoadedModel, count: Int, batchSize: Int, shiftsContext: Bool, cacheBytes: Int,
    template: ServedTemplate
  ) throws {
    self.loaded = loaded
    self.batchSize = batchSize
    feeder = PassFeeder(memory: loaded.state.memory)
    prefixes = PrefixCache(limit: cacheBytes)
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
    if spare.isEmpty { spare.append(try further("trying the edit")) }
    return spare[spare.count - 1]
  }

  /// One more state, where there is memory for its cache.
  private func further(_ purpose: String) throws -> ProcessorState {
    do throws(MemoryShortage) {
      try MemoryBudget().adding("cache", loaded.state.cacheByteCount).check(limit: memoryLimit)
    } catch {
      throw ServerError(
        503, .unavailable, "there is no memory for the cache that \(purpose) takes: \(error)")
    }
    return try loaded.anotherState()
  }

  /// Gives `job` a place, with what is known of its prompt's beginning. What makes it impossible fails its
  /// request.
  func take(_ job: AnswerJob) {
    guard !job.request.isCancelled else { return }
    var taken: SequenceSlot?
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
      // What the edit makes of the prompt does not depend on the place.
      let edited = try ready?.value.model(loaded.state, observer: nil)
      let prompt = edited?.extended(job.prompt) ?? job.prompt
      try RunningAnswer.check(prompt, context: loaded.state.contextLength)
      let keepsPrefix = edited?.keepsPrefix ?? true
      var key = EditStore.key(job.edit, conversation: job.conversation)
      // Where an edit acts depends on the whole prompt: of use for the same one alone.
      if !keepsPrefix { key += " prompt \(prompt.firstContent) \(prompt.tokens)" }
      let trace = try trace(job)
      let placement = SlotPlacement(
        of: prompt.tokens, key: key, among: slots, wanted: wantedSlot(job),
        mayReuse: RunningAnswer.reuses(job.options, trace),
        emptiesItsCache: !keepsPrefix, keeping: prefixes)
      let slot = placement.slot
      if !keepsPrefix { taken = slot }
      uses += 1
      slot.lastUse = uses
      let model: any BatchableModel =
        try ready?.value.model(slot.state, observer: trace?.recorder) ?? slot.state
      slot.answer = try RunningAnswer(
        job, at: slot, model: model, applied: applied, tokenizer: loaded.tokenizer,
        shiftsContext: shiftsContext, trace: trace, key: key, with: placement.prefix)
    } catch {
      fail(job, error)
      // The edit may have had the cache for itself.
      taken?.empty()
      for slot in slots where slot.answer == nil { slot.repair() }
    }
  }

  private func wantedSlot(_ job: AnswerJob) -> Int? {
    job.options.slot.flatMap { slots.indices.contains($0) ? $0 : nil }
  }

  private func trace(_ job: AnswerJob) throws -> AnswerTrace? {
    let options = job.options
    guard job.edit.digest != nil, options.tracesSites || options.tracesDivergence else {
      return nil
    }
    var state: ProcessorState?
    if options.tracesDivergence {
      state = try spare.popLast() ?? further("the unedited model's trace")
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
    let turns = turns(of: slots.compactMap(\.answer).filter(mayGoOn))
    guard !turns.isEmpty else { return false }
    let clock = ContinuousClock()
    let start = clock.now
    let (failures, rows) = feeder.feed(turns)
    metrics.passes += 1
    metrics.busySlots += turns.count
    budget.measured(rows: rows, seconds: start.duration(to: clock.now) / .seconds(1))
    for (turn, failure) in zip(turns, choose(turns, failures)) {
      let answer = turn.answer
      if let failure {
        fail(answer.job, failure)
        answer.slot.repair()
      }
      if failure != nil || answer.isFinished { free(answer.slot, answer) }
    }
    return true
  }

  /// Lets those whose tokens went through choose what follows; returns why it failed. Each has a sampler, a text and
  /// a cache of its own, so that several do it at once, on the threads of the pass.
  private func choose(_ turns: [StepTurn], _ failures: [(any Error)?]) -> [(any Error)?] {
    var failures = failures
    failures.withUnsafeMutableBufferPointer { failures in
      func choose(_ index: Int) {
        guard failures[index] == nil else { return }
        do { try turns[index].answer.take(turns[index].tokens) } catch { failures[index] = error }
      }
      guard turns.count > 1 else { return choose(0) }
      loaded.processor.pool.run { worker in worker.deal(turns.count, choose) }
    }
    return failures
  }

  /// What goes through in a step of those who go on: a token of each that has begun to answer, with a draft where
  /// there is room for one, and of the others a part of their prompts.
  private func turns(of running: [RunningAnswer]) -> [StepTurn] {
    let reading = running.filter(\.isReading)
    let readers = reading.filter { !$0.waits(for: reading) }
    for answer in readers { answer.catchUp(with: slots) }
    let decoding = running.count - reading.count
    let rows = budget.promptRows(decoding: decoding, most: batchSize)
    let shares = StepBudget.divide(rows, among: readers.map(\.remaining))
    var drafts = StepBudget.drafts(decoding: decoding, reading: reading.count)
    var turns: [StepTurn] = []
    for answer in running where !answer.isReading {
      let turn = StepTurn(answer: answer, tokens: answer.next(reading: 0, drafting: drafts))
      drafts -= turn.tokens.count - 1
      turns.append(turn)
    }
    for (answer, share) in zip(readers, shares) where share > 0 {
      turns.append(StepTurn(answer: answer, tokens: answer.next(reading: share, drafting: 0)))
    }
    return turns
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
    metrics.drafts += timings.drafts
    metrics.draftedTokens += timings.drafted
    metrics.acceptedTokens += timings.accepted
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
