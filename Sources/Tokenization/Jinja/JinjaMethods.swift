/// The methods of strings, lists and dictionaries.
enum JinjaMethods {
  private static let ofText: Set<String> = [
    "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "startswith", "endswith",
    "replace",
    "upper", "lower", "title", "capitalize", "casefold", "swapcase", "find", "rfind", "index",
    "count",
    "join", "format", "isdigit", "isalpha", "isalnum", "isspace", "isupper", "islower",
    "removeprefix", "removesuffix", "partition", "rpartition", "zfill",
  ]
  private static let ofDictionaries: Set<String> = ["items", "keys", "values", "get", "copy"]
  private static let ofLists: Set<String> = ["index", "count", "copy"]
  /// They are there, and refused when they are called, as in Jinja's immutable sandbox.
  static let changing: Set<String> = [
    "append", "extend", "insert", "remove", "pop", "popitem", "clear", "sort", "reverse", "update",
    "setdefault",
  ]
  private static let names = (
    text: ofText,
    lists: ofLists.union([
      "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse",
    ]),
    dictionaries: ofDictionaries.union(["pop", "popitem", "clear", "update", "setdefault"])
  )

  static func names(of value: JinjaValue) -> Set<String> {
    switch value {
    case .text: names.text
    case .list(let list): list.isTuple ? ["index", "count"] : names.lists
    case .dictionary: names.dictionaries
    default: []
    }
  }
}

extension JinjaEvaluator {
  func call(_ method: JinjaMethod, _ call: JinjaCall) throws(JinjaError) -> JinjaValue {
    let name = method.name
    switch method.receiver {
    case .text(let text): return try self.call(name, of: text, call)
    case .dictionary(let dictionary): return try self.call(name, of: dictionary, call)
    case .list(let list): return try self.call(name, of: list, call)
    case .loop(let loop): return try self.call(name, of: loop, call)
    default: throw fail("there is no method \(shortened(name)) here", .unsupported)
    }
  }

  private func refusal(_ name: String, of kind: String) -> JinjaError {
    JinjaMethods.changing.contains(name)
      ? fail("\(name) would change \(kind), which templates may not")
      : fail("there is no method \(shortened(name)) of \(kind) here", .unsupported)
  }

  private func call(
    _ name: String, of dictionary: JinjaDictionary, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    switch name {
    case "get":
      let values = try call.values(["key", "default"], name, self)
      guard let key = values[0] else { throw fail("get needs a key") }
      return try self.key(key).flatMap { dictionary[$0] } ?? values[1] ?? .null
    case "items":
      return try items(dictionary)
    case "keys": return try list(dictionary.keys)
    case "values": return try list(dictionary.values)
    case "copy": return .dictionary(dictionary)
    default: throw refusal(name, of: "a dictionary")
    }
  }

  /// Pairs of keys and values.
  func items(_ dictionary: JinjaDictionary) throws(JinjaError) -> JinjaValue {
    var pairs: [JinjaValue] = []
    for (key, value) in zip(dictionary.keys, dictionary.values) {
      pairs.append(try list([key, value], isTuple: true))
    }
    return try list(pairs)
  }

  private func call(
    _ name: String, of list: JinjaList, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    switch name {
    case "index", "count":
      guard let value = try call.values(["value"], name, self)[0] else {
        throw fail("\(name) needs a value")
      }
      var places: [Int] = []
      for (index, element) in list.values.enumerated() where try isEqual(element, value) {
        places.append(index)
      }
      if name == "count" { return .int(places.count) }
      guard let first = places.first else { throw fail("the value is not in the list") }
      return .int(first)
    case "copy": return .list(list)
    default: throw refusal(name, of: "a list")
    }
  }

  private func call(
    _ name: String, of loop: JinjaLoop, _ call: JinjaCall
  ) throws(JinjaError) -> JinjaValue {
    guard name == "cycle" else { throw fail("loop.\(name) is not evaluated here", .unsupported) }
    guard !call.positional.isEmpty else { throw fail("loop.cycle needs values") }
    return call.positional[loop.index % call.positional.count]
  }
}
