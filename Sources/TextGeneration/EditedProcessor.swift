import LanguageModels
import LatentEditing

/// A processor that is edited: feed it a prompt and it answers with the edit in its stream.
///
/// Sites that count from the prompt's edges need to know the prompt, so `begin` comes before it. Once
/// the last edited token is in the cache the edit costs nothing: the processor runs uninterrupted.
public final class EditedProcessor: TokenPredictor {
  private let state: ProcessorState
  private let edit: LatentEdit
  private let promptEdit: PromptEdit?
  private let compiled: CompiledEdit?
  private let observer: (any EditObserver)?
  private var injector: EditInjector?
  private var shape = PromptShape(length: 0)

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

  /// The tokens to feed for `prompt`: a ghost in front where the edit needs one.
  public func tokens(for prompt: [Int]) -> [Int] {
    if let compiled {
      // Another beginning is refused by `begin`.
      return prompt.starts(with: compiled.promptBeginning) ? compiled.tokens(for: prompt) : prompt
    }
    return edit.needsGhost ? prompt.prefix(1) + prompt : prompt
  }

  /// Sets the sites for a prompt, ghost included, whose content begins at `firstContent`; the cache
  /// is emptied unless it stays valid. Throws `promptTooShort`, or `compiledForOtherPrompt` where the
  /// prompt does not begin with the token the edit was compiled for.
  public func begin(prompt: [Int], firstContent: Int = 0) throws(LatentEditingError) {
    if let compiled {
      guard prompt.starts(with: compiled.tokens), prompt.count > compiled.tokens.count else {
        throw .compiledForOtherPrompt(
          firstToken: compiled.firstToken, prompt: Array(prompt.prefix(2)))
      }
    }
    shape = PromptShape(length: prompt.count, firstContent: firstContent)
    if !keepsPrefix { state.truncate(to: 0) }
    var whole = edit
    if let promptEdit { whole = try LatentEdit.sum([edit, promptEdit(prompt, state)]) }
    injector = try EditInjector(whole, prompt: shape, observer: observer)
  }

  /// Tokens in the cache.
  public var position: Int { state.position }
  /// Tokens that fit.
  public var contextLength: Int { state.contextLength }
  /// Forgets the tokens at `position` and after it.
  public func truncate(to position: Int) { state.truncate(to: position) }

  /// Feeds `tokens`, edited; the logits after the last.
  public func forward(_ tokens: [Int]) throws(LanguageModelError) -> [Float] {
    let rest = try appendCompiled(tokens)
    // All of it is in the prefix, whose tokens have no logits.
    guard !rest.isEmpty else { return [] }
    let isDone = observer == nil && state.position >= (injector?.endPosition ?? 0)
    state.visitor = isDone ? nil : injector
    defer { state.visitor = nil }
    return try state.forward(Array(rest))
  }

  /// Appends what of `tokens` a compiled edit has; the rest.
  private func appendCompiled(_ tokens: [Int]) throws(LanguageModelError) -> ArraySlice<Int> {
    guard let compiled else { return tokens[...] }
    let known = compiled.positions.dropFirst(state.position).prefix(tokens.count)
    for position in known { try state.append(position) }
    return tokens.dropFirst(known.count)
  }

  /// Feeds `tokens`, edited, and hands `body` the logits of each from index `first` on. A compiled
  /// edit has no logits for token 0, so `first` must then be 1 or more.
  public func forwardAll(
    _ tokens: [Int], logitsFrom first: Int, _ body: (Int, Span<Float>) throws -> Void
  ) throws {
    let start = state.position
    let rest = try appendCompiled(tokens)
    precondition(
      first >= min(tokens.count, max(0, (compiled?.tokens.count ?? 0) - start)),
      "a compiled edit has no logits for its own tokens")
    guard !rest.isEmpty else { return }
    let skipped = tokens.count - rest.count
    state.visitor = injector
    defer { state.visitor = nil }
    try state.forwardAll(Array(rest), logitsFrom: first - skipped) { index, logits in
      try body(index + skipped, logits)
    }
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
