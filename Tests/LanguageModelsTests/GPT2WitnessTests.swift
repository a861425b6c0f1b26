import Foundation
import LanguageModels
import TensorKernels
import TestSupport
import Testing

/// Folders named by EMEND_GPT2 (with ":" between them) in which tools/witness/gpt2_states.py has left
/// transformers' states: the real size, and real checkpoints.
private let folders =
  ProcessInfo.processInfo.environment["EMEND_GPT2"]?.split(separator: ":").map(String.init) ?? []

@Suite(.enabled(if: !folders.isEmpty, "needs EMEND_GPT2"))
struct GPT2WitnessTests {
  /// 1e-4 where states are up to 100. Trained models have a few states of 1000 and more, where floats
  /// are 1.2e-4 apart, so beyond that it is 1e-6 of the largest: eight such steps. (transformers in f32
  /// is itself 4.6 steps off its own result in f64 there.)
  @Test(arguments: folders)
  func statesMatchTransformers(folder: String) throws {
    let witness = try GPT2Fixture(states: URL(fileURLWithPath: folder + "/witness.states"))
    let model = try GPT2(huggingFaceFolder: folder, pool: ThreadPool())
    let found = try model.allStates(witness.batch)
    let size = witness.batch.rowCount * model.width
    for block in 0...model.blockCount {
      let part = block * size..<(block + 1) * size
      let difference = largestDifference(Array(found[part]), Array(witness.states[part]))
      let largest = witness.states[part].map(\.magnitude).max()!
      print("\(folder) state \(block): largest difference \(difference) of \(largest)")
      #expect(difference <= max(1e-4, 1e-6 * largest))
    }
  }
}
