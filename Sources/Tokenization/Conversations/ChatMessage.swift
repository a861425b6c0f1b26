/// One turn of a conversation.
public struct ChatMessage: Equatable, Sendable, Codable {
  /// Who speaks.
  public enum Role: String, Sendable, CaseIterable, Codable {
    case system
    case user
    case assistant
  }

  /// Who speaks.
  public var role: Role
  /// What is said. Nothing in it is markup.
  public var content: String

  /// One turn.
  public init(_ role: Role, _ content: String) {
    self.role = role
    self.content = content
  }
}
