import Foundation

/// A line on standard error that shows how far work is, its rate and the time left; nothing at all
/// when standard error is not a terminal.
package final class ProgressBar {
  private let label: String
  private let unit: String?
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant
  private var lastDrawn: ContinuousClock.Instant?

  /// A bar named `label`; with a `unit`, the rate is shown in it.
  package init(_ label: String, unit: String? = nil) {
    self.label = label
    self.unit = unit
    start = clock.now
  }

  /// Shows that `done` of `total` is done, at most ten times a second. `scale` units are in one of
  /// `done`; `note` is shown at the end.
  package func update(_ done: Double, of total: Double, scale: Double = 1, note: String = "") {
    guard Console.errorIsTerminal, total > 0 else { return }
    let now = clock.now
    if let lastDrawn, lastDrawn.duration(to: now) < .milliseconds(100), done < total { return }
    lastDrawn = now
    let elapsed = start.duration(to: now) / .seconds(1)
    let fraction = min(max(done / total, 0), 1)
    let filled = Int(fraction * 24)
    var line = "\r\u{1B}[K\(label) [" + String(repeating: "#", count: filled)
    line += String(repeating: ".", count: 24 - filled) + "] \(Int(fraction * 100)) %"
    if let unit, elapsed > 0 {
      line += String(format: "  %.1f %@", done * scale / elapsed, unit)
    }
    if fraction > 0, fraction < 1 {
      let left = Int((elapsed * (1 - fraction) / fraction).rounded(.up))
      line += String(format: "  %d:%02d left", left / 60, left % 60)
    }
    if !note.isEmpty { line += "  " + note }
    Console.log(line, terminator: "")
  }

  /// Removes the line.
  package func finish() {
    if lastDrawn != nil { Console.log("\r\u{1B}[K", terminator: "") }
  }
}
