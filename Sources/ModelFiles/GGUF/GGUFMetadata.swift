/// The metadata of a GGUF file: keys in the order of the file, each with a typed value.
///
/// Each kind of value has two ways to be asked for: one that throws where the key is missing, and
/// one, `…IfPresent`, that returns nil. Both throw where the value is of another type or out of
/// range.
public struct GGUFMetadata: Sendable {
  /// The file, for errors.
  public let path: String
  /// The keys, in the order of the file.
  public private(set) var keys: [String] = []
  private var values: [String: GGUFValue] = [:]

  init(path: String) { self.path = path }

  mutating func append(_ key: String, _ value: GGUFValue) throws(ModelFileError) {
    guard values.updateValue(value, forKey: key) == nil else {
      throw .duplicateKey(path: path, key: key)
    }
    keys.append(key)
  }

  /// The value of `key`, whatever its type, or nil where the file has no such key.
  public subscript(key: String) -> GGUFValue? { values[key] }

  /// Text. Throws `missingKey`, `wrongType`, or `invalidText` where the bytes are not UTF-8.
  public func string(_ key: String) throws(ModelFileError) -> String {
    try present(stringIfPresent(key), key)
  }

  /// As `string(_:)`, or nil where the key is missing.
  public func stringIfPresent(_ key: String) throws(ModelFileError) -> String? {
    guard let value = values[key] else { return nil }
    guard case .string(let string) = value else { throw wrongType(key, value, "string") }
    guard let text = string.text else {
      throw .invalidText(path: path, field: "the value of " + key)
    }
    return text
  }

  /// An integer of any width. Throws `missingKey`, `wrongType`, or `outOfRange` where it is not in
  /// `range`.
  public func integer(
    _ key: String, in range: ClosedRange<Int> = Int.min...Int.max
  ) throws(ModelFileError) -> Int {
    try present(integerIfPresent(key, in: range), key)
  }

  /// As `integer(_:in:)`, or nil where the key is missing.
  public func integerIfPresent(
    _ key: String, in range: ClosedRange<Int> = Int.min...Int.max
  ) throws(ModelFileError) -> Int? {
    guard let value = values[key] else { return nil }
    guard let integer = value.integer else { throw wrongType(key, value, "an integer") }
    guard let exact = Int(exactly: integer), range.contains(exact) else {
      throw .outOfRange(
        path: path, key: key, found: value.description,
        wanted: "from \(range.lowerBound) to \(range.upperBound)")
    }
    return exact
  }

  /// A float; a `float64` is rounded. Throws `missingKey`, `wrongType`, or `outOfRange` where it is
  /// not in `range`, as infinities and NaN never are.
  public func float(
    _ key: String,
    in range: ClosedRange<Float> = -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude
  ) throws(ModelFileError) -> Float {
    try present(floatIfPresent(key, in: range), key)
  }

  /// As `float(_:in:)`, or nil where the key is missing.
  public func floatIfPresent(
    _ key: String,
    in range: ClosedRange<Float> = -Float.greatestFiniteMagnitude...Float.greatestFiniteMagnitude
  ) throws(ModelFileError) -> Float? {
    guard let value = values[key] else { return nil }
    guard let float = value.float else { throw wrongType(key, value, "a float") }
    guard range.contains(float), float.isFinite else {
      throw .outOfRange(
        path: path, key: key, found: value.description,
        wanted: "from \(range.lowerBound) to \(range.upperBound)")
    }
    return float
  }

  /// A bool. Throws `missingKey` or `wrongType`.
  public func bool(_ key: String) throws(ModelFileError) -> Bool {
    try present(boolIfPresent(key), key)
  }

  /// As `bool(_:)`, or nil where the key is missing.
  public func boolIfPresent(_ key: String) throws(ModelFileError) -> Bool? {
    guard let value = values[key] else { return nil }
    guard case .bool(let bool) = value else { throw wrongType(key, value, "bool") }
    return bool
  }

  func present<Value>(_ value: Value?, _ key: String) throws(ModelFileError) -> Value {
    guard let value else { throw .missingKey(path: path, key: key) }
    return value
  }

  func wrongType(_ key: String, _ value: GGUFValue, _ wanted: String) -> ModelFileError {
    .wrongType(path: path, key: key, found: value.typeName, wanted: wanted)
  }
}
