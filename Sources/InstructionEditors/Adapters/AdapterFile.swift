import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels

extension LowRankAdapters {
  private static let format = "emend.adapters"
  private static let version = "1"

  /// What the metadata say, as JSON in "configuration".
  private struct Description: Codable {
    struct Model: Codable {
      let width: Int
      let layerCount: Int
      let vocabularySize: Int
      let digest: String
    }
    let rank: Int
    let alpha: Float
    let modules: [String]
    let depth: Int
    let processor: Model
  }

  /// Writes the adapters as a safetensors file of F32 tensors by PEFT's names,
  ///
  ///     base_model.model.model.layers.<n>.self_attn.q_proj.lora_A.weight   [r, inputs]
  ///     base_model.model.model.layers.<n>.self_attn.q_proj.lora_B.weight   [outputs, r]
  ///
  /// with the rows of q_proj's and k_proj's B in the order of Hugging Face's models: of each head, row
  /// j d / 2 + i there is row 2 i + j of a GGUF, whose pairs that are rotated together lie side by side.
  /// The metadata have format, version, and configuration (rank, alpha, modules, depth, the processor's
  /// identity). The same adapters give the same bytes. Throws `file`.
  public func write(
    to path: String, identity: ProcessorIdentity
  ) throws(LatentEditingError) {
    let description = Description(
      rank: configuration.rank, alpha: configuration.alpha,
      modules: configuration.orderedModules.map(\.rawValue), depth: configuration.depth,
      processor: .init(
        width: identity.width, layerCount: identity.layerCount,
        vocabularySize: identity.vocabularySize, digest: identity.digest))
    let encoder = JSONEncoder()
    encoder.keyEncodingStrategy = .convertToSnakeCase
    encoder.outputFormatting = .sortedKeys
    guard let json = try? encoder.encode(description) else {
      preconditionFailure("numbers and texts can be written as JSON")
    }
    let tensors = StoredAdapter.all(
      configuration, parameters.layout, headSize: headSize)
    do throws(ModelFileError) {
      var writer = try SafetensorsWriter(
        path: path,
        tensors: tensors.map { .init(name: $0.name, type: .f32, shape: $0.shape) },
        metadata: [
          ("format", Self.format), ("version", Self.version),
          ("configuration", String(decoding: json, as: UTF8.self)),
        ])
      for tensor in tensors {
        let values = tensor.reordered(
          Self.values(of: tensor.parameter, parameters), toFile: true)
        try writer.append(values.span)
      }
      try writer.commit()
    } catch { throw .file(error) }
  }

  /// Reads what `write` wrote, or a folder as PEFT and `writeFolder` write it, for a processor.
  ///
  /// Throws `wrongProcessor` where the adapters were made for another model, `editorField`,
  /// `unknownTensor`, `tensorShape`, `tensorNotFinite`, and what makes the file unreadable.
  public convenience init(
    path: String, identity: ProcessorIdentity, processor: Processor
  ) throws(LatentEditingError) {
    if Self.isFolder(path) {
      try self.init(folder: path, processor: processor)
      return
    }
    let file = try SafetensorsFile(path: path, as: .adapters)
    try self.init(file, identity: identity, processor: processor)
  }

  /// As above, of a file that is open already.
  package convenience init(
    _ file: SafetensorsFile, identity: ProcessorIdentity, processor: Processor
  ) throws(LatentEditingError) {
    let configuration = try Self.configuration(
      file, path: file.tensors.path, identity, processor)
    try self.init(file, configuration, processor)
  }

  /// The tensors of a configuration, which are all that are in the file.
  convenience init(
    _ file: SafetensorsFile, _ configuration: AdapterConfiguration, _ processor: Processor
  ) throws(LatentEditingError) {
    let tensors = try Self.checked(file, configuration, processor)
    do {
      try self.init(
        configuration, of: processor.configuration, seed: nil, pool: processor.pool)
    } catch { throw .model(error) }
    for tensor in tensors {
      let values = tensor.reordered(
        try file.floats(tensor.name, shape: tensor.shape), toFile: false)
      do { try parameters.setValues(of: tensor.parameter, to: values) } catch {
        preconditionFailure("\(error)")  // the name and the size are the layout's own
      }
    }
  }

  private static func configuration(
    _ file: SafetensorsFile, path: String, _ identity: ProcessorIdentity, _ processor: Processor
  ) throws(LatentEditingError) -> AdapterConfiguration {
    func check(
      _ field: String, _ found: String?, _ needed: String, _ holds: Bool
    ) throws(LatentEditingError) {
      guard holds else {
        throw .adapterField(
          path: path, field: field, found: found.map { String($0.prefix(60)) } ?? "missing",
          needed: needed)
      }
    }
    let format = file.metadata["format"]
    try check("format", format, Self.format, format == Self.format)
    let version = file.metadata["version"]
    try check("version", version, Self.version, version == Self.version)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard let text = file.metadata["configuration"],
      let d = try? decoder.decode(Description.self, from: Data(text.utf8))
    else {
      throw .adapterField(
        path: path, field: "configuration", found: "not readable",
        needed: "JSON with rank, alpha, modules, depth and processor")
    }
    let made = ProcessorIdentity(
      width: d.processor.width, layerCount: d.processor.layerCount,
      vocabularySize: d.processor.vocabularySize, digest: d.processor.digest)
    guard made == identity else {
      throw .wrongProcessor(path: path, made: made, found: identity)
    }
    try check(
      "rank", "\(d.rank)", "1 to \(HeadKind.mostRank)", (1...HeadKind.mostRank).contains(d.rank))
    try check("alpha", "\(d.alpha)", "above 0", d.alpha > 0 && d.alpha.isFinite)
    let layers = processor.configuration.layerCount
    try check("depth", "\(d.depth)", "1 to \(layers)", (1...layers).contains(d.depth))
    let modules = d.modules.compactMap(AdapterConfiguration.Module.init)
    try check(
      "modules", d.modules.joined(separator: ", "), "names as q_proj",
      !modules.isEmpty && modules.count == d.modules.count)
    return AdapterConfiguration(
      rank: d.rank, alpha: d.alpha, modules: Set(modules), depth: d.depth)
  }

  /// What is in the file, which has all tensors of the configuration and no others: nothing is allocated for
  /// a file that has not.
  private static func checked(
    _ file: SafetensorsFile, _ configuration: AdapterConfiguration, _ processor: Processor
  ) throws(LatentEditingError) -> [StoredAdapter] {
    let path = file.tensors.path
    let tensors = StoredAdapter.all(
      configuration, configuration.layout(processor.configuration),
      headSize: processor.configuration.headSize)
    for tensor in tensors {
      guard let found = file.tensors.tensorIfPresent(named: tensor.name) else {
        throw .adapterField(
          path: path, field: "tensor \(tensor.name)", found: "missing", needed: "\(tensor.shape)")
      }
      guard found.shape == tensor.shape else {
        throw .tensorShape(
          path: path, tensor: tensor.name, found: found.shape, needed: tensor.shape)
      }
    }
    let others = Set(file.tensors.map(\.name)).subtracting(tensors.map(\.name))
    if let other = others.min() { throw .unknownTensor(path: path, tensor: other) }
    return tensors
  }

  /// What a store of these adapters' layout holds, by the names, shapes and orders of their file: for
  /// gradients.
  package func named(_ store: ParameterStore) -> [(String, [Int], [Float])] {
    precondition(store.layout == parameters.layout, "the gradients are of other adapters")
    return StoredAdapter.all(configuration, store.layout, headSize: headSize).map {
      ($0.name, $0.shape, $0.reordered(Self.values(of: $0.parameter, store), toFile: true))
    }
  }

  private static func values(of parameter: String, _ store: ParameterStore) -> [Float] {
    do { return try store.values(of: parameter) } catch {
      preconditionFailure("\(error)")  // the name is the layout's own
    }
  }
}

extension AdapterConfiguration {
  /// In the order of the layout.
  fileprivate var orderedModules: [Module] { Module.allCases.filter(modules.contains) }
}

/// A or B of one layer, as a tensor of the file.
private struct StoredAdapter {
  /// The tensor's.
  let name: String
  /// The parameter's.
  let parameter: String
  let shape: [Int]
  /// Rows of a head where they have another order in the file; nil where they have not.
  let headSize: Int?

  /// The tensors of a file, in the order of the layout.
  static func all(
    _ configuration: AdapterConfiguration, _ layout: ParameterLayout, headSize: Int
  ) -> [StoredAdapter] {
    (0..<configuration.depth).flatMap { block in
      configuration.orderedModules.flatMap { module in
        ["A", "B"].map {
          StoredAdapter(layout, module, block: block, part: $0, headSize: headSize)
        }
      }
    }
  }

  private init(
    _ layout: ParameterLayout, _ module: AdapterConfiguration.Module, block: Int, part: String,
    headSize: Int
  ) {
    let group =
      switch module {
      case .query, .key, .value, .attentionOutput: "self_attn"
      case .gate, .up, .down: "mlp"
      }
    name =
      "base_model.model.model.layers.\(block).\(group).\(module.rawValue).lora_\(part).weight"
    let names = module.names(inBlock: block)
    parameter = part == "A" ? names.down : names.up
    shape = layout.entry(named: parameter)!.shape.dimensions
    self.headSize = part == "B" && (module == .query || module == .key) ? headSize : nil
  }

  /// `values` with their rows in the order of the file, or from that order.
  func reordered(_ values: [Float], toFile: Bool) -> [Float] {
    guard let headSize else { return values }
    let width = shape[1]
    var result = values
    for row in 0..<shape[0] {
      let (head, inHead) = row.quotientAndRemainder(dividingBy: headSize)
      let (pair, half) = inHead.quotientAndRemainder(dividingBy: 2)
      let other = head * headSize + half * (headSize / 2) + pair
      let (source, target) = toFile ? (row, other) : (other, row)
      for column in 0..<width {
        result[target * width + column] = values[source * width + column]
      }
    }
    return result
  }
}
