import Tokenization

/// The messages of a conversation as OpenAI's clients send them.
struct ChatMessages {
  /// The turns, but for one of the assistant's at the end, which is gone on with.
  var messages: [ChatMessage] = []
  /// What the assistant has said of its answer already.
  var prefill: String?
  /// Whether the assistant's turn is begun at the end.
  var asksForAnswer = true

  /// Reads `fields`. Throws what is wrong with them, in llama-server's words where clients look for them.
  init(_ fields: inout RequestFields) throws(ServerError) {
    guard let value = fields.value("messages") else {
      throw .invalid("'messages' is required", param: "messages")
    }
    guard let array = value.array, !array.isEmpty else {
      throw .invalid("'messages' must be an array of messages, one at least", param: "messages")
    }
    let asks = try fields.bool("add_generation_prompt")
    let goesOn = try fields.bool("continue_final_message")
    if asks == true, goesOn == true {
      throw .invalid(
        "Cannot set both add_generation_prompt and continue_final_message to true.",
        param: "continue_final_message")
    }
    for (index, element) in array.enumerated() {
      messages.append(
        try Self.message(element, "messages[\(index)]", isLast: index == array.count - 1))
    }
    let assistants = messages.reversed().prefix { $0.role == .assistant }.count
    guard assistants < 2 else {
      throw .invalid(
        "Cannot have 2 or more assistant messages at the end of the list.", param: "messages")
    }
    if assistants == 1, goesOn ?? true, asks != true || goesOn == true {
      prefill = messages.removeLast().content
    } else if goesOn == true {
      throw .invalid(
        "continue_final_message needs a message of the assistant at the end",
        param: "continue_final_message")
    } else {
      asksForAnswer = asks ?? true
    }
    mergeSystem()
  }

  /// Several of the system's at the beginning are one, as templates know one.
  private mutating func mergeSystem() {
    let system = messages.prefix { $0.role == .system }
    guard system.count > 1 else { return }
    let text = system.map(\.content).joined(separator: "\n\n")
    messages.replaceSubrange(..<system.count, with: [ChatMessage(.system, text)])
  }

  private static func message(
    _ value: JSONValue, _ name: String, isLast: Bool
  ) throws(ServerError) -> ChatMessage {
    guard let object = value.object else {
      throw .invalid("'\(name)' is \(value.kind), and must be an object", param: name)
    }
    guard let word = object["role"]?.string else {
      throw .invalid("'\(name).role' must be a string", param: "\(name).role")
    }
    let role: ChatMessage.Role
    switch word {
    case "system", "developer": role = .system
    case "user": role = .user
    case "assistant": role = .assistant
    default:
      throw .invalid(
        "'\(name).role' is '\(word)', and must be system, developer, user or assistant",
        param: "\(name).role")
    }
    switch object["content"] ?? .null {
    case .string(let text): return ChatMessage(role, text)
    case .null:
      guard role == .assistant else {
        throw .invalid(
          "All non-assistant messages must contain 'content'", param: "\(name).content")
      }
      return ChatMessage(role, "")
    case .array(let parts):
      var texts: [String] = []
      for (index, part) in parts.enumerated() {
        guard part["type"]?.string == "text", let text = part["text"]?.string else {
          throw .invalid(
            "unsupported content[].type: '\(part["type"]?.string ?? part.kind)'; this model reads text",
            param: "\(name).content[\(index)]", code: "unsupported_parameter")
        }
        texts.append(text)
      }
      let separator = isLast && role == .assistant ? "\n\n" : "\n"
      return ChatMessage(role, texts.joined(separator: separator))
    case let other:
      throw .invalid(
        "'\(name).content' is \(other.kind), and must be a string or an array of parts",
        param: "\(name).content")
    }
  }
}
