import ArgumentParser
import EditSessions
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels

struct Inspect: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what a model file contains.",
    discussion: """
      Its metadata, its tensors, how many bytes are in which format, and how much memory it takes to \
      run. Nothing is loaded.

        emend inspect model.gguf
        emend inspect model.gguf -c 4096 --cache-type q8_0
        emend inspect model.gguf --json
        emend inspect editor.safetensors
      """)

  @Argument(help: "The file.")
  var file: String

  @Option(
    name: [.customShort("c"), .long],
    parsing: .unconditional,
    help: ArgumentHelp(
      "Context the memory is given for; 0 is what the model was trained for. (default: 2048, or that)",
      valueName: "n"))
  var ctxSize: Int?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Cache the memory is given for.", valueName: "f32|f16|q8_0"))
  var cacheType: CacheType = .f16

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let ctxSize, ctxSize < 0 {
      throw ValidationError(
        "--ctx-size is \(ctxSize), and must be at least 1, or 0 for what the model was trained for")
    }
  }

  func run() throws {
    let mapped = try MappedFile(path: file)
    if withExtendedLifetime(mapped, { FileKind(firstBytes: mapped.bytes) }) == .safetensors {
      try SafetensorsReport.show(path: file, json: output.json)
      return
    }
    let whole: GGUFFile
    do { whole = try GGUFFile(path: file, acceptingPacked: true) } catch {
      guard case .unsupportedTensorType = error else { throw error }
      try OutlineReport.show(GGUFOutline(path: file), reason: "\(error)", json: output.json)
      return
    }
    let file = whole
    let memory = memory(file)
    if output.json {
      try JSON.print(Report(file, memory))
    } else {
      printReport(file, memory)
    }
  }

  /// What running the model takes, or why it cannot be run.
  private func memory(_ file: GGUFFile) -> Memory {
    do {
      let configuration = try ProcessorConfiguration(file)
      let length =
        ctxSize == 0
        ? configuration.contextLength : ctxSize ?? min(configuration.contextLength, 2048)
      guard length <= configuration.contextLength else {
        throw EditSessionError.contextTooLong(asked: length, trained: configuration.contextLength)
      }
      let plan = try ProcessorState.plan(
        file, activations: .int8, threads: ThreadPool.defaultThreadCount, contextLength: length,
        cacheType: cacheType)
      return .needed(
        .init(
          contextSize: length, cacheType: cacheType.rawValue, weightsBytes: plan.weights,
          cacheBytes: plan.cache, workspaceBytes: plan.workspace, totalBytes: plan.total),
        plan.summary)
    } catch {
      return .unknown("\(error)")
    }
  }

  private func printReport(_ file: GGUFFile, _ memory: Memory) {
    let kind = file.isPacked ? "packed" : "GGUF"
    Console.print("\(file.path): \(kind) version \(file.version), \(display(file.totalBytes))\n")
    Console.print("metadata")
    for key in file.metadata.keys {
      if let value = file.metadata[key] {
        Console.print("  \(key.onOneLine) = \(value.description)")
      }
    }
    Console.print("\ntensors")
    let names = file.tensors.map(\.name.onOneLine)
    let shapes = file.tensors.map { $0.shape.map(String.init).joined(separator: " x ") }
    let nameWidth = names.map(\.count).max() ?? 0
    let shapeWidth = shapes.map(\.count).max() ?? 0
    for ((tensor, name), shape) in zip(zip(file.tensors, names), shapes) {
      Console.print(
        "  \(padded(name, nameWidth))  \(padded(shape, shapeWidth))  "
          + "\(padded(tensor.format.name, 4))  \(tensor.byteCount)\(tensor.isPacked ? "  packed" : "")"
      )
    }
    Console.print("\nformats")
    for total in Report.totals(file) {
      Console.print(
        "  \(padded(total.format, 4))  \(total.tensors) tensors, \(total.elements) elements, "
          + display(total.bytes))
    }
    switch memory {
    case .needed(let needed, let summary):
      Console.print(
        "\nmemory to run with a context of \(needed.contextSize) and a cache in \(needed.cacheType): "
          + summary)
    case .unknown(let reason):
      Console.print("\nemend cannot run it: \(reason.onOneLine)")
    }
  }

  private func display(_ bytes: Int) -> String { SystemMemory.display(bytes) }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(width - text.count, 0))
  }

  private enum Memory {
    case needed(Report.Needed, String)
    case unknown(String)
  }

  /// `--json`.
  private struct Report: Encodable {
    struct Tensor: Encodable {
      let name: String
      let shape: [Int]
      let format: String
      let bytes: Int
      let packed: Bool
    }
    struct Total: Encodable {
      let format: String
      let tensors: Int
      let elements: Int
      let bytes: Int
    }
    struct Needed: Encodable {
      let contextSize: Int
      let cacheType: String
      let weightsBytes: Int
      let cacheBytes: Int
      let workspaceBytes: Int
      let totalBytes: Int
    }

    let file: String
    let version: Int
    let packed: Bool
    let bytes: Int
    let metadata: [String: MetadataValue]
    let tensors: [Tensor]
    let formats: [Total]
    /// What the model is, whatever its quantization: what editors are made for.
    let processor: Identity?
    let memory: Needed?
    let memoryError: String?

    struct Identity: Encodable {
      let width: Int
      let layers: Int
      let vocabulary: Int
      let digest: String
    }

    init(_ file: GGUFFile, _ memory: Memory) {
      self.file = file.path
      version = file.version
      packed = file.isPacked
      bytes = file.totalBytes
      metadata = Dictionary(
        uniqueKeysWithValues: file.metadata.keys.compactMap { key in
          file.metadata[key].map { (key, MetadataValue(value: $0)) }
        })
      tensors = file.tensors.map {
        Tensor(
          name: $0.name, shape: $0.shape, format: $0.format.name, bytes: $0.byteCount,
          packed: $0.isPacked)
      }
      formats = Self.totals(file)
      processor = (try? ProcessorIdentity(file)).map {
        Identity(
          width: $0.width, layers: $0.layerCount, vocabulary: $0.vocabularySize, digest: $0.digest)
      }
      switch memory {
      case .needed(let needed, _): (self.memory, memoryError) = (needed, nil)
      case .unknown(let reason): (self.memory, memoryError) = (nil, reason)
      }
    }

    /// The totals of each format, the most bytes first.
    static func totals(_ file: GGUFFile) -> [Total] {
      Dictionary(grouping: file.tensors, by: \.format.name).map { name, tensors in
        Total(
          format: name, tensors: tensors.count,
          elements: tensors.reduce(0) { $0 + $1.elementCount },
          bytes: tensors.reduce(0) { $0 + $1.byteCount })
      }.sorted { ($1.bytes, $0.format) < ($0.bytes, $1.format) }
    }
  }
}

/// What can be said of a GGUF file with a type that is not read: its header.
private struct OutlineReport: Encodable {
  struct Tensor: Encodable {
    let name: String
    let shape: [UInt64]
    let format: String
  }

  let file: String
  let version: Int
  let bytes: Int
  let metadata: [String: MetadataValue]
  let tensors: [Tensor]
  let memoryError: String

  static func show(_ outline: GGUFOutline, reason: String, json: Bool) throws {
    let report = OutlineReport(
      file: outline.path, version: outline.version, bytes: outline.byteCount,
      metadata: Dictionary(
        uniqueKeysWithValues: outline.metadata.keys.compactMap { key in
          outline.metadata[key].map { (key, MetadataValue(value: $0)) }
        }),
      tensors: outline.tensors.map {
        Tensor(name: $0.name, shape: $0.shape, format: $0.type.lowercased())
      }, memoryError: reason)
    if json { return try JSON.print(report) }
    Console.print(
      "\(outline.path): GGUF version \(outline.version), \(Memory.display(outline.byteCount))\n")
    Console.print("metadata")
    for key in outline.metadata.keys {
      if let value = outline.metadata[key] {
        Console.print("  \(key.onOneLine) = \(value.description)")
      }
    }
    Console.print("\ntensors")
    var table = TextTable(["tensor", "shape", "type"], numbers: [])
    for tensor in report.tensors {
      table.append([
        tensor.name.onOneLine, tensor.shape.map(String.init).joined(separator: " x "),
        tensor.format,
      ])
    }
    Console.print(table.text)
    Console.print("\nemend cannot run it: \(reason.onOneLine)")
  }
}

/// A metadata value in JSON: numbers, booleans and strings as such; of an array its type and count,
/// since vocabularies are long.
private struct MetadataValue: Encodable {
  let value: GGUFValue

  private struct ArraySummary: Encodable {
    let type: String
    let count: Int
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch value {
    case .uint8(let number): try container.encode(number)
    case .int8(let number): try container.encode(number)
    case .uint16(let number): try container.encode(number)
    case .int16(let number): try container.encode(number)
    case .uint32(let number): try container.encode(number)
    case .int32(let number): try container.encode(number)
    case .uint64(let number): try container.encode(number)
    case .int64(let number): try container.encode(number)
    // JSON has no infinities.
    case .float32(let number) where number.isFinite: try container.encode(number)
    case .float64(let number) where number.isFinite: try container.encode(number)
    case .float32, .float64: try container.encode(value.description)
    case .bool(let bool): try container.encode(bool)
    case .string(let string): try container.encode(string.lossyText)
    case .array(let array):
      try container.encode(ArraySummary(type: value.typeName, count: array.count))
    }
  }
}
