import LanguageModels
import Testing
import TextGeneration
import Tokenization

@Suite struct ChatSessionTests {
  /// Turns written as role (13 system, 14 user, 15 assistant), letters, 10.
  private static func encode(_ messages: [ChatMessage]) -> Prompt {
    var ids: [Int] = []
    for message in messages {
      ids.append([.system: 13, .user: 14, .assistant: 15][message.role]!)
      ids += message.content.map { WordDecoder.words.firstIndex(of: String($0))! } + [10]
    }
    return Prompt(ids + [15])
  }

  private func session(
    _ model: ScriptedModel, system: String? = nil
  ) -> ChatSession {
    ChatSession(
      Generator(model, endTokens: [0]) { WordDecoder() }, system: system, encode: Self.encode)
  }

  private let greedy = GenerationOptions(sampling: .greedy, maximumTokens: 2)

  @Test func laterTurnsFeedOnlyWhatIsNew() throws {
    let model = ScriptedModel([1, 2, 3, 4, 5])
    let session = session(model, system: "a")
    try session.say("b", options: greedy) { _ in .more }
    #expect(model.fed == [[13, 1, 10, 14, 2, 10, 15], [2]])
    #expect(session.messages.map(\.content) == ["a", "b", "bc"])
    try session.say("c", options: greedy) { _ in .more }
    // The answer's last token was chosen but not fed; it comes before what is new.
    #expect(model.fed[2] == [3, 10, 14, 3, 10, 15])
    #expect(session.messages.map(\.role) == [.system, .user, .assistant, .user, .assistant])
  }

  @Test func restartKeepsNothingButTheSystem() throws {
    let model = ScriptedModel([1, 2, 3, 4, 5])
    let session = session(model, system: "a")
    try session.say("b", options: greedy) { _ in .more }
    session.restart(system: session.system)
    #expect(session.messages == [ChatMessage(.system, "a")])
    session.restart(system: "")
    #expect(session.messages.isEmpty && session.system == nil)
    try session.say("b", options: greedy) { _ in .more }
    #expect(model.fed[2] == [14, 2, 10, 15])
  }

  @Test func aTurnThatDoesNotFitLeavesTheConversationAsItWas() throws {
    let session = session(ScriptedModel([1, 2, 3, 4, 5], contextLength: 12))
    try session.say("b", options: greedy) { _ in .more }
    let before = session.messages
    #expect(throws: TextGenerationError.self) {
      try session.say("abcdefgh", options: greedy) { _ in .more }
    }
    #expect(session.messages == before)
    try session.say("b", options: greedy) { _ in .more }
    #expect(session.messages.count == 4)
  }

  @Test func anAnswerCutShortIsKept() throws {
    let session = session(ScriptedModel([1, 2, 3, 4, 5]))
    try session.say("b", options: GenerationOptions(sampling: .greedy)) { event in
      if case .token = event { return .stop }
      return .more
    }
    #expect(session.messages.last == ChatMessage(.assistant, "d"))
  }

  /// What a template ends a turn with, and the white space before it, are neither in the history nor in the cache
  /// that the next turn goes on from.
  @Test func nothingOfTheStopStaysInTheConversation() throws {
    // After the prompt: a, two line ends, "Us", "er:".
    let model = ScriptedModel([0, 0, 0, 1, 10, 10, 11, 12, 3, 3, 3, 3, 3])
    let session = session(model)
    try session.say("b", options: GenerationOptions(sampling: .greedy, turnEnds: ["User:"])) { _ in
      .more
    }
    #expect(session.messages.last == ChatMessage(.assistant, "a"))
    try session.say("c", options: greedy) { _ in .more }
    // One line end of the answer is the template's own.
    let fed = model.fed.first { $0.count == 4 && $0 != [14, 2, 10, 15] }
    #expect(fed == [14, 3, 10, 15])
  }
}
