import EditorTraining
import Foundation
import TestSupport
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ReportTests {
  private func train(_ step: Int, _ loss: Double) -> TrainingMetrics {
    var line = TrainingMetrics(step: step, kind: .train)
    line.loss = loss
    line.gradientNorm = .infinity
    return line
  }

  private func validation(_ step: Int, _ loss: Double) -> TrainingMetrics {
    var line = TrainingMetrics(step: step, kind: .validation)
    line.validation = [
      "unseen": .init(
        edited: loss, ablated: 2.4, shuffled: loss + 0.1, prompted: 1.9, tokens: 100),
      "seen": .init(edited: loss - 0.1, tokens: 50),
    ]
    return line
  }

  private func summary(_ step: Int) -> TrainingMetrics {
    var line = TrainingMetrics(step: step, kind: .summary)
    line.tokensPerSecond = 1234.5
    line.peakRssBytes = 1 << 31
    return line
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOf: URL(fileURLWithPath: path), encoding: .utf8)
  }

  /// Lines are in the file when they are written; the names are those of the command's description.
  @Test func linesAreWrittenAtOnce() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/metrics.jsonl"
      try Data("old\n".utf8).write(to: URL(fileURLWithPath: path))
      let writer = try MetricsWriter(path: path)
      #expect(try text(path) == "")
      try writer.append(train(1, 2.5))
      #expect(
        try text(path) == #"{"gradient_norm":"inf","kind":"train","loss":2.5,"step":1}"# + "\n")
      try writer.append(validation(1, 2.25))
      try writer.append(summary(1))
      let lines = try text(path).split(separator: "\n")
      #expect(
        lines[1]
          == #"{"kind":"validation","step":1,"validation":{"seen":{"edited":2.15,"tokens":50},"#
          + #""unseen":{"ablated":2.4,"edited":2.25,"prompted":1.9,"shuffled":2.35,"tokens":100}}}"#
      )
      let last = try #require(
        JSONSerialization.jsonObject(with: Data(lines[2].utf8)) as? [String: Any])
      #expect(last["peak_rss_bytes"] as? Int == 1 << 31)
      #expect(last["tokens_per_second"] as? Double == 1234.5)
      #expect(
        try MetricsWriter.read(path: path) == [train(1, 2.5), validation(1, 2.25), summary(1)])
    }
  }

  /// A training that is resumed after step 2 writes what one does that was never interrupted.
  @Test(arguments: ["", "{\"step\":4,\"ki", "\n", "garbage\n{\"step\":1,\"kind\":\"train\"}\n"])
  func resumingCutsOff(tail: String) throws {
    try withTemporaryFolder { folder in
      let path = folder + "/metrics.jsonl"
      do {
        let writer = try MetricsWriter(path: path)
        for step in 1...3 { try writer.append(train(step, 3 / Double(step))) }
        try writer.append(validation(2, 2))
      }
      let before = try text(path)
      try Data((before + tail).utf8).write(to: URL(fileURLWithPath: path))
      let writer = try MetricsWriter(path: path, resumingAfter: 2)
      #expect(try text(path) == before.split(separator: "\n").prefix(2).map { $0 + "\n" }.joined())
      try writer.append(train(3, 1))
      #expect(try text(path) == before.split(separator: "\n").prefix(3).map { $0 + "\n" }.joined())
    }
  }

  @Test func resumingKeepsWhatIsThere() throws {
    try withTemporaryFolder { folder in
      let path = folder + "/metrics.jsonl"
      let none = try MetricsWriter(path: path, resumingAfter: 7)
      try none.append(train(7, 1))
      let kept = try MetricsWriter(path: path, resumingAfter: 7)
      try kept.append(summary(7))
      #expect(try MetricsWriter.read(path: path) == [train(7, 1), summary(7)])
      // The summary of a training that goes on after all.
      let longer = try MetricsWriter(path: path, resumingAfter: 7)
      try longer.append(train(8, 1))
      #expect(try MetricsWriter.read(path: path) == [train(7, 1), train(8, 1)])
      #expect(try MetricsWriter.read(path: folder + "/none") == [])
      #expect(throws: EditorTrainingError.file(.noSuchFolder(path: folder + "/a/b"))) {
        _ = try MetricsWriter(path: folder + "/a/b")
      }
      #expect(throws: EditorTrainingError.file(.isFolder(path: folder))) {
        _ = try MetricsWriter(path: folder)
      }
    }
  }

  // MARK: The curve

  /// Elements of the picture, as Foundation's parser (libxml2) reads them.
  private final class Elements: NSObject, XMLParserDelegate {
    var all: [(name: String, attributes: [String: String])] = []
    var texts: [String] = []
    private var isInText = false

    init(_ svg: String) throws {
      super.init()
      let parser = XMLParser(data: Data(svg.utf8))
      parser.delegate = self
      try #require(parser.parse(), "\(String(describing: parser.parserError))")
    }

    func parser(
      _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
      qualifiedName: String?, attributes: [String: String]
    ) {
      all.append((name, attributes))
      isInText = name == "text"
      if isInText { texts.append("") }
    }

    func parser(
      _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
    ) { isInText = false }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
      if isInText { texts[texts.count - 1] += string }
    }

    func points() -> [[(x: Double, y: Double)]] {
      all.filter { $0.name == "polyline" }.map { line in
        line.attributes["points"]!.split(separator: " ").map {
          let numbers = $0.split(separator: ",").compactMap { Double($0) }
          return (numbers[0], numbers[1])
        }
      }
    }
  }

  @Test func curveShowsTheLosses() throws {
    var metrics = (1...1000).map { train($0, 3 - Double($0) / 1000) }
    metrics += [0, 500, 1000].map { validation($0, 2.4 - Double($0) / 5000) }
    let curve = LossCurve(title: "a < b & \"c\" \u{1}", metrics: metrics, split: "unseen")
    #expect(
      curve.series.map(\.name) == [
        "training", "unseen, edited", "unseen, ablated", "unseen, shuffled instruction",
        "unseen, prompted",
      ])
    let elements = try Elements(curve.svg())
    let lines = elements.points()
    #expect(lines.map(\.count) == [334, 3, 3, 3, 3])
    for line in lines {
      for point in line {
        #expect((64...744).contains(point.x) && (40...372).contains(point.y))
      }
      #expect(zip(line, line.dropFirst()).allSatisfy { $0.x < $1.x })
    }
    // Downwards is less: the edited loss falls, the ablated one stays, the prompted one is lowest.
    #expect(lines[1][0].y < lines[1][2].y)
    #expect(lines[2][0].y == lines[2][2].y)
    #expect(lines[4][0].y > lines[1][2].y)
    // 0 to 1000 steps from left to right; 500 in the middle.
    #expect(lines[1].map(\.x) == [64, 404, 744])
    #expect(elements.texts.contains("a < b & \"c\" \u{FFFD}"))
    for text in ["0", "200", "1000", "1.5", "2.5", "3.0", "steps", "unseen, prompted"] {
      #expect(elements.texts.contains(text), "\(text) in \(elements.texts)")
    }
  }

  /// What is not finite, single points, equal losses, nothing at all: a picture every time.
  @Test func oddLosses() throws {
    func elements(_ points: [(Int, Double)]) throws -> Elements {
      try Elements(
        LossCurve(
          title: "t",
          series: [.init(name: "s", color: "red", points: points.map { (step: $0.0, loss: $0.1) })]
        ).svg())
    }
    let gap = try elements([(1, 1), (2, 2), (3, .nan), (4, .infinity), (5, 1), (6, 2), (7, -1e300)])
    #expect(gap.points().map(\.count) == [2, 2])
    #expect(try elements([(5, 0.25)]).all.contains { $0.name == "circle" })
    #expect(try elements([(1, 2), (2, 2)]).points().count == 1)
    #expect(try elements([(1, 1e12), (2, -1e12)]).points().count == 1)
    #expect(try elements([(1, 1e-12), (2, 3e-12)]).points().count == 1)
    #expect(try elements([(0, 0), (0, 0)]).points().count == 1)
    #expect(try elements([]).points().isEmpty)
    #expect(try Elements(LossCurve(title: "", metrics: [], split: "unseen").svg()).points().isEmpty)
  }
}
