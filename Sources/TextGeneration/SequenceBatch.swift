import LanguageModels
import Tokenization

/// Answers to several prompts at once: the sequences of a processor, each edited in a way of its own, go
/// through it together, a pass after the other. Each has the tokens it has alone, to the bit, whatever the
/// others are, when they came and how their prompts were cut.
///
///     let batch = SequenceBatch(memory, tokenizer: tokenizer)
///     let a = try batch.add(plain, prompt: first, options: options)
///     let b = try batch.add(edited, prompt: second, options: options)
///     while !batch.isIdle {
///       batch.step { id, event in … return .more }
///     }
///     let tokens = batch.remove(a)              // what is in its cache now
///
/// It decides nothing about who comes first beyond the order of arrival: when a sequence is added, how many rows
/// a step has, and which cache is used for what are its owner's affair. Used by one thread at a time, which a step
/// keeps busy; give it one of its own, not one of the cooperative pool.
public final class SequenceBatch {
  /// A sequence of a batch, from `add` to `remove`.
  public struct ID: Hashable, Sendable {
    fileprivate let number: Int
  }

  /// Who hears what happens to a sequence, in the order of `GenerationEvent`; a failure is the last of it. The
  /// answer `stop` ends the sequence as `cancelled`; after the last event it makes no difference. It may add
  /// sequences and remove them.
  public typealias Listener =
    (_ id: ID, _ event: Result<GenerationEvent, TextGenerationError>) -> GenerationAnswer

  /// The memory that all sequences share.
  public let memory: PassMemory
  private let endTokens: Set<Int>
  private let tokenCount: Int
  private let makeDecoder: (_ startsText: Bool) -> any TextDecoder
  /// In the order of arrival, but for those that had their turn, which are behind the others.
  private var entries: [BatchEntry] = []
  private var added = 0
  private let clock = ContinuousClock()

  /// An empty batch for sequences that share `memory`, and the tokenizer of their model.
  public convenience init(_ memory: PassMemory, tokenizer: Tokenizer) {
    self.init(
      memory, endTokens: tokenizer.endOfGenerationTokens, tokenCount: tokenizer.vocabularyCount
    ) {
      StreamingDetokenizer(tokenizer, startsText: $0)
    }
  }

  /// As above, from the ids that end a text, the number of ids that have one, and a maker of decoders, one
  /// for each sequence.
  public init(
    _ memory: PassMemory, endTokens: Set<Int>, tokenCount: Int = .max,
    makeDecoder: @escaping (_ startsText: Bool) -> any TextDecoder
  ) {
    self.memory = memory
    self.endTokens = endTokens
    self.tokenCount = tokenCount
    self.makeDecoder = makeDecoder
  }

  /// Adds a sequence that is to continue `prompt`, as its model extends it. Nothing of it is run, but for what
  /// an edit needs that reads the prompt.
  ///
  /// - Parameters:
  ///   - model: the sequence, edited or not, which nobody else uses until it is removed; it shares `memory`.
  ///   - prompt: what it continues.
  ///   - options: how much is generated, and how; their `prefillStep` has no part in a batch.
  ///   - startsText: whether the answer is a text of its own, as `Generator` has it.
  ///   - chain: chooses the tokens in the place of what the options say.
  ///   - cached: the tokens that the model's cache holds, put there under the same edit (or a prefix of its
  ///     sequence copied from one under the same edit): what the prompt begins with of them is not fed again. The
  ///     last token of the prompt always is, for its logits.
  ///   - logits: hears each token with the logits it was chosen from, `[vocabularySize]` as the model gave
  ///     them, before the event that reports it.
  /// - Returns: its name in this batch.
  /// - Throws: `emptyPrompt`, `promptTooLong`, `prompt`, and what is wrong with the options.
  @discardableResult public func add(
    _ model: any BatchableModel, prompt: Prompt, options: GenerationOptions = GenerationOptions(),
    startsText: Bool = false, chain: SamplingChain? = nil, cached: [Int] = [],
    logits: ((_ token: Int, _ logits: [Float]) -> Void)? = nil
  ) throws(TextGenerationError) -> ID {
    precondition(model.memory === memory, "the model has another pass memory")
    let tokens = model.extended(prompt).tokens
    guard !tokens.isEmpty else { throw .emptyPrompt }
    guard tokens.count <= model.contextLength else {
      throw .promptTooLong(tokens: tokens.count, contextLength: model.contextLength)
    }
    var answer = try GrowingAnswer(
      to: tokens, options: options, chain: chain, endTokens: endTokens, tokenCount: tokenCount,
      decoder: makeDecoder(startsText))
    do throws(PromptError) { try model.prepare(prompt) } catch { throw .prompt(error) }
    let same = zip(tokens.dropLast(), cached).prefix { $0 == $1 }.count
    let kept = min(same, model.position)
    model.truncate(to: kept)
    answer.statistics.reusedTokens = kept
    added += 1
    let id = ID(number: added)
    entries.append(
      BatchEntry(id, model, prompt: tokens, kept: kept, answer: answer, logits: logits))
    return id
  }

  /// Takes a sequence out, ended or not; its model is free for other things. Returns the tokens that its cache
  /// holds.
  @discardableResult public func remove(_ id: ID) -> [Int] {
    guard let index = entries.firstIndex(where: { $0.id == id }) else {
      preconditionFailure("the sequence is not in the batch")
    }
    let entry = entries.remove(at: index)
    entry.phase = .ended
    // Drafts that were not chosen.
    if entry.model.position > entry.cached.count { entry.model.truncate(to: entry.cached.count) }
    return entry.cached
  }

  /// The sequences that were added and not removed, in no order that means anything.
  public var sequences: [ID] { entries.map(\.id) }
  /// Sequences whose prompt is in the cache and whose answer goes on.
  public var decodingCount: Int { entries.count { $0.phase == .decoding } }
  /// Tokens of prompts that are still to be fed, of all sequences.
  public var prefillCount: Int {
    entries.reduce(0) { $0 + ($1.phase == .prefill ? $1.prompt.count - $1.cached.count : 0) }
  }
  /// Whether all sequences have ended, so that a step would do nothing.
  public var isIdle: Bool { entries.allSatisfy { $0.phase == .ended } }

  /// The tokens that the cache of a sequence holds.
  public func cached(_ id: ID) -> [Int] {
    entries.first { $0.id == id }?.cached ?? []
  }

  /// One step: the next token of sequences that decode, and a slice of the prompts of those that have not
  /// begun to, all in one pass where `memory` has the rows for it, and as few as it takes otherwise.
  ///
  /// - Parameters:
  ///   - decoding: sequences that decode, at most; where there are more they take turns.
  ///   - prefilling: tokens of prompts, at most, first come, first served; nil for the rows that a pass has beside
  ///     those that decode.
  ///   - listener: hears what happens.
  public func step(decoding: Int = 8, prefilling: Int? = nil, _ listener: Listener) {
    let turns = takeTurns(decoding: max(1, decoding), prefilling: prefilling, listener)
    guard !turns.isEmpty else { return }
    let start = clock.now
    for turn in turns where turn.entry.begun == nil { turn.entry.begun = start }
    var logits = [[[Float]]](repeating: [], count: turns.count)
    // A turn without a segment was in a prefix that needs no pass.
    let places = turns.indices.filter { turns[$0].segment != nil }
    let failed = memory.forward(places.compactMap { turns[$0].segment }) { segment, _, found in
      logits[places[segment]].append(found.withUnsafeBufferPointer { Array($0) })
    }
    var failures = [LanguageModelError?](repeating: nil, count: turns.count)
    for (place, failure) in zip(places, failed) { failures[place] = failure }
    let end = clock.now
    for (index, turn) in turns.enumerated() where turn.entry.phase != .ended {
      if let failure = failures[index] {
        // Whatever the model had taken in is forgotten, so that `cached` stays true.
        turn.entry.model.truncate(to: turn.entry.cached.count)
        turn.entry.fail(.model(failure), listener)
      } else {
        turn.entry.advance(by: turn.tokens, to: logits[index], at: end, listener)
      }
    }
  }

  /// Rows of a pass that take hardly longer than one, as the weights have to be read anyway.
  package static let freeRows = 4

  /// What goes through in this step.
  private func takeTurns(
    decoding: Int, prefilling: Int?, _ listener: Listener
  ) -> [BatchTurn] {
    let decoders = entries.filter { $0.phase == .decoding }.prefix(decoding)
    // Who had a turn is behind those who wait for one.
    if decoders.count < decodingCount {
      entries.removeAll { entry in decoders.contains { $0 === entry } }
      entries += decoders
    }
    var turns: [BatchTurn] = []
    // A pass that has as many rows as cost what one does has none for drafts.
    var drafts = prefillCount == 0 ? max(0, Self.freeRows - decoders.count) : 0
    for entry in decoders {
      let tokens = entry.next + entry.draft(most: drafts)
      drafts -= tokens.count - 1
      if let turn = entry.turn(of: tokens, listener) { turns.append(turn) }
    }
    var left = prefilling ?? max(1, memory.chunkSize - turns.count)
    // Entries are numbered as they came.
    for entry in entries.sorted(by: { $0.id.number < $1.id.number })
    where entry.phase == .prefill && left > 0 {
      let slice = entry.prompt[entry.cached.count...].prefix(left)
      left -= slice.count
      if let turn = entry.turn(of: Array(slice), listener) { turns.append(turn) }
    }
    return turns
  }
}

/// What one sequence has in a step.
private struct BatchTurn {
  let entry: BatchEntry
  let tokens: [Int]
  let segment: PassSegment?
}

/// A sequence of a batch.
private final class BatchEntry {
  enum Phase { case prefill, decoding, ended }

  let id: SequenceBatch.ID
  let model: any BatchableModel
  let prompt: [Int]
  private let logits: ((_ token: Int, _ logits: [Float]) -> Void)?
  private let kept: Int
  private var answer: GrowingAnswer
  private(set) var cached: [Int]
  var phase = Phase.prefill
  /// The token that was chosen and is not fed yet; none before there is one.
  private(set) var next: [Int] = []
  var begun: ContinuousClock.Instant?
  private var prefilled: ContinuousClock.Instant?

  init(
    _ id: SequenceBatch.ID, _ model: any BatchableModel, prompt: [Int], kept: Int,
    answer: GrowingAnswer, logits: ((_ token: Int, _ logits: [Float]) -> Void)?
  ) {
    self.id = id
    self.model = model
    self.prompt = prompt
    self.kept = kept
    self.answer = answer
    self.logits = logits
    cached = Array(prompt[..<kept])
  }

  /// Tokens that may follow the one that is fed next.
  func draft(most: Int) -> [Int] {
    answer.draft(room: model.contextLength - cached.count - 1, most: most)
  }

  /// Its part of a step; nil where it fails before.
  func turn(of tokens: [Int], _ listener: SequenceBatch.Listener) -> BatchTurn? {
    // Of a prompt the logits of the last token are wanted, of a token and its draft all.
    let first =
      phase == .decoding
      ? 0 : cached.count + tokens.count >= prompt.count ? tokens.count - 1 : tokens.count
    do throws(LanguageModelError) {
      return BatchTurn(
        entry: self, tokens: tokens,
        segment: try model.segment(tokens, logitsFrom: first))
    } catch {
      model.truncate(to: cached.count)
      fail(.model(error), listener)
      return nil
    }
  }

  /// `tokens` were fed, and gave those logits, until `end`.
  func advance(
    by tokens: [Int], to rows: [[Float]], at end: ContinuousClock.Instant,
    _ listener: SequenceBatch.Listener
  ) {
    guard phase == .prefill else {
      cached.append(tokens[0])
      answer.statistics.decodedTokens += 1
      guard rows.count == tokens.count else { return fail(.noLogits, listener) }
      return choose(DraftCheck(Array(tokens.dropFirst()), logits: rows), listener)
    }
    cached += tokens
    answer.statistics.promptTokens = cached.count
    answer.statistics.prefillSeconds = begun?.duration(to: end).seconds ?? 0
    prefilled = end
    let progress = GenerationEvent.prefill(done: cached.count - kept, total: prompt.count - kept)
    if listener(id, .success(progress)) == .stop { return finish(.cancelled, listener) }
    // Who listens may have removed it.
    guard phase == .prefill, cached.count == prompt.count else { return }
    phase = .decoding
    guard let logits = rows.first else { return fail(.noLogits, listener) }
    choose(DraftCheck([], logits: [logits]), listener)
  }

  /// Chooses tokens as far as there are logits.
  private func choose(_ check: DraftCheck, _ listener: SequenceBatch.Listener) {
    var check = check
    var logits = check.first
    do throws(TextGenerationError) {
      while phase == .decoding {
        switch try answer.next(logits) {
        case .end(let reason):
          settle(check)
          return finish(reason, listener)
        case .token(let token, let text):
          self.logits?(token, logits)
          next = [token]
          let reply = listener(id, .success(.token(id: token, text: text)))
          if let reason = answer.end(after: reply, isFull: cached.count == model.contextLength) {
            settle(check)
            return finish(reason, listener)
          }
          guard phase == .decoding, let following = check.logits(after: token) else {
            return settle(check)
          }
          cached.append(token)
          answer.statistics.decodedTokens += 1
          logits = following
        }
      }
    } catch {
      settle(check)
      fail(error, listener)
    }
  }

  /// A draft is done with: what of it was not chosen leaves the cache.
  private func settle(_ check: DraftCheck) {
    answer.learn(check)
    // Who listens may have removed the sequence and given its model to another.
    if model.position > cached.count { model.truncate(to: cached.count) }
  }

  private func finish(_ reason: FinishReason, _ listener: SequenceBatch.Listener) {
    guard phase != .ended else { return }
    phase = .ended
    answer.statistics.decodeSeconds =
      prefilled?.duration(to: ContinuousClock().now).seconds ?? 0
    let rest = answer.finish()
    if !rest.isEmpty { _ = listener(id, .success(.heldBack(text: rest))) }
    _ = listener(id, .success(.finished(reason: reason, statistics: answer.statistics)))
  }

  func fail(_ error: TextGenerationError, _ listener: SequenceBatch.Listener) {
    guard phase != .ended else { return }
    phase = .ended
    _ = listener(id, .failure(error))
  }
}
