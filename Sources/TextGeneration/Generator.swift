import LanguageModels
import Tokenization

/// Generates text with the cache of one sequence.
///
/// It knows which tokens the cache holds: of a prompt that begins like the last one and its answer
/// (the next turn of a conversation), only the rest is fed. It runs on the caller's thread and keeps
/// that thread busy; give it one of its own, not one of the cooperative pool.
public final class Generator {
  private let model: any SequenceModel
  private let endTokens: Set<Int>
  /// Ids from here on have no text.
  private let tokenCount: Int
  private let makeDecoder: () -> any TextDecoder
  /// The tokens in the cache.
  public private(set) var cached: [Int] = []

  /// A generator for `model`, whose cache it empties, and the tokenizer of the same model.
  ///
  /// `startsText` says whether answers are texts of their own, as in a conversation, or continue the
  /// prompt's: in SentencePiece the former begin with a space that is not meant.
  public convenience init(
    _ model: any SequenceModel, tokenizer: Tokenizer, startsText: Bool = false
  ) {
    self.init(
      model, endTokens: tokenizer.endOfGenerationTokens, tokenCount: tokenizer.vocabularyCount
    ) {
      StreamingDetokenizer(tokenizer, startsText: startsText)
    }
  }

  /// As above, from the ids that end a text, the number of ids that have one, and a maker of decoders, one
  /// for each run.
  public init(
    _ model: any SequenceModel, endTokens: Set<Int>, tokenCount: Int = .max,
    makeDecoder: @escaping () -> any TextDecoder
  ) {
    self.model = model
    self.endTokens = endTokens
    self.tokenCount = tokenCount
    self.makeDecoder = makeDecoder
    model.truncate(to: 0)
  }

  /// Continues `prompt`, as the model extends it, reporting to `listener`, whose answer `.stop` ends it.
  ///
  /// The same prompt, options and model give the same tokens. When it throws, the tokens that were
  /// fed stay in the cache and the next run starts from there.
  public func run(
    prompt: Prompt, options: GenerationOptions = GenerationOptions(),
    listener: (GenerationEvent) -> GenerationAnswer
  ) throws(TextGenerationError) {
    let given = prompt
    let prompt = model.extended(given).tokens
    guard !prompt.isEmpty else { throw .emptyPrompt }
    guard prompt.count <= model.contextLength else {
      throw .promptTooLong(tokens: prompt.count, contextLength: model.contextLength)
    }
    do throws(PromptError) { try model.prepare(given) } catch { throw .prompt(error) }
    var growing = try GrowingAnswer(
      to: prompt, options: options, endTokens: endTokens, tokenCount: tokenCount,
      decoder: makeDecoder())

    let clock = ContinuousClock()
    var start = clock.now
    growing.statistics.reusedTokens = reuse(prompt)
    var logits = try prefill(prompt, step: options.prefillStep, listener: listener)
    growing.statistics.promptTokens = cached.count
    growing.statistics.prefillSeconds = start.duration(to: clock.now).seconds

    start = clock.now
    var reason = FinishReason.cancelled
    var check = DraftCheck()
    answering: while let current = logits {
      switch try growing.next(current) {
      case .end(let end):
        reason = end
        break answering
      case .token(let id, let text):
        let answer = listener(.token(id: id, text: text))
        if let end = growing.end(
          after: answer, isFull: cached.count == model.contextLength)
        {
          reason = end
          break answering
        }
        if let next = check.logits(after: id) {
          cached.append(id)
          logits = next
        } else {
          forget(check, of: &growing)
          check = try feed(
            id, drafting: growing.draft(room: model.contextLength - cached.count - 1))
          logits = check.first
        }
        growing.statistics.decodedTokens += 1
      }
    }
    forget(check, of: &growing)
    growing.statistics.decodeSeconds = start.duration(to: clock.now).seconds

    let rest = growing.finish()
    if !rest.isEmpty { _ = listener(.heldBack(text: rest)) }
    _ = listener(.finished(reason: reason, statistics: growing.statistics))
  }

  /// Empties the cache down to the tokens `prompt` begins with; returns how many those are. The last
  /// token of the prompt is always fed again, for its logits. A model may have emptied its cache
  /// itself, where the next prompt is edited elsewhere.
  private func reuse(_ prompt: [Int]) -> Int {
    let same = zip(prompt.dropLast(), cached).prefix { $0 == $1 }.count
    let common = min(same, model.position)
    cached.removeSubrange(common...)
    model.truncate(to: common)
    return common
  }

  /// Feeds what is not in the cache of `prompt`; the logits after it, or nil when told to stop.
  private func prefill(
    _ prompt: [Int], step: Int, listener: (GenerationEvent) -> GenerationAnswer
  ) throws(TextGenerationError) -> [Float]? {
    let total = prompt.count - cached.count
    let first = cached.count
    while true {
      let end = min(cached.count + step, prompt.count)
      let logits = try feed(Array(prompt[cached.count..<end]))
      let answer = listener(.prefill(done: end - first, total: total))
      if answer == .stop { return nil }
      if end == prompt.count { return logits }
    }
  }

  /// Feeds `id`, which was chosen, and `draft` behind it, of which nothing is known yet.
  private func feed(_ id: Int, drafting draft: [Int]) throws(TextGenerationError) -> DraftCheck {
    guard !draft.isEmpty else { return DraftCheck([], logits: [try feed([id])]) }
    var rows: [[Float]] = []
    do throws(SequenceError<Never>) {
      try model.forwardAll([id] + draft, logitsFrom: 0) { _, logits in
        rows.append(logits.withUnsafeBufferPointer { Array($0) })
      }
    } catch {
      model.truncate(to: cached.count)
      switch error {
      case .model(let error): throw .model(error)
      }
    }
    cached.append(id)
    return DraftCheck(draft, logits: rows)
  }

  /// A draft is done with: what of it was not chosen leaves the cache.
  private func forget(_ check: DraftCheck, of growing: inout GrowingAnswer) {
    growing.learn(check)
    if check.rejected > 0 { model.truncate(to: cached.count) }
  }

  private func feed(_ tokens: [Int]) throws(TextGenerationError) -> [Float] {
    do {
      let logits = try model.forward(tokens)
      cached += tokens
      return logits
    } catch {
      // Whatever the model had taken in is forgotten, so that `cached` stays true.
      model.truncate(to: cached.count)
      throw .model(error)
    }
  }
}

extension Duration {
  /// The duration in seconds.
  package var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
