import Foundation
import InstructionEditors
import LatentEditing
import ModelFiles
import TestSupport
import Testing

/// Weights are such that sums are exact.
struct EditorAverageTests {
  private func editor(_ name: String) -> String {
    OutsideFiles.fixture("editor/\(name)/editor.safetensors").path
  }

  /// What is written, by name.
  private func average(
    _ editors: [(path: String, weight: Float)], shrink: Float = 1
  ) throws -> (path: String, values: [String: [Float]]) {
    let path = TinyModel.temporaryPath("average.safetensors")
    try EditorAverage.write(editors, shrink: shrink, to: path)
    return (path, try values(path))
  }

  private func values(_ path: String) throws -> [String: [Float]] {
    let file = try SafetensorsFile(path: path)
    return try Dictionary(
      uniqueKeysWithValues: file.tensors.map { ($0.name, try file.tensors.floats(of: $0)) })
  }

  @Test func adaptersAreShrunkAndAveraged() throws {
    let path = editor("p4-adapters")
    let whole = try values(path)
    #expect(whole.keys.contains { $0.hasSuffix(".lora_B") })
    let half = try average([(path, 1)], shrink: 0.5)
    let none = try average([(path, 1)], shrink: 0)
    let mean = try average([(path, 3), (none.path, 3)])
    let quarter = try average([(path, 1), (none.path, 3)])
    defer {
      for file in [half, none, mean, quarter] {
        try? FileManager.default.removeItem(atPath: file.path)
      }
    }
    for (name, values) in whole {
      let isUp = name.hasSuffix(".lora_B")
      #expect(half.values[name] == values.map { isUp ? $0 / 2 : $0 })
      #expect(none.values[name] == values.map { isUp ? 0 * $0 : $0 })
      #expect(mean.values[name] == half.values[name])
      for (found, value) in zip(try #require(quarter.values[name]), values) {
        let wanted = isUp ? value / 4 : value
        #expect(abs(found - wanted) <= 1e-6 * abs(wanted))
      }
    }
    #expect(try Editor.configuration(path: mean.path) == Editor.configuration(path: path))
  }

  @Test func whatDoesNotGoTogetherIsRefused() throws {
    let path = TinyModel.temporaryPath("average.safetensors")
    func refusal(_ paths: [String], shrink: Float = 1) -> String {
      let error = #expect(throws: LatentEditingError.self) {
        try EditorAverage.write(paths.map { ($0, 1) }, shrink: shrink, to: path)
      }
      #expect(!FileManager.default.fileExists(atPath: path))
      return error?.description ?? ""
    }
    #expect(refusal([editor("p0"), editor("p4")]).contains("another blueprint"))
    #expect(refusal([editor("p0")], shrink: 0.5).contains("without adapters"))
    let codes = TinyModel.temporaryPath("codes.safetensors")
    defer { try? FileManager.default.removeItem(atPath: codes) }
    try Editor(
      path: editor("p0"), identity: TinyModel.identity(), processor: nil, pool: TinyModel.pool
    ).write(to: codes, storage: .int8)
    #expect(refusal([codes]).contains("F32 or BF16"))
  }
}
