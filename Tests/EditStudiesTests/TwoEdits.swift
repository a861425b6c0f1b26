import EditStudies
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport

/// What tests beside PyTorch have in common: a small model, the instruction of editor/ids.json as an edit, the same backwards
/// as another one, and a row under them.
struct TwoEdits {
  struct Given: Decodable {
    let ids, instruction: [Int]
  }

  let given: Given
  let processor: Processor
  let state: ProcessorState
  let a: CompiledEdit
  let b: CompiledEdit

  init(chunkSize: Int = ProcessorState.defaultChunkSize) throws {
    given = try JSONDecoder().decode(
      Given.self, from: Data(contentsOf: OutsideFiles.fixture("editor/ids.json")))
    let file = try GGUFFile(path: OutsideFiles.fixture("llama/f32.gguf").path)
    let processor = try Processor(file, activations: .f32, pool: ThreadPool(threads: 2))
    let identity = try ProcessorIdentity(file)
    let state = try ProcessorState(
      processor, contextLength: 64, cacheType: .f32, chunkSize: chunkSize)
    func edit(_ tokens: [Int]) throws -> CompiledEdit {
      state.truncate(to: 0)
      _ = try state.forward(tokens)
      return CompiledEdit(
        processor: identity, place: .opening(replacing: []), tokens: tokens, activations: .f32,
        cacheType: .f32, label: "", positions: tokens.indices.map(state.keyValues))
    }
    a = try edit(given.instruction)
    b = try edit(given.instruction.reversed())
    self.processor = processor
    self.state = state
  }

  /// The first `prompt` tokens, and the others as the response.
  func row(prompt: Int) -> EditedRuns.Row {
    .init(prompt: Array(given.ids.prefix(prompt)), response: Array(given.ids.dropFirst(prompt)))
  }
}
