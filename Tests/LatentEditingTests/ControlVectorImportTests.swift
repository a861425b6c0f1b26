import Foundation
import LatentEditing
import ModelFiles
import TestSupport
import Testing

struct ControlVectorImportTests {
  private func vector(
    _ tensors: [(String, [Int], [Float])], firstBlock: Int = 0, layer: Int? = nil,
    row: Int? = nil, layers: LayerSelection = .all, file: String = "vectors.safetensors"
  ) throws -> ControlVector {
    let path = TinyModel.temporaryPath(file)
    defer { try? FileManager.default.removeItem(atPath: path) }
    var writer = try SafetensorsWriter(
      path: path, tensors: tensors.map { .init(name: $0.0, type: .f32, shape: $0.1) }, metadata: [])
    for tensor in tensors { try writer.append(tensor.2.span) }
    try writer.commit()
    return try ControlVector(
      checkpoint: path, width: 2, layerCount: 4, firstBlock: firstBlock, layer: layer, row: row,
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

  /// Rows that are concepts in one block, as AxBench saves them, are asked for, also where there are as many
  /// as blocks and the file is called as AxBench calls it.
  @Test func rowsOfConcepts() throws {
    let table = ("concepts", [3, 2], [0, 0, 1, 2, 3, 4] as [Float])
    #expect(try vector([table], layer: 3, row: 1).directions == [3: [1, 2]])
    #expect(try vector([table], layer: -1, row: 2).directions == [3: [3, 4]])
    func problem(_ body: () throws -> ControlVector) throws -> String {
      "\(try #require(#expect(throws: LatentEditingError.self) { _ = try body() }))"
    }
    #expect(try problem { try vector([table]) }.contains("(--row 7 --layer 12)"))
    #expect(try problem { try vector([table], layer: 2) }.contains("--row"))
    #expect(try problem { try vector([table], layer: 2, row: 3) }.contains("0 to 2"))
    #expect(
      try problem { try vector([("1", [2], [1, 2])], layer: 2, row: 0) }.contains("no table"))
    let square = ("", [4, 2], [0, 0, 1, 2, 3, 4, 5, 6] as [Float])
    #expect(
      try problem { try vector([square], layers: LayerSelection([1]), file: "DiffMean_weight.pt") }
        .contains("AxBench"))
    #expect(try vector([square], layers: LayerSelection([1])).directions == [1: [1, 2]])
    // One row more than blocks: the embedding before them, as in hidden_states.
    let states = ("", [5, 2], [0, 0, 1, 2, 3, 4, 5, 6, 7, 8] as [Float])
    #expect(try problem { try vector([states]) }.contains("--first-block 1"))
    #expect(
      try vector([states], firstBlock: 1, layers: LayerSelection([1, 2])).directions
        == [1: [3, 4], 2: [5, 6]])
  }

  /// What pyvene and pyreft save is named as what it is: a folder with its kinds, and a file of one.
  @Test func interventionsAreNamed() throws {
    let scratch = try TemporaryFolder()
    let types = ["<class 'pyreft.interventions.LoreftIntervention'>"]
    func problem(_ path: String) throws -> String {
      let error = #expect(throws: LatentEditingError.self) {
        try ControlVector(checkpoint: path, width: 2, layerCount: 4)
      }
      return "\(try #require(error))"
    }
    _ = try scratch.file(
      "config.json",
      String(
        decoding: JSONSerialization.data(withJSONObject: ["intervention_types": types]),
        as: UTF8.self))
    let folder = try problem(scratch.url.path)
    #expect(folder.contains("pyvene") && folder.contains("LoreftIntervention"), "\(folder)")
    let file = #expect(throws: LatentEditingError.self) {
      try vector([
        ("weight", [1, 2], [1, 2]), ("bias", [1], [1]), ("rotate_layer", [2, 1], [1, 2]),
      ])
    }
    #expect("\(try #require(file))".contains("pyreft"))
    let other = try TemporaryFolder()
    #expect(try problem(other.url.path).contains("it is a folder"))
    _ = try other.file("intkey_layer.3.comp.block_output.unit.pos.nunit.1#0.bin", "x")
    #expect(try problem(other.url.path).contains("pyvene"))
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
