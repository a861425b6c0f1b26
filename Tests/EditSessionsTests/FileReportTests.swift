import EditSessions
import Foundation
import TestSupport
import Testing

/// What `emend inspect` says of files, as text and as JSON.
struct FileReportTests {
  /// What gguf-py finds in the fixtures (tools/fixtures).
  private struct Expected: Decodable {
    struct Tensor: Decodable {
      let name, type: String
      let shape: [Int]
      let bytes: Int
    }
    let tensors: [Tensor]
  }

  private struct Found: Decodable {
    struct Tensor: Decodable {
      let name: String
      let shape: [Int]
    }
    let file: String
    let tensors: [Tensor]
  }

  private func report(_ fixture: String) throws -> (FileReport, Found) {
    let report = try FileReport(path: OutsideFiles.fixture(fixture).path)
    return (
      report, try JSONDecoder().decode(Found.self, from: JSONEncoder().encode(report))
    )
  }

  /// The text has a line for each tensor that gguf-py finds, with its shape, format and size; so has the JSON.
  @Test(arguments: ["aligned.gguf", "formats.gguf", "types.gguf"])
  func modelsAreListed(name: String) throws {
    let expected = try #require(
      JSONDecoder().decode(
        [String: Expected].self,
        from: Data(contentsOf: OutsideFiles.fixture("gguf/expected.json")))[name])
    let (report, found) = try report("gguf/" + name)
    #expect(found.tensors.map(\.name) == expected.tensors.map(\.name))
    #expect(found.tensors.map(\.shape) == expected.tensors.map(\.shape))
    let lines = report.text.split(separator: "\n").map {
      $0.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
    }
    for tensor in expected.tensors {
      let words =
        [tensor.name]
        + tensor.shape.map(String.init).joined(separator: " x ").split(separator: " ")
        .map(String.init)
      let line = try #require(lines.first { $0.starts(with: words) }, "\(tensor.name)")
      #expect(
        line.dropFirst(words.count).map { $0.lowercased() } == [
          tensor.type.lowercased(), "\(tensor.bytes)",
        ])
    }
  }

  /// Editors and other tensors are told apart by what is in the file.
  @Test func safetensorsAreTold() throws {
    let (tensors, found) = try report("conversion/whole/model.safetensors")
    guard case .tensors = tensors else {
      Issue.record("\(tensors)")
      return
    }
    #expect(tensors.text.hasPrefix("\(found.file): a safetensors file\n\n"))
    #expect(found.tensors.allSatisfy { tensors.text.contains("\n\($0.name) ") })
    let editor = try FileReport(
      path: OutsideFiles.repository
        .appending(path: "models/editors/smollm2-135m-instruct-p0.safetensors").path)
    guard case .editor = editor else {
      Issue.record("\(editor)")
      return
    }
    #expect(editor.text.contains("\ninterface  p0\n"))
    #expect(throws: (any Error).self) { try FileReport(path: "/nonexistent") }
  }
}
