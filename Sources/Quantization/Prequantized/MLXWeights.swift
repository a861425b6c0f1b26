import ModelFiles

/// How mlx-lm's config.json says that matrices are stored: for all of them, and for single ones by their names.
struct MLXSettings: Sendable, Equatable {
  /// Of one matrix.
  struct Layer: Sendable, Equatable, Decodable {
    let bits: Int?
    let groupSize: Int?

    private enum CodingKeys: String, CodingKey {
      case bits
      case groupSize = "group_size"
    }
  }

  /// `quantization` or `quantization_config` of config.json: numbers for all, objects for single matrices.
  private struct Content: Decodable {
    let all: Layer
    let single: [String: Layer]

    private struct Name: CodingKey {
      let stringValue: String
      var intValue: Int? { nil }
      init(stringValue: String) { self.stringValue = stringValue }
      init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
      all = try Layer(from: decoder)
      let values = try decoder.container(keyedBy: Name.self)
      var single: [String: Layer] = [:]
      for name in values.allKeys {
        // What is not quantized is false there.
        single[name.stringValue] = try? values.decode(Layer.self, forKey: name)
      }
      self.single = single
    }
  }

  private let all: Layer
  private let single: [String: Layer]
  /// Where it is said.
  let path: String
  let field: String

  /// Reads the object `field` of the file at `path`.
  init(path: String, field: String) throws(ConversionError) {
    self.path = path
    self.field = field
    let content: Content?
    do {
      content = try JSONFile.readAsWritten([String: Part].self, path: path)[field]?.content
    } catch {
      throw .file(error)
    }
    guard let content else { throw .missingValue(path: path, field: field) }
    (all, single) = (content.all, content.single)
  }

  /// Any value of config.json; `content` of those that are objects with numbers of their own.
  private struct Part: Decodable {
    let content: Content?
    init(from decoder: any Decoder) throws { content = try? Content(from: decoder) }
  }

  /// Throws `unusableValue` where a matrix of the module `module` has other bits or groups than are said of it.
  func check(_ module: String, bits: Int, groupSize: Int) throws(ConversionError) {
    let own = single[module]
    for (name, found, said) in [
      ("bits", bits, own?.bits ?? all.bits),
      ("group_size", groupSize, own?.groupSize ?? all.groupSize),
    ] {
      guard let said, said != found else { continue }
      throw .unusableValue(
        path: path, field: own == nil ? "\(field).\(name)" : "\(field).\(module).\(name)",
        found: "\(said)", wanted: "\(found), as \(module) is stored")
    }
  }
}

extension MatrixRequest {
  /// mlx: codes of 2 to 8 bits as `weight` U32 `[rows, columns * bits / 32]`, with `scales` and `biases` `[rows, groups]`:
  /// element = code * scale + bias.
  ///
  /// Source: `mlx.core.quantize` and `dequantize`, mode "affine".
  func mlx(_ settings: MLXSettings) throws(ConversionError) -> QuantizedMatrix? {
    guard let codes = optional(".weight"), codes.type == .u32 else { return nil }
    try require(codes, dimensions: 2)
    let scales = try companion(".scales", of: codes)
    try require(scales, dimensions: 2)
    let groups = scales.shape[1]
    try require(scales, [rows, groups])
    let size = try groupSize(scales, groups: groups)
    if scales.type == .u8 {
      throw .unsupportedQuantization(
        path: file(scales), field: scales.name, found: "one of the modes mxfp4, mxfp8 and nvfp4")
    }
    let bits = try bits(codes, words: codes.shape[1], count: columns, [4, 8, 2, 3, 5, 6])
    try require(codes, [rows, codes.shape[1]])
    try settings.check(module, bits: bits, groupSize: size)
    let biases = try companion(".biases", of: codes)
    try require(biases, [rows, groups])
    return QuantizedMatrix(
      rows: rows, columns: columns, storedAs: "mlx \(bits)-bit", checkpoint: weights,
      tensors: [codes, scales, biases],
      codes: .alongColumns(
        PackedWords(codes, of: weights, bits: bits), wordsPerRow: codes.shape[1]),
      groups: .uniform(size),
      scales: .byRow(try floats(scales), rowBlock: 1, groupCount: groups, factor: 1),
      biases: .byRow(try floats(biases), rowBlock: 1, groupCount: groups, factor: 1))
  }
}
