import BlockFormats
import LanguageModels
import ModelFiles
import TensorKernels

/// A GGUF file as a source: tensors keep their names, and metadata all that is not about the file
/// itself.
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

  /// Opens the file, which may be split, or compressed with zstd. Throws `unsupportedArchitecture`
  /// where it is not a LLaMA.
  public init(path: String) throws(ConversionError) {
    self.path = path
    let architecture: String
    do {
      file = try GGUFFile(path: path) { path throws(ModelFileError) in
        try MappedFile.contents(path: path)
      }
      architecture = try file.metadata.string("general.architecture")
    } catch { throw .file(error) }
    guard architecture == "llama" else {
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
    } catch { throw .quantization(.model(error)) }
    fileType = file.metadata["general.file_type"].map { .value($0) }
    metadata = file.metadata.keys.compactMap { [file] key in
      Self.isOfTheFile(key) ? nil : file.metadata[key].map { (key, .value($0)) }
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
    UnsafeRawBufferPointer(rebasing: file.bytes(of: file.tensors[index])[bytes(rows, index)])
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
    file.releasePages(of: file.tensors[index], bytes: bytes(rows, index))
  }

  private func bytes(_ rows: Range<Int>, _ index: Int) -> Range<Int> {
    let rowBytes = file.tensors[index].byteCount / tensors[index].rows
    return rows.lowerBound * rowBytes..<rows.upperBound * rowBytes
  }
}
