import LanguageModels
import TensorKernels

/// An edit that acts on token 0 alone, run once: the keys and values that token 0 then has in every
/// layer. Where the first token is fixed (BOS, a template's opening), they do not depend on what
/// follows, so a sequence starts with them and decodes at the speed of the unedited model.
///
/// A prefix of one token is what METHOD.md's note 1 describes; results are those of the edit itself,
/// bit for bit, since a row's results do not depend on the rows computed with it.
public struct CompiledEdit: Sendable, Equatable {
  /// The model it was compiled for.
  public let processor: ProcessorIdentity
  /// The token that stood at position 0.
  public let firstToken: Int
  /// Whether that token is a ghost: a copy put in front of the prompt.
  public let isGhost: Bool
  /// How the processor took its activations.
  public let activations: ActivationPrecision
  /// The cache it was compiled in.
  public let cacheType: CacheType
  /// What it does, in the words of who made it.
  public let label: String
  /// Keys and values of position 0.
  public let prefix: PositionKeyValues

  /// A prefix that is known already.
  public init(
    processor: ProcessorIdentity, firstToken: Int, isGhost: Bool, activations: ActivationPrecision,
    cacheType: CacheType, label: String, prefix: PositionKeyValues
  ) {
    self.processor = processor
    self.firstToken = firstToken
    self.isGhost = isGhost
    self.activations = activations
    self.cacheType = cacheType
    self.label = label
    self.prefix = prefix
  }

  /// Runs `firstToken` through `processor` with `edit`. Throws `notCompilable` where the edit acts on
  /// other tokens too.
  public static func compiling(
    _ edit: LatentEdit, on processor: Processor, identity: ProcessorIdentity, firstToken: Int,
    cacheType: CacheType, label: String
  ) throws(LatentEditingError) -> CompiledEdit {
    guard edit.isPrefixOnly else {
      throw .notCompilable(reason: "it acts on other tokens than the first")
    }
    let injector = try EditInjector(edit, prompt: PromptShape(length: 1))
    do throws(LanguageModelError) {
      let state = try ProcessorState(
        processor, contextLength: 1, cacheType: cacheType, chunkSize: 1)
      _ = try state.forward([firstToken], visitor: injector)
      return CompiledEdit(
        processor: identity, firstToken: firstToken, isGhost: edit.needsGhost,
        activations: processor.activations, cacheType: cacheType, label: label,
        prefix: state.keyValues(at: 0))
    } catch {
      throw .model(error)
    }
  }
}
