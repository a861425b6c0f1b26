/// What an expression of a template can be. Nothing in it reaches outside of the template: there are no
/// objects, no files, no code.
enum JinjaValue: Sendable {
  /// What has no value, with the words that say what is missing.
  case undefined(String)
  case null
  case bool(Bool)
  case int(Int)
  case double(Double)
  case text(MarkedText)
  case list(JinjaList)
  case dictionary(JinjaDictionary)
  /// The one kind of value that templates may change, by its number.
  case namespace(Int)
  /// A macro, by its number.
  case macro(Int)
  /// A function that every template has.
  case function(String)
  /// A method with the value that it belongs to.
  case method(JinjaMethod)
  /// `loop` of one turn of a loop.
  case loop(JinjaLoop)

  /// How deep values are in one another.
  var depth: Int {
    switch self {
    case .list(let list): list.depth
    case .dictionary(let dictionary): dictionary.depth
    case .method(let method): method.depth
    case .loop(let loop): loop.items.depth + 1
    default: 0
    }
  }

  /// Whether a condition on it holds.
  var isTrue: Bool {
    switch self {
    case .undefined, .null: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .double(let value): value != 0
    case .text(let text): !text.isEmpty
    case .list(let list): !list.values.isEmpty
    case .dictionary(let dictionary): !dictionary.keys.isEmpty
    case .namespace, .macro, .function, .method, .loop: true
    }
  }

  /// What kind of value it is, for a message.
  var kindName: String {
    switch self {
    case .undefined: "nothing"
    case .null: "none"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .text: "a string"
    case .list(let list): list.isTuple ? "a tuple" : "a list"
    case .dictionary: "a dictionary"
    case .namespace: "a namespace"
    case .macro: "a macro"
    case .function: "a function"
    case .method: "a method"
    case .loop: "a loop"
    }
  }

  static func text(_ string: String) -> JinjaValue { .text(MarkedText(string)) }
}

/// A list, or a tuple.
struct JinjaList: Sendable {
  let values: [JinjaValue]
  let isTuple: Bool
  let depth: Int

  init(_ values: [JinjaValue], isTuple: Bool = false) {
    self.values = values
    self.isTuple = isTuple
    depth = 1 + (values.lazy.map(\.depth).max() ?? 0)
  }
}

/// What is found by a dictionary's key: equal keys of Python are equal here.
enum JinjaKey: Hashable, Sendable {
  case null
  case number(Int)
  case real(Double)
  case text(MarkedText)

  init?(_ value: JinjaValue) {
    switch value {
    case .null: self = .null
    case .bool(let value): self = .number(value ? 1 : 0)
    case .int(let value): self = .number(value)
    case .double(let value): self = Int(exactly: value).map(JinjaKey.number) ?? .real(value)
    case .text(let text): self = .text(text)
    default: return nil
    }
  }
}

/// Values by keys, in the order in which they were put in.
struct JinjaDictionary: Sendable, ExpressibleByDictionaryLiteral {
  private(set) var keys: [JinjaValue] = []
  private(set) var values: [JinjaValue] = []
  private(set) var depth = 1
  private var places: [JinjaKey: Int] = [:]

  init() {}

  /// From names that the caller did not say.
  init(dictionaryLiteral entries: (String, JinjaValue)...) {
    for (key, value) in entries { set(.text(MarkedText(key)), .text(key), value) }
  }

  subscript(key: JinjaKey) -> JinjaValue? { places[key].map { values[$0] } }

  /// Puts `value` in; `name` is the key as a value.
  mutating func set(_ key: JinjaKey, _ name: JinjaValue, _ value: JinjaValue) {
    depth = max(depth, 1 + value.depth)
    if let place = places[key] {
      values[place] = value
    } else {
      places[key] = keys.count
      keys.append(name)
      values.append(value)
    }
  }
}

/// A method that is about to be called.
struct JinjaMethod: Sendable {
  let name: String
  let depth: Int
  /// One value, the receiver; an array because a value cannot contain itself.
  private let receivers: [JinjaValue]

  init(_ name: String, of receiver: JinjaValue) {
    self.name = name
    receivers = [receiver]
    depth = receiver.depth + 1
  }

  var receiver: JinjaValue { receivers[0] }
}

/// One turn of a loop.
struct JinjaLoop: Sendable {
  let items: JinjaList
  let index: Int

  func attribute(_ name: String) -> JinjaValue? {
    let count = items.values.count
    switch name {
    case "index": return .int(index + 1)
    case "index0": return .int(index)
    case "revindex": return .int(count - index)
    case "revindex0": return .int(count - index - 1)
    case "first": return .bool(index == 0)
    case "last": return .bool(index == count - 1)
    case "length": return .int(count)
    case "previtem":
      return index > 0 ? items.values[index - 1] : .undefined("there is no previous item")
    case "nextitem":
      return index + 1 < count ? items.values[index + 1] : .undefined("there is no next item")
    // They count how often a recursive loop is in itself, of which there are none here.
    case "depth": return .int(1)
    case "depth0": return .int(0)
    case "cycle", "changed": return .method(JinjaMethod(name, of: .loop(self)))
    default: return nil
    }
  }
}
