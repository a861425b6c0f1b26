import Crypto
import Foundation
import ModelFiles

/// What is to be saved of a training: bytes by name, where they lie, and small values.
///
///     var contents = TrainingStateContents()
///     contents.add("weights", UnsafeRawBufferPointer(weights))
///     contents.add("counters", value: counters)
///     try contents.write(path: "out/last.state")
public struct TrainingStateContents {
  private var values: [String: String] = [:]
  /// Hands a section's bytes to who writes them, in pieces.
  package typealias Source = (
    _ write: (UnsafeRawBufferPointer) throws(EditorTrainingError) -> Void
  ) throws(EditorTrainingError) -> Void
  private var sections: [(name: String, byteCount: Int, source: Source)] = []

  /// Nothing yet.
  public init() {}

  /// Adds bytes, which are to stay where they are until the state is written. Names must differ.
  public mutating func add(_ name: String, _ bytes: UnsafeRawBufferPointer) {
    add(name, byteCount: bytes.count) { write throws(EditorTrainingError) in try write(bytes) }
  }

  /// Adds so many bytes that come from elsewhere while the state is written. Names must differ.
  package mutating func add(_ name: String, byteCount: Int, _ source: @escaping Source) {
    precondition(!sections.contains { $0.name == name }, "there are two sections \(name)")
    sections.append((name, byteCount, source))
  }

  /// Adds a value that JSON can express. Names must differ.
  public mutating func add(_ name: String, value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(value) else {
      preconditionFailure("\(name) holds a number that is not finite")
    }
    let known = values.updateValue(String(decoding: data, as: UTF8.self), forKey: name)
    precondition(known == nil, "there are two values \(name)")
  }

  /// Writes the file at `path`, which is there whole or as it was before (see `AtomicFileWriter`), on
  /// the disk when this returns. Throws `EditorTrainingError.file`.
  public func write(path: String) throws(EditorTrainingError) {
    let header = TrainingStateLayout.Header(
      version: TrainingStateLayout.version, values: values,
      sections: sections.map { .init(name: $0.name, byteCount: $0.byteCount) })
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let text = try? encoder.encode(header) else {
      preconditionFailure("a header holds names and sizes")
    }
    precondition(text.count <= TrainingStateLayout.mostHeaderBytes, "values are small")
    let length = withUnsafeBytes(of: UInt32(text.count).littleEndian, Array.init)

    // Weights compress by a tenth at any level: the fastest.
    var file = try filing { () throws(ModelFileError) in try ZstdWriter(path: path, level: 1) }
    var digest = SHA256()
    let head = TrainingStateLayout.magic + length + text
    digest.update(data: head)
    try filing { () throws(ModelFileError) in try file.append(head.span.bytes) }
    for section in sections {
      var written = 0
      try section.source { bytes throws(EditorTrainingError) in
        written += bytes.count
        try filing { () throws(ModelFileError) in
          try bytes.inPieces { piece throws(ModelFileError) in
            digest.update(bufferPointer: piece)
            try file.append(RawSpan(_unsafeBytes: piece))
          }
        }
      }
      precondition(written == section.byteCount, "\(section.name) has as many bytes as it says")
    }
    let checksum = Array(digest.finalize())
    try filing { () throws(ModelFileError) in try file.append(checksum.span.bytes) }
    do { try file.commit() } catch { throw .file(error) }
  }

  private func filing<Result: ~Copyable>(
    _ body: () throws(ModelFileError) -> Result
  ) throws(EditorTrainingError) -> Result {
    do { return try body() } catch { throw .file(error) }
  }
}

extension UnsafeRawBufferPointer {
  /// Calls `body` with parts that a cache holds, so that each is read from memory once.
  fileprivate func inPieces(
    _ body: (UnsafeRawBufferPointer) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    let size = 256 << 10
    var start = 0
    while start < count {
      let end = Swift.min(start + size, count)
      try body(UnsafeRawBufferPointer(rebasing: self[start..<end]))
      start = end
    }
  }
}
