import EditEvaluation
import InstructionEditors
import LanguageModels
import LatentEditing

/// Who reads an edit, and when: states of the edited run put into that of the mean edit (Meng et al., arXiv 2202.05262),
/// and tokens of the edited run that see the mean edit in some blocks (docs/study.md).
struct TracingExperiment: StudyExperiment {
  private let material: StudyMaterial
  private let depth: Int
  /// Rows of each part.
  private let restored, knockedOut: Range<Int>
  private static let roles = [
    "template in front", "first of the input", "middle of the input", "last of the input",
    "end of turn", "answer's opening", "last of the prompt", "answer",
  ]
  /// The last of the prompt.
  private static let lastRole = 6
  private static let everyone = "all roles"
  private static let rowMetric = "knocked_out_of_rows"
  private static func place(_ role: String, _ block: Int) -> String { "\(role), block \(block)" }

  /// What each row loses where its tokens see the mean edit in the blocks around one, of a job's results, `[blocks][rows]`: the sum over
  /// roles, or of the prompt's last token alone. Rows are the first of the study's. Nil where they are not there.
  static func losses(_ lines: [StudyResult], ofLast isLast: Bool) -> [[Double]]? {
    let name = isLast ? roles[lastRole] : everyone
    var found: [[Double]] = []
    while let line = lines.first(where: {
      $0.metric == rowMetric && $0.condition == place(name, found.count)
    }) {
      found.append((line.y ?? []).map { $0 ?? 0 })
    }
    return found.isEmpty ? nil : found
  }

  /// Tokens of the answer whose log p counts for restoration.
  private static let restoredTokens = 3

  init(_ material: StudyMaterial) {
    self.material = material
    depth = material.editor.layerCount
    restored = 0..<min(24, material.rows.count)
    knockedOut = 0..<min(96, material.rows.count)
  }

  var unitCount: Int { restored.count + knockedOut.count }

  func pending(_ units: [String: String]) -> [String] {
    (restored.map { "restored/\($0)" } + knockedOut.map { "knocked/\($0)" })
      .filter { units[$0] == nil }
  }

  /// The tokens of each role, numbers in what is fed behind the edit; some are empty.
  private func tokens(_ row: StudyRow, _ edit: CompiledEdit) -> [Range<Int>] {
    let prompt = row.tokens.prompt.count
    let fed = edit.tokens(for: row.tokens.prompt).count - edit.positions.count
    let frame = material.editor.promptFrame
    // Numbers in the prompt, and how many of its tokens the edit stands for.
    let hidden = prompt - fed
    let first = min(max(frame.front, hidden), prompt - 1)
    let end = max(prompt - frame.back, first)
    let bounds = [
      hidden, first, min(first + 1, end), max(end - 1, min(first + 1, end)), end,
      min(end + 1, prompt - 1), prompt - 1, prompt, prompt + row.tokens.response.count - 1,
    ]
    return zip(bounds, bounds.dropFirst()).map { $0 - hidden..<max($0, $1) - hidden }
  }

  private func window(_ layer: Int) -> Range<Int> { max(0, layer - 2)..<min(depth, layer + 3) }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let row = material.rows[StudyUnit.number(unit)]
    let (_, edit, mean) = try material.edits(row.instruction)
    let roles = tokens(row, edit)
    return try
      (unit.hasPrefix("restored")
      ? restore(row, edit, mean, roles) : knockOut(row, edit, mean, roles)).json()
  }

  /// Losses of the first tokens of the answer: of both runs, and by role and point those of the mean edit's with states of
  /// the edit's. A role without tokens changes nothing.
  private func restore(
    _ row: StudyRow, _ edit: CompiledEdit, _ mean: CompiledEdit, _ roles: [Range<Int>]
  ) throws -> StudyUnit {
    let short = EditedRuns.Row(
      prompt: row.tokens.prompt,
      response: Array(row.tokens.response.prefix(Self.restoredTokens)))
    let capture = StateCapture(points: 0...depth)
    let edited = try material.runs.losses(short, under: [edit], visitors: [capture])[0]
    let plain = try material.runs.losses(short, under: [mean])[0]
    let front = edit.positions.count
    var numbers = [plain, edited]
    for role in roles.prefix(Self.lastRole + 1) {
      let patches = (0...depth).map { point in
        StatePatch(
          Dictionary(
            uniqueKeysWithValues: role.compactMap { token in
              let place = StateCapture.Place(point: point, position: front + token)
              return capture.states[place].map { (place, $0) }
            }))
      }
      let losses = try material.runs.losses(
        short, under: patches.map { _ in mean }, visitors: patches)
      // Rule 9: before block 0 both runs have the same embeddings, and what is put in must have been put in.
      guard losses[0] == plain, patches.allSatisfy({ $0.patched.count == role.count }) else {
        throw StudyError.control(
          name: "embeddings put into a run change nothing",
          found: "\(losses[0]) in the place of \(plain)")
      }
      numbers += losses
    }
    return StudyUnit(numbers: numbers)
  }

  /// Losses of both runs, and by role and block those of the edit's where the role's tokens see the mean edit in the
  /// blocks around.
  private func knockOut(
    _ row: StudyRow, _ edit: CompiledEdit, _ mean: CompiledEdit, _ roles: [Range<Int>]
  ) throws -> StudyUnit {
    let ends = try material.runs.losses(row.tokens, under: [mean, edit])
    var numbers = ends
    let others = (0..<depth).map { edit.mixed(with: mean, layers: window($0)) }
    for role in roles {
      guard !role.isEmpty else {
        numbers += [Double](repeating: ends[1], count: depth)
        continue
      }
      // Rule 9: who sees the edit itself sees no difference.
      let found = try material.runs.losses(
        row.tokens, under: edit, seenBy: role, as: others + [edit])
      guard abs(found[depth] - ends[1]) <= 1e-6 * max(1, ends[1]) else {
        throw StudyError.control(
          name: "the edit in the place of itself changes nothing",
          found: "\(found[depth]) in the place of \(ends[1])")
      }
      numbers += found.prefix(depth)
    }
    return StudyUnit(numbers: numbers)
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    let knocked = try knockedOut.map { try StudyUnit("knocked/\($0)", of: units).numbers }
    let traced = try restored.map { try StudyUnit("restored/\($0)", of: units).numbers }
    let rows = knockedOut.map { material.rows[$0] }
    let some = restored.map { material.rows[$0] }
    let clusters = Set(rows.map(\.family)).count
    let fewer = Set(some.map(\.family)).count
    var lines: [StudyLine] = []
    for (role, name) in Self.roles.enumerated() {
      lines.append(
        .series(
          job, "knocked_out", x: (0..<depth).map(Double.init), xName: "block",
          losses(of: knocked, (0..<depth).map { 2 + role * depth + $0 }, rows),
          unit: "share", rows: rows.count, clusters: clusters, condition: name))
    }
    for (role, name) in Self.roles.prefix(Self.lastRole + 1).enumerated() {
      lines.append(
        .series(
          job, "restored", x: (0...depth).map(Double.init), xName: "point",
          gains(of: traced, (0...depth).map { 2 + role * (depth + 1) + $0 }, some),
          unit: "share", rows: some.count, clusters: fewer, condition: name))
    }
    // By row, for those who compare this map with another one and draw its rows.
    for (name, some) in [
      (Self.everyone, Array(Self.roles.indices)), (Self.roles[Self.lastRole], [Self.lastRole]),
    ] {
      for block in 0..<depth {
        lines.append(
          .rows(
            job, Self.rowMetric,
            knocked.map { found in
              some.reduce(0) { $0 + found[2 + $1 * depth + block] - found[1] }
            }, unit: "nat/row", condition: Self.place(name, block)))
      }
    }
    // What is chosen is chosen on the other half.
    let cells = (0..<Self.roles.count * depth).map { 2 + $0 }
    func total(_ found: [[Double]], _ rows: [StudyRow], _ isSecond: Bool, _ cell: Int) -> Double {
      rows.indices.filter { rows[$0].isInSecondHalf == isSecond }.reduce(0) {
        $0 + found[$1][cell]
      }
    }
    let best = [false, true].map { isSecond in
      cells.max { total(knocked, rows, !isSecond, $0) < total(knocked, rows, !isSecond, $1) }!
    }
    let elsewhere = [false, true].map { isSecond -> Int in
      let layer = (best[isSecond ? 1 : 0] - 2) % depth
      let mine = (best[isSecond ? 1 : 0] - 2) / depth
      return Self.roles.indices.filter { $0 != mine }.map { 2 + $0 * depth + layer }
        .max { total(knocked, rows, !isSecond, $0) < total(knocked, rows, !isSecond, $1) }!
    }
    let last = [false, true].map { isSecond in
      (0...depth).map { 2 + Self.lastRole * (depth + 1) + $0 }
        .min { total(traced, some, !isSecond, $0) < total(traced, some, !isSecond, $1) }!
    }
    func chosen(_ found: [[Double]], _ rows: [StudyRow], _ cells: [Int]) -> [[Double]] {
      zip(found, rows).map { [$0[0], $0[1], $0[cells[$1.isInSecondHalf ? 1 : 0]]] }
    }
    let names = best.map { cell in
      "\(Self.roles[(cell - 2) / depth]), blocks around \((cell - 2) % depth)"
    }
    let figures: [(String, Estimate?, Int, Int, String?)] = [
      (
        "knocked_out_most", losses(of: chosen(knocked, rows, best), [2], rows)[0], rows.count,
        clusters, Set(names).sorted().joined(separator: "; ")
      ),
      (
        "knocked_out_elsewhere", losses(of: chosen(knocked, rows, elsewhere), [2], rows)[0],
        rows.count, clusters, "the same blocks at the role that loses most of the others"
      ),
      (
        "restored_at_last", gains(of: chosen(traced, some, last), [2], some)[0], some.count, fewer,
        nil
      ),
      (
        "restored_in_front", gains(of: traced, [2 + Self.lastRole * (depth + 1)], some)[0],
        some.count, fewer, nil
      ),
    ]
    for (metric, estimate, count, clusters, condition) in figures {
      lines += StudyLine.judged(
        job, metric, estimate, accept, unit: "share", rows: count, clusters: clusters,
        condition: condition)
    }
    let maps = [false, true].map { isSecond in cells.map { total(knocked, rows, isSecond, $0) } }
    let reliability = RankCorrelation.spearman(maps[0], maps[1]).map {
      Estimate(value: RankCorrelation.wholeReliability(ofHalves: $0))
    }
    return lines
      + StudyLine.judged(
        job, "reliability", reliability, accept, unit: "Spearman-Brown", rows: rows.count,
        clusters: clusters, undecided: reliability == nil ? "a map is constant" : nil, isPoint: true
      )
  }

  /// (F - F(edit)) / (F(mean) - F(edit)) of columns of `found`, whose first two are F(mean) and F(edit).
  private func losses(
    of found: [[Double]], _ columns: [Int], _ rows: [StudyRow]
  ) -> [Estimate?] {
    shares(found, columns, rows) { mean, edited, value in (value - edited) / (mean - edited) }
  }

  /// (F(mean) - F) / (F(mean) - F(edit)).
  private func gains(
    of found: [[Double]], _ columns: [Int], _ rows: [StudyRow]
  ) -> [Estimate?] {
    shares(found, columns, rows) { mean, edited, value in (mean - value) / (mean - edited) }
  }

  private func shares(
    _ found: [[Double]], _ columns: [Int], _ rows: [StudyRow],
    _ share: (Double, Double, Double) -> Double
  ) -> [Estimate?] {
    let values = ([0, 1] + columns).map { i in found.map { $0[i] } }
    return material.bootstrap.estimates(count: rows.count, families: rows.map(\.family)) { times in
      let sums = values.map { drawnSum($0, times) }
      return sums.dropFirst(2).map { sums[0] > sums[1] ? share(sums[0], sums[1], $0) : .nan }
    }
  }
}
