import Crypto
import Foundation
import LanguageModels
import ModelFiles
import TensorKernels

/// The place of one compiled edit in a folder, by the content of all that it comes from:
///
///     sha256(model, editors, instructions, strengths, layers, first token, activations, cache type)
///
/// Of an editor's file every byte counts, under whatever name it lies. Of the model, which has gigabytes,
/// it is the identity, and of every tensor its type and its first bytes: another quantization has other
/// ones.
///
///     let cache = try CompiledEditCache(folder: "edits", model: file, requests: requests, ...)
///     if let edit = try cache.edit(shape: configuration) { ... }    // no editor was loaded
public struct CompiledEditCache: Sendable {
  /// An instruction, who reads it, and how strongly.
  public struct Request: Sendable {
    let editor: String
    let digest: String?
    let instruction: String
    let strength: Float

    /// `editor` is a file, and `digest` its SHA-256 where that is known.
    public init(editor: String, digest: String? = nil, instruction: String, strength: Float) {
      self.editor = editor
      self.digest = digest
      self.instruction = instruction
      self.strength = strength
    }
  }

  /// Where the edit is, or will be.
  public let path: String
  /// The token that prompts begin with.
  public let firstToken: Int

  private let folder: String
  private let opening: (tokens: [Int], replaced: [Int])?
  private let written: [Int]
  private let identity: ProcessorIdentity
  private let activations: ActivationPrecision
  private let cacheType: CacheType

  /// Reads what the content of the files is. Edits are added up, so the order of `requests` does not
  /// matter.
  ///
  /// - Parameters:
  ///   - folder: where compiled edits lie; made when the first is stored.
  ///   - model: the processor's file.
  ///   - identity: the processor's, where it is known.
  ///   - requests: what is asked for, one at least.
  ///   - layers: the blocks whose latents are used; nil for all that the editors have.
  ///   - around: what strengths are counted from; nil for zero.
  ///   - firstToken: the token that prompts begin with.
  ///   - opening: what a prefix editor reads, and the tokens at the beginning of prompts that it takes the
  ///     place of; nil for an edit of the first token.
  ///   - written: those of the tokens that it reads which it writes; nil for all.
  ///   - activations: how the processor takes its activations.
  ///   - cacheType: how keys and values are stored.
  /// - Throws: what makes a file unreadable.
  public init(
    folder: String, model: GGUFFile, identity: ProcessorIdentity? = nil, requests: [Request],
    layers: LayerSelection?, around: String? = nil, firstToken: Int,
    opening: (tokens: [Int], replaced: [Int])? = nil, written: [Int]? = nil,
    activations: ActivationPrecision,
    cacheType: CacheType
  ) throws(LatentEditingError) {
    self.folder = folder
    self.opening = opening
    self.written = written ?? opening?.tokens ?? []
    self.firstToken = firstToken
    self.activations = activations
    self.cacheType = cacheType
    let identity = if let identity { identity } else { try ProcessorIdentity(model) }
    self.identity = identity
    var digests: [String: String] = [:]
    for request in requests where digests[request.editor] == nil {
      digests[request.editor] =
        if let digest = request.digest { digest } else { try Self.digest(ofFile: request.editor) }
    }
    let editors = requests.map {
      Contents.Reading(
        editor: digests[$0.editor]!, instruction: $0.instruction, strength: $0.strength.bitPattern)
    }.sorted {
      ($0.editor, $0.instruction, $0.strength) < ($1.editor, $1.instruction, $1.strength)
    }
    let contents = Contents(
      model: identity.digest, weights: ProcessorIdentity.sample(of: model), editors: editors,
      layers: layers?.description, around: around, firstToken: firstToken,
      opening: opening.map { [$0.tokens, $0.replaced] }, activations: activations.rawValue,
      cacheType: cacheType.rawValue)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let json = try? encoder.encode(contents) else {
      preconditionFailure("numbers and texts can be written as JSON")
    }
    path = "\(folder)/\(SHA256.hash(data: json).hexadecimal).safetensors"
  }

  /// All that the keys and values of token 0 depend on.
  private struct Contents: Encodable {
    struct Reading: Encodable {
      let editor: String
      let instruction: String
      let strength: UInt32
    }
    /// Goes up when the same contents come to mean other numbers.
    var version = 1
    let model: String
    let weights: String
    let editors: [Reading]
    let layers: String?
    /// Left out where it is nil, so that what was kept before is still found.
    let around: String?
    let firstToken: Int
    let opening: [[Int]]?
    let activations: String
    let cacheType: String
  }

  /// The edit, or nil where it was not stored yet. `shape` is the processor's. Throws
  /// `cachedEdit` where what was stored is damaged or something else.
  public func edit(shape: ProcessorConfiguration) throws(LatentEditingError) -> CompiledEdit? {
    let edit: CompiledEdit
    do {
      edit = try CompiledEdit(
        path: path, identity: identity, shape: shape, activations: activations,
        cacheType: cacheType)
    } catch .file(.noSuchFile) {
      return nil
    } catch {
      throw .cachedEdit(path: path, problem: "\(error)")
    }
    if let opening {
      guard edit.tokens == written, edit.place == .opening(replacing: opening.replaced)
      else {
        throw .cachedEdit(path: path, problem: "it is of another beginning of prompts")
      }
      return edit
    }
    guard edit.firstToken == firstToken else {
      throw .cachedEdit(
        path: path, problem: "it is for prompts that begin with token \(edit.firstToken)")
    }
    return edit
  }

  /// Compiles `edit` and stores it. Throws `notCompilable`, `cacheFolder`, and what `CompiledEdit` throws.
  public func compile(
    _ edit: LatentEdit, on processor: Processor, label: String
  ) throws(LatentEditingError) -> CompiledEdit {
    let compiled = try CompiledEdit.compiling(
      edit, on: processor, identity: identity, firstToken: firstToken, cacheType: cacheType,
      label: label)
    try store(compiled, shape: processor.configuration)
    return compiled
  }

  /// Stores what was compiled. Throws `cacheFolder`, and what makes the file impossible to write.
  public func store(
    _ compiled: CompiledEdit, shape: ProcessorConfiguration
  ) throws(LatentEditingError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cacheFolder(path: folder)
    }
    try compiled.write(to: path, shape: shape)
  }

  private static func digest(ofFile path: String) throws(LatentEditingError) -> String {
    let file: MappedFile
    do { file = try MappedFile(path: path) } catch { throw .file(error) }
    return digest(of: file)
  }

  /// The SHA-256 of a mapped file, as names of edits have it.
  package static func digest(of file: MappedFile) -> String {
    var hash = SHA256()
    file.readOnce { piece in
      hash.update(bufferPointer: piece)
      return true
    }
    return hash.finalize().hexadecimal
  }
}
