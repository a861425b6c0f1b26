import Foundation

/// A small JSON file beside a checkpoint: a configuration, a tokenizer.
public enum JSONFile {
  /// Far above any configuration or tokenizer.
  private static let mostBytes = 200_000_000

  /// Reads `Value` from the file at `path`; snake-case keys become camel-case names. Throws
  /// `unexpectedJSON`, or what opening the file throws.
  public static func read<Value: Decodable>(
    _ type: Value.Type, path: String
  ) throws(ModelFileError) -> Value {
    try read(type, MappedFile.contents(path: path))
  }

  /// As `read`, with keys as they are written; `entry` is what an entry of a list is called, which counts from 1 then.
  package static func readAsWritten<Value: Decodable>(
    _ type: Value.Type, path: String, entry: String? = nil
  ) throws(ModelFileError) -> Value {
    try read(type, MappedFile.contents(path: path), keys: .useDefaultKeys, entry: entry)
  }

  /// As `read`, of a file that is mapped already.
  package static func read<Value: Decodable>(
    _ type: Value.Type, _ file: MappedFile,
    keys: JSONDecoder.KeyDecodingStrategy = .convertFromSnakeCase, entry: String? = nil
  ) throws(ModelFileError) -> Value {
    defer { withExtendedLifetime(file) {} }
    let path = file.path
    guard file.byteCount <= mostBytes else {
      throw .unexpectedJSON(path: path, reason: "it has \(file.byteCount) bytes")
    }
    try TextFile.checkEncoding(file.bytes, path: path)
    return try read(
      type, Data(file.bytes.dropFirst(TextFile.markLength(file.bytes))), path: path, keys: keys,
      entry: entry)
  }

  /// As `read`, of a text that was read from `path` already.
  public static func read<Value: Decodable>(
    _ type: Value.Type, text: String, path: String
  ) throws(ModelFileError) -> Value {
    try read(type, Data(text.utf8), path: path)
  }

  private static func read<Value: Decodable>(
    _ type: Value.Type, _ data: Data, path: String,
    keys: JSONDecoder.KeyDecodingStrategy = .convertFromSnakeCase, entry: String? = nil
  ) throws(ModelFileError) -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = keys
    do {
      return try decoder.decode(type, from: data)
    } catch {
      let isOther =
        if case DecodingError.dataCorrupted(let context) = error {
          context.codingPath.isEmpty
        } else {
          false
        }
      throw .unexpectedJSON(
        path: path, reason: isOther ? unlikeJSON(data) : reason(error, entry: entry))
    }
  }

  /// What a file is that cannot be read as JSON at all, by its first bytes.
  private static func unlikeJSON(_ data: Data) -> String {
    let first = data.first { !(9...13).contains($0) && $0 != 0x20 }
    guard let first else { return "it is empty, and no JSON" }
    let kind = FileKind(firstBytes: data)
    let begins = [UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: "\"")].contains(first)
    switch kind {
    case .text where begins, .unknown where begins:
      return "its JSON is wrong or cut short, or has a number that is too large"
    case .text: return "it is a text and not JSON"
    default: return "it is \(kind.description) and not JSON"
    }
  }

  /// As `read`, or nil where there is no such file.
  public static func readIfPresent<Value: Decodable>(
    _ type: Value.Type, path: String
  ) throws(ModelFileError) -> Value? {
    do throws(ModelFileError) {
      return try read(type, path: path)
    } catch {
      if case .noSuchFile = error { return nil }
      throw error
    }
  }

  /// What a decoder that makes camel-case names of snake-case keys, or leaves them, finds wrong, by the keys of the file. An
  /// entry of a list has its index, or where there is a word for it that and its number from 1, "review 3".
  package static func reason(_ error: any Error, entry: String? = nil) -> String {
    func name(_ key: any CodingKey) -> String {
      guard let index = key.intValue else { return snakeCase(key.stringValue) }
      return entry.map { "\($0) \(index + 1)" } ?? "\(index)"
    }
    func place(_ path: [any CodingKey]) -> String {
      path.isEmpty
        ? "its content" : path.map(name).joined(separator: entry == nil ? "." : ", ")
    }
    switch error {
    case DecodingError.typeMismatch(let type, let context):
      return "\(place(context.codingPath)) is not \(Self.name(of: type))"
    case DecodingError.valueNotFound(_, let context):
      return "\(place(context.codingPath)) is null"
    case DecodingError.keyNotFound(let key, let context):
      return "\(place(context.codingPath + [key])) is missing"
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      // What a type of ours says of a value has no words of Foundation's around it.
      let said = entry == nil ? "" : ": " + context.debugDescription
      return "\(place(context.codingPath)) is unusable\(said)"
    // Foundation says the same of both.
    default: return "it is not JSON, or a number in it is too large"
    }
  }

  private static func snakeCase(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? "_" + $1.lowercased() : String($1) }
  }

  private static func name(of type: any Any.Type) -> String {
    switch type {
    case is Int.Type: "a whole number"
    case is Float.Type, is Double.Type: "a number"
    case is Bool.Type: "true or false"
    case is String.Type: "text"
    case is [Any].Type: "a list"
    case is [String: Any].Type: "an object"
    default: "of type \(type)"
    }
  }
}
