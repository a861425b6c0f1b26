extension GGUFMetadata {
  /// An array of any type. Throws `missingKey` or `wrongType`.
  public func array(_ key: String) throws(ModelFileError) -> GGUFArray {
    try present(arrayIfPresent(key), key)
  }

  /// As `array(_:)`, or nil where the key is missing.
  public func arrayIfPresent(_ key: String) throws(ModelFileError) -> GGUFArray? {
    guard let value = self[key] else { return nil }
    guard case .array(let array) = value else { throw wrongType(key, value, "an array") }
    return array
  }

  /// An array of strings, not yet copied from the file. Throws `missingKey` or `wrongType`.
  public func strings(_ key: String) throws(ModelFileError) -> GGUFStringArray {
    try present(stringsIfPresent(key), key)
  }

  /// As `strings(_:)`, or nil where the key is missing.
  public func stringsIfPresent(_ key: String) throws(ModelFileError) -> GGUFStringArray? {
    guard let value = self[key] else { return nil }
    guard case .array(let array) = value, let strings = array.strings else {
      throw wrongType(key, value, "[string]")
    }
    return strings
  }

  /// A copy of an array of integers of any width. Throws `missingKey`, `wrongType`, or `outOfRange`
  /// where an element does not fit in `Value`.
  public func integers<Value: FixedWidthInteger>(
    _ key: String, as type: Value.Type = Int.self
  ) throws(ModelFileError) -> [Value] {
    try present(integersIfPresent(key, as: type), key)
  }

  /// As `integers(_:as:)`, or nil where the key is missing.
  public func integersIfPresent<Value: FixedWidthInteger>(
    _ key: String, as type: Value.Type = Int.self
  ) throws(ModelFileError) -> [Value]? {
    try elementsIfPresent(key, wanted: "integers") { element throws(ModelFileError) in
      guard let integer = element.integer else { return nil }
      guard let exact = Value(exactly: integer) else {
        throw .outOfRange(
          path: path, key: key, found: element.description,
          wanted: "from \(Value.min) to \(Value.max)")
      }
      return exact
    }
  }

  /// A copy of an array of floats; `float64` is rounded, and infinities and NaN are allowed. Throws
  /// `missingKey` or `wrongType`.
  public func floats(_ key: String) throws(ModelFileError) -> [Float] {
    try present(floatsIfPresent(key), key)
  }

  /// As `floats(_:)`, or nil where the key is missing.
  public func floatsIfPresent(_ key: String) throws(ModelFileError) -> [Float]? {
    try elementsIfPresent(key, wanted: "floats") { element throws(ModelFileError) in element.float }
  }

  /// A copy of an array of bools. Throws `missingKey` or `wrongType`.
  public func bools(_ key: String) throws(ModelFileError) -> [Bool] {
    try present(boolsIfPresent(key), key)
  }

  /// As `bools(_:)`, or nil where the key is missing.
  public func boolsIfPresent(_ key: String) throws(ModelFileError) -> [Bool]? {
    try elementsIfPresent(key, wanted: "bools") { element throws(ModelFileError) in
      if case .bool(let bool) = element { bool } else { nil }
    }
  }

  /// The elements of the array `key` as `convert` makes them; where it returns nil, the array is of
  /// the wrong type.
  private func elementsIfPresent<Element>(
    _ key: String, wanted: String,
    _ convert: (GGUFValue) throws(ModelFileError) -> Element?
  ) throws(ModelFileError) -> [Element]? {
    guard let value = self[key] else { return nil }
    guard case .array(let array) = value else {
      throw wrongType(key, value, "an array of " + wanted)
    }
    var result: [Element] = []
    result.reserveCapacity(array.count)
    for element in array {
      guard let converted = try convert(element) else {
        throw wrongType(key, value, "an array of " + wanted)
      }
      result.append(converted)
    }
    return result
  }
}
