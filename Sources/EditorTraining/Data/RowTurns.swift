import ModelFiles
import Tokenization

/// A row that is written as a conversation, as others' training files have it:
///
/// - `"messages": [{"role": "user", "content": "..."}, ...]` (OpenAI, TRL); a content may be a list of parts,
///   of which the texts count;
/// - `"conversations": [{"from": "human", "value": "..."}, ...]` (ShareGPT);
/// - `"prompt"` and `"completion"`, each a text or such a list.
///
/// One question and its answer are a row: what the system says, or else the question, is the instruction.
struct RowTurns {
  private struct Turn {
    var role: ChatMessage.Role
    var text: String
  }

  private let file: MappedFile
  private var turns: [Turn] = []
  private var prompt: [Turn]?
  private var completion: [Turn]?
  private var problem: String?
  /// Whether the row has any of these fields.
  private(set) var isPresent = false

  init(_ file: MappedFile) { self.file = file }

  private static let roles: [String: ChatMessage.Role] = [
    "system": .system, "developer": .system, "user": .user, "human": .user, "assistant": .assistant,
    "gpt": .assistant, "model": .assistant, "bot": .assistant, "chatgpt": .assistant,
  ]

  /// Reads the value of `key`, or passes over that of one that has no part in conversations.
  mutating func read(_ cursor: inout JSONCursor, _ key: String) throws(ModelFileError) {
    switch key {
    case "messages", "conversations", "conversation":
      isPresent = true
      turns = try readTurns(&cursor, key, alone: .user)
    case "prompt":
      isPresent = true
      prompt = try readTurns(&cursor, key, alone: .user)
    case "completion", "response":
      isPresent = isPresent || key == "completion"
      completion = try readTurns(&cursor, key, alone: .assistant)
    default: try cursor.skipValue()
    }
  }

  /// Puts the conversation into `row`; returns what is wrong with it, or nil.
  func fill(_ row: inout TrainingRow) -> String? {
    if let problem { return problem }
    let all = turns.isEmpty ? (prompt ?? []) + (completion ?? []) : turns
    if turns.isEmpty, prompt == nil || completion == nil {
      return prompt == nil ? "prompt is missing" : "completion is missing"
    }
    let system = all.prefix { $0.role == .system }
    let rest = all.dropFirst(system.count)
    guard rest.map(\.role) == [.user, .assistant], let question = rest.first, let answer = rest.last
    else {
      return
        "its turns are \(all.map(\.role.rawValue).joined(separator: ", ")), and a row is one question of "
        + "the user and its answer, after what the system says"
    }
    let instruction = system.map(\.text).joined(separator: "\n")
    (row.instruction, row.input) =
      instruction.isEmpty ? (question.text, "") : (instruction, question.text)
    row.output = answer.text
    return nil
  }

  /// A list of turns, or a text, which is what `alone` says.
  private mutating func readTurns(
    _ cursor: inout JSONCursor, _ key: String, alone: ChatMessage.Role
  ) throws(ModelFileError) -> [Turn] {
    switch next(cursor) {
    case UInt8(ascii: "\""): return [Turn(role: alone, text: try cursor.readString())]
    case UInt8(ascii: "["): break
    default:
      problem = problem ?? "\(key) is neither a text nor a list of turns"
      try cursor.skipValue()
      return []
    }
    var turns: [Turn] = []
    var wrong: String?
    try cursor.readArray { cursor throws(ModelFileError) in
      guard next(cursor) == UInt8(ascii: "{") else {
        wrong = wrong ?? "a turn of \(key) is no object"
        return try cursor.skipValue()
      }
      var role: String?
      var text: String?
      try cursor.readObject { cursor, field throws(ModelFileError) in
        switch (field, next(cursor)) {
        case ("role", UInt8(ascii: "\"")), ("from", UInt8(ascii: "\"")):
          role = try cursor.readString()
        case ("content", UInt8(ascii: "\"")), ("value", UInt8(ascii: "\"")):
          text = try cursor.readString()
        case ("content", UInt8(ascii: "[")): text = try readParts(&cursor)
        default: try cursor.skipValue()
        }
      }
      guard let role, let known = Self.roles[role], let text else {
        let found = role.map { "the role \($0.prefix(40).debugDescription)" } ?? "no role"
        wrong =
          wrong
          ?? (text == nil
            ? "a turn of \(key) has no text"
            : "a turn of \(key) has \(found), and roles are system, user and assistant")
        return
      }
      turns.append(Turn(role: known, text: text))
    }
    problem = problem ?? wrong
    return turns
  }

  /// The texts of `[{"type": "text", "text": "..."}, ...]`, one after the other.
  private func readParts(_ cursor: inout JSONCursor) throws(ModelFileError) -> String {
    var text = ""
    try cursor.readArray { cursor throws(ModelFileError) in
      guard next(cursor) == UInt8(ascii: "{") else { return try cursor.skipValue() }
      try cursor.readObject { cursor, field throws(ModelFileError) in
        if field == "text", next(cursor) == UInt8(ascii: "\"") {
          text += try cursor.readString()
        } else {
          try cursor.skipValue()
        }
      }
    }
    return text
  }

  /// The first byte of the next value.
  private func next(_ cursor: JSONCursor) -> UInt8? {
    file.bytes[cursor.offset...].first { !$0.isJSONSpace }
  }
}
