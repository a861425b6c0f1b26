import Foundation
import ModelFiles
import TestSupport
import Testing

/// Checkpoints written by transformers, PyTorch, safetensors and zstd
/// (tools/fixtures/make_checkpoint_fixtures.py), against what these read from them.
struct CheckpointFixtureTests {
  static let names = [
    "whole", "sharded", "torch-whole", "torch-sharded", "types.safetensors",
    "types.safetensors.zst", "frames.safetensors.zst", "consolidated.00.pth", "protocol3.pth",
    "protocol4.pth", "protocol5.pth", "shared.bin", "types.bin", "nested.pt", "lightning.pt",
  ]

  private struct Expected: Decodable {
    let shape: [Int]
    let type: String
    let bytes: Int
    let crc32: UInt32
  }

  private func path(_ name: String) -> String {
    OutsideFiles.fixture("checkpoints/" + name).path
  }

  private func open(_ name: String) throws -> CheckpointTensors {
    switch name {
    case "whole", "sharded": try SafetensorsFolder(path: path(name)).tensors
    case "torch-whole", "torch-sharded": try PyTorchFolder(path: path(name)).tensors
    case _ where name.contains(".safetensors"): try SafetensorsFile(path: path(name)).tensors
    default: try PyTorchArchive(path: path(name)).tensors
    }
  }

  @Test func everyCheckpointIsTested() throws {
    let all = try expected()
    #expect(Set(all.keys) == Set(Self.names))
  }

  private func expected() throws -> [String: [String: Expected]] {
    let data = try Data(contentsOf: URL(fileURLWithPath: path("expected.json")))
    return try JSONDecoder().decode([String: [String: Expected]].self, from: data)
  }

  @Test(arguments: names)
  func matchesTheOtherReader(name: String) throws {
    let wanted = try #require(expected()[name])
    let tensors = try open(name)
    #expect(tensors.count == wanted.count)
    #expect(Set(tensors.map(\.name)) == Set(wanted.keys))
    for tensor in tensors {
      let other = try #require(wanted[tensor.name])
      #expect(tensor.shape == other.shape, "\(tensor.name)")
      #expect(tensor.type.rawValue == other.type, "\(tensor.name)")
      #expect(tensor.byteCount == other.bytes, "\(tensor.name)")
      #expect(tensors.withBytes(of: tensor) { crc32($0) } == other.crc32, "\(tensor.name)")
      // Pages given back are read again.
      tensors.releasePages(of: tensor)
      tensors.releasePages(of: tensor, elements: 0..<tensor.elementCount)
      tensors.willNeed(tensor)
      #expect(tensors.withBytes(of: tensor) { crc32($0) } == other.crc32, "\(tensor.name)")
      #expect(try tensors.tensor(named: tensor.name) == tensor)
    }
    #expect(tensors.tensorIfPresent(named: "no such tensor") == nil)
  }

  /// The fixtures hold 0 … 5 in each type; those that are no weights are refused by their name.
  @Test(arguments: ["types.safetensors", "types.bin"])
  func elementsAreReadAsFloats(name: String) throws {
    let tensors = try open(name)
    for tensor in tensors where tensor.name.hasPrefix("type.") {
      var values = [Float](repeating: -1, count: 4)
      let error = thrown { () throws(ModelFileError) in
        try values.withUnsafeMutableBufferPointer { buffer throws(ModelFileError) in
          try tensors.readFloats(of: tensor, elements: 2..<6, into: buffer)
        }
      }
      if ["F32", "F16", "BF16"].contains(tensor.type.rawValue) {
        #expect(error == nil)
        #expect(values == [2, 3, 4, 5], "\(tensor.name)")
      } else {
        let refusal = ModelFileError.unsupportedElements(
          path: path(name), tensor: tensor.name, type: tensor.type.rawValue)
        #expect(error == refusal)
        #expect(values == [-1, -1, -1, -1])
      }
    }
  }

  @Test func safetensorsMetadata() throws {
    let file = try SafetensorsFile(path: path("types.safetensors"))
    #expect(file.metadata == ["te\"xt": "Grüße\n"])
    #expect(file.tensors.tensorIfPresent(named: "na\"me\\\n\u{E9}\u{1F44B}") != nil)
    let whole = try SafetensorsFile(path: path("whole/model.safetensors"))
    #expect(whole.metadata == ["format": "pt"])
  }

  @Test func filesOfAFolder() throws {
    #expect(try open("sharded").files.count == 3)
    #expect(try open("torch-sharded").files.count == 2)
    let folder = path("whole")
    let error = thrown { () throws(ModelFileError) in try PyTorchFolder(path: folder) }
    #expect(
      error
        == .noWeights(
          path: folder, wanted: "pytorch_model.bin, pytorch_model.bin.index.json"))
  }

  /// What PyTorch saved, and cannot be read here, is refused for its own reason.
  @Test func otherThingsAreRefused() {
    func refusal(_ name: String) -> ModelFileError? {
      thrown { () throws(ModelFileError) in try PyTorchArchive(path: path(name)) }
    }
    #expect(
      refusal("transposed.bin")
        == .notContiguous(
          path: path("transposed.bin"), tensor: "turned", shape: [3, 2], strides: [1, 3]))
    #expect(
      refusal("expanded.bin")
        == .notContiguous(
          path: path("expanded.bin"), tensor: "wide", shape: [4, 3], strides: [0, 1]))
    #expect(
      refusal("strided.bin")
        == .notContiguous(
          path: path("strided.bin"), tensor: "every.other", shape: [4], strides: [2]))
    #expect(
      refusal("legacy.pth")
        == .wrongKind(path: path("legacy.pth"), wanted: .zip, found: .pickle))
    #expect(refusal("legacy.pth")?.description.contains("torch.save(torch.load(") == true)
    #expect(refusal("list.pt") == .noStateDict(path: path("list.pt"), found: "a list"))
    guard case .forbiddenGlobal(_, "torch.nn.modules.linear.Linear", 2) = refusal("module.pt"),
      case .forbiddenGlobal(_, let name, _) = refusal("numpy.pt"), name.hasPrefix("numpy.")
    else {
      Issue.record("\(String(describing: refusal("module.pt")))")
      return
    }
  }
}
