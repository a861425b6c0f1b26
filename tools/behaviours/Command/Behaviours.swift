import ArgumentParser
import BehaviourRules
import Foundation

/// Data of behaviours in conversation, and their scores.
@main
struct Behaviours: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Makes rows of behaviours in conversation from a model's own answers, and scores answers.",
    discussion: """
      'tools/behaviours/ask' asks the model everything that is needed and runs these commands:

        behaviours questions --for chat > questions.in
        emend chat -m model.gguf --temp 0 -n 72 < questions.in > transcript 2>&1
        behaviours collect transcript > answers.jsonl
        behaviours rows answers.jsonl > behaviours.jsonl
        behaviours score scored.jsonl

      What an edit should leave as it is, for emend train --locality:

        behaviours unedited answers.jsonl > unedited.jsonl
        behaviours idle > idle.txt
      """,
    subcommands: [
      AskedQuestions.self, Collect.self, Rows.self, Unedited.self, Idle.self, Score.self,
    ])
}

/// What separates the answers in a transcript: `/help` after each turn makes `emend chat` write its list of
/// commands, whose last line this is.
private let separator = "  /exit           end (also Ctrl-D)"

/// Questions as `emend chat` reads them, one conversation each.
struct AskedQuestions: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "questions",
    abstract: "Writes the questions, one a line or as input of emend chat.")

  enum Form: String, CaseIterable, ExpressibleByArgument {
    case lines, chat
  }

  @Option(name: .customLong("for"), help: "lines: one a line; chat: each its own conversation.")
  var form = Form.lines

  @Option(help: "The first so many alone.")
  var first: Int?

  @Option(help: "The name of a behaviour, whose prompt is put behind each question.")
  var behaviour: String?

  func run() throws {
    for question in try asked(behaviour, first) {
      print(form == .lines ? question : "\(question)\n/clear\n/help")
    }
  }
}

/// The questions of a run, with a behaviour's prompt behind them where one is given.
private func asked(_ behaviour: String?, _ first: Int?) throws -> [String] {
  let questions = Questions.all.prefix(first ?? .max)
  guard let behaviour else { return Array(questions) }
  guard let found = Behaviour.all.first(where: { $0.name == behaviour }) else {
    throw ValidationError("there is no behaviour \(behaviour)")
  }
  return questions.map { "\($0) \(found.prompt)" }
}

/// Transcripts to answers.
struct Collect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turns a transcript of emend chat into answers, one JSON object a line.")

  @Argument(help: "What emend chat wrote, standard error included.")
  var transcript: String

  @Option(help: "As it was given to 'questions'.")
  var first: Int?

  @Option(help: "As it was given to 'questions'.")
  var behaviour: String?

  func run() throws {
    let asked = try asked(nil, first)
    let text = try contents(transcript)
    var answers: [String] = []
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line == separator {
        // The answer, and the three other lines of the list.
        answers.append(lines.dropLast(3).joined(separator: "\n"))
        lines = []
      } else {
        lines.append(line)
      }
    }
    guard answers.count == asked.count else {
      throw InputProblem(
        "\(transcript) has \(answers.count) answers, and \(asked.count) questions were asked: "
          + "let emend chat finish, and give --first as it was given to 'questions'")
    }
    for (question, answer) in zip(asked, answers) {
      try printJSON(ModelAnswer(question: question, answer: answer, behaviour: behaviour))
    }
  }
}

/// Answers to rows.
struct Rows: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Makes rows of behaviours from answers.",
    discussion: """
      What the rules refuse is counted on standard error: answers without a whole sentence to use, and \
      prompted answers that are not in the language, do not rhyme or are no haiku.
      """)

  @Argument(help: "Answers, unedited and prompted, as 'collect' writes them.")
  var answers: [String]

  @Option(help: "Rows to train on.")
  var rows = 12_000

  @Option(help: "Rows of each other split.")
  var heldOut = 400

  @Option(name: .shortAndLong, help: "Equal seeds give equal rows.")
  var seed: UInt64 = 0

  func validate() throws {
    guard 1...1_000_000 ~= rows else { throw ValidationError("--rows is from 1 to 1000000") }
    guard 0...5000 ~= heldOut else { throw ValidationError("--held-out is from 0 to 5000") }
  }

  func run() throws {
    var maker = BehaviourRowMaker(
      try answers.flatMap { try read(ModelAnswer.self, $0) }, seed: seed)
    log("unedited answers: \(maker.plain.asked), with a sentence to use: \(maker.plain.usable)")
    for (name, count) in maker.accepted.sorted(by: { $0.key < $1.key }) {
      log("prompted for \(name): \(count.asked), accepted: \(count.accepted)")
    }
    for split in BehaviourRowMaker.Split.allCases {
      for _ in 0..<(split == .train ? rows : heldOut) {
        guard let row = maker.next(split) else {
          throw InputProblem(
            "there are not enough answers for so many rows of the split \(split.rawValue): ask for fewer"
          )
        }
        try printJSON(row)
      }
    }
  }
}

/// Answers to rows that edits should leave as they are.
struct Unedited: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Turns unedited answers into rows for emend train --locality-text.")

  @Argument(help: "Answers as 'collect' writes them; prompted ones are left out.")
  var answers: [String]

  private struct Row: Encodable {
    // Rows need one; `--locality-text` puts others in its place.
    let instruction = "Answer."
    let input, output: String
  }

  func run() throws {
    for answer in try answers.flatMap({ try read(ModelAnswer.self, $0) })
    where answer.behaviour == nil && !answer.answer.isEmpty {
      try printJSON(Row(input: answer.question, output: answer.answer))
    }
  }
}

/// Instructions that ask for nothing.
struct Idle: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Writes lines that ask for nothing, for emend train --locality-instructions.")

  @Option(help: "Lines.")
  var count = 1500

  @Option(name: .shortAndLong, help: "Equal seeds give equal lines.")
  var seed: UInt64 = 0

  func validate() throws {
    guard 1...1_000_000 ~= count else { throw ValidationError("--count is from 1 to 1000000") }
  }

  func run() throws {
    var idle = IdleInstructions(seed: seed)
    for _ in 0..<count { print(idle.next()) }
  }
}

/// Answers to scores.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Says how many answers follow their behaviour's rule and still answer the question.",
    discussion: """
      Each line has the instruction and family of a row, the question as input, the answer to score, and \
      the unedited answer. An answer still answers when at least half of the content words that question \
      and unedited answer share are in it (other languages, rhymes and haikus are not asked for that).
      """)

  @Argument(help: "Answers, one JSON object a line.")
  var answers: String

  @Flag(help: "One JSON object instead of a table.")
  var json = false

  struct Report: Encodable {
    let all: BehaviourScore
    let families: [String: BehaviourScore]
  }

  func run() throws {
    let scored = try read(ScoredAnswer.self, answers)
    guard !scored.isEmpty else { throw InputProblem("\(answers) has no answers") }
    let (all, families) = try BehaviourScore.of(scored)
    if json { return try printJSON(Report(all: all, families: families)) }
    func line(_ name: String, _ score: BehaviourScore) {
      func percent(_ n: Int) -> String {
        let text = "\(Int((100 * Double(n) / Double(score.answers)).rounded())) %"
        return String(repeating: " ", count: max(0, 8 - text.count)) + text
      }
      print(
        name.padding(toLength: 34, withPad: " ", startingAt: 0),
        String(repeating: " ", count: max(0, 5 - "\(score.answers)".count)) + "\(score.answers)",
        percent(score.rule), percent(score.content), percent(score.both))
    }
    print(
      "family".padding(toLength: 34, withPad: " ", startingAt: 0),
      "    n     rule  content     both")
    for (name, score) in families.sorted(by: { $0.key < $1.key }) { line(name, score) }
    line("all", all)
  }
}

/// What is wrong with a file, in a sentence that says what to do.
private struct InputProblem: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

private func contents(_ path: String) throws -> String {
  do {
    return try String(contentsOfFile: path, encoding: .utf8)
  } catch {
    throw InputProblem(
      "\(path) cannot be read as UTF-8 text: give a file that is there and is text")
  }
}

private func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> [Value] {
  let text = try contents(path)
  let decoder = JSONDecoder()
  return try text.split(separator: "\n").enumerated().map { index, line in
    do {
      return try decoder.decode(type, from: Data(line.utf8))
    } catch {
      throw InputProblem(
        "\(path), line \(index + 1): no \(type), whose fields are texts (see behaviours help): \(error)"
      )
    }
  }
}

private func printJSON(_ value: some Encodable) throws {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
  var line = try encoder.encode(value)
  line.append(UInt8(ascii: "\n"))
  try FileHandle.standardOutput.write(contentsOf: line)
}

private func log(_ text: String) {
  FileHandle.standardError.write(Data((text + "\n").utf8))
}
