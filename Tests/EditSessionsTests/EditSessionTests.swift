import EditSessions
import Foundation
import LanguageModels
import LatentEditing
import TestSupport
import Testing
import TextGeneration
import Tokenization

@Suite(.serialized, .enabled(if: OutsideFiles.smolLM2 != nil, Real.reason))
struct EditSessionTests {
  private let greedy = GenerationOptions(sampling: .greedy, maximumTokens: 12)

  private func model() throws -> EditableModel { try EditableModel(Real.settings()) }

  private func answer(_ session: EditSession, _ text: String) async throws -> String {
    var answer = ""
    for try await piece in session.respond(to: text, options: greedy) { answer += piece }
    return answer
  }

  /// The stream says what the generator says on the same edited model, turn after turn.
  @Test(arguments: [nil, "p0", "p4"] as [String?])
  func answersAsTheGeneratorDoes(editor: String?) async throws {
    let request =
      try editor.map { try EditRequest("abc", editor: Real.editor($0)) } ?? EditRequest()
    let session = try await model().session(request, template: .family(.chatml))
    let found = try await [answer(session, "ab"), answer(session, "ba")]

    let opened = try OpenedModel(Real.settings())
    var preparation = try EditPreparation(request, opened)
    let loaded = try opened.load(beside: preparation)
    let chat = ChatSession(
      Generator(
        try preparation?.processor(loaded) ?? loaded.state as any SequenceModel,
        tokenizer: opened.tokenizer, startsText: true), tokenizer: opened.tokenizer,
      template: .family(.chatml))
    var options = greedy
    options.stopStrings = ChatFamily.chatml.stopStrings
    for (text, found) in zip(["ab", "ba"], found) {
      var wanted = ""
      try chat.say(text, options: options) { event in
        switch event {
        case .token(_, let piece), .heldBack(let piece): wanted += piece
        case .prefill, .finished: break
        }
        return .more
      }
      #expect(found == wanted)
    }
    #expect(try await session.messages == chat.messages)
    try await session.restart(system: "s")
    #expect(try await session.messages == [ChatMessage(.system, "s")])
  }

  /// Dropping a stream ends its answer: the next turn does not wait for thousands of tokens.
  @Test func droppingEndsTheAnswer() async throws {
    let session = try await EditableModel(Real.settings(contextLength: nil)).session()
    let endless = GenerationOptions(
      sampling: .greedy, maximumTokens: nil, ignoresEndTokens: true)
    var seen = 0
    for try await event in session.events(answering: "a", options: endless) {
      guard case .token = event else { continue }
      seen += 1
      if seen == 3 { break }
    }
    let messages = try await session.messages
    #expect(seen == 3 && messages.map(\.role) == [.user, .assistant])
  }

  /// Work is not done on the threads of those who wait for it, and sessions of one model share its weights.
  @Test func sessionsOfOneModelTakeTurns() async throws {
    let model = try model()
    let plain = try await model.session()
    let edited = try await model.session(
      EditRequest("abc", editor: Real.editor("p0"), strength: 2))
    async let first = answer(plain, "ab")
    async let second = answer(edited, "ab")
    let together = try await [first, second]
    let again = try await [
      answer(model.session(), "ab"),
      answer(
        model.session(
          EditRequest("abc", editor: Real.editor("p0"), strength: 2)), "ab"),
    ]
    #expect(together == again)
  }

  /// An edit as a value: scaled, restricted and added to others, it is used as it was read.
  @Test func editsAreValues() async throws {
    let model = try model()
    let edit = try await model.edit(EditRequest("abc", editor: Real.editor("p0")))
    let asRead = try await model.session(
      EditRequest("abc", editor: Real.editor("p0"), strength: 2))
    let asValue = try await model.session(
      EditRequest(edits: [edit.scaled(by: 2)]))
    #expect(try await answer(asRead, "ab") == answer(asValue, "ab"))
    await #expect(throws: LatentEditingError.self) {
      try await model.edit(EditRequest("abc", editor: Real.editor("p4")))
    }
  }

  /// What is wrong comes where it is asked for, and leaves the conversation as it was.
  @Test func errorsComeThroughTheStream() async throws {
    let session = try await model().session()
    await #expect(throws: TextGenerationError.self) {
      for try await _ in session.respond(to: String(repeating: "ab ", count: 200)) {}
    }
    #expect(try await session.messages.isEmpty)
    await #expect(throws: (any Error).self) {
      try await model().session(EditRequest("abc", editor: "none.safetensors"))
    }
  }
}
