import LanguageModels

/// A processor that is edited: feed it a prompt and it answers with the edit in its stream.
///
/// Sites that count from the prompt's edges need to know the prompt, so `prepare` comes before it, and
/// without it nothing runs. Once the last edited token is in the cache the edit costs nothing: the
/// processor runs uninterrupted.
public final class EditedProcessor: SequenceModel {
  private let state: ProcessorState
  private let edit: LatentEdit
  private let promptEdit: PromptEdit?
  private let compiled: CompiledEdit?
  private let observer: (any EditObserver)?
  /// What `prepare` made: the prompt as it is fed, and what is done to it.
  private var prepared: (prompt: Prompt, injector: EditInjector)?

  /// What is made of a prompt, besides the edit that all prompts share; the state's cache is empty
  /// before and after.
  public typealias PromptEdit =
    (_ prompt: [Int], _ state: ProcessorState) throws(LatentEditingError) -> LatentEdit

  /// `state` with `edit`, with what `promptEdit` makes of each prompt, and with a compiled edit for
  /// token 0, where there are such. Throws `compiledConflict` where the edit and the compiled one
  /// would both act on token 0.
  public init(
    _ state: ProcessorState, edit: LatentEdit, promptEdit: PromptEdit? = nil,
    compiled: CompiledEdit? = nil, observer: (any EditObserver)? = nil
  ) throws(LatentEditingError) {
    self.promptEdit = promptEdit
    if compiled != nil, edit.sites.contains(where: \.position.mayBeFirst) {
      throw .compiledConflict
    }
    self.state = state
    self.edit = edit
    self.compiled = compiled
    self.observer = observer
  }

  /// Whether a prompt that begins like the last one may keep what is in the cache: where all sites
  /// stay where they are when the prompt grows.
  public var keepsPrefix: Bool {
    promptEdit == nil && edit.sites.allSatisfy(\.position.isIndependentOfPrompt)
  }

  /// `prompt` with a ghost in front where the edit needs one.
  public func extended(_ prompt: Prompt) -> Prompt {
    let needsGhost = edit.needsGhost || compiled?.isGhost == true
    return needsGhost ? prompt.following(prompt.tokens.prefix(1)) : prompt
  }

  /// Sets the sites for a prompt; the cache is emptied unless it stays valid. The reason of what it throws
  /// is a `LatentEditingError`: `promptTooShort`, or `compiledForOtherPrompt` where the prompt does not
  /// begin with the token the edit was compiled for.
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
      guard prompt.tokens.first == compiled.firstToken, prompt.tokens.count > 1 else {
        throw .compiledForOtherPrompt(
          firstToken: compiled.firstToken, prompt: Array(prompt.tokens.prefix(2)))
      }
    }
    if !keepsPrefix { state.truncate(to: 0) }
    var whole = edit
    if let promptEdit { whole = try LatentEdit.sum([edit, promptEdit(prompt.tokens, state)]) }
    let shape = PromptShape(length: prompt.tokens.count, firstContent: prompt.firstContent)
    return try EditInjector(whole, prompt: shape, observer: observer)
  }

  /// Tokens in the cache.
  public var position: Int { state.position }
  /// Tokens that fit.
  public var contextLength: Int { state.contextLength }
  /// Forgets the tokens at `position` and after it.
  public func truncate(to position: Int) { state.truncate(to: position) }

  /// Feeds `tokens`, edited; the logits after the last. Throws `noPrompt` before `prepare`, and
  /// `otherPrompt` where the tokens are not those of the prompt.
  public func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    let injector = try injector(on: tokens)
    var rest = tokens[...]
    if let compiled, state.position == 0, tokens.count > 1 {
      try state.append(compiled.prefix)
      rest = rest.dropFirst()
    }
    let isDone = observer == nil && state.position >= injector.endPosition
    return try state.forward(Array(rest), visitor: isDone ? nil : injector)
  }

  /// Feeds `tokens`, edited, and hands `body` the logits of each from index `first` on. A compiled
  /// edit has no logits for token 0, so `first` must then be 1 or more. Throws as `forward` does.
  public func forwardAll<Failure: Error>(
    _ tokens: [Int], logitsFrom first: Int,
    _ body: (_ index: Int, _ logits: Span<Float>) throws(Failure) -> Void
  ) throws(SequenceError<Failure>) {
    var rest = tokens[...]
    let injector: EditInjector
    do throws(LanguageModelError) {
      injector = try self.injector(on: tokens)
      if let compiled, state.position == 0 {
        precondition(first >= 1, "a compiled edit has no logits for token 0")
        try state.append(compiled.prefix)
        rest = rest.dropFirst()
      }
    } catch {
      throw .model(error)
    }
    let skipped = tokens.count - rest.count
    try state.forwardAll(Array(rest), logitsFrom: first - skipped, visitor: injector) {
      index, logits throws(Failure) in
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
