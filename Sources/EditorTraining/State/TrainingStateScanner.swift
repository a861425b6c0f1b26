import Crypto
import Foundation

/// Takes the bytes of a training state in pieces of any size, checks them and tells where they belong.
/// Nothing is allocated that the file asks for but its header.
package struct TrainingStateScanner {
  typealias Layout = TrainingStateLayout

  private let path: String
  private var digest = SHA256()
  /// Magic, length and header, as far as they came.
  private var head: [UInt8] = []
  private var header: Layout.Header?
  /// The section that comes next, and how much of it came.
  private var section = 0
  private var offset = 0
  private var checksum: [UInt8] = []

  /// Nothing yet of the file at `path`.
  package init(path: String) { self.path = path }

  /// Whether there were any bytes.
  var hasBegun: Bool { !head.isEmpty }

  /// Takes `piece` and hands what of it belongs to sections to `body`: index, offset, bytes.
  package mutating func take(
    _ piece: UnsafeRawBufferPointer, _ body: (Int, Int, UnsafeRawBufferPointer) -> Void
  ) throws(EditorTrainingError) {
    var rest = piece[...]
    try takeHead(&rest)
    guard let header else { return }

    while section < header.sections.count, !rest.isEmpty {
      let size = header.sections[section].byteCount
      let part = UnsafeRawBufferPointer(rebasing: rest.prefix(size - offset))
      digest.update(bufferPointer: part)
      if !part.isEmpty { body(section, offset, part) }
      offset += part.count
      rest = rest.dropFirst(part.count)
      if offset == size { (section, offset) = (section + 1, 0) }
    }
    skipEmptySections(header)

    guard rest.count <= Layout.digestByteCount - checksum.count else {
      throw .damagedState(path: path, problem: "there are bytes behind its end")
    }
    checksum += rest
  }

  /// Bytes of the sections by name, once everything has come.
  package func sections() throws(EditorTrainingError) -> [String: Int] {
    Dictionary(try finish().sections.map { ($0.name, $0.byteCount) }) { $1 }
  }

  /// The header, once everything has come.
  func finish() throws(EditorTrainingError) -> Layout.Header {
    guard let header else {
      throw hasBegun && head.starts(with: Layout.magic)
        ? .damagedState(path: path, problem: "it ends in its header")
        : .notTrainingState(path: path)
    }
    guard section == header.sections.count, checksum.count == Layout.digestByteCount else {
      let place =
        section < header.sections.count ? printable(header.sections[section].name) : "its checksum"
      throw .damagedState(path: path, problem: "it ends in \(place)")
    }
    guard Array(digest.finalize()) == checksum else {
      throw .damagedState(path: path, problem: "its checksum is wrong")
    }
    return header
  }

  private mutating func skipEmptySections(_ header: Layout.Header) {
    while section < header.sections.count, header.sections[section].byteCount == 0 { section += 1 }
  }

  private mutating func takeHead(
    _ rest: inout Slice<UnsafeRawBufferPointer>
  ) throws(EditorTrainingError) {
    guard header == nil else { return }
    move(&rest, upTo: Layout.prefixByteCount)
    guard head.prefix(Layout.magic.count).elementsEqual(Layout.magic.prefix(head.count)) else {
      throw .notTrainingState(path: path)
    }
    guard head.count >= Layout.prefixByteCount else { return }
    let length = (0..<4).reduce(0) { $0 | Int(head[Layout.magic.count + $1]) << (8 * $1) }
    guard length <= Layout.mostHeaderBytes else {
      throw .damagedState(path: path, problem: "its header has \(length) bytes")
    }
    move(&rest, upTo: Layout.prefixByteCount + length)
    guard head.count == Layout.prefixByteCount + length else { return }
    digest.update(data: head)
    let header = try decode(head[Layout.prefixByteCount...])
    skipEmptySections(header)
    self.header = header
  }

  private mutating func move(_ rest: inout Slice<UnsafeRawBufferPointer>, upTo count: Int) {
    let part = rest.prefix(max(count - head.count, 0))
    head += part
    rest = rest.dropFirst(part.count)
  }

  private func decode(_ text: ArraySlice<UInt8>) throws(EditorTrainingError) -> Layout.Header {
    struct Version: Decodable { let version: Int }
    let data = Data(text)
    if let found = try? JSONDecoder().decode(Version.self, from: data).version,
      found != Layout.version
    {
      throw .stateVersion(path: path, found: found, supported: Layout.version)
    }
    guard let header = try? JSONDecoder().decode(Layout.Header.self, from: data) else {
      throw .damagedState(path: path, problem: "its header cannot be read")
    }
    guard header.sections.allSatisfy({ $0.byteCount >= 0 }),
      Set(header.sections.map(\.name)).count == header.sections.count
    else { throw .damagedState(path: path, problem: "its header contradicts itself") }
    return header
  }
}
