import LanguageModels
import ModelFiles
import TensorKernels
import TestSupport
import Testing

/// One lie a file can tell, one error that names it.
@Suite struct BadFileTests {
  private let path = TinyFile.path

  @Test func theUnchangedFileRuns() throws {
    let state = try ProcessorState(try TinyFile().processor(), contextLength: 8)
    #expect(try state.forward([0, 4, 2]).allSatisfy(\.isFinite))
    // Keys may be missing that have a default.
    var file = TinyFile()
    file.set("llama.attention.head_count_kv", nil)
    file.setFloats("blk.0.attn_k.weight", .init(repeating: 0, count: 1024), shape: [32, 32])
    file.setFloats("blk.0.attn_v.weight", .init(repeating: 0, count: 1024), shape: [32, 32])
    let configuration = try ProcessorConfiguration(try file.open())
    #expect(configuration.kvHeadCount == 2 && configuration.ropeTheta == 10_000)
    #expect(try file.processor().weightBytes > 0)
  }

  @Test func architecture() {
    #expect(
      TinyFile.error { $0.set("general.architecture", .string("gpt2")) }
        == .unsupportedArchitecture(path: path, found: "gpt2"))
  }

  @Test(arguments: [
    "general.architecture", "llama.context_length", "llama.embedding_length",
    "llama.feed_forward_length", "llama.block_count", "llama.attention.head_count",
    "llama.attention.layer_norm_rms_epsilon",
  ])
  func missingKey(key: String) {
    #expect(
      TinyFile.error { $0.set(key, nil) } == .file(.missingKey(path: path, key: key)))
  }

  /// Zero, and numbers whose products would overflow.
  @Test(arguments: [
    "llama.context_length", "llama.embedding_length", "llama.feed_forward_length",
    "llama.block_count", "llama.attention.head_count", "llama.attention.head_count_kv",
  ])
  func sizeOutOfRange(key: String) {
    for value in [0, .max] as [UInt32] {
      guard
        case .file(.outOfRange(path, key, "\(value)", _)) =
          TinyFile.error({ $0.set(key, .u32(value)) })
      else {
        Issue.record("\(key) = \(value)")
        continue
      }
    }
  }

  @Test func wrongTypeOfValue() {
    guard
      case .file(.wrongType(path, "llama.block_count", _, _)) =
        TinyFile.error({ $0.set("llama.block_count", .string("1")) })
    else {
      Issue.record("a text was taken for a number")
      return
    }
  }

  @Test(arguments: TinyFile.shapes.map(\.0).filter { $0 != "output.weight" })
  func missingTensor(name: String) {
    #expect(
      TinyFile.error { file in file.tensors.removeAll { $0.name == name } }
        == .file(.missingTensor(path: path, tensor: name)))
  }

  @Test(arguments: TinyFile.shapes.map(\.0))
  func wrongShape(name: String) {
    let wanted = TinyFile.shapes.first { $0.0 == name }!.1
    for found in [wanted.map { $0 + 32 }, wanted + [2], [wanted.reduce(1, *) * 2]] {
      // The vocabulary's size is whatever the embedding says.
      let error = TinyFile.error {
        $0.setFloats(name, .init(repeating: 0, count: found.reduce(1, *)), shape: found)
      }
      guard case .wrongShape(path, name, found, _) = error else {
        Issue.record("\(name) of shape \(found): \(error.map { "\($0)" } ?? "no error")")
        continue
      }
    }
  }

  @Test func outputOfAnotherVocabulary() {
    #expect(
      TinyFile.error {
        $0.setFloats("output.weight", .init(repeating: 0, count: 128), shape: [32, 4])
      } == .wrongShape(path: path, tensor: "output.weight", found: [32, 4], wanted: [32, 5]))
  }

  @Test(arguments: ["blk.0.ffn_gate.bias", "blk.1.attn_norm.weight", "blk.0.ffn_gate_exps.weight"])
  func unknownTensor(name: String) {
    #expect(
      TinyFile.error { $0.setFloats(name, .init(repeating: 0, count: 32), shape: [32]) }
        == .unknownTensor(path: path, tensor: name))
  }

  @Test func headSizes() {
    #expect(
      TinyFile.error {
        $0.set("llama.attention.head_count", .u32(3))
        $0.set("llama.attention.head_count_kv", .u32(1))
      }
        == .unusableValue(
          path: path, key: "llama.attention.head_count", found: "3",
          wanted: "a divisor of llama.embedding_length (32)"))
    #expect(
      TinyFile.error { $0.set("llama.attention.key_length", .u32(13)) }
        == .unusableValue(
          path: path, key: "llama.attention.key_length", found: "13",
          wanted: "an even number from 8 to 4096"))
    #expect(
      TinyFile.error { $0.set("llama.attention.value_length", .u32(8)) }
        == .unusableValue(
          path: path, key: "llama.attention.value_length", found: "8", wanted: "the keys' 16"))
  }

  @Test func kvHeadsThatDoNotDivide() {
    #expect(
      TinyFile.error {
        $0.set("llama.attention.head_count", .u32(4))
        $0.set("llama.attention.head_count_kv", .u32(3))
      }
        == .unusableValue(
          path: path, key: "llama.attention.head_count_kv", found: "3",
          wanted: "a divisor of 4 heads"))
  }

  @Test func rotatedDimensions() {
    for value: UInt32 in [7, 18] {
      #expect(
        TinyFile.error { $0.set("llama.rope.dimension_count", .u32(value)) }
          == .unusableValue(
            path: path, key: "llama.rope.dimension_count", found: "\(value)",
            wanted: "an even number up to 16"))
    }
    #expect(TinyFile.error { $0.set("llama.rope.dimension_count", .u32(8)) } == nil)
  }

  @Test func ropeScalings() throws {
    #expect(
      TinyFile.error { $0.set("llama.rope.scaling.type", .string("longrope")) }
        == .unsupportedRopeScaling(path: path, found: "longrope"))
    func scaling(_ change: (inout TinyFile) -> Void) throws -> RopeScaling {
      var file = TinyFile()
      change(&file)
      return try ProcessorConfiguration(try file.open()).ropeScaling
    }
    #expect(try scaling { $0.set("llama.rope.scaling.type", .string("none")) } == .none)
    #expect(try scaling { $0.set("llama.rope.scale_linear", .f32(1)) } == .none)
    #expect(try scaling { $0.set("llama.rope.scale_linear", .f32(2)) } == .linear(factor: 2))
    // llama.cpp's type is linear where there is only a factor, and its newer key goes first.
    #expect(try scaling { $0.set("llama.rope.scaling.factor", .f32(4)) } == .linear(factor: 4))
    #expect(
      try scaling {
        $0.set("llama.rope.scaling.factor", .f32(4))
        $0.set("llama.rope.scale_linear", .f32(2))
      } == .linear(factor: 4))
    #expect(
      try scaling {
        $0.set("llama.rope.scaling.factor", .f32(0))
        $0.set("llama.rope.scale_linear", .f32(2))
      } == .linear(factor: 2))
    #expect(try scaling { $0.set("llama.rope.scaling.type", .string("linear")) } == .none)
    #expect(
      try scaling {
        $0.set("llama.rope.scaling.type", .string("yarn"))
        $0.set("llama.rope.scaling.factor", .f32(1))
      }
        == .yarn(
          factor: 1, originalContext: 128, attentionFactor: 1, betaFast: 32, betaSlow: 1))
    for factor: Float in [-1, .nan, .infinity] {
      guard
        case .file(.outOfRange(path, "llama.rope.scaling.factor", _, _)) =
          TinyFile.error({
            $0.set("llama.rope.scaling.type", .string("linear"))
            $0.set("llama.rope.scaling.factor", .f32(factor))
          })
      else {
        Issue.record("a factor of \(factor) was taken")
        continue
      }
    }
    #expect(
      TinyFile.error {
        $0.set("llama.rope.scaling.type", .string("llama3"))
        $0.set("llama.rope.scaling.factor", .f32(8))
        $0.set("llama.rope.scaling.low_freq_factor", .f32(4))
        $0.set("llama.rope.scaling.high_freq_factor", .f32(4))
        $0.set("llama.rope.scaling.original_context_length", .u32(64))
      }
        == .unusableValue(
          path: path, key: "llama.rope.scaling.high_freq_factor", found: "4.0",
          wanted: "more than 4.0"))
  }

  /// Numbers that may be there for each block.
  @Test func numbersOfBlocks() throws {
    for (key, value) in [
      ("llama.attention.head_count", 2), ("llama.attention.head_count_kv", 1),
      ("llama.feed_forward_length", 32),
    ] {
      #expect(TinyFile.error { $0.set(key, .i32s([Int32(value)])) } == nil)
      #expect(
        TinyFile.error { $0.set(key, .i32s([Int32(value), 8])) }
          == .unusableValue(
            path: path, key: key, found: "[\(value), 8]",
            wanted: "one number, the same for all blocks"))
      #expect(
        TinyFile.error { $0.set(key, .i32s([])) }
          == .unusableValue(
            path: path, key: key, found: "[]", wanted: "one number, the same for all blocks"))
    }
  }

  /// A token without a row, and a row without a token.
  @Test(arguments: [4, 6])
  func tokensAndRowsAreAsMany(tokens: Int) {
    let pieces = GGUFBuilder.Value.strings((0..<tokens).map { "t\($0)" })
    #expect(
      TinyFile.error { $0.set("tokenizer.ggml.tokens", pieces) }
        == .vocabularyMismatch(path: path, tokens: tokens, rows: 5))
  }

  /// What a stopped download leaves: a norm of zeros, and zeros to the end of the file.
  @Test func zeros() {
    for name in ["blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "output_norm.weight"] {
      #expect(
        TinyFile.error { $0.setFloats(name, .init(repeating: 0, count: 32)) }
          == .zeros(path: path, tensor: name))
      // One number will do.
      #expect(
        TinyFile.error { $0.setFloats(name, .init(repeating: 0, count: 31) + [1]) } == nil)
    }
    func large(_ file: inout TinyFile, zerosFrom row: Int) {
      file.set("llama.feed_forward_length", .u32(1024))
      for name in ["ffn_gate", "ffn_up", "ffn_down"] {
        file.setFloats(
          "blk.0.\(name).weight",
          (0..<32 * 1024).map { $0 < row * 32 ? 0.5 : 0 },
          shape: name == "ffn_down" ? [1024, 32] : [32, 1024])
      }
    }
    #expect(
      TinyFile.error { large(&$0, zerosFrom: 200) }
        == .zeros(path: path, tensor: "blk.0.ffn_down.weight"))
    #expect(TinyFile.error { large(&$0, zerosFrom: 1000) } == nil)
  }

  @Test(arguments: [Float.nan, .infinity])
  func valuesThatAreNotFinite(value: Float) {
    for (name, shape) in TinyFile.shapes where name != "token_embd.weight" {
      let count = shape.reduce(1, *)
      let error = TinyFile.error {
        var values = [Float](repeating: 1, count: count)
        values[count - 1] = value
        $0.setFloats(name, values)
      }
      let row = shape.count == 1 ? 0 : shape[1] - 1
      #expect(error == .notFinite(path: path, tensor: name, row: row))
    }
  }

  /// An embedding of its own is not packed: its rows are looked at when they are read, and a bad one
  /// is an error that leaves the state as it was.
  @Test func notFiniteEmbeddingRowsAreRefused() throws {
    for bad in [Float.nan, .infinity, -.infinity] {
      var file = TinyFile()
      var values = [Float](repeating: 0.1, count: 32 * 5)
      values[3 * 32 + 17] = bad
      file.setFloats("token_embd.weight", values)
      let state = try ProcessorState(try file.processor(), contextLength: 16)
      _ = try state.forward([2, 4])
      for tokens in [[3], [0, 1, 3]] {
        let error = LanguageModelError.notFinite(
          path: TinyFile.path, tensor: "token_embd.weight", row: 3)
        #expect(throws: error) { try state.forward(tokens) }
        #expect(throws: SequenceError<Never>.model(error)) {
          try state.forwardAll(tokens) { _, _ in }
        }
        #expect(state.position == 2)
      }
      let logits = try state.forward([1])
      #expect(logits.allSatisfy { $0.isFinite })
    }
  }

  /// A Q8_0 block whose scale is a NaN, in row 3.
  @Test func scaleThatIsNotFinite() {
    let block: [UInt8] = [0, 0x3C] + .init(repeating: 1, count: 32)
    let bad: [UInt8] = [1, 0x7C] + .init(repeating: 1, count: 32)
    let error = TinyFile.error { file in
      file.setData(
        "blk.0.ffn_up.weight", type: 8, (0..<32).flatMap { $0 == 3 ? bad : block })
    }
    #expect(error == .notFinite(path: path, tensor: "blk.0.ffn_up.weight", row: 3))
  }

  @Test func rotaryFactors() {
    func error(_ factors: [Float]) -> LanguageModelError? {
      TinyFile.error { $0.setFloats("rope_freqs.weight", factors, shape: [factors.count]) }
    }
    #expect(error(.init(repeating: 2, count: 8)) == nil)
    #expect(
      error(.init(repeating: 2, count: 7))
        == .wrongShape(path: path, tensor: "rope_freqs.weight", found: [7], wanted: [8]))
    #expect(
      error([1, 1, 1, 0, 1, 1, 1, 1])
        == .unusableValue(
          path: path, key: "rope_freqs.weight", found: "0.0", wanted: "positive factors"))
    #expect(
      error([1, 1, 1, .nan, 1, 1, 1, 1])
        == .notFinite(path: path, tensor: "rope_freqs.weight", row: 0))
  }

  // MARK: Tokens and contexts

  @Test func tokensThatCannotBeRun() throws {
    let state = try ProcessorState(try TinyFile().processor(), contextLength: 4)
    _ = try state.forward([1])
    #expect(throws: LanguageModelError.noTokens) { try state.forward([]) }
    for token in [-1, 5, .max] {
      #expect(throws: LanguageModelError.tokenOutOfRange(token: token, vocabularySize: 5)) {
        try state.forward([0, token])
      }
    }
    #expect(
      throws: LanguageModelError.contextFull(position: 1, count: 4, contextLength: 4)
    ) { try state.forward([0, 1, 2, 3]) }
    #expect(throws: SequenceError<Never>.model(.noTokens)) {
      try state.forwardAll([]) { _, _ in }
    }
    // Nothing of what was refused was run.
    #expect(state.position == 1)
    _ = try state.forward([0, 1, 2])
    #expect(
      throws: LanguageModelError.contextFull(position: 4, count: 1, contextLength: 4)
    ) { try state.forward([0]) }
  }

  @Test(arguments: [0, -1, ProcessorState.maximumContext + 1, .max])
  func contextsThatCannotBeHad(length: Int) throws {
    let processor = try TinyFile().processor()
    let error = LanguageModelError.contextTooLong(
      requested: length, most: ProcessorState.maximumContext)
    #expect(throws: error) { try ProcessorState(processor, contextLength: length) }
    #expect(throws: error) { try ProcessorState.plan(processor, contextLength: length) }
    #expect(throws: error) {
      try ProcessorState.plan(
        TinyFile().open(), activations: .int8, threads: 1, contextLength: length)
    }
  }

  /// What was found and what was wanted stand in the message.
  @Test func messages() {
    let errors: [(LanguageModelError, [String])] = [
      (.unsupportedArchitecture(path: "a.gguf", found: "gpt2"), ["a.gguf", "gpt2", "llama"]),
      (.unsupportedRopeScaling(path: "a.gguf", found: "su"), ["a.gguf", "su", "yarn", "llama3"]),
      (.vocabularyMismatch(path: "a.gguf", tokens: 300, rows: 364), ["a.gguf", "300", "364"]),
      (.zeros(path: "a.gguf", tensor: "output_norm.weight"), ["a.gguf", "output_norm", "fetch"]),
      (
        .wrongShape(path: "a.gguf", tensor: "t", found: [1, 2], wanted: [3, 4]),
        ["a.gguf", "t", "[1, 2]", "[3, 4]"]
      ),
      (.notFinite(path: "a.gguf", tensor: "t", row: 7), ["a.gguf", "t", "7"]),
      (.contextFull(position: 9, count: 8, contextLength: 10), ["9", "8", "10", "-c"]),
      (.tokenOutOfRange(token: 77, vocabularySize: 66), ["77", "66"]),
    ]
    // Names of files and of what is in them may hold what steers terminals.
    let names = ["\u{1B}]0;x\u{7}", "a\u{9B}2J", "b\u{202E}c", "d\ne"]
    for name in names {
      for error in [
        LanguageModelError.unknownTensor(path: name, tensor: name),
        .unsupportedArchitecture(path: "a.gguf", found: name), .zeros(path: "a.gguf", tensor: name),
      ] {
        let isPlain = error.description.unicodeScalars.allSatisfy {
          ![.control, .format].contains($0.properties.generalCategory)
        }
        #expect(isPlain)
      }
    }
    for (error, parts) in errors {
      for part in parts { #expect(error.description.contains(part)) }
    }
  }
}
