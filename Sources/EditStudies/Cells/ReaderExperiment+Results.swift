import EditEvaluation

/// What came of a reader.
extension ReaderExperiment {
  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    if let diverged = try Self.diverged(units) {
      return StudyConfiguration.defaultThresholds.keys.sorted().compactMap { figure in
        let parts = figure.split(separator: ".").map(String.init)
        return parts[0] == job.kind.rawValue
          ? .notRun(job, parts[1], material.configuration.accept, why: diverged) : nil
      }
    }
    func all(_ name: String, _ rows: [StudyRow]) throws -> [StudyUnit] {
      try rows.indices.map { try StudyUnit("\(name)/\($0)", of: units) }
    }
    let (found, trips) = (try all("text", texts), try all("trip", texts))
    let (kept, pairs) = (try all("kept", self.kept), try all("pair", self.pairs))
    var loss = StudyLine("estimate", job, "training_loss")
    (loss.value, loss.unit) = (try StudyUnit("train/0", of: units).numbers.first, "nat/token")
    return [loss] + tripLines(trips, job) + wordLines(found, job) + lossLines(found, job)
      + keptLines(kept, job) + pairLines(pairs, job)
      + readings(
        "unseen wording", texts, found.map { $0.words![0] }, trips.map { $0.numbers[0] }, job)
      + readings(
        "other family", self.kept, kept.map { $0.words![0] }, kept.map { $0.numbers[0] }, job)
      + readings(
        addsUp ? "sum of two steps" : "edit of two steps", self.pairs,
        pairs.map { $0.words!.last! },
        pairs.map { $0.numbers.last! }, job)
      + nothing(try StudyUnit("nothing/0", of: units).words!, job)
  }

  private func judged(
    _ job: StudyJob, _ metric: String, _ estimate: Estimate?, _ unit: String, _ rows: [StudyRow],
    condition: String? = nil, undecided: String? = nil
  ) -> [StudyLine] {
    StudyLine.judged(
      job, metric, estimate, material.configuration.accept, unit: unit, rows: rows.count,
      clusters: Set(rows.map(\.family)).count, condition: condition, undecided: undecided)
  }

  private func medians(_ columns: [[Double]], _ rows: [StudyRow]) -> [Estimate?] {
    material.bootstrap.estimates(count: rows.count, families: rows.map(\.family)) { times in
      columns.map { drawnMedian($0, times) }
    }
  }

  /// Round trips and the variance that is explained.
  private func tripLines(_ units: [StudyUnit], _ job: StudyJob) -> [StudyLine] {
    let count = Self.trips.count
    let estimates = medians((0..<count).map { i in units.map { $0.numbers[i] } }, texts)
    var lines = zip(Self.trips, estimates).flatMap { metric, estimate in
      judged(job, metric, estimate, "median of texts", texts)
    }
    let more = material.bootstrap.estimates(count: texts.count, families: texts.map(\.family)) {
      times in
      let differences = units.map { $0.numbers[0] - $0.numbers[5] }
      let all = drawnSum(units.map { $0.numbers[count + 1] }, times)
      return [
        drawnMedian(differences, times),
        all > 0 ? 1 - drawnSum(units.map { $0.numbers[count] }, times) / all : .nan,
      ]
    }
    lines += judged(job, "over_retrieval", more[0], "median of texts", texts)
    return lines + judged(job, "explained_variance", more[1], "of the own part's values", texts)
  }

  /// Families and words of what is said.
  private func wordLines(_ units: [StudyUnit], _ job: StudyJob) -> [StudyLine] {
    let sayings: [(condition: String?, texts: [String])] =
      [
        nil, "processor alone", "mean edit in its place", "random directions", "retrieval",
        "the words without the editor",
      ].prefix(units[0].words!.count).enumerated().map { i, name in
        (name, units.map { $0.words![i] })
      } + [
        ("another row's edit", texts.indices.map { units[shuffled($0)].words![0] }),
        ("the right text itself", texts.map(\.instruction)),
        ("most common text", texts.map { _ in judge.mostCommon }),
      ]
    var lines: [StudyLine] = []
    for (condition, said) in sayings {
      func mean(_ value: (Int) -> Double) -> Estimate? {
        material.means([texts.indices.map(value)], of: texts)[0]
      }
      let family = mean { judge.families(of: said[$0]).first == texts[$0].family ? 1 : 0 }
      lines +=
        condition == nil
        ? judged(job, "family_at_1", family, "fraction of texts", texts)
        : estimate(job, "family_at_1", family, "fraction of texts", condition)
      guard condition != "the right text itself" else { continue }
      lines += estimate(
        job, "exact", mean { said[$0] == texts[$0].instruction ? 1 : 0 }, "fraction of texts",
        condition)
      lines += estimate(
        job, "rouge_l", mean { AnswerScore.rougeL(said[$0], wanted: texts[$0].instruction) }, "F1",
        condition)
      lines += estimate(
        job, "says_nothing", mean { said[$0] == ReaderEdits.nothing ? 1 : 0 }, "fraction of texts",
        condition)
    }
    return lines
  }

  private func estimate(
    _ job: StudyJob, _ metric: String, _ estimate: Estimate?, _ unit: String, _ condition: String?
  ) -> [StudyLine] {
    [
      .estimate(
        job, metric, estimate, unit: unit, rows: texts.count,
        clusters: Set(texts.map(\.family)).count, condition: condition)
    ]
  }

  /// The right text among others, and edits among random directions.
  private func lossLines(_ units: [StudyUnit], _ job: StudyJob) -> [StudyLine] {
    func column(_ i: Int) -> [Double] { units.map { $0.numbers[i] } }
    let means = material.means(
      [column(0), column(0).map { $0 == 1 ? 1 : 0 }, column(1)], of: texts)
    let auroc = material.bootstrap.estimates(count: texts.count, families: texts.map(\.family)) {
      [ReaderJudge.auroc(column(2), column(3), $0)]
    }[0]
    return estimate(job, "rank_of_right", means[0], "of 21 texts", nil)
      + estimate(job, "right_first", means[1], "fraction of texts", nil)
      + estimate(job, "loss_of_right", means[2], "nat/token", nil)
      + judged(job, "auroc", auroc, "pairs of an edit and random directions", texts)
  }

  private func keptLines(_ units: [StudyUnit], _ job: StudyJob) -> [StudyLine] {
    guard !kept.isEmpty else {
      return judged(
        job, "round_trip_of_kept", nil, "median of texts", kept,
        undecided: "the data has no row of a family that is not trained on")
    }
    let found = medians((0..<2).map { i in units.map { $0.numbers[i] } }, kept)
    return judged(job, "round_trip_of_kept", found[0], "median of texts", kept)
      + judged(
        job, "round_trip_of_retrieval", found[1], "median of texts", kept,
        condition: "other families")
  }

  /// Both steps by name, of sums and of the edits of both.
  private func pairLines(_ units: [StudyUnit], _ job: StudyJob) -> [StudyLine] {
    let accept = material.configuration.accept
    guard !pairs.isEmpty else {
      return judged(
        job, "both_steps", nil, "fraction of texts", pairs,
        undecided: "the data has no two rows of two known families one after the other")
    }
    func both(_ said: (Int) -> String) -> [Double] {
      pairs.indices.map { judge.namesBoth(said($0), pairs[$0].parts) ? 1 : 0 }
    }
    let names = ["edit of both", "sum"].prefix(addsUp ? 2 : 1)
    let said = names.indices.map { i in both { units[$0].words![i] } }
    let found = material.means(said + [both { pairs[$0].instruction }], of: pairs)
    let trips = medians(names.indices.map { i in units.map { $0.numbers[i] } }, pairs)
    var lines: [StudyLine] = []
    if addsUp {
      lines += judged(job, "both_steps", found[1], "fraction of texts", pairs)
    } else {
      lines += [
        StudyLine.notRun(
          job, "both_steps", accept, why: "prefixes of different lengths have no sum")
      ].compactMap { $0 }
    }
    func more(_ metric: String, _ value: Estimate?, _ unit: String, _ condition: String) {
      lines.append(
        .estimate(
          job, metric, value, unit: unit, rows: pairs.count,
          clusters: Set(pairs.map(\.family)).count, condition: condition))
    }
    more("both_steps", found[0], "fraction of texts", "edit of both")
    more("both_steps", found[found.count - 1], "fraction of texts", "the right text itself")
    for (name, trip) in zip(names, trips) {
      more("round_trip_of_steps", trip, "median of texts", name)
    }
    return lines
  }

  // MARK: Texts

  private func readings(
    _ origin: String, _ rows: [StudyRow], _ said: [String], _ trips: [Double], _ job: StudyJob
  ) -> [StudyLine] {
    rows.indices.map { index in
      .reading(
        job, "reader", origin, of: rows[index].instruction, said: said[index],
        roundTrip: trips[index])
    }
  }

  private func nothing(_ said: [String], _ job: StudyJob) -> [StudyLine] {
    zip(["no edit", "mean edit"], said).map {
      .reading(job, "reader", $0, of: ReaderEdits.nothing, said: $1, roundTrip: nil)
    }
  }
}
