import EditEvaluation
import Foundation

/// Trainings that differ in nothing but their seed, and what was measured of them, its mean over seeds.
struct TrainedCells {
  /// One of them.
  let cell: StudyCell
  private let results: [[StudyResult]]

  /// In the order in which they come first; those that diverged are left out.
  static func groups(_ found: [(cell: StudyCell, lines: [StudyResult])]) -> [TrainedCells] {
    var order: [StudyCell] = []
    var results: [[[StudyResult]]] = []
    for (cell, lines) in found where lines.contains(where: { $0.metric == "row_loss" }) {
      var key = cell
      key.seed = 0
      if let index = order.firstIndex(of: key) {
        results[index].append(lines)
      } else {
        order.append(key)
        results.append([lines])
      }
    }
    return zip(order, results).map { TrainedCells(cell: $0, results: $1) }
  }

  /// Seeds.
  var count: Int { results.count }

  /// Sum of -log p of every row's answer under `condition`; nil where it was not measured.
  func losses(_ condition: String) -> [Double]? {
    let all = results.compactMap { lines in
      lines.first { $0.metric == "row_loss" && $0.condition == condition }?.y?.compactMap { $0 }
    }
    guard all.count == results.count else { return nil }
    return all[0].indices.map { row in all.reduce(0) { $0 + $1[row] } / Double(all.count) }
  }

  /// A figure.
  func value(_ metric: String) -> Double? {
    let all = results.compactMap { lines in lines.first { $0.metric == metric }?.value }
    return all.count == results.count ? all.reduce(0, +) / Double(all.count) : nil
  }

  /// Sites that are open.
  var sites: Double { value("active_sites") ?? 0 }

  /// "l0 0.01", "best 3", "random 3, set 2", "none".
  var title: String {
    switch (cell.labels, cell.sites) {
    case (let labels?, _): labels.name
    case (_, .best(let count)): "best \(count)"
    case (_, .drawn(let count, let draw, _)): "random \(count), set \(draw)"
    default:
      cell.rank.map { "rank \($0)" }
        ?? (cell.penalty == .none ? "none" : "\(cell.penalty.rawValue) \(cell.strength)")
    }
  }
}

extension StudyMaterial {
  /// The part of the gain of `whole` over its mean edit that others have, row by row: a closure of draws for the
  /// bootstrap. Of sums of -log p.
  func share(_ losses: [Double], mean: [Double], whole: [Double], _ times: [Int]) -> Double {
    let (bottom, top) = (drawnSum(mean, times), drawnSum(whole, times))
    return bottom > top ? (bottom - drawnSum(losses, times)) / (bottom - top) : .nan
  }
}
