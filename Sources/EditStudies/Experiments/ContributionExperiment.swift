import EditEvaluation
import EditorTraining
import Foundation
import InstructionEditors
import LatentEditing

/// Which blocks and which half of keys and values carry the instruction (docs/study.md): the edit put into the mean edit
/// in some blocks, row by row. The second phase takes the k blocks that are best by some order that was found on the
/// other half of the rows.
struct ContributionExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let depth: Int
  private let seed: UInt64
  /// k of the best k blocks.
  private let counts: [Int]
  private static let randomOrders = 5

  init(_ material: StudyMaterial) {
    self.material = material
    depth = material.editor.layerCount
    seed = material.configuration.seed
    let depth = depth
    counts = [1, 2, 3, 4, 6, 8, 12, 16, 24].filter { $0 < depth }
  }

  var unitCount: Int { 2 * material.rows.count }

  private func name(_ phase: String, _ row: Int) -> String { "\(phase)/\(row)" }

  func pending(_ units: [String: String]) -> [String] {
    for phase in ["insertion", "best"] {
      let missing = material.rows.indices.map { name(phase, $0) }.filter { units[$0] == nil }
      if !missing.isEmpty { return missing }
    }
    return []
  }

  /// What is put into the mean edit in the first phase: blocks, and halves.
  private var swaps: [(layers: [Int], halves: Set<CompiledEdit.Half>)] {
    let all = Array(0..<depth)
    var sets = all.map { [$0] }
    sets += windows.map { Array($0..<$0 + windowSize) }
    sets += (1..<depth).map { Array($0..<depth) }
    sets += (1..<depth).map { Array(0..<$0) }
    var swaps: [(layers: [Int], halves: Set<CompiledEdit.Half>)] = []
    swaps.append((all, [.keys]))
    swaps.append((all, [.values]))
    for layers in sets { swaps.append((layers, [.keys, .values])) }
    return swaps
  }

  private var windowSize: Int { max(1, depth / 5) }
  private var windows: Range<Int> { 0..<depth - windowSize + 1 }

  private func edits(_ row: Int) throws -> (mean: CompiledEdit, edit: CompiledEdit, sizes: [Double])
  {
    let written = try material.editor.write(material.rows[row].instruction)
    let edit = try material.editor.compile(written)
    let mean = try material.editor.compile(material.mean.get().inPlace(of: written))
    let size = edit.positions[0].values.count / depth
    let sizes = (0..<depth).map { layer in
      zip(edit.positions, mean.positions).reduce(0.0) { sum, pair in
        (layer * size..<(layer + 1) * size).reduce(sum) {
          let d = Double(pair.0.values[$1]) - Double(pair.1.values[$1])
          return $0 + d * d
        }
      }.squareRoot()
    }
    return (mean, edit, sizes)
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let parts = unit.split(separator: "/")
    guard parts.count == 2, let row = Int(parts[1]), material.rows.indices.contains(row) else {
      preconditionFailure("there is no unit \(unit)")
    }
    let (mean, edit, sizes) = try edits(row)
    let tokens = material.rows[row].tokens
    var result = StudyUnit()
    if parts[0] == "insertion" {
      let mixed = swaps.map { mean.mixed(with: edit, layers: $0.layers, halves: $0.halves) }
      result.numbers = try material.runs.losses(tokens, under: [nil, mean, edit] + mixed)
      // Rule 9: what changes nothing changes nothing.
      let controls = try material.runs.losses(
        tokens,
        under: [
          mean.mixed(with: edit, layers: 0..<depth), mean.mixed(with: edit, layers: []),
        ])
      guard controls[0] == result.numbers[2], controls[1] == result.numbers[1] else {
        throw StudyError.control(
          name: "all blocks are the edit and none the mean edit", found: "\(controls) of row \(row)"
        )
      }
      result.numbers += sizes
    } else {
      let orders = try orders(units, for: material.rows[row].isInSecondHalf)
      let mixed = orders.flatMap { order in
        counts.map { mean.mixed(with: edit, layers: order.prefix($0)) }
      }
      result.numbers = try material.runs.losses(tokens, under: mixed)
    }
    return try String(decoding: JSONEncoder().encode(result), as: UTF8.self)
  }

  /// Blocks, the best first: by insertion of single ones and by size, both of the rows of the other half, and random
  /// ones.
  private func orders(_ units: [String: String], for isInSecondHalf: Bool) throws -> [[Int]] {
    let rows = material.rows.indices.filter { material.rows[$0].isInSecondHalf != isInSecondHalf }
    let phase = try insertions(units)
    let single = (0..<depth).map { layer in
      rows.reduce(0.0) { $0 + phase[$1].numbers[1] - phase[$1].numbers[5 + layer] }
    }
    let size = (0..<depth).map { layer in
      rows.reduce(0.0) { $0 + phase[$1].numbers[3 + swaps.count + layer] }
    }
    func order(_ values: [Double]) -> [Int] {
      values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
    }
    return [order(single), order(size)]
      + (0..<Self.randomOrders).map { draw in
        var random = SeededGenerator(seed, 0x434F_4E54, UInt64(draw))
        var order = Array(0..<depth)
        random.shuffle(&order)
        return order
      }
  }

  private func insertions(_ units: [String: String]) throws -> [StudyUnit] {
    try material.rows.indices.map {
      try JSONDecoder().decode(
        StudyUnit.self, from: Data((units[name("insertion", $0)] ?? "").utf8))
    }
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let first = try insertions(units).map(\.numbers)
    let second = try material.rows.indices.map {
      try JSONDecoder().decode(StudyUnit.self, from: Data((units[name("best", $0)] ?? "").utf8))
        .numbers
    }
    let (rows, clusters) = (material.rows.count, material.clusters)
    func column(_ i: Int) -> [Double] { first.map { $0[i] } }
    let (mean, edited) = (column(1), column(2))
    let accept = material.configuration.accept
    var lines: [StudyLine] = []
    for (condition, loss) in zip(
      ["unedited", "mean", "edited"], material.losses([column(0), mean, edited]))
    {
      lines.append(
        .estimate(
          job, "loss", loss, unit: "nat/token", rows: rows, clusters: clusters, condition: condition
        ))
    }
    let worse = material.means([zip(column(0), edited).map { $0 < $1 ? 1 : 0 }])[0]
    lines.append(
      .estimate(
        job, "anti_steerable", worse, unit: "fraction of rows", rows: rows, clusters: clusters))
    let halves = material.shares([column(3), column(4)], mean: mean, edited: edited)
    for (metric, share) in zip(["share_keys", "share_values"], halves) {
      lines.append(.estimate(job, metric, share, unit: "share", rows: rows, clusters: clusters))
      if let verdict = StudyLine.verdict(job, metric, share, accept) { lines.append(verdict) }
    }
    var next = 5
    for (metric, x) in [
      ("insertion_single", Array(0..<depth)), ("insertion_window_\(windowSize)", Array(windows)),
      ("insertion_from", Array(1..<depth)), ("insertion_below", Array(1..<depth)),
    ] {
      let shares = material.shares(
        x.indices.map { column(next + $0) }, mean: mean, edited: edited)
      next += x.count
      lines.append(
        .series(
          job, metric, x: x.map(Double.init), xName: "block", shares, unit: "share", rows: rows,
          clusters: clusters))
    }
    let reliability = reliability(first)
    lines.append(
      .estimate(
        job, "reliability", reliability.map { Estimate(value: $0) }, unit: "Spearman-Brown",
        rows: rows, clusters: clusters, note: reliability == nil ? "a map is constant" : nil))
    if let verdict = StudyLine.verdict(
      job, "reliability", reliability.map { Estimate(value: $0) }, accept)
    {
      lines.append(verdict)
    }
    lines += best(second, mean: mean, edited: edited, reliability: reliability, job)
    return lines
  }

  /// Spearman's correlation of the maps of both halves, window by window, for all of the rows.
  private func reliability(_ first: [[Double]]) -> Double? {
    let maps = [false, true].map { isSecond in
      windows.map { window -> Double in
        material.rows.indices.filter { material.rows[$0].isInSecondHalf == isSecond }.reduce(0) {
          $0 + first[$1][1] - first[$1][5 + depth + window]
        }
      }
    }
    return RankCorrelation.spearman(maps[0], maps[1]).map(
      RankCorrelation.wholeReliability(ofHalves:))
  }

  /// The best k blocks by each order, the least k with 0.9, and the area under the curve over random orders'.
  private func best(
    _ second: [[Double]], mean: [Double], edited: [Double], reliability: Double?, _ job: StudyJob
  ) -> [StudyLine] {
    let (rows, clusters) = (material.rows.count, material.clusters)
    let names = ["insertion", "size"] + (0..<Self.randomOrders).map { "random \($0 + 1)" }
    var lines: [StudyLine] = []
    for (index, condition) in names.enumerated() {
      let shares = material.shares(
        counts.indices.map { k in second.map { $0[index * counts.count + k] } }, mean: mean,
        edited: edited)
      lines.append(
        .series(
          job, "best_blocks", x: counts.map(Double.init), xName: "blocks", shares, unit: "share",
          rows: rows, clusters: clusters, condition: condition))
      if index == 0 {
        let least = zip(counts, shares).first { ($0.1?.value ?? 0) >= 0.9 }?.0
        lines.append(
          .estimate(
            job, "k90", least.map { Estimate(value: Double($0)) }, unit: "blocks", rows: rows,
            clusters: clusters,
            note: least == nil ? "no number of blocks that was tried has 0.9" : nil))
      }
    }
    let area = material.bootstrap.estimates(count: rows, families: material.families) { times in
      var (meanSum, editedSum) = (0.0, 0.0)
      for i in times.indices {
        meanSum += mean[i] * Double(times[i])
        editedSum += edited[i] * Double(times[i])
      }
      let areas = names.indices.map { index -> Double in
        let shares = counts.indices.map { k in
          let sum = times.indices.reduce(0.0) {
            $0 + second[$1][index * counts.count + k] * Double(times[$1])
          }
          return (meanSum - sum) / (meanSum - editedSum)
        }
        return self.area(shares + [1])
      }
      let random = areas.dropFirst(2).reduce(0, +) / Double(Self.randomOrders)
      return [areas[0] - random, areas[1] - random]
    }
    for (metric, estimate) in zip(["cpr_over_random", "cpr_of_size_over_random"], area) {
      lines.append(
        .estimate(job, metric, estimate, unit: "share", rows: rows, clusters: clusters))
    }
    let isUnreliable = (reliability ?? 0) < 0.5
    if let verdict = StudyLine.verdict(
      job, "cpr_over_random", area[0], material.configuration.accept,
      undecided: isUnreliable ? "the map's reliability is below 0.5" : nil)
    {
      lines.append(verdict)
    }
    return lines
  }

  /// The area under shares of the best `counts` and all blocks over log k, from 1 to all, as a part of its width
  /// (CPR of MIB, arXiv 2504.13151).
  private func area(_ shares: [Double]) -> Double {
    let x = (counts + [depth]).map { log(Double($0)) }
    let whole = zip(zip(x, x.dropFirst()), zip(shares, shares.dropFirst())).reduce(0.0) {
      $0 + ($1.0.1 - $1.0.0) * ($1.1.0 + $1.1.1) / 2
    }
    return whole / log(Double(depth))
  }
}
