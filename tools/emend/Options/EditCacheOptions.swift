import ArgumentParser

/// Where compiled edits are kept from one run to the next.
struct EditCacheOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Compile the edit, which must act on the first token alone, and keep it here by the content of "
        + "all it comes from; where it is here already, no editor is loaded.", valueName: "folder"))
  var editCache: String?

  /// Throws where `edits` cannot come from a cache.
  func check(_ edits: EditOptions) throws {
    guard editCache != nil else { return }
    if edits.editor.isEmpty {
      throw ValidationError(
        "--edit-cache keeps what editors make of instructions; give an --editor")
    }
    if !edits.controlVector.isEmpty || edits.edit != nil {
      throw ValidationError(
        "--edit-cache is for editors alone: control vectors act on every token, and --edit is "
          + "compiled already")
    }
  }

  /// The folder, for prompts that begin with `firstToken`; nil without the option.
  func place(firstToken: Int) -> (folder: String, firstToken: Int)? {
    editCache.map { ($0, firstToken) }
  }
}
