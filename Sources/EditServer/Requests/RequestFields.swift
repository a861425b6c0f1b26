/// The members of a request, read by name and by type; null is as if it were not there.
struct RequestFields {
  let object: JSONObject
  /// Names that were read.
  private(set) var known: Set<String> = []

  init(_ object: JSONObject) { self.object = object }

  /// The body of a request. Throws where it is no JSON object.
  init(_ bytes: [UInt8]) throws(ServerError) {
    let value: JSONValue
    do throws(JSONParser.Failure) { value = try JSONParser.value(of: bytes) } catch {
      throw .invalid(
        "the body is no JSON: \(error.expected) is needed at byte \(error.offset)")
    }
    guard let object = value.object else {
      throw .invalid("the body is \(value.kind), and must be a JSON object")
    }
    self.init(object)
  }

  /// The member of that name, or nil.
  mutating func value(_ name: String) -> JSONValue? {
    known.insert(name)
    return object[name].flatMap { $0 == .null ? nil : $0 }
  }

  private func wrong(_ name: String, _ value: JSONValue, _ needed: String) -> ServerError {
    .invalid("'\(name)' is \(value.kind), and must be \(needed)", param: name)
  }

  mutating func string(_ name: String) throws(ServerError) -> String? {
    guard let value = value(name) else { return nil }
    guard let text = value.string else { throw wrong(name, value, "a string") }
    return text
  }

  mutating func bool(_ name: String) throws(ServerError) -> Bool? {
    guard let value = value(name) else { return nil }
    guard let bool = value.bool else { throw wrong(name, value, "true or false") }
    return bool
  }

  mutating func integer(_ name: String) throws(ServerError) -> Int? {
    guard let value = value(name) else { return nil }
    guard let integer = value.integer else { throw wrong(name, value, "a whole number") }
    return integer
  }

  mutating func number(_ name: String) throws(ServerError) -> Double? {
    guard let value = value(name) else { return nil }
    guard let number = value.number else { throw wrong(name, value, "a number") }
    return number
  }

  mutating func array(_ name: String) throws(ServerError) -> [JSONValue]? {
    guard let value = value(name) else { return nil }
    guard let array = value.array else { throw wrong(name, value, "an array") }
    return array
  }

  mutating func object(_ name: String) throws(ServerError) -> JSONObject? {
    guard let value = value(name) else { return nil }
    guard let object = value.object else { throw wrong(name, value, "an object") }
    return object
  }

  /// Members that nobody has read.
  var unread: [String] {
    object.members.filter { $0.value != .null && !known.contains($0.name) }.map(\.name)
  }
}
