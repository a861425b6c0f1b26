import EditEvaluation
import Foundation

/// What comes of the tasks.
extension TaskHeadsExperiment {
  /// Why there is nothing to say.
  static let noTasks =
    "the model can do none of the tasks by example (top 1 of 0.3, and 0.15 more than with shuffled answers)"

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let able = Set(try able(units))
    var lines = try tried(units).map { task, gate in
      var line = StudyLine("estimate", job, "competence")
      (line.value, line.unit, line.rows) = (gate.right, "fraction of prompts", Self.gatePrompts)
      line.condition = tasks.tasks[task].family
      line.note =
        String(format: "%.2f with shuffled answers", gate.shuffled)
        + (able.contains(task) ? "" : "; left out")
      return line
    }
    guard !able.isEmpty else {
      lines.append(
        .estimate(
          job, "few_shot_accuracy", nil, unit: "fraction of prompts", rows: 0, clusters: 0,
          note: Self.noTasks))
      return lines
    }
    var best: [Set<Int>] = []
    for showing in Showing.allCases {
      let found = try found(showing, units)
      best.append(Set(bestHeads(found)))
      lines += accuracies(showing, found, job) + effects(showing, found, job)
      lines += try vectors(showing, units, job)
    }
    let common = best[0].intersection(best[1]).count
    lines.append(
      .estimate(
        job, "heads_in_common", Estimate(value: Double(common)), unit: "of the best \(Self.best)",
        rows: able.count, clusters: able.count,
        note:
          String(
            format: "%.1f by chance", Double(Self.best * Self.best) / Double(depth * headCount))))
    let lengths = try found(.fewShot, units).map(\.firstLengths)
    lines.append(
      .series(
        job, "first_token_length", x: (0...depth).map(Double.init), xName: "point",
        means((0...depth).map { point in lengths.map { $0[point] } }), unit: "length",
        rows: lengths.count, clusters: lengths.count,
        condition: "state of the first token, unedited"))
    return lines
  }

  /// Means over tasks, which are drawn.
  private func means(_ values: [[Double]]) -> [Estimate?] {
    material.bootstrap.estimates(count: values[0].count) { times in
      values.map { drawnSum($0, times) / Double(times.reduce(0, +)) }
    }
  }

  private func accuracies(
    _ showing: Showing, _ found: [Found], _ job: StudyJob
  ) -> [StudyLine] {
    let control = showing == .fewShot ? "shuffled answers" : "another family's instruction"
    let (shown, not) = (found.map(\.shownProbability), found.map(\.probability))
    let figures: [(metric: String, values: [Double], condition: String?, unit: String)] = [
      ("accuracy", found.map(\.right), nil, "fraction of prompts"),
      ("accuracy", found.map(\.shuffled), control, "fraction of prompts"),
      ("probability", shown, nil, "probability"), ("probability", not, control, "probability"),
      (Self.gain, zip(shown, not).map(-), nil, "probability"),
    ]
    return zip(figures, means(figures.map(\.values))).map { figure, estimate in
      .estimate(
        job, "\(showing.name)_\(figure.metric)", estimate, unit: figure.unit, rows: found.count,
        clusters: found.count, condition: figure.condition)
    }
  }

  private static let gain = "gain"

  /// Whether showing the task makes what is right likelier, of a job's results.
  static func isShown(_ lines: [StudyResult], _ showing: Showing) -> Bool {
    let line = lines.first { $0.metric == "\(showing.name)_\(gain)" }
    return line?.low.map { $0 > 0 } ?? false
  }

  /// The map, its best heads, its sum over the heads of each block, and whether both halves of the prompts have the same.
  private func effects(
    _ showing: Showing, _ found: [Found], _ job: StudyJob
  ) -> [StudyLine] {
    let (tasks, blocks) = (found.count, (0..<depth).map(Double.init))
    func effect(_ head: Int) -> [Double] {
      found.map { ($0.effects[0][head] + $0.effects[1][head]) / 2 }
    }
    let cells = means((0..<depth * headCount).map(effect))
    var lines = (0..<headCount).map { head in
      StudyLine.series(
        job, "\(showing.name)_effect", x: blocks, xName: "block",
        (0..<depth).map { cells[$0 * headCount + head] }, unit: "probability", rows: tasks,
        clusters: tasks, condition: "head \(head)")
    }
    for head in bestHeads(found) {
      lines.append(
        .estimate(
          job, "\(showing.name)_best", cells[head], unit: "probability", rows: tasks,
          clusters: tasks, condition: "block \(head / headCount), head \(head % headCount)"))
    }
    let maps = Self.maps(found, depth: depth, heads: headCount)
    lines.append(
      .series(
        job, "\(showing.name)_effect_of_blocks", x: blocks, xName: "block",
        means(
          (0..<depth).map { block in zip(maps[0][block], maps[1][block]).map { ($0 + $1) / 2 } }),
        unit: "probability", rows: tasks, clusters: tasks, condition: "sum over heads"))
    return lines + ofTasks(maps, "\(showing.name)_effect", job, unit: "probability")
  }

  private static let halves = ["first half", "second half"]
  private static func ofTasks(_ metric: String) -> String { "\(metric)_of_tasks" }
  private static func place(_ half: String, _ block: Int) -> String { "\(half), block \(block)" }

  /// A map of both halves task by task, `[2][blocks][tasks]`, for those who compare it with others, and whether the halves agree.
  private func ofTasks(
    _ maps: [[[Double]]], _ metric: String, _ job: StudyJob, unit: String
  ) -> [StudyLine] {
    let tasks = maps[0][0].count
    var lines = zip(maps, Self.halves).flatMap { half, name in
      half.enumerated().map { block, values in
        StudyLine.rows(
          job, Self.ofTasks(metric), values, unit: unit, condition: Self.place(name, block))
      }
    }
    let sums = maps.map { half in half.map { $0.reduce(0, +) } }
    let reliability = MapAgreement.reliability(sums).map { Estimate(value: $0) }
    lines.append(
      .estimate(
        job, "\(metric)_reliability", reliability, unit: "Spearman-Brown", rows: tasks,
        clusters: tasks,
        note: reliability == nil ? "a map is constant" : "of both halves of the prompts"))
    return lines
  }

  /// The same of a job's results; nil where it is not there.
  static func maps(_ lines: [StudyResult], _ metric: String) -> [[[Double]]]? {
    var known: [String: [Double]] = [:]
    for line in lines where line.metric == ofTasks(metric) {
      known[line.condition ?? ""] = (line.y ?? []).map { $0 ?? 0 }
    }
    let found = halves.map { half -> [[Double]] in
      var map: [[Double]] = []
      while let values = known[place(half, map.count)] { map.append(values) }
      return map
    }
    return found[0].isEmpty || found[0].count != found[1].count ? nil : found
  }

  /// By half, block and task the sum over the block's heads.
  private static func maps(_ found: [Found], depth: Int, heads: Int) -> [[[Double]]] {
    (0..<2).map { half in
      (0..<depth).map { block in
        found.map { $0.effects[half][block * heads..<(block + 1) * heads].reduce(0, +) }
      }
    }
  }

  /// What vectors do to questions without examples, and without an instruction: by block, and where it is best on the other
  /// half of the questions.
  private func vectors(
    _ showing: Showing, _ units: [String: String], _ job: StudyJob
  ) throws -> [StudyLine] {
    let all = try able(units).map { try Tried("vector-\(showing.rawValue)/\($0)", of: units) }
    let blocks = (0..<depth).map(Double.init)
    let metric = "\(showing.name)_vector"
    func parts(_ hits: (Tried) -> [Double]) -> [Double] {
      all.map { hits($0).reduce(0, +) / $0.counts.reduce(0, +) }
    }
    let plain = parts(\.plain)
    let names = ["its own", "another task's", "of random heads"]
    // With one task there is no other.
    let some = names.indices.filter { $0 != 1 || all.count > 1 }
    var lines = some.map { vector in
      StudyLine.series(
        job, metric, x: blocks, xName: "block",
        means((0..<depth).map { block in parts { t in t.vectors[vector].map { $0[block] } } }),
        unit: "fraction", rows: all.count, clusters: all.count, condition: names[vector])
    }
    let halves = (0..<2).map { half in
      (0..<depth).map { block in
        all.map { $0.vectors[0][half][block] / max(1, $0.counts[half]) }
      }
    }
    lines += ofTasks(halves, metric, job, unit: "fraction")
    // Blocks by their sums over tasks on the other half.
    let chosen = (0..<2).map { half in
      (0..<depth).max { a, b in
        func sum(_ block: Int) -> Double {
          all.reduce(0) { $0 + $1.vectors[0][1 - half][block] }
        }
        return (sum(a), b) < (sum(b), a)
      } ?? 0
    }
    let best = some.map { vector in
      parts { t in (0..<2).map { t.vectors[vector][$0][chosen[$0]] } }
    }
    let place = "before block " + Set(chosen).sorted().map(String.init).joined(separator: " or ")
    let estimates = means([plain] + best + [zip(best[0], plain).map(-)])
    let conditions =
      ["nothing added"] + some.map { "\(names[$0]), \(place)" } + ["its own less nothing, \(place)"]
    for (condition, estimate) in zip(conditions, estimates) {
      lines.append(
        .estimate(
          job, "\(metric)_accuracy", estimate, unit: "fraction", rows: all.count,
          clusters: all.count, condition: condition))
    }
    return lines
  }
}
