import Foundation
import PlainText
import Testing

struct PlainTextTests {
  @Test func tablesHaveColumnsAsWideAsTheirWidestCell() {
    var table = TextTable(["name", "n", ""], numbers: [1])
    table.append(["a", "10", "kept"])
    table.append(["longer", "9", ""])
    #expect(table.text == "name     n\na       10  kept\nlonger   9")
    #expect(TextTable(["one", "two"]).text == "one  two")
  }

  @Test func columnsBreakBetweenWords() {
    // Two columns of ten characters and the gap.
    let rows = TwoColumns(width: 23).rows(
      left: ["one two three", ""], right: ["abcdefghijklmn", "x"])
    #expect(rows == ["one two    | abcdefghij", "three      | klmn", "           | x"])
    #expect(TwoColumns.broken("", width: 4) == [""])
    #expect(TwoColumns.broken("abcd", width: 4) == ["abcd"])
    // A space at the limit ends the piece; one in front is no place to break.
    #expect(TwoColumns.broken("abcd efgh", width: 4) == ["abcd", "efgh"])
    #expect(TwoColumns.broken(" abcdef", width: 4) == [" abc", "def"])
    // Never narrower than ten characters.
    #expect(TwoColumns(width: 1).rows(left: ["a"], right: []) == ["a          |"])
  }

  /// What llama.cpp's -e reads, and what it leaves.
  @Test(arguments: [
    (#"a\nb\r\t"#, "a\nb\r\t"), (#"\'\"\\"#, #"'"\"#), (#"\x41\x7f"#, "A\u{7F}"),
    // No bytes of ASCII, no digits, nothing at all: as they are.
    (#"\x80"#, #"\x80"#), (#"\x4"#, #"\x4"#), (#"\q"#, #"\q"#),
    (#"end\"#, #"end\"#), (#"\\n"#, #"\n"#), ("é🙂", "é🙂"),
  ]) func escapesStandForTheirCharacters(text: String, wanted: String) {
    #expect(text.unescaped == wanted)
  }

  @Test func controlCharactersAreShown() {
    #expect("a\u{1B}[1mb\n\u{202E}é".onOneLine == #"a\u{1B}[1mb\n\u{202E}é"#)
    #expect(displayed("abc", limit: 3) == "abc")
    #expect(displayed("ab\ncd", limit: 3) == #"ab\n…"#)
  }

  @Test func numbersHaveTheirDigits() {
    #expect(Numbers.fixed(2.5, 0) == "2" && Numbers.fixed(-0.125, 2) == "-0.12")
    #expect(Numbers.fixed(1.0 / 3, 4) == "0.3333" && Numbers.fixed(.nan, 2) == "nan")
    #expect(Numbers.signed(0.06) == "+0.1" && Numbers.signed(-3) == "-3.0")
  }

  /// A shell reads the words that were quoted.
  @Test func shellsReadTheSameWords() throws {
    let words = [
      "emend", "train", "", "a b", "it's", "'", "$HOME", "`id`", "*", "~", "a\\b", "\"x\"", "é",
      "line\nend",
      "#no", "-n", "a=b", "!", "{1,2}",
    ]
    let process = Process()
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", "printf '%s\\0' " + ShellWords.quoted(words)]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    let read = String(decoding: data, as: UTF8.self).split(
      separator: "\0", omittingEmptySubsequences: false)
    #expect(read.dropLast().map(String.init) == words)
    #expect(ShellWords.quoted(["-m", "a/b.gguf:1,2"]) == "-m a/b.gguf:1,2")
  }
}

/// The command that was meant where a word is none.
struct CommandTreeTests {
  private let tree = CommandTree(
    "emend", takesWords: false,
    [
      CommandTree("chat", takesWords: false, []),
      CommandTree(
        "edit", takesWords: false, [CommandTree("compile", takesWords: false, [])]),
      CommandTree("study", takesWords: true, [CommandTree("run", takesWords: false, [])]),
    ])

  @Test(
    arguments: [
      (
        ["studdy", "x"],
        "emend has no command 'studdy'; did you mean 'study'? See 'emend --help' for all"
      ),
      (
        ["edit", "complie", "-m", "x"],
        "emend edit has no command 'complie'; did you mean 'compile'? See 'emend edit --help' for all"
      ),
      (
        ["help", "chatt"],
        "emend has no command 'chatt'; did you mean 'chat'? See 'emend --help' for all"
      ),
      (
        ["help", "study", "rnu"],
        "emend study has no command 'rnu'; did you mean 'run'? See 'emend study --help' for all"
      ),
      (["qqqqqq"], "emend has no command 'qqqqqq'; see 'emend --help' for those that it has"),
    ])
  func saysWhichWasMeant(words: [String], wanted: String) {
    #expect(tree.unknownCommand(in: words)?.description == wanted)
  }

  /// Options, arguments of a command, and of one that may be left out, are none of these.
  @Test(
    arguments: [
      [], ["chat"], ["chat", "x"], ["--version"], ["edit", "--help"], ["edit", "compile", "x"],
      ["study", "plan.yaml"], ["study", "run", "x"], ["help"], ["help", "edit", "compile"],
    ])
  func othersAreLeftAlone(words: [String]) {
    #expect(tree.unknownCommand(in: words) == nil)
  }
}
