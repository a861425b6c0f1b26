import EditorTraining
import Foundation
import LanguageModels
import LatentEditing
import ModelFiles
import TensorKernels
import TestSupport
import Testing

@Suite struct TeacherCacheTests {
  private static func plan(steps: Int) -> TrainingPlan {
    var plan = TrainingPlan(steps: steps)
    plan.batchSize = 2
    plan.objective = EditorObjective(crossEntropy: 0.5, distillation: 1)
    plan.objective.regularizers[.locality] = 0.5
    return plan
  }

  private static func data() throws -> Trainer.Data {
    var data = try TinyTraining.fixtureData()
    data.locality = LocalityData(
      prose: [[4, 8, 15, 16], [23, 42, 11]].map { TokenizedExample(unrelated: $0, instruction: []) }
    )
    return data
  }

  private static func cache(
    _ folder: String, activations: ActivationPrecision = .f32
  ) throws -> TeacherCache {
    let file = try GGUFFile(path: TinyTraining.model)
    let processor = try Processor(file, activations: activations, pool: Pools.one)
    return try TeacherCache(
      folder: folder, file: file, identity: ProcessorIdentity(file), processor: processor)
  }

  /// Six steps with that cache, or without one: the editor's bits.
  private static func train(_ teachers: TeacherCache?) throws -> [UInt32] {
    let trainer = try Trainer(
      plan(steps: 6), editor: TinyTraining.newEditor(pool: Pools.all[1]),
      processor: TinyTraining.processor(), data: data(), teachers: teachers)
    try trainer.run { _ in true }
    return TinyTraining.bits(trainer.editor)
  }

  /// Six steps are three epochs of three rows, and six pieces of other text, of which there are two: fifteen
  /// times a teacher, of five examples. Each is computed once, in one run or the next, and nobody can tell
  /// what was read.
  @Test func whatIsReadHasTheBitsThatWereComputed() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("teachers/inner")
    let expected = try Self.train(nil)
    let first = try Self.cache(path)
    let isSame = try Self.train(first) == expected
    #expect(isSame)
    #expect(first.counts.computed == 5)
    #expect(first.counts.read == 15 - 5)
    let files = try FileManager.default.contentsOfDirectory(atPath: path)
    #expect(files.count == 5)

    let second = try Self.cache(path)
    let isSameAgain = try Self.train(second) == expected
    #expect(isSameAgain)
    #expect(second.counts.computed == 0 && second.counts.read == 15)
  }

  /// States with other activations are others: nothing is shared.
  @Test func otherActivationsHaveTheirOwn() throws {
    let folder = try TemporaryFolder()
    _ = try Self.train(Self.cache(folder.file("t")))
    let other = try Self.cache(folder.file("t"), activations: .int8)
    _ = try Self.train(other)
    #expect(other.counts.computed == 5)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.file("t")).count == 10)
  }

  /// A file that is cut, changed, of another shape or something else: one error that names it, and no step
  /// with wrong numbers.
  @Test func damagedFilesAreRefused() throws {
    let folder = try TemporaryFolder()
    let path = try folder.file("teachers")
    _ = try Self.train(Self.cache(path))
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    let whole = try names.map { try Data(contentsOf: URL(fileURLWithPath: "\(path)/\($0)")) }
    func spoil(_ change: (Data) -> Data) throws -> String {
      for (name, data) in zip(names, whole) {
        try change(data).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
      }
      let error = #expect(throws: LatentEditingError.self) {
        _ = try Self.train(Self.cache(path))
      }
      return "\(error!)"
    }
    let flipped = try spoil { data in
      var data = data
      data[data.count - 3] ^= 1
      return data
    }
    #expect(flipped.contains(path) && flipped.contains("checksum"))
    #expect(flipped.contains("delete it"))
    #expect(try spoil { $0.dropLast(1) }.contains("delete it"))
    #expect(try spoil { _ in Data() }.contains("delete it"))
    #expect(try spoil { _ in Data("something else entirely".utf8) }.contains(path))
    let editor = try Data(contentsOf: OutsideFiles.fixture("editor/p0/editor.safetensors"))
    #expect(try spoil { _ in editor }.contains("no file of teacher's states"))
  }

  @Test func aFolderThatCannotBeMadeIsSaid() throws {
    let folder = try TemporaryFolder()
    let file = try folder.file("file")
    try Data("x".utf8).write(to: URL(fileURLWithPath: file))
    let error = #expect(throws: LatentEditingError.self) {
      _ = try Self.train(Self.cache(file + "/inner"))
    }
    #expect("\(error!)".contains("\(file)/inner"))
  }
}
