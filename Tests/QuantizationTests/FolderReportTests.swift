import BlockFormats
import Foundation
import Quantization
import TestSupport
import Testing

/// What is said of folders before they are converted.
struct FolderReportTests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private func copy(_ name: String) throws -> String {
    let copy = scratch.path(UUID().uuidString)
    try FileManager.default.copyItem(
      atPath: QuantizedCheckpointTests.path(name), toPath: copy)
    return copy
  }

  /// Said without converting it: who quantized it, how its matrices are stored, and what it becomes.
  @Test(arguments: QuantizedCheckpointTests.folders)
  func reportsOfFolders(name: String) throws {
    let folder = try copy(name)
    try FileManager.default.copyItem(
      atPath: QuantizedCheckpointTests.tokenizer, toPath: folder + "/tokenizer.json")
    let report = FolderReport(path: folder)
    #expect(report.layout == "Hugging Face" && report.architecture == "LlamaForCausalLM")
    let methods = ["gptq": "gptq", "awq": "awq", "mlx": "mlx", "bnb": "bitsandbytes"]
    let known = methods.first { name.hasPrefix($0.key) }?.value
    if let known {
      #expect(report.quantization == known)
    } else {
      #expect(["compressed-tensors", "fp8", "fbgemm_fp8"].contains(report.quantization ?? ""))
    }
    #expect(report.refused == nil)
    let model = try #require(report.converts)
    // The base is tied, and has 64 of width, and 4 heads of 16 of which 2 are of keys and values. Inside it is as
    // wide as its quantizer's blocks need.
    let configuration =
      try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: folder + "/config.json"))) as? [String: Any]
    let inside = try #require(configuration?["intermediate_size"] as? Int)
    let block = 64 * 64 * 2 + 2 * 32 * 64 + 3 * 64 * inside + 2 * 64
    #expect(model.parameters == 302 * 64 + block + 64)
    #expect(model.layers == 1 && model.vocabulary == 302 && model.contextLength == 256)
    #expect(model.weights.contains { $0 != "f16" && $0 != "f32" }, "\(model.weights)")
    let file = try ConversionFixture.convert(
      folder, ConversionRecipe(type: .q8_0, allowsRequantizing: true), in: scratch)
    #expect(model.bytes["q8_0"] == file.tensors.reduce(0) { $0 + $1.byteCount })
  }

  @Test func reportsOfFoldersThatAreRefused() throws {
    let folder = try copy("awq")
    let url = URL(fileURLWithPath: folder + "/config.json")
    var json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    json["architectures"] = ["GemmaForCausalLM"]
    try JSONSerialization.data(withJSONObject: json).write(to: url)
    let report = FolderReport(path: folder)
    #expect(report.architecture == "GemmaForCausalLM" && report.quantization == "awq")
    #expect(report.converts == nil && !report.types.isEmpty)
    #expect(try #require(report.refused).contains("GemmaForCausalLM"))
    #expect(report.description.contains("refused       \(folder)/config.json: the architecture is"))
    let meta = FolderReport(path: ConversionFixture.path("meta-2"))
    #expect(meta.layout == "Meta" && meta.architecture == "LLaMA" && meta.files.count == 2)
    #expect(meta.converts?.weights == ["f16"])
    for other in [QuantizedCheckpointTests.path("lora"), scratch.url.path] {
      let report = FolderReport(path: other)
      #expect(report.layout == nil && report.refused != nil)
    }
  }
}
