import LanguageModels
import TensorKernels

/// An edit that acts on the tokens in front alone, run once: the keys and values that they then have in
/// every layer. They do not depend on what follows, so a sequence starts with them and decodes at the speed
/// of the unedited model.
///
/// Latents at token 0, or for its values, make a prefix of one token (docs/method.md), where the first token is fixed (BOS, a
/// template's opening); a reading prefix has one for every token that the editor read. Results are those of the
/// edit itself, bit for bit, since a row's results do not depend on the rows computed with it.
public struct CompiledEdit: Sendable, Equatable {
  /// What its tokens are to the prompt.
  public enum Place: Sendable, Equatable {
    /// The first token of the prompt itself.
    case firstToken
    /// A copy of it, put in front.
    case ghost
    /// The beginning of a conversation, in the place of the tokens with which the prompt begins.
    case opening(replacing: [Int])
  }

  /// The model it was compiled for.
  public let processor: ProcessorIdentity
  /// What its tokens are to the prompt.
  public let place: Place
  /// The tokens that stood at the positions from 0 on.
  public let tokens: [Int]
  /// How the processor took its activations.
  public let activations: ActivationPrecision
  /// The cache it was compiled in.
  public let cacheType: CacheType
  /// What it does, in the words of who made it.
  public let label: String
  /// Keys and values of each of the tokens.
  public let positions: [PositionKeyValues]

  /// A prefix that is known already, of one token at least.
  public init(
    processor: ProcessorIdentity, place: Place, tokens: [Int], activations: ActivationPrecision,
    cacheType: CacheType, label: String, positions: [PositionKeyValues]
  ) {
    precondition(!tokens.isEmpty && tokens.count == positions.count)
    self.processor = processor
    self.place = place
    self.tokens = tokens
    self.activations = activations
    self.cacheType = cacheType
    self.label = label
    self.positions = positions
  }

  /// The tokens with which a prompt must begin that the edit is for.
  public var promptBeginning: [Int] {
    switch place {
    case .firstToken, .ghost: tokens
    case .opening(let replaced): replaced
    }
  }

  /// The tokens to feed for a prompt of that beginning.
  public func tokens(for prompt: [Int]) -> [Int] {
    switch place {
    case .firstToken: prompt
    case .ghost: tokens + prompt
    case .opening(let replaced): tokens + prompt.dropFirst(replaced.count)
    }
  }

  /// Whether its tokens are the prompt's own or stand for them, and not an instruction in front of it.
  var isOfThePrompt: Bool {
    if case .opening = place { false } else { true }
  }

  /// The token at position 0 of an edit of the first token.
  public var firstToken: Int { tokens[0] }

  /// Runs `firstToken` through `processor` with `edit`. Throws `notCompilable` where the edit acts on
  /// other tokens too, and `wrongValueWidth` where it is for other values.
  public static func compiling(
    _ edit: LatentEdit, on processor: Processor, identity: ProcessorIdentity, firstToken: Int,
    cacheType: CacheType, label: String
  ) throws(LatentEditingError) -> CompiledEdit {
    guard edit.isPrefixOnly else {
      throw .notCompilable(reason: "it acts on other tokens than the first")
    }
    try edit.check(for: processor.configuration)
    let injector = try EditInjector(edit, prompt: PromptShape(length: 1))
    do throws(LanguageModelError) {
      let state = try ProcessorState(
        processor, contextLength: 1, cacheType: cacheType, chunkSize: 1)
      _ = try state.forward([firstToken], visitor: injector)
      return CompiledEdit(
        processor: identity, place: edit.needsGhost ? .ghost : .firstToken, tokens: [firstToken],
        activations: processor.activations, cacheType: cacheType, label: label,
        positions: [state.keyValues(at: 0)])
    } catch {
      throw .model(error)
    }
  }
}
