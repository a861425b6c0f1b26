import EditorTraining
import InstructionEditors

/// Everything that `emend train` was told: by flags, and in a configuration under them.
struct TrainingSettings {
  var options: TrainingOptions
  let origins: OptionOrigins
  let model: ModelUse
  let storage: EditorStorage
  let randomRows: RandomRows?
  let saveGradients: String?
  let resumption: TrainingRun.Resumption
  let isJSON: Bool

  /// The names of the command's own options in a configuration.
  static let own =
    TrainingModelOptions.names + ["storage", "random_rows", "save_gradients", "resume", "json"]
}
