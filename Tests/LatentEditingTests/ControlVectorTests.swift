import BlockFormats
import Foundation
import LatentEditing
import ModelFiles
import TestSupport
import Testing

struct ControlVectorTests {
  @Test func isReadAsItWasWritten() throws {
    let vector = ControlVector(
      directions: [1: [0.5, -1, 2, 0], 3: [1, 2, 3, 4]], modelHint: "llama")
    let path = TinyModel.temporaryPath("vector.gguf")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try vector.write(to: path)
    #expect(try ControlVector(path: path, width: 4, layerCount: 4) == vector)
    // After block 1 is before block 2.
    let edit = try vector.edit(width: 4, layerCount: 4, scale: -2, range: 1...2)
    #expect(
      edit.sites == [
        LatentSite(point: 2, position: .all, scale: .plain, gate: -2, latent: [0.5, -1, 2, 0])
      ])
    #expect(try ControlVector(edit).directions == [1: [-1, 2, -4, 0]])
    #expect(throws: LatentEditingError.self) {
      try vector.edit(width: 4, layerCount: 4, range: 2...2)
    }
  }

  @Test func onlyPlainEditsOfAllTokensAreControlVectors() throws {
    func edit(
      _ point: Int, _ position: SitePosition, _ scale: LatentScale
    ) throws -> LatentEdit {
      try LatentEdit(
        width: 2, layerCount: 4,
        sites: [
          LatentSite(point: point, position: position, scale: scale, gate: 1, latent: [1, 2])
        ])
    }
    #expect(try ControlVector(edit(4, .all, .plain)).directions == [3: [1, 2]])
    #expect(throws: LatentEditingError.self) { try ControlVector(edit(4, .prompt, .plain)) }
    #expect(throws: LatentEditingError.self) { try ControlVector(edit(4, .all, .norm)) }
    #expect(throws: LatentEditingError.self) { try ControlVector(edit(1, .all, .plain)) }
  }

  /// Directions that a tool stored in another format than llama.cpp's: 1, -2, 0.5 and 0 in halves and in
  /// bf16, and 32 codes under the scale 0.25.
  @Test func otherFormats() throws {
    let path = TinyModel.temporaryPath("formats.gguf")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let codes = (0..<32).map { UInt8(bitPattern: Int8($0 - 16)) }
    let halves: [UInt16] = [0x3C00, 0xC000, 0x3800, 0]
    let brain: [UInt16] = [0x3F80, 0xC000, 0x3F00, 0]
    func bytes(_ words: [UInt16]) -> [UInt8] {
      words.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
    }
    let repeated = { (words: [UInt16]) in bytes((0..<8).flatMap { _ in words }) }
    var writer = try GGUFWriter(
      path: path, metadata: [("general.architecture", .string("controlvector"))],
      tensors: [
        .init(name: "direction.1", shape: [32], format: .f16),
        .init(name: "direction.2", shape: [32], format: .bf16),
        .init(name: "direction.3", shape: [32], format: .q8_0),
      ])
    for some in [repeated(halves), repeated(brain), bytes([0x3400]) + codes] {
      try writer.append(some.span.bytes)
    }
    try writer.commit()
    let vector = try ControlVector(path: path, width: 32, layerCount: 4)
    let plain: [Float] = (0..<8).flatMap { _ in [1, -2, 0.5, 0] }
    #expect(vector.directions[1] == plain && vector.directions[2] == plain)
    #expect(vector.directions[3] == (0..<32).map { 0.25 * Float($0 - 16) })
  }

  /// Directions that the model has no place for: the error says how to leave them out, and so they are.
  @Test func otherLayersCanBeLeftOut() throws {
    let path = TinyModel.temporaryPath("layers.gguf")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let layers = [0, 1, 3, 4, 9]
    var writer = try GGUFWriter(
      path: path, metadata: [("general.architecture", .string("controlvector"))],
      tensors: layers.map { .init(name: "direction.\($0)", shape: [2], format: .f32) })
    for layer in layers { try writer.append(([Float(layer), 1] as [Float]).span.bytes) }
    try writer.commit()
    let error = #expect(throws: LatentEditingError.self) {
      try ControlVector(path: path, width: 2, layerCount: 4)
    }
    #expect("\(error!)".contains("--control-vector-layer-range 1 3"))
    let vector = try ControlVector(path: path, width: 2, layerCount: 4, range: 1...3)
    #expect(vector.directions == [1: [1, 1], 3: [3, 1]])
  }

  /// One lie each, and what is said of it.
  @Test(
    arguments: [
      (["direction.1": [1, 2, 3]], "controlvector", "width"),
      (["direction.0": [1, 2, 3, 4]], "controlvector", "layer 0"),
      (["direction.4": [1, 2, 3, 4]], "controlvector", "layer 4 of 4"),
      (["direction.x": [1, 2, 3, 4]], "controlvector", "no number"),
      (["direction.1": [1, 2, .nan, 4]], "controlvector", "NaN"),
      (["direction.1": [1, 2, 3, 4]], "llama", "a model"),
      (["other": [1, 2, 3, 4]], "controlvector", "no direction"),
    ] as [([String: [Float]], String, String)])
  func liesAreRefused(tensors: [String: [Float]], architecture: String, lie: String) throws {
    let path = TinyModel.temporaryPath("lie.gguf")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let names = tensors.keys.sorted()
    var writer = try GGUFWriter(
      path: path, metadata: [("general.architecture", .string(architecture))],
      tensors: names.map {
        .init(name: $0, shape: [tensors[$0]!.count], format: .f32)
      })
    for name in names {
      let values = tensors[name]!
      try writer.append(values.span.bytes)
    }
    try writer.commit()
    #expect(throws: LatentEditingError.self, "\(lie)") {
      try ControlVector(path: path, width: 4, layerCount: 4)
    }
  }
}
