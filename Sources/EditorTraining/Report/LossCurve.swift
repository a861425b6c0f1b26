import LatentEditing

/// Losses over steps as a picture: SVG, without anything from elsewhere.
public struct LossCurve: Sendable {
  /// One line of the picture.
  public struct Series: Sendable, Equatable {
    /// What the legend says.
    public let name: String
    /// A colour of CSS.
    public let color: String
    /// Whether it is dashed: what an editor is compared with.
    public let isDashed: Bool
    /// Steps and losses, steps ascending. Losses that are not finite, or beyond 1e12, leave gaps.
    public let points: [(step: Int, loss: Double)]

    /// A line.
    public init(
      name: String, color: String, isDashed: Bool = false, points: [(step: Int, loss: Double)]
    ) {
      self.name = name
      self.color = color
      self.isDashed = isDashed
      self.points = points
    }

    /// Equal in all numbers, NaN being equal to nothing.
    public static func == (a: Series, b: Series) -> Bool {
      a.name == b.name && a.color == b.color && a.isDashed == b.isDashed
        && a.points.elementsEqual(b.points) { $0 == $1 }
    }
  }

  /// What stands above.
  public let title: String
  /// The lines.
  public let series: [Series]

  /// A picture of these lines.
  public init(title: String, series: [Series]) {
    self.title = title
    self.series = series
  }

  /// The loss of training, thinned to a few hundred means, and of the split `split` the losses of the
  /// edited, the ablated, the shuffled and the prompted processor.
  public init(title: String, metrics: [TrainingMetrics], split: String) {
    let train = metrics.filter { $0.kind == .train }.compactMap { line in
      line.loss.map { (step: line.step, loss: $0) }
    }
    func points(
      _ loss: (TrainingMetrics.Validation) -> Double?
    ) -> [(step: Int, loss: Double)] {
      metrics.compactMap { line in
        line.validation?[split].flatMap(loss).map { (step: line.step, loss: $0) }
      }
    }
    let all = [
      Series(name: "training", color: "#bbbbbb", points: Self.thinned(train)),
      Series(name: "\(split), edited", color: "#0b62a4", points: points(\.edited)),
      Series(
        name: "\(split), ablated", color: "#222222", isDashed: true, points: points(\.ablated)),
      Series(
        name: "\(split), shuffled instruction", color: "#d1495b", isDashed: true,
        points: points(\.shuffled)),
      Series(
        name: "\(split), prompted", color: "#2e8b57", isDashed: true, points: points(\.prompted)),
    ]
    self.init(title: title, series: all.filter { !$0.points.isEmpty })
  }

  /// Means of as many neighbours as make it at most 400 points.
  private static func thinned(_ points: [(step: Int, loss: Double)]) -> [(step: Int, loss: Double)]
  {
    let width = (points.count + 399) / 400
    guard width > 1 else { return points }
    return stride(from: 0, to: points.count, by: width).map { start in
      let part = points[start..<min(start + width, points.count)]
      return (part[part.endIndex - 1].step, part.reduce(0) { $0 + $1.loss } / Double(part.count))
    }
  }

  private static func isShown(_ loss: Double) -> Bool { abs(loss) <= 1e12 }

  // MARK: The picture

  private static let width = 760.0
  private static let height = 420.0
  private static let frame = (left: 64.0, right: 744.0, top: 40.0, bottom: 372.0)

  /// The picture as a file of its own.
  public func svg() -> String {
    let finite = series.flatMap { $0.points.filter { Self.isShown($0.loss) } }
    let steps = Axis(
      lowest: Double(finite.map(\.step).min() ?? 0), highest: Double(finite.map(\.step).max() ?? 1),
      isWhole: true)
    let losses = Axis(
      lowest: finite.map(\.loss).min() ?? 0, highest: finite.map(\.loss).max() ?? 1, isWhole: false)
    let frame = Self.frame
    func x(_ step: Double) -> Double { frame.left + steps.part(step) * (frame.right - frame.left) }
    func y(_ loss: Double) -> Double {
      frame.bottom - losses.part(loss) * (frame.bottom - frame.top)
    }

    var lines = [
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 760 420\" width=\"760\" "
        + "height=\"420\" font-family=\"sans-serif\" font-size=\"12\">",
      "<rect width=\"760\" height=\"420\" fill=\"white\"/>",
      "<text x=\"64\" y=\"24\" font-size=\"15\">\(escapedForXML(title))</text>",
    ]
    for tick in losses.ticks {
      let place = Self.number(y(tick.value))
      lines.append(
        "<line x1=\"64\" y1=\"\(place)\" x2=\"744\" y2=\"\(place)\" stroke=\"#e6e6e6\"/>"
          + "<text x=\"58\" y=\"\(Self.number(y(tick.value) + 4))\" text-anchor=\"end\">"
          + "\(tick.label)</text>")
    }
    for tick in steps.ticks {
      let place = Self.number(x(tick.value))
      lines.append(
        "<line x1=\"\(place)\" y1=\"372\" x2=\"\(place)\" y2=\"377\" stroke=\"black\"/>"
          + "<text x=\"\(place)\" y=\"391\" text-anchor=\"middle\">\(tick.label)</text>")
    }
    lines += [
      "<path d=\"M64 40V372H744\" fill=\"none\" stroke=\"black\"/>",
      "<text x=\"404\" y=\"410\" text-anchor=\"middle\">steps</text>",
      "<text transform=\"translate(16 206) rotate(-90)\" text-anchor=\"middle\">"
        + "loss (nat per token)</text>",
    ]
    for (index, line) in series.enumerated() {
      let style =
        "stroke=\"\(escapedForXML(line.color))\" stroke-width=\"2\""
        + (line.isDashed ? " stroke-dasharray=\"6 4\"" : "")
      for run in line.points.split(whereSeparator: { !Self.isShown($0.loss) }) {
        let points = run.map { "\(Self.number(x(Double($0.step)))),\(Self.number(y($0.loss)))" }
        // A single point would be invisible as a line.
        lines.append(
          run.count == 1
            ? "<circle cx=\"\(Self.number(x(Double(run.first!.step))))\" "
              + "cy=\"\(Self.number(y(run.first!.loss)))\" r=\"3\" "
              + "fill=\"\(escapedForXML(line.color))\"/>"
            : "<polyline points=\"\(points.joined(separator: " "))\" fill=\"none\" \(style)/>")
      }
      let row = 52 + 17 * index
      lines.append(
        "<line x1=\"520\" y1=\"\(row)\" x2=\"548\" y2=\"\(row)\" \(style)/>"
          + "<text x=\"556\" y=\"\(row + 4)\">\(escapedForXML(line.name))</text>")
    }
    return (lines + ["</svg>"]).joined(separator: "\n") + "\n"
  }

  /// With one digit behind the point, which is a tenth of a pixel.
  private static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    return tenths % 10 == 0 ? "\(tenths / 10)" : "\(tenths / 10).\(abs(tenths % 10))"
  }
}
