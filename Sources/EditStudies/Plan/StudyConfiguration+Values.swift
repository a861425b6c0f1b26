import EditorTraining
import PlainText
import Yams

/// Values of the file.
extension StudyConfiguration {
  func problem(_ text: String) -> StudyError {
    .configuration(path: path, problem: text)
  }

  /// Names and values, each name once and `known`.
  func entries(
    _ mapping: Node.Mapping, _ place: String, known: [String]?
  ) throws -> [(String, Node)] {
    var seen: Set<String> = []
    return try mapping.map { key, value in
      let name = key.scalar?.string ?? "?"
      let full = place.isEmpty ? name : "\(place).\(name)"
      if let known, !known.contains(name) {
        let nearest = nearestName(to: name, of: known)
        throw problem(
          "\(printable(full)) is not known; "
            + (nearest.map { "did you mean \($0)?" } ?? "there are \(known.joined(separator: ", "))")
        )
      }
      guard seen.insert(name).inserted else {
        throw problem("\(printable(full)) stands there twice")
      }
      return (name, value)
    }
  }

  func table(_ node: Node, _ place: String) throws -> Node.Mapping {
    guard case .mapping(let mapping) = node else {
      throw problem("\(place) must be a table of names and values")
    }
    return mapping
  }

  func text(_ node: Node, _ place: String) throws -> String {
    guard case .scalar(let scalar) = node, !scalar.string.isEmpty else {
      throw problem("\(place) must be a text")
    }
    return scalar.string
  }

  func list(_ node: Node, _ place: String) throws -> [Node] {
    switch node {
    case .sequence(let sequence): return Array(sequence)
    case .scalar: return [node]
    default: throw problem("\(place) must be a list")
    }
  }

  func parsed<Value>(
    _ node: Node, _ place: String, _ needed: String, _ parse: (String) -> Value?
  ) throws -> Value {
    let text = try text(node, place)
    guard let value = parse(text) else {
      throw problem("\(place) is \(printable(text)), and must be \(needed)")
    }
    return value
  }

  /// `path` as seen from the file's folder.
  func resolved(_ path: String) -> String {
    guard !path.hasPrefix("/"), let slash = self.path.lastIndex(of: "/") else { return path }
    return self.path[...slash] + path
  }
}
