import ModelFiles
import Yams

extension TrainingOptions {
  /// Configurations are written by people.
  private static let mostBytes = 1 << 20

  /// The names of all options, with underscores.
  public static var names: [String] { OptionTable.entries.map(\.name) }

  /// The options of the YAML file at `path`, over what they are here. An option without a value stays
  /// what it is.
  ///
  /// Throws `EditorTrainingError.file`, `.notYAML`, `.unknownOption`, or `.configuredOption` for a value
  /// of the wrong kind. Whether the values make sense together is another question: `validate()`.
  public mutating func read(path: String) throws(EditorTrainingError) {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    guard file.byteCount <= Self.mostBytes,
      let text = String(validating: file.bytes, as: UTF8.self)
    else { throw .notYAML(path: path, problem: "it is no text of at most a megabyte") }
    try read(yaml: text, path: path)
  }

  /// The options that `yaml` names, over what they are here; `path` is for messages. Throws as
  /// `read(path:)` does.
  public mutating func read(yaml: String, path: String) throws(EditorTrainingError) {
    let node: Node?
    do { node = try compose(yaml: yaml) } catch {
      let lines = "\(error)".split(separator: "\n").map(String.init)
      throw .notYAML(path: path, problem: printable(lines.first ?? "it cannot be read"))
    }
    guard let node else { return }
    guard case .mapping(let mapping) = node else {
      throw .notYAML(path: path, problem: "it is no list of names and values")
    }
    var options = self
    var seen: Set<String> = []
    for (key, value) in mapping {
      let written = key.scalar?.string ?? "?"
      try options.set(written, OptionValue(value), path: path)
      guard seen.insert(Self.plain(written)).inserted else {
        throw .notYAML(path: path, problem: "\(printable(written)) stands there twice")
      }
    }
    self = options
  }

  /// Sets one option as a flag of the command line would. Throws `configuredOption`.
  public mutating func set(_ name: String, to text: String) throws(EditorTrainingError) {
    try set(name, .text(text), path: "the command line")
  }

  private mutating func set(
    _ written: String, _ value: OptionValue, path: String
  ) throws(EditorTrainingError) {
    let name = Self.plain(written)
    guard let entry = OptionTable.entries.first(where: { $0.name == name }) else {
      throw .unknownOption(
        path: path, name: printable(written), nearest: nearestName(to: name, of: Self.names))
    }
    guard value != .null else { return }
    if let needed = entry.read(value, &self) {
      throw .configuredOption(
        path: path, name: printable(written), found: value.description, needed: needed)
    }
  }

  /// Dashes as underscores.
  private static func plain(_ name: String) -> String {
    String(name.map { $0 == "-" ? "_" : $0 })
  }
}

/// The name that takes the fewest changes of single characters to get from `name`, if they are no more
/// than a third of it and one; the first of several.
func nearestName(to name: String, of names: [String]) -> String? {
  let word = Array(name.prefix(64))
  let distances = names.map { (name: $0, distance: changes(word, Array($0))) }
  guard let best = distances.min(by: { $0.distance < $1.distance }) else { return nil }
  return best.distance <= word.count / 3 + 1 ? best.name : nil
}

/// Insertions, deletions and replacements that make `b` of `a` (Levenshtein).
private func changes(_ a: [Character], _ b: [Character]) -> Int {
  var row = Array(0...b.count)
  for (i, x) in a.enumerated() {
    var corner = row[0]
    row[0] = i + 1
    for (j, y) in b.enumerated() {
      let replaced = corner + (x == y ? 0 : 1)
      corner = row[j + 1]
      row[j + 1] = min(replaced, row[j] + 1, corner + 1)
    }
  }
  return row[b.count]
}
