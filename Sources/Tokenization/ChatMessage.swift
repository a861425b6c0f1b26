/// One turn of a conversation.
public struct ChatMessage: Equatable, Sendable {
  /// Who speaks.
  public enum Role: String, Sendable, CaseIterable {
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
