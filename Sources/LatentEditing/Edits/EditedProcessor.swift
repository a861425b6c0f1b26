import LanguageModels

/// A processor that is edited: feed it a prompt and it answers with the edit in its stream.
///
/// Sites that count from the prompt's edges need to know the prompt, so `prepare` comes before it, and
/// without it nothing runs. Once the last edited token is in the cache the edit costs nothing: the
/// processor runs uninterrupted.
public final class EditedProcessor: BatchableModel {
  private let state: ProcessorState
  private let edit: LatentEdit
  private let promptEdit: PromptEdit?
  private var compiled: CompiledEdit?
  private let observer: (any EditObserver)?
  /// What `prepare` made: the prompt as it is fed, and what is done to it.
  private var prepared: (prompt: Prompt, injector: EditInjector)?

  /// What is made of a prompt, besides the edit that all prompts share; the state's cache is empty
  /// before and after.
  public typealias PromptEdit =
    (_ prompt: [Int], _ state: ProcessorState) throws(LatentEditingError) -> LatentEdit

  /// `state` with `edit`, with what `promptEdit` makes of each prompt, and with a compiled edit for
  /// token 0, where there are such. Throws `compiledConflict` where the edit and the compiled one
  /// would both act on token 0, `valuesBehindOpening` where the edit is of its values and the compiled one stands in front
  /// of it, and `wrongValueWidth`.
  public init(
    _ state: ProcessorState, edit: LatentEdit, promptEdit: PromptEdit? = nil,
    compiled: CompiledEdit? = nil, observer: (any EditObserver)? = nil
  ) throws(LatentEditingError) {
    self.promptEdit = promptEdit
    if let compiled, compiled.isOfThePrompt, edit.sites.contains(where: \.position.mayBeFirst) {
      throw .compiledConflict
    }
    if let compiled, !compiled.isOfThePrompt, edit.valueWidth != nil { throw .valuesBehindOpening }
    try edit.check(for: state.processor.configuration)
    self.state = state
    self.edit = edit
    self.compiled = compiled
    self.observer = observer
  }

  /// Takes `other` in the place of the compiled edit of a conversation's beginning: that of another system text,
  /// for one. The cache is emptied, and a prompt has to be prepared again.
  public func replaceOpening(_ other: CompiledEdit) {
    precondition(compiled?.isOfThePrompt == false && !other.isOfThePrompt)
    compiled = other
    prepared = nil
    state.truncate(to: 0)
  }

  /// Whether a prompt that begins like the last one may keep what is in the cache: where all sites
  /// stay where they are when the prompt grows.
  public var keepsPrefix: Bool {
    promptEdit == nil && edit.sites.allSatisfy(\.position.isIndependentOfPrompt)
  }

  /// `prompt` with what the edit puts in front: a ghost, or the beginning of a conversation in the place of
  /// the prompt's own.
  public func extended(_ prompt: Prompt) -> Prompt {
    guard let compiled else {
      return edit.needsGhost ? prompt.following(prompt.tokens.prefix(1)) : prompt
    }
    // Another beginning is refused by `prepare`.
    guard prompt.tokens.starts(with: compiled.promptBeginning) else { return prompt }
    let tokens = compiled.tokens(for: prompt.tokens)
    return Prompt(
      tokens, firstContent: prompt.firstContent + tokens.count - prompt.tokens.count)
  }

  /// Sets the sites for a prompt; the cache is emptied unless it stays valid. The reason of what it throws
  /// is a `LatentEditingError`: `promptTooShort`, or `compiledForOtherPrompt` or `prefixForOtherPrompt` where
  /// the prompt does not begin with the tokens the edit was compiled for.
  public func prepare(_ prompt: Prompt) throws(PromptError) {
    prepared = nil
    do throws(LatentEditingError) {
      let prompt = extended(prompt)
      prepared = (prompt, try injector(for: prompt))
    } catch {
      throw PromptError(error)
    }
  }

  private func injector(for prompt: Prompt) throws(LatentEditingError) -> EditInjector {
    if let compiled {
      guard prompt.tokens.starts(with: compiled.tokens),
        prompt.tokens.count > compiled.tokens.count
      else {
        if case .opening(let replaced) = compiled.place {
          throw .prefixForOtherPrompt(
            replacing: replaced, prompt: Array(prompt.tokens.prefix(replaced.count)))
        }
        throw .compiledForOtherPrompt(
          firstToken: compiled.firstToken, prompt: Array(prompt.tokens.prefix(2)))
      }
    }
    if !keepsPrefix { state.truncate(to: 0) }
    var whole = edit
    if let promptEdit { whole = try LatentEdit.sum([edit, promptEdit(prompt.tokens, state)]) }
    // Latents are for the prompt, of which an instruction in front of it is no part.
    let ahead = compiled.map { $0.isOfThePrompt ? 0 : $0.tokens.count } ?? 0
    let shape = PromptShape(
      length: prompt.tokens.count - ahead, firstContent: max(0, prompt.firstContent - ahead))
    return try EditInjector(whole, prompt: shape, startingAt: ahead, observer: observer)
  }

  /// Tokens in the cache.
  public var position: Int { state.position }
  /// Tokens that fit.
  public var contextLength: Int { state.contextLength }
  /// Forgets the tokens at `position` and after it.
  public func truncate(to position: Int) { state.truncate(to: position) }

  /// The memory of its passes.
  public var memory: PassMemory { state.memory }

  /// `tokens`, edited, but for those that a compiled edit has, which are appended at once. Throws `noPrompt`
  /// before `prepare`, and `otherPrompt` where the tokens are not those of the prompt.
  public func segment(
    _ tokens: [Int], logitsFrom first: Int
  ) throws(LanguageModelError) -> PassSegment? {
    let injector = try injector(on: tokens)
    let rest = try appendCompiled(tokens)
    guard !rest.isEmpty else { return nil }
    let isDone = observer == nil && state.position >= injector.endPosition
    return PassSegment(
      state, Array(rest), logitsFrom: first - (tokens.count - rest.count),
      visitor: isDone ? nil : injector)
  }

  /// Feeds `tokens`, edited; the logits after the last. Throws as `segment`.
  public func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    // All of it is in the prefix, whose tokens have no logits.
    guard let segment = try segment(tokens, logitsFrom: tokens.count - 1) else { return [] }
    return try state.forward(segment.tokens, visitor: segment.visitor)
  }

  /// Appends what of `tokens` a compiled edit has; the rest.
  private func appendCompiled(_ tokens: [Int]) throws(LanguageModelError) -> ArraySlice<Int> {
    guard let compiled else { return tokens[...] }
    let known = compiled.positions.dropFirst(state.position).prefix(tokens.count)
    for position in known { try state.append(position) }
    return tokens.dropFirst(known.count)
  }

  /// Feeds `tokens`, edited, and hands `body` the logits of each from index `first` on. A compiled
  /// edit has no logits for its own tokens, so `first` must then be behind them. Throws as `segment`.
  public func forwardAll<Failure: Error>(
    _ tokens: [Int], logitsFrom first: Int,
    _ body: (_ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(SequenceError<Failure>) {
    let segment: PassSegment?
    do throws(LanguageModelError) {
      segment = try self.segment(tokens, logitsFrom: first)
    } catch {
      throw .model(error)
    }
    let skipped = tokens.count - (segment?.tokens.count ?? 0)
    precondition(first >= skipped, "a compiled edit has no logits")
    guard let segment else { return }
    try state.forwardAll(
      segment.tokens, logitsFrom: segment.logitsFrom, visitor: segment.visitor
    ) { index, logits throws(Failure) in
      try body(index + skipped, logits)
    }
  }

  /// The injector, for tokens that go on with the prompt it was made for.
  private func injector(on tokens: [Int]) throws(LanguageModelError) -> EditInjector {
    guard let (prompt, injector) = prepared else { throw .noPrompt }
    let start = state.position
    for (token, (index, wanted)) in zip(tokens, prompt.tokens.enumerated().dropFirst(start))
    where token != wanted { throw .otherPrompt(position: index) }
    return injector
  }
}

extension SitePosition {
  /// Whether the position is, or may be, token 0.
  fileprivate var mayBeFirst: Bool {
    switch self {
    case .fromStart(let n): n == 0
    case .all, .prompt: true
    case .fromEnd, .firstContent: false
    }
  }

  /// Whether the position stays where it is when the prompt grows.
  fileprivate var isIndependentOfPrompt: Bool {
    switch self {
    case .fromStart, .all: true
    case .fromEnd, .firstContent, .prompt: false
    }
  }
}
