import LatentEditing

extension EditPreparation {
  /// Throws `LatentEditingError.notExportable` where an editor makes keys and values in front of prompts, which is known
  /// before the model is loaded.
  public func checkExportable() throws(LatentEditingError) {
    guard tokensInFront == 0 else {
      throw .notExportable(
        reason:
          "this editor makes keys and values in front of the prompt, which cannot be folded into "
          + "vectors or weights")
    }
  }

  /// All of the edits as one control vector. Throws `LatentEditingError.dependsOnPrompt` where they are made of each
  /// prompt, what makes them no control vector, and what reading editors throws.
  public mutating func controlVector(_ loaded: LoadedModel) throws -> ControlVector {
    let edit: LatentEdit
    do { edit = try compilableEdit(loaded) } catch LatentEditingError.notCompilable {
      throw LatentEditingError.dependsOnPrompt
    }
    return try ControlVector(edit)
  }
}
