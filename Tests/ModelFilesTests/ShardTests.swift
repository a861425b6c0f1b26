import ModelFiles
import TestSupport
import Testing

/// Folders of many files: what the index says must be so.
struct ShardTests {
  private static let index = "f/model.safetensors.index.json"

  private static func shard(_ names: [String]) -> [UInt8] {
    let entries = names.enumerated().map { index, name in
      "\"\(name)\":{\"dtype\":\"F32\",\"shape\":[1],"
        + "\"data_offsets\":[\(index * 4),\(index * 4 + 4)]}"
    }
    let header = "{" + entries.joined(separator: ",") + "}"
    var bytes: [UInt8] = []
    bytes.put(UInt64(header.utf8.count))
    return bytes + Array(header.utf8) + [UInt8](repeating: 0, count: names.count * 4)
  }

  private func open(
    index: String, _ shards: [String: [UInt8]]
  ) throws(ModelFileError) -> SafetensorsFolder {
    var files = [Self.index: Array(index.utf8)]
    for (name, bytes) in shards { files["f/" + name] = bytes }
    return try SafetensorsFolder(
      path: "f",
      opening: Opening { [files] path throws(ModelFileError) in
        guard let bytes = files[path] else { throw .noSuchFile(path: path) }
        return try mapped(bytes, path: path)
      })
  }

  private func refusal(index: String, _ shards: [String: [UInt8]]) -> ModelFileError? {
    thrown { () throws(ModelFileError) in try open(index: index, shards) }
  }

  @Test func joinsShards() throws {
    let folder = try open(
      index: #"{"metadata":{"total_size":8.5},"weight_map":{"a":"1","b":"2"}}"#,
      ["2": Self.shard(["b", "not in the index"]), "1": Self.shard(["a"])])
    #expect(folder.tensors.map(\.name) == ["a", "b", "not in the index"])
    #expect(folder.tensors.map(\.part) == [0, 1, 1])
    #expect(folder.tensors.files.map(\.path) == ["f/1", "f/2"])
    #expect(folder.tensors.path == "f")
  }

  @Test func aShardIsMissing() {
    let error = refusal(
      index: #"{"weight_map":{"a":"1","b":"2"}}"#, ["1": Self.shard(["a", "b"])])
    #expect(error == .missingShard(path: "f/2", index: "model.safetensors.index.json"))
  }

  @Test func aTensorIsInAnotherShard() {
    let error = refusal(
      index: #"{"weight_map":{"a":"1","b":"2"}}"#,
      ["1": Self.shard(["a", "b"]), "2": Self.shard(["c"])])
    #expect(
      error == .notInShard(path: "f/2", tensor: "b", index: "model.safetensors.index.json"))
  }

  @Test func aTensorIsNowhere() {
    let error = refusal(index: #"{"weight_map":{"a":"1","b":"1"}}"#, ["1": Self.shard(["a"])])
    #expect(
      error == .notInShard(path: "f/1", tensor: "b", index: "model.safetensors.index.json"))
  }

  @Test func aTensorIsInTwoShards() {
    let error = refusal(
      index: #"{"weight_map":{"a":"1","b":"2"}}"#,
      ["1": Self.shard(["a"]), "2": Self.shard(["b", "a"])])
    #expect(error == .tensorInTwoShards(path: "f/2", tensor: "a", other: "f/1"))
  }

  @Test func theIndexNamesATensorTwice() {
    let error = refusal(index: #"{"weight_map":{"a":"1","a":"1"}}"#, ["1": Self.shard(["a"])])
    #expect(error == .duplicateTensor(path: Self.index, tensor: "a"))
  }

  @Test(arguments: ["../1", "/1", "", "..", "a/1", "1\\u0000"])
  func theIndexLeadsOutOfTheFolder(name: String) {
    let error = refusal(index: "{\"weight_map\":{\"a\":\"\(name)\"}}", ["1": Self.shard(["a"])])
    guard case .invalidField(Self.index, "the file of a", _, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: [#"{}"#, #"{"weight_map":{}}"#])
  func theIndexIsEmpty(index: String) {
    #expect(refusal(index: index, [:]) == .missingKey(path: Self.index, key: "weight_map"))
  }

  @Test func theIndexIsNoJSON() {
    #expect(
      refusal(index: "<html>", [:]) == .invalidJSON(path: Self.index, offset: 0, wanted: "object"))
    let twice = #"{"weight_map":{"a":"1"},"weight_map":{"a":"1"}}"#
    #expect(refusal(index: twice, [:]) == .duplicateKey(path: Self.index, key: "weight_map"))
  }

  @Test func nothingIsThere() {
    let error = thrown { () throws(ModelFileError) in
      try SafetensorsFolder(
        path: "f", opening: Opening { path throws(ModelFileError) in throw .noSuchFile(path: path) }
      )
    }
    #expect(
      error
        == .noWeights(path: "f", wanted: "model.safetensors, model.safetensors.index.json"))
  }
}
