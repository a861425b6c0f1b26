import EditStudies
import Foundation
import TestSupport
import Testing

/// What a study's file says, and the script that is made of it.
@Suite struct StudyFileTests {
  private static let least = """
    study: s
    model: m.gguf
    data: [rows.jsonl]
    editors: {e: e.safetensors}

    """

  private func read(_ more: String = "") throws -> StudyConfiguration {
    let folder = try TemporaryFolder()
    return try StudyConfiguration(path: folder.file("study.yaml", Self.least + more))
  }

  @Test func presetsAreBeneathWhatTheFileSays() throws {
    #expect(try read().rows == 48)
    #expect(try read("preset: standard\n").rows == 400)
    let own = try read("rows: {unseen: 7}\npreset: full\n")
    #expect(own.rows == 7 && own.rowsPerFamily == 16 && own.pathPoints == 32)
    let kinds = try read("preset: quick\n").experiments.map(\.kind)
    #expect(!kinds.contains(.tracing) && kinds.contains(.stress))
    let one = try read("experiments: {contribution: {steps: 24}}\n")
    #expect(one.experiments.map(\.kind) == [.contribution] && one.pathPoints == 24)
  }

  @Test(arguments: [
    ("preset: fast\n", "preset is fast, and must be quick, standard"),
    ("experimnts: {}\n", "did you mean experiments?"),
    ("experiments: {wrds: {}}\n", "did you mean words?"),
    ("experiments: {words: {steps: 4}}\n", "experiments.words.steps"),
    ("experiments: {contribution: {steps: 0}}\n", "experiments.contribution.steps"),
    ("array: {scheduler: pbs}\n", "array.scheduler"), ("array: {cpu: 1}\n", "did you mean cpus?"),
    ("accept: {words.effect_and_gradient: \"> 0\"}\n", "did you mean words.effect_and_gradients?"),
    ("experiments: {words: {editors: [f]}}\n", "names the editor"),
  ]) func badFilesAreRefused(more: String, wanted: String) throws {
    #expect {
      _ = try read(more)
    } throws: { error in
      "\(error)".replacingOccurrences(of: "'", with: "\"").contains(wanted)
    }
  }

  /// A job for each task, and a name that a shell does not take apart.
  @Test func arrayScriptsHaveATaskForEachJob() {
    var array = StudyArray()
    array.partition = "short"
    array.extra = ["--account=x"]
    let script = array.script(name: "s", config: "it's here.yaml", jobs: 5)
    #expect(script.contains("#SBATCH --array=0-4\n"))
    #expect(script.contains("#SBATCH --partition=short\n#SBATCH --account=x\n"))
    #expect(script.contains("run 'it'\\''s here.yaml' --job \"$SLURM_ARRAY_TASK_ID\""))
    array.scheduler = .none
    #expect(array.script(name: "s", config: "a.yaml", jobs: 5).contains("seq 0 4 | xargs"))
  }
}
