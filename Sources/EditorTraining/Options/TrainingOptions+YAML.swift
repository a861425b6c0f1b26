import ModelFiles
import PlainText
import Yams

extension TrainingOptions {
  /// Configurations are written by people.
  private static let mostBytes = 1 << 20

  /// The names of all options, with underscores.
  public static var names: [String] { OptionTable.entries.map(\.name) }

  /// The options of the YAML file at `path`, over what they are here, and which these are. An option
  /// without a value stays what it is. `others` are names that are the caller's own, whose values it takes
  /// from what is returned.
  ///
  /// Throws `EditorTrainingError.file`, `.notYAML`, `.unknownOption`, or `.configuredOption` for a value
  /// of the wrong kind. Whether the values make sense together is another question: `validate()`.
  @discardableResult
  public mutating func read(
    path: String, others: [String] = []
  ) throws(EditorTrainingError) -> ConfiguredOptions {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    defer { withExtendedLifetime(file) {} }
    guard file.byteCount <= Self.mostBytes else {
      throw .notYAML(path: path, problem: "it has more than a megabyte")
    }
    let text: String
    do { text = try TextFile.text(file) } catch {
      guard case .wrongEncoding = error else {
        throw .notYAML(path: path, problem: "it is no text in UTF-8")
      }
      throw .file(error)
    }
    return try read(yaml: text, path: path, others: others)
  }

  /// The options that `yaml` names, over what they are here; `path` is for messages. Parameters, result and
  /// errors as `read(path:others:)` has them.
  @discardableResult
  public mutating func read(
    yaml: String, path: String, others: [String] = []
  ) throws(EditorTrainingError) -> ConfiguredOptions {
    var configured = ConfiguredOptions(path: path)
    let node: Node?
    do { node = try compose(yaml: yaml) } catch {
      throw .notYAML(path: path, problem: Self.sentence(error))
    }
    guard let node else { return configured }
    guard case .mapping(let mapping) = node else {
      throw .notYAML(path: path, problem: "it is no list of names and values")
    }
    var options = self
    var seen: Set<String> = []
    for (key, node) in mapping {
      let written = key.scalar?.string ?? "?"
      let name = Self.plain(written)
      let value = OptionValue(node)
      let entry = OptionTable.entries.first { $0.name == name }
      guard entry != nil || others.contains(name) else {
        throw .unknownOption(
          path: path, name: printable(written),
          nearest: nearestName(to: name, of: Self.names + others), known: Self.names + others)
      }
      guard seen.insert(name).inserted else {
        throw .notYAML(path: path, problem: "\(printable(written)) stands there twice")
      }
      guard value != .null else { continue }
      guard let entry else {
        configured.others[name] = value
        continue
      }
      if let needed = entry.read(value, &options) {
        throw .configuredOption(
          path: path, name: printable(written), found: value.description, needed: needed)
      }
      configured.names.insert(name)
    }
    self = options
    return configured
  }

  /// Sets one option, by its name with underscores, as a flag of the command line would. Throws `option`.
  public mutating func set(_ name: String, to text: String) throws(EditorTrainingError) {
    guard let entry = OptionTable.entries.first(where: { $0.name == name }) else {
      preconditionFailure("there is no option \(name)")
    }
    let value = OptionValue.text(text)
    if let needed = entry.read(value, &self) {
      throw .option(name: name, found: value.description, needed: needed)
    }
  }

  /// What the parser found, and where: Yams adds the text around it, on lines of its own.
  private static func sentence(_ error: any Error) -> String {
    func at(_ mark: Mark, _ problem: String) -> String {
      "line \(mark.line), column \(mark.column): \(problem)"
    }
    switch error as? YamlError {
    case .scanner(let context, let problem, let mark, _),
      .parser(let context, let problem, let mark, _),
      .composer(let context, let problem, let mark, _):
      return at(
        mark, (context.map { "\($0.text) that begins in line \($0.mark.line), " } ?? "") + problem)
    case .duplicatedKeysInMapping(let duplicates, let context):
      let names = duplicates.sorted().map { "\"\(printable($0))\"" }.joined(separator: ", ")
      return at(context.mark, "\(names) stands there twice")
    case .reader(let problem, let offset, _, let yaml):
      let before = yaml.prefix(offset ?? 0)
      return
        "line \(before.split(separator: "\n", omittingEmptySubsequences: false).count): \(problem)"
    default: return printable("\(error)")
    }
  }

  /// Dashes as underscores.
  private static func plain(_ name: String) -> String {
    String(name.map { $0 == "-" ? "_" : $0 })
  }
}
