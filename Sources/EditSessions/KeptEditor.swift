import InstructionEditors
import LanguageModels
import LatentEditing

/// The editor that read last with the processor's blocks, for who asks with new words again and again: loading it takes as
/// long as reading a short instruction. One editor is kept, and its file is expected to stay as it is. Used by one thread
/// at a time.
public final class KeptEditor {
  private var known: (path: String, editor: Editor)?

  /// None yet.
  public init() {}

  /// The editor of `file`, loaded where it is not the one that is kept. Throws as `OpenedEditor.editor`.
  func editor(
    of file: OpenedEditor, identity: ProcessorIdentity, processor: Processor
  ) throws(LatentEditingError) -> Editor {
    if let known, known.path == file.path, known.editor.configuration == file.configuration {
      return known.editor
    }
    // Never two in memory.
    known = nil
    let editor = try file.editor(identity: identity, processor: processor, pool: processor.pool)
    known = (file.path, editor)
    return editor
  }
}
