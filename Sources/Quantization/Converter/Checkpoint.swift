import Foundation
import ModelFiles

/// Opens checkpoints of all kinds.
public enum Checkpoint {
  /// Opens the file or folder at `path` as what it is: Hugging Face's folder (config.json), Meta's
  /// (params.json), a GGUF file, or a llama2.c checkpoint. `tokenizer` is a tokenizer's file to be
  /// used in place of the one found; of a GGUF file, which has its own, it must be nil. `lora` is a folder of
  /// PEFT's that is merged into a folder of Hugging Face's or a GGUF file.
  public static func open(
    _ path: String, tokenizer: String? = nil, lora: String? = nil
  ) throws(ConversionError) -> any CheckpointSource {
    if isFolder(path) {
      return try openFolder(path, tokenizer, lora)
    }
    let kind: FileKind
    do {
      let file = try MappedFile.contents(path: path)
      defer { withExtendedLifetime(file) {} }
      kind = FileKind(firstBytes: file.bytes)
    } catch { throw .file(error) }
    if let lora, kind != .gguf {
      throw .unsupportedAdapter(path: lora, field: "its base", found: kind.description)
    }
    switch kind {
    case .gguf:
      if let tokenizer {
        throw .unsupportedTokenizer(
          path: tokenizer, found: "a GGUF file has its own tokenizer; leave out --tokenizer")
      }
      let file = try GGUFCheckpoint(path: path)
      guard let lora else { return file }
      return try MergedGGUF(file, lora: lora)
    // Version 0 of llama2.c has no magic, and its width can begin as a pickle does.
    case .llama2c: return try AssembledCheckpoint(llama2c: path, tokenizer: tokenizer)
    case .unknown, .pickle:
      do throws(ConversionError) {
        return try AssembledCheckpoint(llama2c: path, tokenizer: tokenizer)
      } catch {
        // Numbers that no model has say that it is none.
        guard case .file(.invalidField(path, _, _, _)) = error else { throw error }
        throw .notACheckpoint(path: path, found: kind.description)
      }
    default:
      throw .notACheckpoint(path: path, found: kind.description)
    }
  }

  /// Whether there is a folder at `path`.
  public static func isFolder(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
      && isFolder.boolValue
  }

  private static func openFolder(
    _ path: String, _ tokenizer: String?, _ lora: String?
  ) throws(ConversionError) -> any CheckpointSource {
    let names = Set(FolderListing.names(in: path))
    // Hugging Face's repositories of Meta's models may have both.
    if names.contains("config.json") {
      return try AssembledCheckpoint(
        huggingFaceFolder: path, tokenizer: tokenizer, lora: lora)
    }
    if let lora {
      throw .unsupportedAdapter(path: lora, field: "its base", found: "no folder with config.json")
    }
    if names.contains("adapter_config.json") {
      throw .notACheckpoint(
        path: path, found: "an adapter of PEFT's, which is merged with --lora into its base model")
    }
    if names.contains("params.json") {
      return try AssembledCheckpoint(metaFolder: path, tokenizer: tokenizer)
    }
    throw .notACheckpoint(path: path, found: "a folder without config.json and params.json")
  }
}

/// What is in folders; nothing where they cannot be read.
enum FolderListing {
  static func names(in folder: String) -> [String] {
    (try? FileManager.default.contentsOfDirectory(atPath: folder))?.sorted() ?? []
  }

  /// The paths of the files in the folder of the file at `path`.
  static func files(beside path: String) -> [String] {
    let folder = path.contains("/") ? String(path[...path.lastIndex(of: "/")!]) : ""
    return names(in: folder.isEmpty ? "." : folder).map { folder + $0 }
  }
}
