import Foundation
import TestSupport
import Testing

/// `emend convert --packed`, and packed files wherever a model is taken.
struct PackedCommandTests {
  private let scratch: TemporaryFolder
  private let plain: String
  private let packed: String

  /// A converted fixture, and the same packed.
  init() throws {
    scratch = try TemporaryFolder()
    plain = try scratch.file("plain.gguf")
    packed = try scratch.file("out.packed")
    let folder = OutsideFiles.fixture("conversion/sharded").path
    #expect(try EmendProcess(["convert", folder, plain, "--type", "q4_0"]).status == 0)
    let run = try EmendProcess(["convert", plain, packed, "--packed"])
    #expect(run.status == 0 && run.errors.isEmpty && run.text.hasSuffix("  \(packed)\n"))
  }

  private struct Generated: Decodable { let ids: [Int] }
  private struct Scored: Decodable {
    let ids: [Int]
    let logprobs: [Double?]
  }

  @Test(arguments: ["int8", "f32"])
  func saysTheSame(activations: String) throws {
    let both = try [plain, packed].map { model in
      let options = ["-m", model, "--activations", activations, "--json"]
      let text = try EmendProcess(
        ["generate", "-p", "one two", "-n", "24", "--temp", "0", "--ignore-eos"] + options
      ).json(Generated.self)
      let scores = try EmendProcess(["score", "-f", "-"] + options, input: "one two three")
        .json(Scored.self)
      return (text.ids, scores.ids, scores.logprobs)
    }
    #expect(both[0].0.count == 24)
    #expect(both[0].0 == both[1].0 && both[0].1 == both[1].1 && both[0].2 == both[1].2)
    let text = String(repeating: "one two three four five. ", count: 60)
    let perplexities = try [plain, packed].map {
      try EmendProcess(["perplexity", "-m", $0, "-f", "-", "-c", "32"], input: text).text
    }
    #expect(perplexities[0] == perplexities[1] && perplexities[0].hasPrefix("perplexity"))
  }

  @Test func isInspectedTokenizedAndMeasured() throws {
    struct Inspected: Decodable {
      struct Tensor: Decodable {
        let name: String
        let packed: Bool
      }
      struct Memory: Decodable { let totalBytes: Int }
      let packed: Bool
      let version: Int
      let tensors: [Tensor]
      let memory: Memory
    }
    let found = try EmendProcess(["inspect", packed, "--json"]).json(Inspected.self)
    let before = try EmendProcess(["inspect", plain, "--json"]).json(Inspected.self)
    #expect(found.packed && found.version == 3 && !before.packed)
    #expect(found.memory.totalBytes == before.memory.totalBytes)
    #expect(found.tensors.first { $0.name == "blk.0.attn_q.weight" }?.packed == true)
    #expect(found.tensors.first { $0.name == "token_embd.weight" }?.packed == false)
    #expect(!before.tensors.contains { $0.packed })
    #expect(try EmendProcess(["inspect", packed]).text.contains(": packed version 3"))

    let ids = try [plain, packed].map { try EmendProcess(["tokenize", "-m", $0, "one"]).text }
    #expect(ids[0] == ids[1] && !ids[0].isEmpty)

    struct Measurement: Decodable { let tokensPerSecond, loadSeconds: Double }
    let bench = try EmendProcess(
      ["bench", "-m", packed, "-p", "8", "-n", "2", "-r", "1", "-o", "json"])
    let measured = try bench.json([Measurement].self)
    #expect(measured.count == 2 && measured.allSatisfy { $0.tokensPerSecond > 0 })
    #expect(measured.allSatisfy { (0..<10).contains($0.loadSeconds) })
  }

  @Test func dryRunSaysWhatIsPacked() throws {
    struct Table: Decodable {
      struct Tensor: Decodable {
        let name, from, to: String
        let packed: Bool
      }
      let tensors: [Tensor]
    }
    let run = try EmendProcess(["convert", plain, "x", "--packed", "--dry-run", "--json"])
    let table = try run.json(Table.self)
    #expect(table.tensors.allSatisfy { $0.from == $0.to })
    #expect(table.tensors.first { $0.name == "output.weight" }?.packed == true)
    #expect(table.tensors.first { $0.name == "output_norm.weight" }?.packed == false)
    let text = try EmendProcess(["convert", plain, "x", "--packed", "--dry-run"]).text
    #expect(text.contains("q4_0 packed"))
  }

  @Test(arguments: [
    ["--packed", "--output-type", "f16"], ["--packed", "--rounding", "reference"],
    ["--packed", "--allow-requantize"], ["--allow-requantize"],
  ])
  func wrongUsageIsRefused(arguments: [String]) throws {
    let run = try EmendProcess(["convert", plain, scratch.file("x")] + arguments)
    #expect(run.status == 64 && run.isOneLineError)
  }

  /// Only a GGUF file's types can be kept.
  @Test func foldersNeedAType() throws {
    let folder = OutsideFiles.fixture("conversion/sharded").path
    let run = try EmendProcess(["convert", folder, scratch.file("x"), "--packed"])
    #expect(run.status == 64 && run.isOneLineError && run.errors.contains("--type"))
    let typed = try EmendProcess(
      ["convert", folder, scratch.file("typed"), "--packed", "--type", "q4_0"])
    #expect(typed.status == 0)
  }

  /// Cut short, of another version, or where a GGUF is wanted: one line that says so.
  @Test func damagedFilesAreRefused() throws {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: packed))
    func refusal(_ name: String, _ data: Data) throws -> String {
      let path = try scratch.file(name)
      try data.write(to: URL(fileURLWithPath: path))
      let run = try EmendProcess(["generate", "-m", path, "-p", "one"])
      #expect(run.status == 1 && run.isOneLineError)
      return run.errors
    }
    #expect(try refusal("short", bytes.dropLast(64)).contains("cut short"))
    var other = bytes
    other[4] = 9
    #expect(try refusal("version", other).contains("version 9"))
    var flipped = bytes
    flipped[100] ^= 4
    #expect(try refusal("flipped", flipped).contains("checksum"))
    let again = try EmendProcess(["convert", packed, scratch.file("x"), "--type", "f16"])
    #expect(again.status == 1 && again.isOneLineError && again.errors.contains("EMDP"))
  }

  /// A prompt that does not fit is refused by its length alone: the weights, here of a file whose data
  /// is damaged, are not touched.
  @Test func longPromptsAreRefusedBeforeLoading() throws {
    var bytes = try Data(contentsOf: URL(fileURLWithPath: plain))
    for index in bytes.count - 4096..<bytes.count { bytes[index] = 0xFF }
    let path = try scratch.file("damaged.gguf")
    try bytes.write(to: URL(fileURLWithPath: path))
    let long = ["generate", "-m", path, "-c", "4", "-p", "one two three four five six seven"]
    let run = try EmendProcess(long)
    #expect(run.status == 1 && run.isOneLineError && run.errors.contains("holds 4"))
    let fitting = try EmendProcess(["generate", "-m", path, "-c", "64", "-p", "one"])
    #expect(fitting.errors.contains("finite"))
  }

  /// Pipes are read to their end, by whatever name.
  @Test(arguments: ["-", "/dev/stdin"])
  func textComesThroughPipes(name: String) throws {
    let text = String(repeating: "one two three ", count: 40)
    let run = try EmendProcess(["tokenize", "-m", packed, "-f", name], input: text)
    let direct = try EmendProcess(["tokenize", "-m", packed, text])
    #expect(run.status == 0 && run.text == direct.text && run.errors.isEmpty)
  }

  /// What is measured is speed, which training does not bound.
  @Test func benchGoesBeyondTraining() throws {
    let run = try EmendProcess(
      ["bench", "-m", packed, "-p", "5000", "-n", "0", "-r", "1", "-t", "64", "-o", "csv"])
    #expect(run.status == 0 && run.errors.isEmpty)
    #expect(run.text.contains("pp5000"))
    // Never more threads than run at once.
    let columns = run.text.split(separator: "\n").last?.split(separator: ",")
    #expect(Int(columns?[4] ?? "") == min(64, ProcessInfo.processInfo.activeProcessorCount))
  }
}
