/// How the jobs of a study are handed to a cluster: a task for each.
public struct StudyArray: Sendable, Equatable {
  /// Who hands them out.
  public enum Scheduler: String, Sendable {
    /// Slurm, which is given an array.
    case slurm
    /// Nobody: processes of one machine.
    case none
  }

  /// Who hands them out.
  public var scheduler = Scheduler.slurm
  /// The time of a task, and its memory, as the scheduler writes them.
  public var time = "01:00:00"
  /// See above.
  public var memory = "4G"
  /// Threads of a task.
  public var cpus = 2
  /// Where it runs; nil for the cluster's own choice.
  public var partition: String?
  /// Further options, each as it stands behind #SBATCH.
  public var extra: [String] = []

  /// For Slurm, an hour, 4 GB and two threads each.
  public init() {}

  /// A script for the study in the file at `config`, of so many jobs. A task that is told to end keeps what it has
  /// measured, says 75, and is put into the queue again.
  public func script(name: String, config: String, jobs: Int) -> String {
    let file =
      "'"
      + config.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
    guard scheduler == .slurm else {
      return """
        #!/bin/sh
        # \(jobs) jobs, \(cpus) threads each, so many at a time as there are pairs of them.
        seq 0 \(jobs - 1) | xargs -P "$(($(nproc) / \(cpus) > 0 ? $(nproc) / \(cpus) : 1))" -I N \\
          emend study run \(file) --job N
        emend study report \(file)

        """
    }
    let options =
      ["--job-name=\(name)", "--array=0-\(jobs - 1)", "--cpus-per-task=\(cpus)", "--mem=\(memory)"]
      + ["--time=\(time)", "--requeue", "--open-mode=append", "--signal=B:TERM@120"]
      + ["--output=\(name)-%A_%a.log"] + (partition.map { ["--partition=\($0)"] } ?? []) + extra
    return """
      #!/bin/bash
      # \(jobs) jobs; sbatch reads it.
      \(options.map { "#SBATCH \($0)" }.joined(separator: "\n"))
      # Slurm's signal reaches the shell alone, and ends its waiting; the task's code comes with the next wait. A task that
      # had not begun to listen ends by the signal itself.
      child= news= told=
      trap 'news=1; told=1; [ -z "$child" ] || kill -TERM $child' TERM
      emend study run \(file) --job "$SLURM_ARRAY_TASK_ID" & child=$!
      [ -z "$told" ] || kill -TERM $child
      news=
      wait $child; code=$?
      while [ -n "$news" ]; do news=; wait $child; code=$?; done
      { [ $code -eq 75 ] || [ "$told$code" = 1143 ]; } && [ "${SLURM_RESTART_COUNT:-0}" -lt 20 ] &&
        scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"
      exit $code

      """
  }
}
