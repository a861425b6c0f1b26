import ModelFiles

/// Reads rows from a file that is a JSON array of objects, an object with such an array under "data" (or
/// another of `wrappers`), or has an object on each line (JSONL); either may be compressed with zstd.
///
/// A row has the fields of `RowFields`, or is a conversation of one question and its answer (`RowTurns`).
///
/// What is wrong with one row is a `RowProblem` and the next row is read. Where a JSON array is itself no
/// JSON, nobody can tell where the next row begins: that is an error.
package struct TrainingRowReader {
  private let file: MappedFile
  private let fields: RowFields
  /// Good rows.
  package private(set) var rows: [TrainingRow] = []
  /// Those that were there before, and what is wrong here.
  package private(set) var problems: RowProblems
  /// Whether there was an object among its values, good as a row or not.
  package private(set) var hasObjects = false
  /// Lines are counted up to here.
  private var counted = 0
  private var line = 1

  /// Reads all rows of the file at `path`, adding to `problems`.
  init(
    path: String, fields: RowFields, problems: RowProblems = RowProblems()
  ) throws(EditorTrainingError) {
    let file: MappedFile
    do { file = try MappedFile.contents(path: path) } catch { throw .file(error) }
    try self.init(file, fields: fields, problems: problems)
  }

  /// Reads a file that is mapped already, and not compressed.
  package init(
    _ file: MappedFile, fields: RowFields = RowFields(), problems: RowProblems = RowProblems()
  ) throws(EditorTrainingError) {
    self.file = file
    self.fields = fields
    self.problems = problems
    do { try TextFile.checkEncoding(file.bytes, path: file.path) } catch { throw .file(error) }
    let start = TextFile.markLength(file.bytes)
    if file.bytes.starts(with: "PAR1".utf8) { throw .parquet(path: file.path) }
    let kind = FileKind(firstBytes: file.bytes)
    switch kind {
    case .gguf, .packed, .safetensors, .zip, .pickle, .gzip, .html, .lfsPointer:
      throw .notRows(path: file.path, found: kind)
    default: break
    }
    let first = file.bytes[start...].first { !$0.isJSONSpace }
    if first == UInt8(ascii: "[") {
      try readArray(from: start)
    } else if let array = wrappedArray(from: start) {
      try readArray(from: array, isWhole: false)
    } else {
      readLines(from: start)
    }
  }

  /// Keys that an array of rows stands under in files that say something besides.
  private static let wrappers: Set<String> = ["data", "rows", "examples", "instances", "train"]

  /// Where the array of rows begins in a file that is one object with such an array; nil for other files.
  private func wrappedArray(from start: Int) -> Int? {
    var cursor = cursor(start..<file.byteCount)
    var place: Int?
    do throws(ModelFileError) {
      try cursor.readObject { cursor, key throws(ModelFileError) in
        let first = file.bytes[cursor.offset...].firstIndex { !$0.isJSONSpace }
        if place == nil, Self.wrappers.contains(key), let first,
          file.bytes[first] == UInt8(ascii: "["),
          file.bytes[(first + 1)...].first(where: { !$0.isJSONSpace }) == UInt8(ascii: "{")
        {
          place = first
        }
        try cursor.skipValue()
      }
      try cursor.expectEnd()
    } catch { return nil }
    return place
  }

  /// With `isWhole` nothing but white space may follow the array.
  private mutating func readArray(
    from start: Int, isWhole: Bool = true
  ) throws(EditorTrainingError) {
    var cursor = cursor(start..<file.byteCount)
    var number = 0
    do {
      try cursor.readArray { cursor throws(ModelFileError) in
        number += 1
        var (row, reason) = try readRow(&cursor)
        row.number = number
        keep(row, reason)
      }
      if isWhole { try cursor.expectEnd() }
    } catch {
      guard case .invalidJSON(_, let offset, let wanted) = error else { throw .file(error) }
      throw .notJSON(path: file.path, line: lineNumber(at: offset), wanted: wanted)
    }
  }

  private mutating func readLines(from start: Int) {
    var start = start
    while start < file.byteCount {
      let end = file.bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? file.byteCount
      defer { start = end + 1 }
      guard let first = file.bytes[start..<end].firstIndex(where: { !$0.isJSONSpace }) else {
        continue
      }
      do throws(ModelFileError) {
        var cursor = cursor(first..<end)
        let (row, reason) = try readRow(&cursor)
        try cursor.expectEnd()
        keep(row, reason)
      } catch {
        let line = lineNumber(at: first)
        var reason = "it is not JSON"
        if case .invalidJSON(_, let offset, let wanted) = error {
          reason += ": at column \(offset - start + 1) there should be \(wanted)"
        }
        problems.append(RowProblem(file: file.path, line: line, reason: reason))
      }
    }
  }

  private mutating func keep(_ row: TrainingRow, _ reason: String?) {
    guard let reason else {
      rows.append(row)
      return
    }
    problems.append(RowProblem(row, reason))
  }

  /// Python writes NaN and infinities, which are no JSON: in fields that nobody reads they do no harm.
  private func cursor(_ range: Range<Int>) -> JSONCursor {
    JSONCursor(file, range, passesOverNonFinite: true)
  }

  /// The next value, and what is wrong with it as a row.
  private mutating func readRow(
    _ cursor: inout JSONCursor
  ) throws(ModelFileError) -> (TrainingRow, reason: String?) {
    let start = file.bytes[cursor.offset...].firstIndex { !$0.isJSONSpace } ?? cursor.offset
    var row = TrainingRow(
      instruction: "", output: "", file: file.path, line: lineNumber(at: start))
    guard start < file.byteCount, file.bytes[start] == UInt8(ascii: "{") else {
      try cursor.skipValue()
      return (row, "it is no object")
    }
    hasObjects = true
    var found: Set<String> = []
    var reason: String?
    var turns = RowTurns(file)
    try cursor.readObject { [fields] cursor, key throws(ModelFileError) in
      switch key {
      case fields.instruction: try readText(&cursor, key, &row.instruction, &reason)
      case fields.input: try readText(&cursor, key, &row.input, &reason, mayBeNull: true)
      case fields.output: try readText(&cursor, key, &row.output, &reason)
      case fields.parts: try readTexts(&cursor, key, &row.parts, &reason)
      case fields.split: row.split = try readOptionalText(&cursor, key, &reason)
      case fields.family: row.family = try readOptionalText(&cursor, key, &reason)
      default:
        try turns.read(&cursor, key)
        return
      }
      if !found.insert(key).inserted { reason = reason ?? "\(key) stands there twice" }
    }
    if !found.contains(fields.instruction), !found.contains(fields.output), turns.isPresent {
      reason = reason ?? turns.fill(&row)
      found.formUnion([fields.instruction, fields.output])
    }
    for (key, text) in [(fields.instruction, row.instruction), (fields.output, row.output)] {
      if !found.contains(key) {
        reason = reason ?? "\(key) is missing"
      } else if text.allSatisfy(\.isWhitespace) {
        reason = reason ?? "\(key) is empty"
      }
    }
    if let split = row.split, !DataSplit.isName(split) {
      reason =
        reason ?? "\(fields.split) is no name of letters, digits, _, - and ., at most 64 of them"
    }
    return (row, reason)
  }

  /// A text, or nil for null.
  private func readOptionalText(
    _ cursor: inout JSONCursor, _ key: String, _ reason: inout String?
  ) throws(ModelFileError) -> String? {
    let isNull = next(cursor) == UInt8(ascii: "n")
    var text = ""
    try readText(&cursor, key, &text, &reason, mayBeNull: true)
    return isNull ? nil : text
  }

  private func readText(
    _ cursor: inout JSONCursor, _ key: String, _ text: inout String, _ reason: inout String?,
    mayBeNull: Bool = false
  ) throws(ModelFileError) {
    guard next(cursor) == UInt8(ascii: "\"") else {
      if !(mayBeNull && next(cursor) == UInt8(ascii: "n")) {
        reason = reason ?? "\(key) is no text"
      }
      try cursor.skipValue()
      return
    }
    text = try cursor.readString()
  }

  private func readTexts(
    _ cursor: inout JSONCursor, _ key: String, _ texts: inout [String], _ reason: inout String?
  ) throws(ModelFileError) {
    guard next(cursor) == UInt8(ascii: "[") else {
      if next(cursor) != UInt8(ascii: "n") { reason = reason ?? "\(key) is no list of texts" }
      try cursor.skipValue()
      return
    }
    try cursor.readArray { cursor throws(ModelFileError) in
      var text = ""
      var wrong: String?
      try readText(&cursor, key, &text, &wrong)
      if wrong != nil { reason = reason ?? "\(key) is no list of texts" }
      texts.append(text)
    }
  }

  /// The first byte of the next value.
  private func next(_ cursor: JSONCursor) -> UInt8? {
    file.bytes[cursor.offset...].first { !$0.isJSONSpace }
  }

  /// The line of byte `offset`, from 1. Offsets must not decrease from call to call.
  private mutating func lineNumber(at offset: Int) -> Int {
    let end = min(max(offset, counted), file.byteCount)
    for byte in file.bytes[counted..<end] where byte == UInt8(ascii: "\n") { line += 1 }
    counted = end
    return line
  }
}

extension UInt8 {
  /// White space of RFC 8259.
  var isJSONSpace: Bool { self == 0x20 || self == 0x0A || self == 0x0D || self == 0x09 }
}
