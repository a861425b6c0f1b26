/// A value of JSON as it came: whole numbers apart from others, objects in the order of their members.
package enum JSONValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case integer(Int)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object(JSONObject)

  /// The text of a string.
  package var string: String? {
    if case .string(let text) = self { text } else { nil }
  }

  /// The elements of an array.
  package var array: [JSONValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  /// The members of an object.
  package var object: JSONObject? {
    if case .object(let object) = self { object } else { nil }
  }

  /// A whole number; 64.0 is one too, as clients in JavaScript and Lua may write it.
  package var integer: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }

  /// A number, whole or not.
  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  /// Yes or no.
  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// What it is, for messages.
  package var kind: String {
    switch self {
    case .null: "null"
    case .bool: "true or false"
    case .integer, .number: "a number"
    case .string: "a string"
    case .array: "an array"
    case .object: "an object"
    }
  }

  /// The member of that name, where it is an object that has one.
  package subscript(name: String) -> JSONValue? { object?[name] }
  /// The element of that index, where it is an array that has one.
  package subscript(index: Int) -> JSONValue? {
    guard let array, array.indices.contains(index) else { return nil }
    return array[index]
  }
}

/// The members of an object, in order. Of members of one name the last counts.
package struct JSONObject: Sendable, Equatable, ExpressibleByDictionaryLiteral {
  /// Names and values.
  package private(set) var members: [(name: String, value: JSONValue)] = []

  /// Members in that order.
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (name, value) in elements { self[name] = value }
  }

  /// The value of `name`; nil takes the member away.
  package subscript(name: String) -> JSONValue? {
    get { members.last { $0.name == name }?.value }
    set {
      if let index = members.firstIndex(where: { $0.name == name }) {
        if let newValue { members[index].value = newValue } else { members.remove(at: index) }
      } else if let newValue {
        members.append((name, newValue))
      }
    }
  }

  /// Adds a member without looking for one of that name.
  mutating func append(_ name: String, _ value: JSONValue) { members.append((name, value)) }

  /// Adds the members of `other`, in the place of those of their names.
  package mutating func merge(_ other: JSONObject) {
    for (name, value) in other.members { self[name] = value }
  }

  package static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.members.elementsEqual(b.members) { $0.name == $1.name && $0.value == $1.value }
  }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int) { self = .integer(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(floatLiteral value: Double) { self = .number(value) }
  package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (name, value) in elements { object[name] = value }
    self = .object(object)
  }

  /// A string, or null.
  package init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }
  /// A number that a float says, written as short as it can be read back.
  package init(_ value: Float) {
    self = .number(Double("\(value)") ?? Double(value))
  }
}
