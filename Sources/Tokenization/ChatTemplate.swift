/// placeholder until below
public enum ChatTemplate: String { case chatml
  static let names = "chatml" }
