import LanguageModels
import LatentEditing

extension EditPreparation {
  /// The edited model, which records what the edits do to `prompt` and its answer beside the unedited one, a state of its
  /// own; and the record. Throws what makes the edits impossible, and what keeps the state from being made.
  public mutating func tracedProcessor(
    _ loaded: LoadedModel, of prompt: Prompt
  ) throws -> (model: TracedProcessor, recorder: TraceRecorder) {
    let front = beginning?.words ?? []
    let recorder = TraceRecorder(
      layerCount: loaded.configuration.layerCount,
      promptLength: prompt.tokens.count + front.count - (beginning?.replaced.count ?? 0),
      words: front)
    let edited = try processor(loaded, observer: recorder)
    return (
      TracedProcessor(edited, unedited: try loaded.anotherState(), recorder: recorder), recorder
    )
  }
}
