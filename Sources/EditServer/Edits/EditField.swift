import LatentEditing

/// Reads the `edit` of a request, strictly: a misspelt member must not run as if it were not there.
struct EditField {
  let registry: EditRegistry

  private static let most = 8
  private static let members: Set = [
    "instruction", "vector", "compiled", "editor", "strength", "layers",
  ]

  /// The edits that `value` asks for: an object, or an array of them. Throws `invalid_edit` and
  /// `edit_not_found`, about `param`.
  func items(_ value: JSONValue, param: String = "edit") throws(ServerError) -> [EditItem] {
    var items: [EditItem] = []
    switch value {
    case .null: break
    case .object(let object): items.append(try item(object, param))
    case .array(let elements):
      guard elements.count <= Self.most else {
        throw invalid("there are \(elements.count) edits, and at most \(Self.most) may be", param)
      }
      for (index, element) in elements.enumerated() {
        let name = "\(param)[\(index)]"
        guard let object = element.object else {
          throw invalid("'\(name)' is \(element.kind), and must be an object", name)
        }
        items.append(try item(object, name))
      }
    default: throw invalid("'\(param)' is \(value.kind), and must be an object or an array", param)
    }
    try check(items, param)
    return items
  }

  private func check(_ items: [EditItem], _ param: String) throws(ServerError) {
    let compiled = items.filter {
      if case .compiled = $0.source { $0.strength != 0 } else { false }
    }
    if compiled.count > 1 {
      throw invalid(
        "there are \(compiled.count) compiled edits, and only one can take the place of the first token",
        param)
    }
  }

  private func invalid(_ message: String, _ param: String) -> ServerError {
    .invalid(message, param: param, code: "invalid_edit")
  }

  private func item(_ object: JSONObject, _ param: String) throws(ServerError) -> EditItem {
    for (name, _) in object.members where !Self.members.contains(name) {
      throw invalid(
        "'\(param).\(name)' is not known; there are \(Self.members.sorted().joined(separator: ", "))",
        "\(param).\(name)")
    }
    func value(_ name: String) -> JSONValue? {
      object[name].flatMap { $0 == .null ? nil : $0 }
    }
    func text(_ name: String) throws(ServerError) -> String? {
      guard let value = value(name) else { return nil }
      guard let text = value.string else {
        throw invalid(
          "'\(param).\(name)' is \(value.kind), and must be a string", "\(param).\(name)")
      }
      return text
    }
    let instruction = try text("instruction")
    let vector = try text("vector")
    let compiled = try text("compiled")
    guard [instruction, vector, compiled].count(where: { $0 != nil }) == 1 else {
      throw invalid(
        "'\(param)' must have exactly one of instruction, vector and compiled", param)
    }
    let editor = try text("editor")
    if editor != nil, instruction == nil {
      throw invalid("'\(param).editor' reads instructions, and there is none", "\(param).editor")
    }
    let strength = try strength(value("strength"), "\(param).strength")
    let layers = try layers(value("layers"), "\(param).layers")
    let source: EditItem.Source
    if let instruction {
      guard !instruction.allSatisfy(\.isWhitespace) else {
        throw invalid(
          "'\(param).instruction' is empty; say what the answer shall be like",
          "\(param).instruction")
      }
      source = .instruction(instruction, editor: try self.editor(editor, "\(param).editor"))
    } else if let vector {
      source = .vector(try registry.entry(vector, .vector, param: "\(param).vector"))
    } else {
      source = .compiled(
        try registry.entry(compiled ?? "", .compiled, param: "\(param).compiled"))
      guard strength == 1 || strength == 0, layers == nil else {
        throw invalid(
          "a compiled edit has the strength and the blocks that it was compiled with; leave 'strength' and "
            + "'layers' out, or use its instruction", param)
      }
    }
    return EditItem(source: source, strength: strength, layers: layers)
  }

  private func editor(_ name: String?, _ param: String) throws(ServerError) -> EditEntry {
    if let name { return try registry.entry(name, .editor, param: param) }
    if let only = registry.onlyEditor { return only }
    let names = registry.entries.filter { $0.kind == .editor }.map(\.name)
    throw invalid(
      names.isEmpty
        ? "an instruction needs an editor, and the server was given none (--editor)"
        : "say which 'editor' reads the instruction: \(names.joined(separator: ", "))", param)
  }

  private func strength(_ value: JSONValue?, _ param: String) throws(ServerError) -> Float {
    guard let value else { return 1 }
    guard let number = value.number, Float(number).isFinite else {
      throw invalid("'\(param)' is \(value.kind), and must be a finite number", param)
    }
    return Float(number)
  }

  private func layers(_ value: JSONValue?, _ param: String) throws(ServerError) -> [Int]? {
    let selection: LayerSelection
    switch value {
    case nil: return nil
    case .string(let text)?:
      do throws(LatentEditingError) { selection = try LayerSelection(parsing: text) } catch {
        throw invalid("'\(param)': \(error)", param)
      }
    case .array(let elements)?:
      let layers = elements.compactMap(\.integer)
      guard layers.count == elements.count, !layers.isEmpty else {
        throw invalid("'\(param)' must be an array of whole numbers, one at least", param)
      }
      selection = LayerSelection(layers)
    case .some(let value):
      throw invalid(
        "'\(param)' is \(value.kind), and must be as \"0-7,12\", \"all\" or [0, 1]", param)
    }
    if selection == .all { return nil }
    do throws(LatentEditingError) {
      return try selection.resolved(layerCount: registry.layerCount)
    } catch {
      throw invalid("'\(param)': \(error)", param)
    }
  }
}
