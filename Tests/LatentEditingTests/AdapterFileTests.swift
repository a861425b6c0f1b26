import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import Quantization
import TensorKernels
import TestSupport
import Testing

/// Files of low-rank changes to a processor.
@Suite struct AdapterFileTests {
  private static let modules = Set(AdapterConfiguration.Module.allCases)

  /// A model that transformers wrote, converted to f32: 2 blocks of width 32, 4 heads of 8.
  private func converted(to path: String) throws -> (GGUFFile, Processor) {
    let source = OutsideFiles.fixture("conversion/whole").path
    let conversion = try Conversion(
      Checkpoint.open(source, tokenizer: nil), recipe: ConversionRecipe(type: .f32))
    _ = try conversion.write(to: path, pool: TinyModel.pool) { _ in true }
    let file = try GGUFFile(path: path)
    return (file, try Processor(file, activations: .f32, pool: TinyModel.pool))
  }

  /// With A of 32 rows, B may be a layer's whole weight: set to those of the GGUF, it is that of
  /// transformers in the file, row by row, for layers that are rotated and for others. That the converted
  /// model's rows mean what transformers' mean is what its logits show (ConversionTests).
  @Test func rowsAreInTheOrderOfTransformers() throws {
    let (gguf, path) = (TinyModel.temporaryPath("f32.gguf"), TinyModel.temporaryPath("adapters"))
    defer { for file in [gguf, path] { try? FileManager.default.removeItem(atPath: file) } }
    let (file, processor) = try converted(to: gguf)
    let adapters = try LowRankAdapters(
      AdapterConfiguration(rank: 32, alpha: 64, modules: Self.modules, depth: 2),
      of: processor.configuration, seed: 1, pool: TinyModel.pool)
    let layers = [
      ("attn_q", "self_attn.q_proj"), ("attn_k", "self_attn.k_proj"),
      ("attn_v", "self_attn.v_proj"), ("ffn_up", "mlp.up_proj"),
    ]
    for block in 0..<2 {
      for (name, module) in layers {
        let tensor = try file.tensor(named: "blk.\(block).\(name).weight")
        let values = file.bytes(of: tensor).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
        try adapters.parameters.setValues(
          of: "blocks.\(block).\(module.split(separator: ".")[1]).lora_B", to: values)
      }
    }
    try adapters.write(to: path, identity: ProcessorIdentity(file))
    let written = try SafetensorsFile(path: path)
    let source = try SafetensorsFile(
      path: OutsideFiles.fixture("conversion/whole/model.safetensors").path)
    func floats(_ file: SafetensorsFile, _ name: String) throws -> [Float] {
      try file.tensors.floats(of: file.tensors.tensor(named: name))
    }
    for block in 0..<2 {
      for (_, module) in layers {
        let found = try floats(
          written, "base_model.model.model.layers.\(block).\(module).lora_B.weight")
        #expect(
          found == (try floats(source, "model.layers.\(block).\(module).weight")), "\(module)")
      }
    }
    #expect(written.tensors.count == 2 * 7 * 2)

    // And back.
    let read = try LowRankAdapters(
      path: path, identity: ProcessorIdentity(file), processor: processor)
    #expect(read.configuration == adapters.configuration)
    for (a, b) in zip(read.parameters.floats, adapters.parameters.floats) { #expect(a == b) }
  }

  /// One lie each.
  @Test func liesAreRefused() throws {
    let path = TinyModel.temporaryPath("adapters")
    defer { try? FileManager.default.removeItem(atPath: path) }
    let processor = try TinyModel.processor()
    let identity = try TinyModel.identity()
    let adapters = try LowRankAdapters(
      AdapterConfiguration(rank: 2, alpha: 4, modules: [.query, .down], depth: 2),
      of: processor.configuration, seed: 1, pool: TinyModel.pool)
    try adapters.write(to: path, identity: identity)
    let good = try Data(contentsOf: URL(fileURLWithPath: path))
    func refused(_ old: String, _ new: String, _ words: String) throws {
      var data = good
      let range = try #require(data.range(of: Data(old.utf8)), "\(old)")
      precondition(old.utf8.count == new.utf8.count)
      data.replaceSubrange(range, with: Data(new.utf8))
      try data.write(to: URL(fileURLWithPath: path))
      do {
        _ = try LowRankAdapters(path: path, identity: identity, processor: processor)
        Issue.record("\(new) was taken")
      } catch {
        #expect(error.description.contains(path) && error.description.contains(words), "\(error)")
      }
    }
    try refused("emend.adapters", "emend.adaptors", "format")
    try refused(#""version":"1""#, #""version":"2""#, "version")
    try refused(#"\"rank\":2"#, #"\"rank\":3"#, "shape")
    try refused(#"\"rank\":2"#, #"\"rank\":0"#, "rank")
    try refused(#"\"rank\":2"#, #"\"rang\":2"#, "configuration")
    try refused(#"\"alpha\":4"#, #"\"alpha\":0"#, "alpha")
    try refused(#"\"depth\":2"#, #"\"depth\":9"#, "depth")
    try refused(#"\"depth\":2"#, #"\"depth\":1"#, "layers.1")
    try refused("q_proj\\\"", "k_proj\\\"", "k_proj")
    try refused("q_proj\\\"", "x_proj\\\"", "modules")
    try refused("layers.1.mlp.down_proj.lora_A", "layers.1.mlp.down_proj.lora_C", "lora_A")
    try refused(
      String(identity.digest.prefix(8)), "00000000", "was made for")

    var data = good
    withUnsafeBytes(of: Float.nan) { data.replaceSubrange(data.count - 4..<data.count, with: $0) }
    try data.write(to: URL(fileURLWithPath: path))
    #expect(throws: LatentEditingError.self) {
      try LowRankAdapters(path: path, identity: identity, processor: processor)
    }
    for count in [0, 7, good.count / 2, good.count - 1] {
      try good.prefix(count).write(to: URL(fileURLWithPath: path))
      #expect(throws: LatentEditingError.self) {
        try LowRankAdapters(path: path, identity: identity, processor: processor)
      }
    }
  }
}

/// Folders as PEFT writes and reads them. That its numbers are ours is what tools/witness/peft_adapters.py shows.
@Suite struct AdapterFolderTests {
  private func withAdapters(
    depth: Int = 2, _ body: (LowRankAdapters, String, Processor, ProcessorIdentity) throws -> Void
  ) throws {
    let folder = TinyModel.temporaryPath("peft")
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let processor = try TinyModel.processor()
    let identity = try TinyModel.identity()
    let adapters = try LowRankAdapters(
      AdapterConfiguration(rank: 4, alpha: 6, modules: [.query, .down], depth: depth),
      of: processor.configuration, seed: 1, pool: TinyModel.pool)
    try adapters.writeFolder(folder, identity: identity)
    try body(adapters, folder, processor, identity)
  }

  @Test(arguments: [1, 2]) func roundTrip(depth: Int) throws {
    try withAdapters(depth: depth) { adapters, folder, processor, identity in
      let read = try LowRankAdapters(path: folder, identity: identity, processor: processor)
      #expect(read.configuration == adapters.configuration)
      for (a, b) in zip(read.parameters.floats, adapters.parameters.floats) { #expect(a == b) }
      let config = try JSONSerialization.jsonObject(
        with: Data(contentsOf: URL(fileURLWithPath: folder + "/adapter_config.json")))
      let fields = try #require(config as? [String: Any])
      #expect(fields["peft_type"] as? String == "LORA" && fields["r"] as? Int == 4)
      #expect(fields["lora_alpha"] as? Double == 6)
      #expect(fields["target_modules"] as? [String] == ["q_proj", "down_proj"])
      let whole = processor.configuration.layerCount == depth
      #expect((fields["layers_to_transform"] as? [Int] == Array(0..<depth)) != whole)
    }
  }

  /// What PEFT would leave out without a word, or would not do as it is done here, is named.
  @Test(arguments: [
    ("\"down_proj\"", "\"up_proj\"", "down_proj too"), ("\"LORA\"", "\"IA3\"", "peft_type"),
    ("\"r\" : 4", "\"r\" : 0", "r is 0"), ("\"bias\" : \"none\"", "\"bias\" : \"all\"", "bias"),
    ("\"use_dora\" : false", "\"use_dora\" : true", "use_dora"),
    ("\"r\" : 4", "\"r\" : 4, \"rank_pattern\" : {\"q_proj\" : 8}", "rank_pattern"),
    ("\"r\" : 4", "\"r\" : 4, \"modules_to_save\" : [\"lm_head\"]", "modules_to_save"),
    ("\"r\" : 4", "\"r\" : 4, \"layers_to_transform\" : [1]", "layers_to_transform"),
    ("\"r\" : 4", "\"r\" : 4, \"lora_bias\" : true", "lora_bias is set"),
    ("\"r\" : 4", "\"r\" : 4, \"exclude_modules\" : \"up\"", "exclude_modules"),
    ("\"r\" : 4", "\"r\" : 4, \"target_parameters\" : [\"w\"]", "target_parameters"),
    ("\"r\" : 4", "\"r\" : 4, \"trainable_token_indices\" : {\"e\" : [1]}", "trainable_token"),
    ("\"r\" : 4", "\"r\" : 4, \"layer_replication\" : [[0, 1]]", "layer_replication"),
    ("\"r\" : 4", "\"r\" : 4, \"init_lora_weights\" : \"pissa_niter_4\"", "pissa_niter_4"),
    ("\"r\" : 4", "\"r\" : 5", "lora_A"), ("\"q_proj\"", "\"lm_head\"", "target_modules"),
  ])
  func configurationsThatDoNotFit(part: String, other: String, named: String) throws {
    try withAdapters { _, folder, processor, identity in
      let path = folder + "/adapter_config.json"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let lie = text.replacing(part, with: other)
      try #require(lie != text, "\(text)")
      try lie.write(toFile: path, atomically: false, encoding: .utf8)
      let error = #expect(throws: LatentEditingError.self) {
        try LowRankAdapters(path: folder, identity: identity, processor: processor)
      }
      #expect("\(error!)".contains(named), "\(error!)")
    }
  }

  /// Fields that PEFT 0.21 writes and that ask for nothing.
  @Test func fieldsThatAskForNothing() throws {
    try withAdapters { adapters, folder, processor, identity in
      let path = folder + "/adapter_config.json"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      let more = """
        "r" : 4, "exclude_modules" : null, "target_parameters" : [], "trainable_token_indices" : {}, \
        "lora_bias" : false, "use_qalora" : false, "init_lora_weights" : true, "use_bdlora" : false, \
        "arrow_config" : null
        """
      try text.replacing("\"r\" : 4", with: more)
        .write(toFile: path, atomically: false, encoding: .utf8)
      let read = try LowRankAdapters(path: folder, identity: identity, processor: processor)
      #expect(read.configuration == adapters.configuration)
    }
  }

  /// alpha / sqrt(r) in the place of alpha / r.
  @Test func rankStabilized() throws {
    try withAdapters { adapters, folder, processor, identity in
      let path = folder + "/adapter_config.json"
      let text = try String(contentsOfFile: path, encoding: .utf8)
      try text.replacing("\"use_rslora\" : false", with: "\"use_rslora\" : true")
        .write(toFile: path, atomically: false, encoding: .utf8)
      let read = try LowRankAdapters(path: folder, identity: identity, processor: processor)
      #expect(read.configuration.alpha == 12 && read.configuration.rank == 4)
    }
  }
}
