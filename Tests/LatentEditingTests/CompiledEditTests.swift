import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

struct CompiledEditTests {
  /// What a sequence starts with when an edit of its first token was compiled is what it has when the
  /// edit is made, bit for bit, in every type of cache.
  @Test(arguments: CacheType.allCases, ActivationPrecision.allCases)
  func isTheEdit(cacheType: CacheType, activations: ActivationPrecision) throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor(activations)
    let edit = try TinyModel.edit()
    let uncompiled = try TinyModel.logits(processor, ids, edit, cacheType: cacheType)

    let identity = try TinyModel.identity()
    let compiled = try CompiledEdit.compiling(
      edit, on: processor, identity: identity, firstToken: ids[0], cacheType: cacheType,
      label: "a test")
    let path = TinyModel.temporaryPath("edit.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try compiled.write(to: path, shape: processor.configuration)
    let read = try CompiledEdit(
      path: path, identity: identity, shape: processor.configuration, activations: activations,
      cacheType: cacheType)
    #expect(read == compiled)

    let state = try ProcessorState(processor, contextLength: 64, cacheType: cacheType)
    let none = try LatentEdit(
      width: processor.configuration.hiddenSize, layerCount: processor.configuration.layerCount,
      sites: [])
    let edited = try EditedProcessor(state, edit: none, compiled: read)
    try edited.prepare(Prompt(ids))
    #expect(try edited.forward(ids) == uncompiled.last)
    #expect(uncompiled != (try TinyModel.logits(processor, ids, nil, cacheType: cacheType)))
  }

  @Test func onlyEditsOfTheFirstTokenCompile() throws {
    let processor = try TinyModel.processor()
    let edit = try TinyModel.edit(positions: [.fromStart(0), .fromEnd(0)])
    #expect(throws: LatentEditingError.self) {
      try CompiledEdit.compiling(
        edit, on: processor, identity: TinyModel.identity(), firstToken: 1, cacheType: .f32,
        label: "")
    }
  }

  @Test func itIsForOneModelCacheAndToken() throws {
    let (ids, _) = try TinyModel.tokens()
    let processor = try TinyModel.processor()
    let shape = processor.configuration
    let identity = try TinyModel.identity()
    let compiled = try CompiledEdit.compiling(
      TinyModel.edit(), on: processor, identity: identity, firstToken: ids[0], cacheType: .f16,
      label: "")
    let path = TinyModel.temporaryPath("edit.safetensors")
    defer { try? FileManager.default.removeItem(atPath: path) }
    try compiled.write(to: path, shape: shape)
    func read(
      _ identity: ProcessorIdentity, _ activations: ActivationPrecision, _ type: CacheType
    ) throws {
      _ = try CompiledEdit(
        path: path, identity: identity, shape: shape, activations: activations, cacheType: type)
    }
    try read(identity, .f32, .f16)
    #expect(throws: LatentEditingError.self) { try read(identity, .int8, .f16) }
    #expect(throws: LatentEditingError.self) { try read(identity, .f32, .q8_0) }
    let other = ProcessorIdentity(
      width: identity.width, layerCount: identity.layerCount,
      vocabularySize: identity.vocabularySize, digest: String(repeating: "0", count: 64))
    #expect(throws: LatentEditingError.self) { try read(other, .f32, .f16) }

    let state = try ProcessorState(processor, contextLength: 64)
    let none = try LatentEdit(width: shape.hiddenSize, layerCount: shape.layerCount, sites: [])
    let edited = try EditedProcessor(state, edit: none, compiled: compiled)
    for other in [[ids[0] + 1, ids[1]], [ids[0]]] {
      let error = #expect(throws: PromptError.self) { try edited.prepare(Prompt(other)) }
      #expect(
        error?.reason as? LatentEditingError
          == .compiledForOtherPrompt(firstToken: ids[0], prompt: other))
      #expect(throws: LanguageModelError.noPrompt) { try edited.forward(other) }
    }
    #expect(throws: LatentEditingError.compiledConflict) {
      _ = try EditedProcessor(state, edit: TinyModel.edit(), compiled: compiled)
    }
  }
}
