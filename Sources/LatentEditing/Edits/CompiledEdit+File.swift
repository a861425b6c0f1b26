import LanguageModels
import ModelFiles
import TensorKernels

/// A compiled edit as a safetensors file: F32 tensors `keys` and `values`, `[layers, kv heads, head
/// size]`, and in the metadata what it was compiled for.
extension CompiledEdit {
  private static let kind = "emend.compiled-edit"
  private static let version = "1"

  private enum Key {
    static let kind = "format"
    static let version = "version"
    static let digest = "processor.digest"
    static let width = "processor.width"
    static let layers = "processor.layers"
    static let vocabulary = "processor.vocabulary"
    static let token = "first_token"
    static let ghost = "ghost"
    static let activations = "activations"
    static let cache = "cache_type"
    static let label = "label"
  }

  /// Writes it; the same edit gives the same bytes. `shape` is the processor's. Throws `file`.
  public func write(
    to path: String, shape: ProcessorConfiguration
  ) throws(LatentEditingError) {
    let dimensions = [shape.layerCount, shape.kvHeadCount, shape.headSize]
    do throws(ModelFileError) {
      var writer = try SafetensorsWriter(
        path: path,
        tensors: [
          .init(name: "keys", type: .f32, shape: dimensions),
          .init(name: "values", type: .f32, shape: dimensions),
        ],
        metadata: [
          (Key.kind, Self.kind), (Key.version, Self.version), (Key.digest, processor.digest),
          (Key.width, "\(processor.width)"), (Key.layers, "\(processor.layerCount)"),
          (Key.vocabulary, "\(processor.vocabularySize)"), (Key.token, "\(firstToken)"),
          (Key.ghost, "\(isGhost)"), (Key.activations, activations.rawValue),
          (Key.cache, cacheType.rawValue), (Key.label, label),
        ])
      try writer.append(prefix.keys.span)
      try writer.append(prefix.values.span)
      try writer.commit()
    } catch {
      throw .file(error)
    }
  }

  /// Reads a compiled edit and checks that it is for this processor, these activations and this
  /// cache. Throws `compiledMismatch`, and what makes the file unreadable.
  public init(
    path: String, identity: ProcessorIdentity, shape: ProcessorConfiguration,
    activations: ActivationPrecision, cacheType: CacheType
  ) throws(LatentEditingError) {
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: path) } catch { throw .file(error) }
    func check(_ key: String, _ field: String, _ needed: String) throws(LatentEditingError) {
      let found = file.metadata[key] ?? "missing"
      guard found == needed else {
        throw .compiledMismatch(path: path, field: field, found: found, needed: needed)
      }
    }
    try check(Key.kind, "format", Self.kind)
    try check(Key.version, "version", Self.version)
    try check(Key.digest, "processor", identity.digest)
    try check(Key.activations, "activations", activations.rawValue)
    try check(Key.cache, "cache type", cacheType.rawValue)
    guard let token = file.metadata[Key.token].flatMap({ Int($0) }),
      (0..<shape.vocabularySize).contains(token)
    else {
      throw .compiledMismatch(
        path: path, field: "first token", found: file.metadata[Key.token] ?? "missing",
        needed: "a token of the vocabulary")
    }
    guard let ghost = file.metadata[Key.ghost].flatMap({ Bool($0) }) else {
      throw .compiledMismatch(
        path: path, field: "ghost", found: file.metadata[Key.ghost] ?? "missing",
        needed: "true or false")
    }
    let dimensions = [shape.layerCount, shape.kvHeadCount, shape.headSize]
    self.init(
      processor: identity, firstToken: token, isGhost: ghost, activations: activations,
      cacheType: cacheType, label: file.metadata[Key.label] ?? "",
      prefix: PositionKeyValues(
        keys: try file.floats("keys", shape: dimensions),
        values: try file.floats("values", shape: dimensions)))
  }
}
