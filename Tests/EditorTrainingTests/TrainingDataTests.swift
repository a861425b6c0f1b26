import EditorTraining
import Foundation
import ModelFiles
import TestSupport
import Testing

@Suite struct TrainingDataTests {
  /// Rows as Foundation reads them.
  private struct Row: Decodable {
    let instruction: String
    let input: String
    let output: String
    let parts: [String]?
  }

  private static let path = OutsideFiles.fixture("training/rows.json").path

  private func check(_ rows: [TrainingRow], against wanted: [Row]) {
    #expect(rows.count == wanted.count)
    for (row, wanted) in zip(rows, wanted) {
      #expect(row.instruction == wanted.instruction)
      #expect(row.input == wanted.input)
      #expect(row.output == wanted.output)
      #expect(row.parts == wanted.parts ?? [])
    }
  }

  private func wantedRows() throws -> [Row] {
    try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(fileURLWithPath: Self.path)))
  }

  /// What Python wrote, in lines that Python counted.
  @Test func readsAnArray() throws {
    let data = try TrainingData(files: [TrainingDataFile(path: Self.path)])
    check(data.rows, against: try wantedRows())
    let lines = try String(
      contentsOf: OutsideFiles.fixture("training/rows.lines"), encoding: .utf8)
    #expect(data.rows.map(\.line) == lines.split(separator: "\n").compactMap { Int($0) })
    #expect(data.rows.allSatisfy { $0.file == Self.path })
    #expect(data.problems.count == 0)
  }

  @Test(arguments: ["rows.jsonl", "rows.jsonl.zst"])
  func readsLines(name: String) throws {
    let path = OutsideFiles.fixture("training/\(name)").path
    let data = try TrainingData(
      files: [TrainingDataFile(path: path), TrainingDataFile(path: Self.path, weight: 2)])
    let wanted = try wantedRows()
    check(data.rows, against: wanted + wanted)
    #expect(data.rows.prefix(wanted.count).map(\.line) == Array(1...wanted.count))
    #expect(data.fileOfRow == wanted.map { _ in 0 } + wanted.map { _ in 1 })
  }

  /// Real files, of thousands of rows.
  @Test(
    .enabled(if: OutsideFiles.hasData("instruct/llm-adapters/math_data.json"), "needs EMEND_DATA"),
    arguments: ["rasbt_ch07_instruction-data", "alpaca_first1807", "llm-adapters/math_data"])
  func readsWhatFoundationReads(name: String) throws {
    let url = OutsideFiles.data("instruct/\(name).json")
    let data = try TrainingData(files: [TrainingDataFile(path: url.path)])
    let all = try JSONDecoder().decode([Row].self, from: Data(contentsOf: url))
    let good = all.filter {
      !$0.output.allSatisfy(\.isWhitespace) && !$0.instruction.allSatisfy(\.isWhitespace)
    }
    check(data.rows, against: good)
    #expect(data.problems.count == all.count - good.count)
  }

  private func read(_ text: String, fields: RowFields = RowFields()) throws -> TrainingData {
    var result: TrainingData?
    try withTemporaryFolder { folder in
      let path = folder + "/data"
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      result = try TrainingData(files: [TrainingDataFile(path: path)], fields: fields)
    }
    return result!
  }

  private func problems(_ data: TrainingData) -> [String] {
    data.problems.first.map { "\($0.line): \($0.reason)" }
  }

  private static let good = #"{"instruction":"a","output":"b"}"#

  /// Rows as others' training files have them: OpenAI's and TRL's messages, ShareGPT's conversations, prompts
  /// with completions.
  @Test(arguments: [
    (
      #"{"messages":[{"role":"user","content":"q"},{"role":"assistant","content":"a"}]}"#,
      ["q", "", "a"]
    ),
    (
      #"{"messages":[{"role":"system","content":"s"},{"role":"user","content":"q"},"#
        + #"{"role":"assistant","content":"a","tool_calls":null}],"id":3}"#, ["s", "q", "a"]
    ),
    (
      #"{"messages":[{"role":"user","content":[{"type":"text","text":"q"},{"type":"image"},"#
        + #"{"type":"text","text":"r"}]},{"role":"assistant","content":"a"}]}"#, ["qr", "", "a"]
    ),
    (
      #"{"id":"x","conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}"#,
      ["q", "", "a"]
    ),
    (#"{"prompt":"q","completion":"a"}"#, ["q", "", "a"]),
    (#"{"completion":"a","prompt":"q"}"#, ["q", "", "a"]),
    (
      #"{"prompt":[{"role":"system","content":"s"},{"role":"user","content":"q"}],"#
        + #""completion":[{"role":"assistant","content":"a"}]}"#, ["s", "q", "a"]
    ),
    // The fields themselves go first, and other keys are nobody's business.
    (#"{"instruction":"i","output":"o","prompt":"q","completion":"a"}"#, ["i", "", "o"]),
    (#"{"instruction":"i","output":"o","response":7}"#, ["i", "", "o"]),
  ])
  func conversations(line: String, row: [String]) throws {
    let data = try read(line)
    #expect(problems(data) == [])
    #expect(data.rows.map { [$0.instruction, $0.input, $0.output] } == [row])
  }

  @Test(arguments: [
    (#"{"messages":[]}"#, "prompt is missing"),
    (#"{"messages":[{"role":"user","content":"q"}]}"#, "its turns are user,"),
    (
      #"{"conversations":[{"from":"human","value":"q"},{"from":"gpt","value":"a"},"#
        + #"{"from":"human","value":"q"},{"from":"gpt","value":"a"}]}"#,
      "its turns are user, assistant, user, assistant,"
    ),
    (#"{"messages":[{"role":"tool","content":"q"}]}"#, #"a turn of messages has the role "tool""#),
    (#"{"messages":[{"role":"user"}]}"#, "a turn of messages has no text"),
    (#"{"messages":["q","a"]}"#, "a turn of messages is no object"),
    (#"{"messages":7}"#, "messages is neither a text nor a list of turns"),
    (#"{"prompt":"q"}"#, "completion is missing"),
    (#"{"prompt":"q","completion":""}"#, "output is empty"),
  ])
  func conversationsThatAreNoRows(line: String, problem: String) throws {
    let data = try read(line + "\n" + Self.good)
    #expect(data.rows.count == 1)
    #expect(try #require(problems(data).first).hasPrefix("1: " + problem))
  }

  /// An array under a key, as `datasets` and others write it.
  @Test(arguments: [
    #"{"data":[ROW,ROW]}"#, #"{"version":"1.0","meta":{"data":[1]},"rows":[ROW, ROW],"n":2}"#,
    "{\n \"examples\": [\n  ROW,\n  ROW\n ]\n}\n", "\u{FEFF}{\"train\":[ROW,ROW]}",
  ])
  func wrappedRows(text: String) throws {
    let data = try read(text.replacing("ROW", with: Self.good))
    #expect(data.rows.count == 2 && data.problems.count == 0)
    #expect(data.rows[0].instruction == "a" && data.rows[0].output == "b")
  }

  @Test func otherKindsOfFilesAreNamed() throws {
    let parquet = #expect(throws: EditorTrainingError.self) { try read("PAR1\u{0}\u{0}PAR1") }
    #expect("\(try #require(parquet))".contains("pandas.read_parquet("))
    try withTemporaryFolder { folder in
      let path = folder + "/rows.json"
      try Data([0xFF, 0xFE] + Array(Self.good.utf16).flatMap { [UInt8($0), 0] })
        .write(to: URL(fileURLWithPath: path))
      #expect(throws: EditorTrainingError.file(.wrongEncoding(path: path, found: "UTF-16LE"))) {
        try TrainingData(files: [TrainingDataFile(path: path)])
      }
    }
  }

  @Test func badLinesAreReported() throws {
    let data = try read(
      [
        Self.good, "", #"{"instruction":"a"}"#, "{", "[]", #"{"instruction":7,"output":"b"}"#,
        #"{"instruction":" \n","output":"b"}"#, #"{"instruction":"a","output":"","input":null}"#,
        #"{"instruction":"a","output":"b","input":["c"]}"#, Self.good + " x",
        #"{"instruction":"a","output":"b","output":"c"}"#,
        #"{"instruction":"\ud800","output":"b"}"#,
        #"  {"instruction":"a","output":"b","parts":["c",1]}"#, "\u{FEFF}" + Self.good, Self.good,
      ].joined(separator: "\r\n"))
    #expect(data.rows.map(\.line) == [1, 15])
    #expect(
      problems(data) == [
        "3: output is missing", "4: it is not JSON: at column 3 there should be string",
        "5: it is no object", "6: instruction is no text", "7: instruction is empty",
        "8: output is empty", "9: input is no text",
        "10: it is not JSON: at column 34 there should be end", "11: output stands there twice",
        "12: it is not JSON: at column 17 there should be character",
        "13: parts is no list of texts", "14: it is not JSON: at column 1 there should be value",
      ])
    #expect(data.problems.first[0].description.hasSuffix("/data:3: output is missing"))
  }

  @Test func badElementsAreReported() throws {
    let data = try read(
      "\u{FEFF}[\n\(Self.good),\n 3, \"{\", {\"instruction\": \"a\",\n\"output\": true\n}, null,\n"
        + "{\"output\":\"b\"}\n,\(Self.good)]\n")
    #expect(data.rows.map(\.line) == [2, 7])
    #expect(
      problems(data) == [
        "3: it is no object", "3: it is no object", "3: output is no text", "5: it is no object",
        "6: instruction is missing",
      ])
  }

  /// Which row of an array it is, whose lines may be one.
  @Test func rowsOfAnArrayAreNumbered() throws {
    let data = try read("[\(Self.good), {\"instruction\":\"a\"}, 7, \(Self.good)]")
    #expect(data.rows.map(\.number) == [1, 4] && data.rows.map(\.line) == [1, 1])
    #expect(
      data.problems.first.map(\.description).map { $0.split(separator: "/").last } == [
        "data:1: row 2: output is missing", "data:1: row 3: it is no object",
      ])
    #expect(try read(Self.good).rows[0].number == nil)
  }

  /// Python's numbers that JSON has not, where nobody reads them; in a field that is read, and under other
  /// names, they are what is wrong.
  @Test func numbersThatAreNone() throws {
    let row = #"{"score":NaN,"a":[-Infinity,{"b":Infinity}],"instruction":"a","output":"b"}"#
    for text in [row, "[\(row)]", "{\"n\":NaN,\"data\":[\(row)]}"] {
      let data = try read(text)
      #expect(data.rows.count == 1 && data.problems.count == 0, "\(text)")
    }
    let data = try read(
      [Self.good, #"{"instruction":NaN,"output":"b"}"#, row.replacing("NaN", with: "nan")]
        .joined(separator: "\n"))
    #expect(
      problems(data) == [
        "2: instruction is no text",
        "3: it is not JSON: at column 10 there should be value",
      ])
  }

  @Test func namesOfFields() throws {
    let data = try read(
      #"{"question":"a","answer":"b","context":"c","instruction":1,"tags":["d","e"],"side":"f","kind":"g h"}"#,
      fields: RowFields(
        instruction: "question", input: "context", output: "answer", parts: "tags",
        split: "side", family: "kind"))
    #expect(data.rows[0].instruction == "a")
    #expect(data.rows[0].input == "c")
    #expect(data.rows[0].parts == ["d", "e"])
    #expect(data.rows[0].split == "f")
    #expect(data.rows[0].family == "g h")
    #expect(throws: EditorTrainingError.self) {
      try read(Self.good, fields: RowFields(instruction: "a", output: "a"))
    }
  }

  @Test func splitAndFamily() throws {
    func row(_ more: String) -> String { #"{"instruction":"a","output":"b",\#(more)}"# }
    let long = String(repeating: "x", count: 65)
    let data = try read(
      [
        row(#""split":"unseen-phrasing_2.a","family":"case""#), row(#""split":null,"family":null"#),
        row(#""split":"""#), row(#""split":"a b""#), row(#""split":1"#), row(#""family":[]"#),
        row(#""split":"\#(long)""#), row(#""split":"train","split":"seen""#), row(#""family":"""#),
      ].joined(separator: "\n"))
    #expect(data.rows.map(\.split) == ["unseen-phrasing_2.a", nil, nil])
    #expect(data.rows.map(\.family) == ["case", nil, ""])
    let wrong = "split is no name of letters, digits, _, - and ., at most 64 of them"
    #expect(
      problems(data) == [
        "3: \(wrong)", "4: \(wrong)", "5: split is no text", "6: family is no text", "7: \(wrong)",
        "8: split stands there twice",
      ])
  }

  /// An array that breaks off, anywhere, is an error that names the line; no prefix is taken for a whole.
  @Test func brokenArraysAreRefused() throws {
    let whole = "[\n\(Self.good),\n{\"instruction\": \"a\", \"output\": \"b\\u00e9\"}\n]"
    for count in 1..<whole.utf8.count {
      #expect(throws: EditorTrainingError.self) {
        try read(String(decoding: whole.utf8.prefix(count), as: UTF8.self))
      }
    }
    let error = #expect(throws: EditorTrainingError.self) {
      try read("[\n\(Self.good)\n\(Self.good)]")
    }
    guard case .notJSON(_, line: 3, wanted: _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  /// Nesting, lengths and bytes that are no text end in errors, never in a crash.
  @Test func hostileFilesAreRefused() throws {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: EditorTrainingError.self) { try read(deep) }
    let data = try read(#"{"x":"# + deep + "\n" + Self.good)
    #expect(problems(data)[0].hasPrefix("1: it is not JSON"))
    let many = try read(String(repeating: "x\n", count: 5000) + Self.good)
    #expect(many.problems.count == 5000)
    #expect(many.problems.first.count == RowProblems.mostKept)

    let error = #expect(throws: EditorTrainingError.self) { try read("{}\n{}") }
    guard case .noRows(_, problems: 2, let example, hasObjects: true) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(example?.hasSuffix(":1: instruction is missing") == true)
    for text in ["instruction,output\nSay it twice,hi hi\n", "[1, 2]", "3\nnull\n"] {
      let error = #expect(throws: EditorTrainingError.self) { try read(text) }
      #expect("\(error!)".hasSuffix("write the file so (CSV and plain text are not read)"))
    }
    try withTemporaryFolder { folder in
      let path = folder + "/data"
      var random = SplitMix64(seed: 11)
      let text = Array("[{\"instruction\":\"a\",\"output\":\"b\",\"parts\":[\"c\"]},{}]".utf8)
      for _ in 0..<2000 {
        var bytes = text
        for _ in 0..<3 {
          bytes[.random(in: bytes.indices, using: &random)] = .random(in: 0...255, using: &random)
        }
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        _ = try? TrainingData(files: [TrainingDataFile(path: path)])
      }
    }
    #expect(throws: EditorTrainingError.self) {
      try TrainingData(files: [TrainingDataFile(path: Self.path, weight: .nan)])
    }
  }
}
