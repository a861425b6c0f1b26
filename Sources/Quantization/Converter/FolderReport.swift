import BlockFormats
import Foundation
import ModelFiles
import PlainText
import TensorKernels

/// What a folder with a checkpoint is, and what `Conversion` makes of it, or why not: an object of JSON as `emend inspect
/// --json` writes it. Headers are read, and no weights but norms and what tells a stopped download.
public struct FolderReport: Sendable, Encodable {
  /// All tensors whose elements are of one type.
  public struct Total: Sendable, Encodable {
    /// The type, by safetensors' name.
    public let type: String
    /// How many, with how many elements and bytes.
    public let tensors, elements, bytes: Int
  }

  /// What the folder becomes.
  public struct Model: Sendable, Encodable {
    /// Numbers of all weights.
    public let parameters: Int
    /// Tokens that the model was trained to see at once.
    public let contextLength: Int
    /// Length of the residual stream, and numbers of blocks and tokens.
    public let width, layers, vocabulary: Int
    /// "llama" (SentencePiece) or "gpt2" (byte-level BPE), and how the latter cuts text into words.
    public let tokenizer: String
    /// Whether it brings a chat template.
    public let hasChatTemplate: Bool
    /// What the matrices are stored as: "f16", "gptq 4-bit".
    public let weights: [String]
    /// Bytes of the tensors in some types, by the type's name.
    public let bytes: [String: Int]
  }

  /// The folder.
  public let folder: String
  /// Who writes such folders: "Hugging Face" or "Meta"; nil where it is neither's.
  public let layout: String?
  /// As config.json names it; "LLaMA" in Meta's. Nil where nothing says it.
  public let architecture: String?
  /// Who quantized the weights, as config.json names it; nil where it says of nobody.
  public let quantization: String?
  /// The weights' files, and all of their tensors; empty where they cannot be read.
  public let files: [String]
  /// By the type of their elements, the most bytes first.
  public let types: [Total]
  /// What it converts to; nil where it does not.
  public let converts: Model?
  /// Why it does not.
  public let refused: String?

  /// What of config.json is said whatever else is in it.
  private struct Outline: Decodable {
    struct Quantization: Decodable {
      let quantMethod: String?
      let mode: String?
      let bits: Int?
    }
    let architectures: [String]?
    let modelType: String?
    let quantizationConfig: Quantization?
    let quantization: Quantization?

    var method: String? {
      if let method = quantizationConfig?.quantMethod { return method }
      return quantization == nil ? quantizationConfig.map { _ in "mlx" } : "mlx"
    }
  }

  /// A report on the folder at `path`.
  public init(path: String) {
    folder = path
    let names = Set(FolderListing.names(in: path))
    let weights: [CheckpointTensors]
    if names.contains("config.json") {
      layout = "Hugging Face"
      let outline = try? JSONFile.read(Outline.self, path: path + "/config.json")
      architecture = outline?.architectures?.first ?? outline?.modelType
      let older = names.contains("quantize_config.json") ? "gptq" : nil
      quantization = outline?.method ?? older
      weights = (try? CheckpointTensors(huggingFaceFolder: path)).map { [$0] } ?? []
    } else if names.contains("params.json") {
      layout = "Meta"
      architecture = "LLaMA"
      quantization = nil
      weights = (try? AssembledCheckpoint.shards(path)) ?? []
    } else {
      (layout, architecture, quantization, weights) = (nil, nil, nil, [])
    }
    files = weights.flatMap { $0.files.map(\.path) }.sorted()
    types = Dictionary(grouping: weights.joined(), by: \.type).map { type, tensors in
      Total(
        type: type.rawValue, tensors: tensors.count,
        elements: tensors.reduce(0) { $0 + $1.elementCount },
        bytes: tensors.reduce(0) { $0 + $1.byteCount })
    }.sorted { ($1.bytes, $0.type) < ($0.bytes, $1.type) }
    do throws(ConversionError) {
      converts = try Model(Checkpoint.open(path))
      refused = nil
    } catch {
      converts = nil
      refused = "\(error)"
    }
  }
}

extension FolderReport.Model {
  /// Types whose sizes are given.
  private static let recipes: [(name: String, recipe: ConversionRecipe)] = [
    ("f16", ConversionRecipe(type: .f16)),
    ("q8_0", ConversionRecipe(type: .q8_0, allowsRequantizing: true)),
    ("q4_k_m", ConversionRecipe(mixture: .q4_k_m, allowsRequantizing: true)),
    ("q4_0", ConversionRecipe(type: .q4_0, allowsRequantizing: true)),
  ]

  fileprivate init(_ source: any CheckpointSource) throws(ConversionError) {
    let configuration = try source.configuration()
    let vocabulary = try source.tokenizer().vocabulary
    parameters = source.tensors.reduce(0) { $0 + $1.columns * $1.rows }
    contextLength = configuration.contextLength
    width = configuration.hiddenSize
    layers = configuration.layerCount
    self.vocabulary = configuration.vocabularySize
    tokenizer =
      vocabulary.model.rawValue
      + (vocabulary.model == .bytePair ? " (\(vocabulary.preTokenizer ?? "default"))" : "")
    hasChatTemplate = vocabulary.chatTemplate != nil
    weights = Set(source.tensors.filter { $0.shape.count == 2 }.map(\.storedAs)).sorted()
    var bytes: [String: Int] = [:]
    for (name, recipe) in Self.recipes {
      bytes[name] = try Conversion(source, recipe: recipe).byteCount
    }
    self.bytes = bytes
  }

  /// The types of `bytes`, the largest first.
  public var sizes: [(type: String, bytes: Int)] {
    bytes.map { ($0.key, $0.value) }.sorted { ($1.bytes, $0.type) < ($0.bytes, $1.type) }
  }
}

extension FolderReport: CustomStringConvertible {
  /// The same for people, a line for each thing.
  public var description: String {
    func plain(_ text: String) -> String { displayed(text, limit: 4096) }
    var lines = ["\(plain(folder)): \(layout.map { "a folder of \($0)" } ?? "a folder")", ""]
    if layout != nil {
      lines.append("architecture  \(plain(architecture ?? "unknown"))")
      lines.append("quantized     \(plain(quantization ?? "no"))")
    }
    for total in types {
      lines.append(
        "stored as     \(total.type)  \(total.tensors) tensors, \(total.elements) elements, "
          + SystemMemory.display(total.bytes))
    }
    if let refused { lines.append("refused       \(plain(refused))") }
    if let model = converts {
      let template = model.hasChatTemplate ? "with" : "without"
      let sizes = model.sizes.map { "\($0.type) \(SystemMemory.display($0.bytes))" }
      lines += [
        "weights       \(model.weights.joined(separator: ", "))",
        "parameters    \(model.parameters)", "context       \(model.contextLength)",
        "shape         \(model.layers) blocks, width \(model.width), \(model.vocabulary) tokens",
        "tokenizer     \(plain(model.tokenizer)), \(template) a chat template",
        "converts to   \(sizes.joined(separator: ", "))",
      ]
    }
    return lines.joined(separator: "\n")
  }
}
