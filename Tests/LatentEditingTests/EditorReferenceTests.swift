import Foundation
import InstructionEditors
import LanguageModels
import LatentEditing
import ModelFiles
import TestSupport
import Testing

/// Editors that PyTorch wrote, and what it answers with them by forward hooks
/// (tools/fixtures/make_editor_fixtures.py).
struct EditorReferenceTests {
  /// Both sides compute in f32. The unedited model is within 1e-5 of its largest logit (see
  /// TransformersTests); the edit adds a GPT-2 of 3 blocks, as long a chain again, whose error the
  /// latents carry into a stream they are as large as: 4e-5 of the largest logit.
  @Test(
    arguments: [
      "p0", "p0-plain-shared", "p1", "p2", "p4", "p4-processor", "p4-adapters", "p5", "p7",
      "p7-plain-shared",
    ])
  func matchesPyTorch(name: String) throws {
    let (ids, instruction) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let editor = try Editor(
      path: OutsideFiles.fixture("editor/\(name)/editor.safetensors").path,
      identity: TinyModel.identity(), processor: processor, pool: TinyModel.pool)
    let state = try ProcessorState(processor, contextLength: 64, cacheType: .f32)
    let edit = try editor.edit(instruction, prompt: ids, on: state)
    try expectReference(name, edit, processor, ids)
  }
}
