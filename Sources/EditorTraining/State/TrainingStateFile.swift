import Foundation
import ModelFiles

/// A training state on disk, as `TrainingStateContents` writes it.
///
/// Opening reads it once from end to end and checks everything, the checksum too; `read(into:)` reads
/// it once more, to where the bytes belong. So nothing is overwritten by a file that is damaged or of
/// another training, and no second copy of anything is in memory.
public struct TrainingStateFile {
  /// The file.
  public let path: String
  private let file: MappedFile
  private let header: TrainingStateLayout.Header

  /// Opens and checks the file at `path`.
  ///
  /// Throws `EditorTrainingError.file`, `.notTrainingState`, `.stateVersion` or `.damagedState`.
  public init(path: String) throws(EditorTrainingError) {
    self.path = path
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    header = try Self.scan(file) { _, _, _ in }
  }

  /// Bytes of each section, by name.
  public var sectionByteCounts: [String: Int] {
    Dictionary(uniqueKeysWithValues: header.sections.map { ($0.name, $0.byteCount) })
  }

  /// A value that was added under that name. Throws `EditorTrainingError.stateSections` where there is
  /// none and `.damagedState` where it is something else.
  public func value<Value: Decodable>(
    _ type: Value.Type, _ name: String
  ) throws(EditorTrainingError) -> Value {
    guard let text = header.values[name] else {
      throw .stateSections(path: path, missing: [name], unknown: [])
    }
    do { return try JSONDecoder().decode(type, from: Data(text.utf8)) } catch {
      throw .damagedState(path: path, problem: "\(name) cannot be read")
    }
  }

  /// Copies every section to the place that is given for it. There must be a place of the right size
  /// for each, and no other: otherwise it throws `EditorTrainingError.stateSections` or
  /// `.stateSectionSize`, and nothing was written.
  public func read(
    into places: [(name: String, bytes: UnsafeMutableRawBufferPointer)]
  ) throws(EditorTrainingError) {
    let names = Set(places.map(\.name))
    precondition(names.count == places.count, "each section has one place")
    let found = sectionByteCounts
    let missing = names.subtracting(found.keys).sorted()
    let unknown = Set(found.keys).subtracting(names).sorted()
    guard missing.isEmpty, unknown.isEmpty else {
      throw .stateSections(path: path, missing: missing, unknown: unknown.map(printable))
    }
    for place in places where found[place.name] != place.bytes.count {
      throw .stateSectionSize(
        path: path, section: place.name, found: found[place.name] ?? 0, needed: place.bytes.count)
    }
    let byName = Dictionary(uniqueKeysWithValues: places.map { ($0.name, $0.bytes) })
    let inOrder = header.sections.compactMap { byName[$0.name] }
    _ = try Self.scan(file) { section, offset, piece in
      UnsafeMutableRawBufferPointer(rebasing: inOrder[section][offset...]).copyMemory(from: piece)
    }
  }

  /// Hands every section's bytes to `take`, piece by piece, with the section's place in `sections`, whose names, sizes
  /// and order must be the file's: otherwise it throws as above, and nothing was handed out.
  package func read(
    _ sections: [(name: String, byteCount: Int)],
    _ take: (_ section: Int, _ piece: UnsafeRawBufferPointer) -> Void
  ) throws(EditorTrainingError) {
    let found = header.sections
    let names = Set(sections.map(\.name))
    let missing = names.subtracting(found.map(\.name)).sorted()
    let unknown = Set(found.map(\.name)).subtracting(names).sorted()
    guard missing.isEmpty, unknown.isEmpty else {
      throw .stateSections(path: path, missing: missing, unknown: unknown.map(printable))
    }
    guard found.map(\.name) == sections.map(\.name) else {
      throw .damagedState(path: path, problem: "its sections are in another order")
    }
    for (known, needed) in zip(found, sections) where known.byteCount != needed.byteCount {
      throw .stateSectionSize(
        path: path, section: known.name, found: known.byteCount, needed: needed.byteCount)
    }
    _ = try Self.scan(file) { section, _, piece in take(section, piece) }
  }

  /// Reads the whole file, checks it and hands the sections' bytes to `body`, in order, piece by piece,
  /// with the section's index and the piece's offset in it.
  private static func scan(
    _ file: MappedFile, _ body: (Int, Int, UnsafeRawBufferPointer) -> Void
  ) throws(EditorTrainingError) -> TrainingStateLayout.Header {
    var scanner = TrainingStateScanner(path: file.path)
    var failure: EditorTrainingError?
    do {
      try ZstdSource(file).decompress { piece, _ throws(ModelFileError) in
        do throws(EditorTrainingError) {
          try scanner.take(piece, body)
        } catch {
          failure = error
          throw .damagedZstd(path: file.path, offset: 0, problem: "its content")
        }
      }
    } catch {
      if let failure { throw failure }
      // Whatever is no zstd at its beginning is some other file.
      if case .damagedZstd(_, offset: 0, _) = error, !scanner.hasBegun {
        throw .notTrainingState(path: file.path)
      }
      throw .file(error)
    }
    return try scanner.finish()
  }
}
