import Foundation
import LatentEditing
import ModelFiles
import TestSupport
import Testing

struct ControlVectorImportTests {
  private func vector(
    _ tensors: [(String, [Int], [Float])], firstBlock: Int = 0, layer: Int? = nil,
    layers: LayerSelection = .all
  ) throws -> ControlVector {
    let path = TinyModel.temporaryPath("vectors.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    var writer = try SafetensorsWriter(
      path: path, tensors: tensors.map { .init(name: $0.0, type: .f32, shape: $0.1) }, metadata: [])
    for tensor in tensors { try writer.append(tensor.2.span) }
    try writer.commit()
    return try ControlVector(
      checkpoint: path, width: 2, layerCount: 4, firstBlock: firstBlock, layer: layer,
      layers: layers)
  }

  /// Names of steering vectors as programs give them, of a model of four blocks.
  @Test(arguments: [
    ("layer_-1", 3), ("layers.-2", 2), ("-3", 1), ("layer-2", 2), ("layer 2", 2), ("2", 2),
    ("vec_layer_2_Llama-3-7b", 2), ("model.layers.1.mlp.down_proj", 1), ("Llama-2-7b.h.3.x1", 3),
    ("blk.1.steer", 1), ("direction.3", 3), ("layer_activations.2", 2), ("layers[2]", 2),
  ])
  func blockOfAName(name: String, block: Int) throws {
    #expect(try vector([(name, [2], [1, 2])]).directions.keys.sorted() == [block])
  }

  /// Several numbers, none of which is a block's by its name; and blocks before the first.
  @Test(arguments: ["Llama-2-7b", "v1.2", "layer_-4", "layer_-9", "-0"])
  func namesThatDoNotSayTheBlock(name: String) {
    #expect(throws: LatentEditingError.self) { try vector([(name, [2], [1, 2])]) }
  }

  @Test func theLayerOfAnOnlyVectorMayBeSaid() throws {
    #expect(try vector([("mean", [2], [1, 2])], layer: 2).directions == [2: [1, 2]])
    #expect(try vector([("mean", [2], [1, 2])], layer: -1).directions == [3: [1, 2]])
    #expect(throws: LatentEditingError.self) {
      try vector([("1", [2], [1, 2]), ("2", [2], [1, 2])], layer: 2)
    }
  }

  @Test func namesSayTheBlock() throws {
    let tensors: [(String, [Int], [Float])] = [
      ("model.layers.1", [2], [1, 2]), ("vec_layer_3", [1, 2], [3, 4]),
    ]
    #expect(try vector(tensors).directions == [1: [1, 2], 3: [3, 4]])
    #expect(try vector(tensors, layers: LayerSelection([3])).directions == [3: [3, 4]])
    // Counted from 1, layer 1 is block 0, which llama.cpp has no direction for.
    #expect(throws: LatentEditingError.self) { try vector(tensors, firstBlock: 1) }
    #expect(
      try vector(tensors, firstBlock: 1, layers: LayerSelection([2])).directions == [2: [3, 4]])
  }

  @Test func rowsAreBlocks() throws {
    let table = ("directions", [4, 2], [0, 0, 1, 2, 3, 4, 5, 6] as [Float])
    #expect(
      try vector([table], layers: LayerSelection([1, 3])).directions == [1: [1, 2], 3: [5, 6]])
    #expect(throws: LatentEditingError.self) { try vector([table]) }
  }

  @Test func scaling() throws {
    let vector = try vector([("1", [2], [1, -2])])
    #expect(vector.scaled(by: -0.5).directions == [1: [-0.5, 1]])
  }

  /// One lie each, with a word of what is said of it.
  @Test(
    arguments: [
      ([("1", [3], [1, 2, 3])], "residual stream"), ([("4", [2], [1, 2])], "does not have"),
      ([("0", [2], [1, 2])], "does not have"), ([("mean", [2], [1, 2])], "does not say"),
      ([("1", [2], [1, .infinity])], "finite"),
      ([("a.1", [2], [1, 2]), ("b.1", [2], [1, 2])], "second vector"),
      ([("1", [2], [1, 2]), ("2", [2, 2], [1, 2, 3, 4])], "residual stream"),
      ([("99999999999999999999", [2], [1, 2])], "does not say"),
    ] as [([(String, [Int], [Float])], String)])
  func liesAreRefused(tensors: [(String, [Int], [Float])], word: String) throws {
    let error = #expect(throws: LatentEditingError.self) { try vector(tensors) }
    #expect("\(try #require(error))".contains(word))
  }

  @Test func aVectorOfAnotherKindIsRefused() throws {
    let path = TinyModel.temporaryPath("vector.gguf")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try ControlVector(directions: [1: [1, 2]]).write(to: path)
    #expect(throws: LatentEditingError.self) {
      try ControlVector(checkpoint: path, width: 2, layerCount: 4)
    }
  }
}
