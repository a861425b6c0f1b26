/// What a configuration has given.
public struct ConfiguredOptions: Sendable, Equatable {
  /// Where it is.
  public let path: String
  /// The options of `TrainingOptions` that it gives, by their names with underscores.
  public internal(set) var names: Set<String> = []
  /// Those that are its reader's own.
  var others: [String: OptionValue] = [:]

  init(path: String) { self.path = path }

  /// The value of an option of the reader's own, as `read` makes it of the text that is written; nil where
  /// the configuration does not give it. Throws `EditorTrainingError.configuredOption` where it is no
  /// text, or `read` makes nothing of it.
  ///
  /// - Parameters:
  ///   - name: the option.
  ///   - needed: what it must be, for the message.
  ///   - read: the value that a text means.
  public func value<Value>(
    _ name: String, needed: String, _ read: (String) -> Value?
  ) throws(EditorTrainingError) -> Value? {
    guard let written = others[name] else { return nil }
    guard case .text(let text) = written, let value = read(text) else {
      throw .configuredOption(
        path: path, name: name, found: written.description, needed: needed)
    }
    return value
  }
}
