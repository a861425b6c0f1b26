import InstructionEditors
import LanguageModels
import TensorKernels
import TestSupport
import Testing

/// Heads that are computed site by site with the processor's blocks: what ranks exchange while they compute.
@Suite struct HeadStageTests {
  static let cases =
    EditorGradientTests.cases.map { ($0, "f32") } + [("p0-rank", "q8_0"), ("p2-rank", "q8_0")]

  /// Losses and gradients are those of all heads at once, to the bit; no parameter is read before its stage was asked for,
  /// and no gradient that was said to be final changes. Checkpoints at every other block: blocks and their edits are run
  /// again.
  @Test(arguments: cases) func siteBySiteIsAtOnce(name: String, model: String) throws {
    for pool in Pools.all {
      for checkpoints in [GradientCheckpoints.every(1), .every(2)] {
        let run = GradientRun(
          name, set: .best, pool: pool, checkpoints: checkpoints, model: model)
        let whole = try run.run()
        var watcher: StageWatcher?
        let parts = try run.run { tape in
          watcher = StageWatcher(tape)
          return watcher!
        }
        #expect(parts.losses.map(\.bitPattern) == whole.losses.map(\.bitPattern))
        for (a, b) in zip(parts.named, whole.named) {
          let isSame = a.values.map(\.bitPattern) == b.values.map(\.bitPattern)
          #expect(isSame, "\(a.name)")
        }
        let seen = try #require(watcher)
        #expect(seen.changed.isEmpty, "final, and changed then: \(seen.changed)")
        #expect(seen.reads == seen.reads.sorted() && seen.finals == seen.finals.sorted(by: >))
        // Every head by itself, when those of earlier blocks have no gradients yet.
        let heads = seen.stages.filter { $0 > ParameterStage.heads }
        #expect(heads.isEmpty == name.contains("shared"))
        if !heads.isEmpty {
          #expect(seen.reads.filter { $0 > ParameterStage.heads } == heads)
          #expect(seen.finals.filter { $0 > ParameterStage.heads } == heads.reversed())
        }
        #expect(seen.early.isEmpty, "gradients before their block's: \(seen.early)")
      }
    }
  }
}

/// Hides parameters until they may be read, and keeps what gradients were when they were final.
private final class StageWatcher: ParameterStages {
  private struct Entry {
    let name: String
    let stage: Int
    let parameters: UnsafeMutableBufferPointer<Float>
    let gradients: UnsafeMutableBufferPointer<Float>
    var hidden: [Float]?
    var final: [UInt32]?
  }

  /// Whose memory the entries are.
  private let stores: [ParameterStore]
  private var entries: [Entry] = []
  private(set) var reads: [Int] = []
  private(set) var finals: [Int] = []
  /// Heads with gradients while only those of later blocks were final.
  private(set) var early: [String] = []

  init(_ tape: EditorTape) {
    stores = [
      tape.backbone.parameters, tape.backbone.gradients, tape.editor.heads.parameters,
      tape.headGradients,
    ]
    func add(
      _ parameters: ParameterStore, _ gradients: ParameterStore,
      _ stage: (ParameterLayout.Entry) -> Int
    ) {
      for entry in parameters.layout.entries {
        let floats = parameters.floats(of: entry.name)
        entries.append(
          Entry(
            name: entry.name, stage: stage(entry), parameters: floats,
            gradients: gradients.floats(of: entry.name), hidden: Array(floats)))
        floats.update(repeating: .nan)
      }
    }
    let backbone = tape.backbone
    let blocks = backbone.parameters.layout.entries.map {
      ParameterStage.stage(of: $0, blockCount: 0)
    }
    add(backbone.parameters, backbone.gradients) {
      ParameterStage.stage(of: $0, blockCount: blocks.max() ?? 0)
    }
    add(tape.editor.heads.parameters, tape.headGradients) {
      tape.editor.configuration.headStage(of: $0.name)
    }
  }

  var stages: [Int] { Set(entries.map(\.stage)).sorted() }

  /// Parameters whose gradients were not yet final when that was said.
  var changed: [String] {
    entries.filter { $0.final != nil && $0.final != $0.gradients.map(\.bitPattern) }.map(\.name)
  }

  func willRead(stage: Int) {
    reads.append(stage)
    for index in entries.indices where entries[index].stage <= stage {
      guard let values = entries[index].hidden else { continue }
      _ = entries[index].parameters.update(from: values)
      entries[index].hidden = nil
    }
  }

  func areFinal(from stage: Int) {
    finals.append(stage)
    for index in entries.indices {
      if entries[index].stage >= stage {
        entries[index].final = entries[index].final ?? entries[index].gradients.map(\.bitPattern)
      } else if entries[index].stage > ParameterStage.heads,
        entries[index].gradients.contains(where: { $0 != 0 })
      {
        early.append(entries[index].name)
      }
    }
  }
}
