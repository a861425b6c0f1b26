import Crypto
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels

/// What a teacher makes of prompts and responses, kept from one epoch or run to the next: its residual
/// stream after the last block at the rows that predict the response, `[response][width]` in F32. One
/// safetensors file for each example, under the digest of all that the states depend on:
///
///     sha256(model, activations, instruction set, prompt, response)
///
/// The output layer is applied anew each time: it is a small part of a model, and distributions over the
/// vocabulary would take a hundred times the space. What is read has the bits that were computed.
public final class TeacherCache {
  /// Where the files lie; made when the first is written.
  public let folder: String
  /// Examples that were found here, and that were computed.
  public private(set) var counts = (read: 0, computed: 0)

  private let model: String
  private let width: Int

  /// The cache of `processor`, which was loaded from `file` and is the model of that identity.
  public init(folder: String, file: GGUFFile, identity: ProcessorIdentity, processor: Processor) {
    self.folder = folder
    width = identity.width
    precondition(width == processor.configuration.hiddenSize, "the processor is of another file")
    model = [
      identity.digest, ProcessorIdentity.sample(of: file), processor.activations.rawValue,
      "\(processor.instructionSet)",
    ].joined(separator: " ")
  }

  /// Bytes on disk of teachers of `tokens` response tokens.
  public func byteCount(tokens: Int) -> Int { tokens * width * 4 }

  /// The teacher's states at the response tokens of `batch`, example after example; `compute` is asked for
  /// those of the examples that are not here, which are then kept. Throws `teacherStates`, `cacheFolder`,
  /// `file` and what `compute` throws.
  func states(
    of batch: TrainingBatch,
    _ compute: (TrainingBatch) throws(LatentEditingError) -> TeacherStates
  ) throws(LatentEditingError) -> TeacherStates {
    let examples = batch.examples
    var found: [[Float]?] = []
    for example in examples { found.append(try read(example)) }
    let missing = found.indices.filter { found[$0] == nil }
    counts.read += found.count - missing.count
    counts.computed += missing.count
    if !missing.isEmpty {
      let part = TrainingBatch(missing.map { examples[$0] }, firstContent: batch.firstContent)
      let computed = try compute(part).values
      var next = 0
      for index in missing {
        let end = next + examples[index].response.count * width
        let states = Array(computed[next..<end])
        next = end
        try write(states, examples[index])
        found[index] = states
      }
    }
    return TeacherStates(values: found.flatMap { $0! })
  }

  // MARK: Files

  private static let kind = "emend.teacher"
  private static let version = "1"

  private func path(_ example: TokenizedExample) -> String {
    var hash = SHA256()
    hash.update(data: Array("\(Self.kind) \(Self.version) \(model)\n".utf8))
    for tokens in [example.prompted, example.response] {
      for number in [tokens.count] + tokens {
        withUnsafeBytes(of: Int64(number).littleEndian) { hash.update(bufferPointer: $0) }
      }
    }
    return "\(folder)/\(hash.finalize().hexadecimal).safetensors"
  }

  /// Nil where there is no file.
  private func read(_ example: TokenizedExample) throws(LatentEditingError) -> [Float]? {
    let path = path(example)
    let file: SafetensorsFile
    do { file = try SafetensorsFile(path: path) } catch .noSuchFile {
      return nil
    } catch {
      throw .teacherStates(path: path, problem: "\(error)")
    }
    guard file.metadata["format"] == Self.kind, file.metadata["version"] == Self.version else {
      throw .teacherStates(path: path, problem: "it is no file of teacher's states")
    }
    let states = try file.floats("states", shape: [example.response.count, width])
    guard file.metadata["sha256"] == Self.digest(states) else {
      throw .teacherStates(path: path, problem: "its states have another checksum than it says")
    }
    return states
  }

  private func write(_ states: [Float], _ example: TokenizedExample) throws(LatentEditingError) {
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw .cacheFolder(path: folder)
    }
    do throws(ModelFileError) {
      var writer = try SafetensorsWriter(
        path: path(example),
        tensors: [
          .init(name: "states", type: .f32, shape: [example.response.count, width])
        ],
        metadata: [
          ("format", Self.kind), ("version", Self.version), ("sha256", Self.digest(states)),
        ])
      try writer.append(states.span)
      try writer.commit()
    } catch {
      throw .file(error)
    }
  }

  private static func digest(_ states: [Float]) -> String {
    var hash = SHA256()
    states.withUnsafeBytes { hash.update(bufferPointer: $0) }
    return hash.finalize().hexadecimal
  }
}
