import Foundation
import TestSupport
import Testing

/// `--speculate` with the real model.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct SpeculationCommandTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""

  private struct Generated: Decodable {
    struct Timings: Decodable { let decodedTokens, draftedTokens, acceptedTokens: Int }
    let text, finishReason: String
    let ids: [Int]
    let timings: Timings
  }

  /// Drafts change the number of passes, and no token: greedy and sampled, edited and not.
  @Test(arguments: [
    ["--temp", "0"], ["--temp", "0.7", "-s", "3"],
    [
      "--temp", "0", "--instruction", "Say it twice.", "--editor",
      OutsideFiles.repository.appending(path: "models/editors/smollm2-135m-instruct.safetensors")
        .path,
    ],
  ])
  func draftsChangeNoToken(arguments: [String]) throws {
    let request =
      ["--chat", "-p", "Repeat: one ring to find them, one ring to bring them all.", "-n", "48"]
      + arguments
    func generate(_ more: [String]) throws -> Generated {
      let result = try EmendProcess(["generate", "-m", model, "--json"] + request + more)
      #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
      return try result.json(Generated.self)
    }
    let plain = try generate([])
    let drafted = try generate(["--speculate", "ngram"])
    #expect(drafted.ids == plain.ids && drafted.text == plain.text)
    #expect(drafted.finishReason == plain.finishReason)
    #expect(plain.timings.draftedTokens == 0 && drafted.timings.draftedTokens > 0)
    #expect(drafted.timings.acceptedTokens <= drafted.timings.draftedTokens)
    #expect(drafted.timings.decodedTokens == plain.timings.decodedTokens)
    let refused = try EmendProcess(
      ["generate", "-m", model, "-p", "a", "--speculate", "mtp"])
    #expect(refused.status != 0 && refused.errors.contains("--speculate"))
  }
}
