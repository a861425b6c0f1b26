import BlockFormats
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing
import Tokenization

/// Qwen2, a LLaMA with biases of queries, keys and values: the folder and the GGUF of
/// tools/fixtures/make_qwen2_fixtures.py, beside what transformers makes of them.
struct Qwen2Tests {
  let scratch: ScratchFolder

  init() throws { scratch = try ScratchFolder() }

  private static let folder = OutsideFiles.fixture("qwen2/model").path
  private static let gguf = OutsideFiles.fixture("qwen2/qwen2.gguf").path

  private static func witness() throws -> WitnessLogits {
    try WitnessLogits("model", in: "qwen2")
  }

  private struct Known: Decodable {
    struct Text: Decodable {
      let text: String
      let ids: [Int]
    }
    struct Conversation: Decodable {
      let messages: [ChatMessage]
      let ids: [Int]
    }
    let strings: [Text]
    let conversations: [Conversation]
  }

  private static func known() throws -> Known {
    try JSONDecoder().decode(
      Known.self, from: Data(contentsOf: OutsideFiles.fixture("qwen2/ids.json")))
  }

  // MARK: Logits

  /// The folder, converted; the GGUF as it is, whose rows are in another order; the GGUF converted, and packed. What
  /// differs is the order of f32 sums.
  @Test func logitsAreThoseOfTransformers() throws {
    let witness = try Self.witness()
    let recipe = ConversionRecipe(type: .f32)
    let fromFolder = try ConversionFixture.convert(Self.folder, recipe, in: scratch)
    let fromFile = try ConversionFixture.convert(Self.gguf, recipe, in: scratch)
    for file in [fromFolder, try GGUFFile(path: Self.gguf), fromFile] {
      #expect(try witness.largestDifference(to: file) < 2e-3)
    }
    let packed = scratch.path("packed")
    let conversion = try Conversion(Checkpoint.open(Self.gguf), recipe: nil, packed: true)
    _ = try conversion.write(to: packed, pool: ThreadPool(threads: 2)) { _ in true }
    let file = try GGUFFile(path: packed, acceptingPacked: true)
    #expect(try witness.largestDifference(to: file) < 2e-3)
  }

  /// Quantized rows change places too. The file converted and the folder converted hold the same bytes.
  @Test(arguments: [BlockFormat.q8_0, .f16])
  func bothWaysGiveTheSameRows(type: BlockFormat) throws {
    let recipe = ConversionRecipe(type: type)
    let files = try [Self.folder, Self.gguf].map {
      try ConversionFixture.convert($0, recipe, in: scratch)
    }
    #expect(try files[0].metadata.string("general.architecture") == "llama")
    #expect(try files[1].metadata.string("general.architecture") == "llama")
    #expect(files[0].tensors.count == files[1].tensors.count)
    for tensor in files[0].tensors {
      let other = try files[1].tensor(named: tensor.name)
      #expect(other.format == tensor.format && other.shape == tensor.shape)
      let isSame = files[0].bytes(of: tensor).elementsEqual(files[1].bytes(of: other))
      #expect(isSame, "\(tensor.name)")
    }
  }

  /// A file of q8_0 of the architecture qwen2, as llama.cpp's quantizer leaves it: rows keep their order there.
  @Test func quantizedRowsOfAQwen2File() throws {
    let exact = try ConversionFixture.convert(
      Self.folder, ConversionRecipe(type: .q8_0), in: scratch)
    var entries = try GGUFFile(path: Self.gguf).metadata.keys.compactMap {
      key -> (key: String, value: GGUFEntry)? in
      try GGUFFile(path: Self.gguf).metadata[key].map { (key, .value($0)) }
    }
    entries.removeAll { $0.key == "general.file_type" }
    // The rows of the converted file, put back into Hugging Face's order.
    let out = scratch.path("qwen2-q8_0.gguf")
    let tensors = exact.tensors
    var writer = try GGUFWriter(
      path: out, metadata: entries,
      tensors: tensors.map { .init(name: $0.name, shape: $0.shape, format: $0.format) })
    for tensor in tensors {
      let bytes = Array(exact.bytes(of: tensor))
      let isRotated = ["attn_q.", "attn_k."].contains { tensor.name.contains($0) }
      guard isRotated else {
        try bytes.withUnsafeBytes { try writer.append($0.bytes) }
        continue
      }
      let rows = tensor.shape.last!
      let rowBytes = bytes.count / rows
      var back = [UInt8](repeating: 0, count: bytes.count)
      for row in 0..<rows {
        let place = row / 8 * 8 + row % 8 % 2 * 4 + row % 8 / 2
        back.replaceSubrange(
          place * rowBytes..<(place + 1) * rowBytes,
          with: bytes[row * rowBytes..<(row + 1) * rowBytes])
      }
      try back.withUnsafeBytes { try writer.append($0.bytes) }
    }
    try writer.commit()
    let (a, b) = (try logits(exact), try logits(GGUFFile(path: out)))
    #expect(a == b)
  }

  private func logits(_ file: GGUFFile) throws -> [Float] {
    let tokens = try Self.witness().tokens
    let state = try ProcessorState(
      Processor(file, pool: ThreadPool(threads: 2)), contextLength: tokens.count)
    var all: [Float] = []
    try state.forwardAll(tokens) { _, logits in all += (0..<logits.count).map { logits[$0] } }
    return all
  }

  /// An editor is at home on both.
  @Test func oneModelHasOneIdentity() throws {
    let converted = try ConversionFixture.convert(
      Self.gguf, ConversionRecipe(type: .q8_0), in: scratch)
    #expect(
      try ProcessorIdentity(GGUFFile(path: Self.gguf)).digest
        == ProcessorIdentity(converted).digest)
  }

  // MARK: Text

  /// Composed first (NFC), as the folder's tokenizer.json has it, and with its own system turn.
  @Test func idsAreThoseOfTransformers() throws {
    let file = try ConversionFixture.convert(Self.folder, ConversionRecipe(type: .f16), in: scratch)
    let tokenizer = try Tokenizer(file.metadata)
    let known = try Self.known()
    #expect(known.strings.count == 13 && known.conversations.count == 3)
    for string in known.strings {
      let ids = tokenizer.encode(string.text, addSpecial: true, parseSpecial: false)
      #expect(ids == string.ids, "\(string.text.debugDescription)")
    }
    let template = try ChatTemplate(of: tokenizer.vocabulary)
    for conversation in known.conversations {
      let ids = try template.encode(
        conversation.messages, with: tokenizer, addGenerationPrompt: true)
      #expect(ids == conversation.ids, "\(conversation.messages)")
    }
    #expect(tokenizer.endOfGenerationTokens.contains(tokenizer.token(forPiece: "<|im_end|>")!))
    // Rows that fill the vocabulary up can be drawn, and are no text, as in llama.cpp.
    let filler = try #require(tokenizer.token(forPiece: "[PAD310]"))
    #expect(tokenizer.type(of: filler) == .unused && tokenizer.decode([72, filler, 72]) == "hh")
    // llama.cpp's files do not say it, and it does not do it.
    let plain = try Tokenizer(GGUFFile(path: Self.gguf).metadata)
    #expect(
      plain.encode("e\u{301}", addSpecial: false, parseSpecial: false)
        != tokenizer.encode("e\u{301}", addSpecial: false, parseSpecial: false))
  }

  // MARK: Configurations

  /// Qwen2's window is there only where `use_sliding_window` says so; elsewhere its number means nothing.
  @Test(arguments: [(nil, 128), (false, 128), (true, 16)] as [(Bool?, Int)])
  func slidingWindows(isUsed: Bool?, context: Int) throws {
    let folder = scratch.path(UUID().uuidString)
    try FileManager.default.copyItem(atPath: Self.folder, toPath: folder)
    let url = URL(fileURLWithPath: folder + "/config.json")
    var json =
      try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any] ?? [:]
    json["sliding_window"] = 16
    json["use_sliding_window"] = isUsed
    try JSONSerialization.data(withJSONObject: json).write(to: url)
    let source = try Checkpoint.open(folder)
    #expect(try source.contextLength() == context)
  }

  /// Without a bias that the architecture has, the folder is not whole.
  @Test func aMissingBias() throws {
    let folder = scratch.path(UUID().uuidString)
    try FileManager.default.copyItem(atPath: Self.folder, toPath: folder)
    var weights = try SafetensorsEdit(folder: folder)
    let name = "model.layers.1.self_attn.k_proj.bias"
    weights.tensors.removeAll { $0.name == name }
    try weights.write(folder: folder)
    #expect(throws: ConversionError.file(.missingTensor(path: folder, tensor: name))) {
      try Checkpoint.open(folder)
    }
  }
}
