import Foundation
import ModelFiles
import TestSupport
import Testing

/// A file that ends too early gives one error, wherever it ends.
struct GGUFTruncationTests {
  /// Every length of a small file of nine tensors.
  @Test func everyLengthOfASmallFile() throws {
    let whole = try Array(Data(contentsOf: OutsideFiles.fixture("gguf/formats.gguf")))
    let end = try #require(openInMemory(whole).tensors.map(\.endOfBytes).max())
    for length in 0..<end {
      let error = thrown { () throws(ModelFileError) in
        try openInMemory(Array(whole[..<length]))
      }
      #expect(isTruncation(error), "\(length): \(String(describing: error))")
    }
    // The padding behind the last tensor is not missed, as ggml does not miss it.
    for length in end...whole.count {
      #expect(try openInMemory(Array(whole[..<length])).tensors.count == 9)
    }
  }

  @Test(.enabled(if: OutsideFiles.smolLM2 != nil, "needs the model of tools/fetch-models"))
  func aPublishedModel() throws {
    let mapped = try MappedFile(path: OutsideFiles.smolLM2!.path)
    let tensors = try GGUFFile(path: mapped.path).tensors
    let dataStart = try #require(tensors.map(\.offset).min())
    let end = try #require(tensors.map(\.endOfBytes).max())

    var random = SplitMix64(seed: 7)
    var lengths = Set(stride(from: 0, through: dataStart, by: 4096))
    for tensor in tensors {
      for border in [tensor.offset, tensor.endOfBytes] {
        lengths.formUnion([border - 1, border, border + 1])
      }
    }
    for _ in 0..<200 { lengths.insert(Int.random(in: dataStart..<end, using: &random)) }
    lengths = lengths.filter { $0 < end }
    #expect(lengths.count > 1000)

    let clock = ContinuousClock()
    for length in lengths.sorted() {
      var error: ModelFileError?
      let time = clock.measure {
        error = thrown { () throws(ModelFileError) in
          try GGUFFile(path: mapped.path) { path throws(ModelFileError) in
            try MappedFile(
              path: path, contents: UnsafeRawBufferPointer(rebasing: mapped.bytes[..<length])
            ) { _ = mapped }
          }
        }
      }
      #expect(isTruncation(error), "\(length): \(String(describing: error))")
      #expect(time < .seconds(1))
    }
  }

  /// The same through the file system, where the end of the file is the end of the mapping.
  @Test(arguments: [1, 23, 24, 300, 575, 576, 577, 4095, 4096, 4097])
  func onDisk(length: Int) throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "emend-\(UUID()).gguf")
    defer { try? FileManager.default.removeItem(at: path) }
    let whole = try Data(contentsOf: OutsideFiles.fixture("gguf/formats.gguf"))
    try whole[..<length].write(to: path)
    let error = thrown { () throws(ModelFileError) in try GGUFFile(path: path.path) }
    #expect(isTruncation(error), "\(String(describing: error))")
  }

  /// Whether the error says that bytes are missing.
  private func isTruncation(_ error: ModelFileError?) -> Bool {
    switch error {
    case .emptyFile, .truncated, .countTooLarge, .tensorPastEnd: true
    default: false
    }
  }
}

extension GGUFTensor {
  fileprivate var endOfBytes: Int { offset + byteCount }
}
