import BlockFormats
import LanguageModels
import ModelFiles
import TensorKernels

/// A GGUF file as a source: tensors keep their names, and metadata all that is not about the file
/// itself. Qwen2 becomes the LLaMA with biases that it is, its rows of queries and keys in that architecture's order.
public struct GGUFCheckpoint: CheckpointSource {
  /// The file or folder, as the caller named it.
  public let path: String
  /// What the new file will say of the model and its tokenizer.
  public let metadata: [(key: String, value: GGUFEntry)]
  /// All tensors, in the order they are written.
  public let tensors: [SourceTensor]
  private let file: GGUFFile
  /// What llama.cpp calls the mixture of formats, where the file says it.
  let fileType: GGUFEntry?
  /// The order of rows, and the sizes of heads, where rows are put into another; nil where they stay as they are.
  private let heads: (order: RotaryOrder, size: Int, rotated: Int)?

  /// Opens the file, which may be split, or compressed with zstd. Throws `unsupportedArchitecture`
  /// where it is neither a LLaMA nor Qwen2.
  public init(path: String) throws(ConversionError) {
    self.path = path
    let architecture: String
    do {
      file = try GGUFFile(path: path) { path throws(ModelFileError) in
        try MappedFile.contents(path: path)
      }
      architecture = try file.metadata.string("general.architecture")
    } catch { throw .file(error) }
    guard let order = ProcessorConfiguration.architectures[architecture] else {
      throw .unsupportedArchitecture(path: path, found: architecture)
    }
    do {
      if let embedding = file.tensorIfPresent(named: "token_embd.weight"),
        embedding.shape.count == 2
      {
        try ProcessorConfiguration.checkVocabulary(
          file.metadata, path: path, rows: embedding.shape[1])
      }
      try file.checkEnds()
      if order == .pairs {
        heads = nil
      } else {
        let configuration = try ProcessorConfiguration(file)
        heads = (order, configuration.headSize, configuration.rotatedSize)
        try Self.checkRows(of: file, headSize: configuration.headSize)
      }
    } catch { throw .quantization(.model(error)) }
    fileType = file.metadata["general.file_type"].map { .value($0) }
    metadata = file.metadata.keys.compactMap { [file] key in
      if Self.isOfTheFile(key) { return nil }
      if key == "general.architecture" { return (key, .string("llama")) }
      let ofModel = key.hasPrefix(architecture + ".")
      let name = ofModel ? "llama" + key.dropFirst(architecture.count) : key
      return file.metadata[key].map { (name, .value($0)) }
    }
    tensors = file.tensors.map {
      SourceTensor(name: $0.name, shape: $0.shape, format: $0.format)
    }
  }

  /// The files it is made of.
  public var files: [String] { file.files.map(\.path) }

  /// Keys whose values the new file has its own of, or none.
  private static func isOfTheFile(_ key: String) -> Bool {
    ["general.file_type", "general.quantization_version", "general.alignment"].contains(key)
      || key.hasPrefix("split.") || key.hasPrefix("emend.provenance.")
  }

  /// See `CheckpointSource`.
  public func read(
    _ rows: Range<Int>, of index: Int, scratch: UnsafeMutableRawBufferPointer, pool: ThreadPool
  ) throws(ConversionError) -> UnsafeRawBufferPointer {
    let tensor = file.tensors[index]
    let bytes = file.bytes(of: tensor)
    guard let heads, Self.isRotated(tensor) else {
      return UnsafeRawBufferPointer(rebasing: bytes[self.bytes(rows, index)])
    }
    // Rows of a matrix, or the numbers of a bias, which are its row.
    let isBias = tensor.shape.count == 1
    let pieces = isBias ? 0..<tensor.shape[0] : rows
    let pieceBytes = tensor.byteCount / (isBias ? tensor.shape[0] : tensors[index].rows)
    for (place, piece) in pieces.enumerated() {
      let from = heads.order.row(ofPaired: piece, headSize: heads.size, rotatedSize: heads.rotated)
      UnsafeMutableRawBufferPointer(
        rebasing: scratch[place * pieceBytes..<(place + 1) * pieceBytes]
      ).copyMemory(
        from: UnsafeRawBufferPointer(
          rebasing: bytes[from * pieceBytes..<(from + 1) * pieceBytes]))
    }
    return UnsafeRawBufferPointer(rebasing: scratch[..<(pieces.count * pieceBytes)])
  }

  /// A row of a matrix, where it lies in the file.
  func row(_ row: Int, of index: Int) -> UnsafeRawBufferPointer {
    let tensor = file.tensors[index]
    var place = row
    if let heads, Self.isRotated(tensor) {
      place = heads.order.row(ofPaired: row, headSize: heads.size, rotatedSize: heads.rotated)
    }
    return UnsafeRawBufferPointer(
      rebasing: file.bytes(of: tensor)[bytes(place..<place + 1, index)])
  }

  /// What the file says of the model. Throws what `ProcessorConfiguration` does.
  var configuration: ProcessorConfiguration {
    get throws(LanguageModelError) { try ProcessorConfiguration(file) }
  }

  /// Whether a tensor has a row, or a number, for each number of queries or keys.
  private static func isRotated(_ tensor: GGUFTensor) -> Bool {
    ["attn_q.weight", "attn_k.weight", "attn_q.bias", "attn_k.bias"].contains {
      tensor.name.hasSuffix("." + $0)
    }
  }

  /// Rows that change places are those of whole heads, and a bias has plain numbers. Throws `wrongShape`.
  private static func checkRows(
    of file: GGUFFile, headSize: Int
  ) throws(LanguageModelError) {
    for tensor in file.tensors where isRotated(tensor) {
      let rows = tensor.shape.count == 1 ? tensor.shape[0] : tensor.shape[1]
      guard tensor.shape.count <= 2, rows % headSize == 0,
        tensor.shape.count == 2 || tensor.format.elementsPerBlock == 1
      else {
        throw .wrongShape(
          path: file.path, tensor: tensor.name, found: tensor.shape,
          wanted: tensor.shape.dropLast() + [headSize])
      }
    }
  }

  /// See `CheckpointSource`.
  public func willRead(_ rows: Range<Int>, of index: Int) {
    let tensor = file.tensors[index]
    let bytes = bytes(rows, index)
    file.files[tensor.part].willNeed(
      tensor.offset + bytes.lowerBound..<tensor.offset + bytes.upperBound)
  }

  /// See `CheckpointSource`.
  public func release(_ rows: Range<Int>, of index: Int) {
    // Rows that change places are read until all of their heads are.
    guard heads == nil || !Self.isRotated(file.tensors[index]) else {
      if rows.upperBound == tensors[index].rows { file.releasePages(of: file.tensors[index]) }
      return
    }
    file.releasePages(of: file.tensors[index], bytes: bytes(rows, index))
  }

  private func bytes(_ rows: Range<Int>, _ index: Int) -> Range<Int> {
    let rowBytes = file.tensors[index].byteCount / tensors[index].rows
    return rows.lowerBound * rowBytes..<rows.upperBound * rowBytes
  }
}
