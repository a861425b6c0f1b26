import Yams

/// A value of a configuration: what is written, not what YAML would make of it (1e-4 and off are texts).
indirect enum OptionValue: Sendable, Equatable {
  case text(String)
  case list([OptionValue])
  case table([String: OptionValue])
  case null

  init(_ node: Node) {
    switch node {
    case .scalar(let scalar):
      // null without quotes is nothing; with quotes it is a word.
      let isPlain = scalar.style == .plain || scalar.style == .any
      self =
        isPlain && ["", "~", "null", "Null", "NULL"].contains(scalar.string)
        ? .null : .text(scalar.string)
    case .sequence(let sequence):
      self = .list(sequence.map(OptionValue.init))
    case .mapping(let mapping):
      self = .table(
        Dictionary(mapping.map { ($0.key.scalar?.string ?? "?", OptionValue($0.value)) }) { $1 })
    case .alias: self = .null
    }
  }

  /// One text, or a list of texts.
  var texts: [String]? {
    switch self {
    case .text(let text): return [text]
    case .list(let values):
      let texts = values.compactMap { value in
        if case .text(let text) = value { text } else { nil }
      }
      return texts.count == values.count ? texts : nil
    case .table, .null: return nil
    }
  }

  /// What stands between commas, of a text or of the texts of a list.
  var parts: [String]? {
    texts?.flatMap { text in
      text.split(separator: ",", omittingEmptySubsequences: false).map {
        $0.trimmingPrefix(while: \.isWhitespace)
      }.map(String.init)
    }
  }

  /// One file or a list of them: each a path, or a table of path and weight.
  var files: [TrainingDataFile]? {
    let values = if case .list(let values) = self { values } else { [self] }
    let files = values.compactMap { value -> TrainingDataFile? in
      switch value {
      case .text(let path): return TrainingDataFile(path: path)
      case .table(let table):
        guard case .text(let path) = table["path"], table.count == 2,
          case .text(let weight) = table["weight"], let weight = Double(weight)
        else { return nil }
        return TrainingDataFile(path: path, weight: weight)
      case .list, .null: return nil
      }
    }
    return files.count == values.count && !files.isEmpty ? files : nil
  }

  /// For a message.
  var description: String {
    switch self {
    case .text(let text): "\"\(printable(text))\""
    case .list: "a list"
    case .table: "a table"
    case .null: "nothing"
    }
  }
}
