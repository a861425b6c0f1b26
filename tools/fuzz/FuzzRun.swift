import Foundation
import TestSupport

/// Runs one target and counts.
struct FuzzRun {
  let target: any FuzzTarget
  let seed: UInt64

  /// Until `seconds` are over; or only the execution `only`, whose input is written to `save`.
  func run(seconds: Double, only: UInt64?, save: String?) throws {
    CrashReport.install(seed: seed)
    if let only {
      var random = generator(only)
      let input = target.input(&random)
      if let save { try Data(input).write(to: URL(fileURLWithPath: save)) }
      CrashReport.begin(only)
      print("\(input.count) bytes: \(target.run(input))")
      return
    }

    let clock = ContinuousClock()
    let start = clock.now
    var outcomes: [String: Int] = [:]
    var slowest = (execution: UInt64(0), time: Duration.zero)
    var nextReport = 10.0
    var execution: UInt64 = 0
    while true {
      let elapsed = (clock.now - start) / .seconds(1)
      if elapsed >= nextReport || elapsed >= seconds {
        report("\(execution) executions, \(Int(Double(execution) / elapsed)) a second")
        nextReport += 10
      }
      if elapsed >= seconds { break }

      var random = generator(execution)
      let input = target.input(&random)
      CrashReport.begin(execution)
      let time = clock.measure { outcomes[target.run(input), default: 0] += 1 }
      if time > slowest.time { slowest = (execution, time) }
      execution += 1
    }

    print(
      "\(execution) executions, no crash; the slowest, \(slowest.execution), took \(slowest.time)")
    for (outcome, count) in outcomes.sorted(by: { ($1.value, $0.key) < ($0.value, $1.key) }) {
      print("\(count)\t\(outcome)")
    }
  }

  /// Each execution has its own numbers, so that it can be repeated without those before it.
  private func generator(_ execution: UInt64) -> SplitMix64 {
    var mixed = SplitMix64(seed: seed)
    return SplitMix64(seed: mixed.next() &+ execution &* 0xD1B5_4A32_D192_ED03)
  }

  private func report(_ line: String) {
    FileHandle.standardError.write(Data((line + "\n").utf8))
  }
}
