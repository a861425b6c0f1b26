import LanguageModels
import ModelFiles
import TensorKernels

/// A compiled edit as a safetensors file: F32 tensors `keys` and `values`, and in the metadata what it was
/// compiled for. Version 1 is of one token, `[layers, kv heads, head size]`; version 2 of a conversation's
/// beginning, `[tokens, layers, kv heads, head size]`.
extension CompiledEdit {
  private static let kind = "emend.compiled-edit"

  private enum Key {
    static let kind = "format"
    static let version = "version"
    static let digest = "processor.digest"
    static let width = "processor.width"
    static let layers = "processor.layers"
    static let vocabulary = "processor.vocabulary"
    static let token = "first_token"
    static let ghost = "ghost"
    static let tokens = "tokens"
    static let replaced = "replaced_tokens"
    static let activations = "activations"
    static let cache = "cache_type"
    static let label = "label"
  }

  /// Most tokens of a file: those of the longest context that a state can have.
  private static let mostTokens = ProcessorState.maximumContext

  /// Writes it; the same edit gives the same bytes. `shape` is the processor's. Throws `file`.
  public func write(
    to path: String, shape: ProcessorConfiguration
  ) throws(LatentEditingError) {
    let dimensions = Self.dimensions(shape, of: place, count: tokens.count)
    do throws(ModelFileError) {
      var writer = try SafetensorsWriter(
        path: path,
        tensors: [
          .init(name: "keys", type: .f32, shape: dimensions),
          .init(name: "values", type: .f32, shape: dimensions),
        ],
        metadata: [
          (Key.kind, Self.kind), (Key.version, place.version), (Key.digest, processor.digest),
          (Key.width, "\(processor.width)"), (Key.layers, "\(processor.layerCount)"),
          (Key.vocabulary, "\(processor.vocabularySize)"),
        ] + placeMetadata + [
          (Key.activations, activations.rawValue),
          (Key.cache, cacheType.rawValue), (Key.label, label),
        ])
      for position in positions { try writer.append(position.keys.span) }
      for position in positions { try writer.append(position.values.span) }
      try writer.commit()
    } catch {
      throw .file(error)
    }
  }

  private var placeMetadata: [(String, String)] {
    switch place {
    case .firstToken: [(Key.token, "\(tokens[0])"), (Key.ghost, "false")]
    case .ghost: [(Key.token, "\(tokens[0])"), (Key.ghost, "true")]
    case .opening(let replaced):
      [(Key.tokens, Self.text(tokens)), (Key.replaced, Self.text(replaced))]
    }
  }

  private static func text(_ tokens: [Int]) -> String {
    tokens.map(String.init).joined(separator: ",")
  }

  private static func dimensions(
    _ shape: ProcessorConfiguration, of place: Place, count: Int
  ) -> [Int] {
    let position = [shape.layerCount, shape.kvHeadCount, shape.headSize]
    if case .opening = place { return [count] + position }
    return position
  }

  /// How many tokens the edit in a file keeps, for who makes room for them before the model is there, and with it what
  /// the file is checked against. Throws what makes the file unreadable.
  package static func tokenCount(path: String) throws(LatentEditingError) -> Int {
    let file = try SafetensorsFile(path: path, as: .compiledEdit)
    return file.metadata[Key.tokens].map { min($0.count { $0 == "," } + 1, mostTokens) } ?? 1
  }

  /// Reads a compiled edit and checks that it is for this processor, these activations and this
  /// cache. Throws `notCompiledEdit`, `compiledMismatch`, and what makes the file unreadable.
  public init(
    path: String, identity: ProcessorIdentity, shape: ProcessorConfiguration,
    activations: ActivationPrecision, cacheType: CacheType
  ) throws(LatentEditingError) {
    let file = try SafetensorsFile(path: path, as: .compiledEdit)
    func check(_ key: String, _ field: String, _ needed: String) throws(LatentEditingError) {
      let found = file.metadata[key] ?? "missing"
      guard found == needed else {
        throw .compiledMismatch(path: path, field: field, found: found, needed: needed)
      }
    }
    func tokens(_ key: String, _ field: String) throws(LatentEditingError) -> [Int] {
      let text = file.metadata[key] ?? "missing"
      let parts = text.isEmpty ? [] : text.split(separator: ",", omittingEmptySubsequences: false)
      let tokens = parts.prefix(Self.mostTokens).compactMap { Int($0) }
        .filter((0..<shape.vocabularySize).contains)
      guard tokens.count == parts.count else {
        throw .compiledMismatch(
          path: path, field: field, found: String(text.prefix(60)),
          needed: "tokens of the vocabulary")
      }
      return tokens
    }
    let kind = file.metadata[Key.kind] ?? "missing"
    guard kind == Self.kind else { throw .notCompiledEdit(path: path, found: kind) }
    let version = file.metadata[Key.version] ?? "missing"
    guard ["1", "2"].contains(version) else {
      throw .compiledMismatch(path: path, field: "version", found: version, needed: "1 or 2")
    }
    try check(Key.digest, "processor", identity.digest)
    try check(Key.activations, "activations", activations.rawValue)
    try check(Key.cache, "cache type", cacheType.rawValue)
    let place: Place
    let found: [Int]
    if version == "2" {
      place = .opening(replacing: try tokens(Key.replaced, "tokens that are replaced"))
      found = try tokens(Key.tokens, "tokens")
    } else {
      guard let isGhost = file.metadata[Key.ghost].flatMap({ Bool($0) }) else {
        throw .compiledMismatch(
          path: path, field: "ghost", found: file.metadata[Key.ghost] ?? "missing",
          needed: "true or false")
      }
      place = isGhost ? .ghost : .firstToken
      found = try tokens(Key.token, "first token")
    }
    guard version == "2" ? !found.isEmpty : found.count == 1 else {
      throw .compiledMismatch(
        path: path, field: "tokens", found: "\(found.count)", needed: "one at least")
    }
    let dimensions = Self.dimensions(shape, of: place, count: found.count)
    let keys = try file.floats("keys", shape: dimensions)
    let values = try file.floats("values", shape: dimensions)
    let size = keys.count / found.count
    self.init(
      processor: identity, place: place, tokens: found, activations: activations,
      cacheType: cacheType, label: file.metadata[Key.label] ?? "",
      positions: found.indices.map { i in
        PositionKeyValues(
          keys: Array(keys[i * size..<(i + 1) * size]),
          values: Array(values[i * size..<(i + 1) * size]))
      })
  }
}

extension CompiledEdit.Place {
  /// Of the files that hold such edits.
  fileprivate var version: String {
    if case .opening = self { "2" } else { "1" }
  }
}
