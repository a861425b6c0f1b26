import LanguageModels

/// Keeps the residual stream of a run, at the points that are asked for.
public final class StateCapture: ResidualStreamVisitor {
  /// Where a state is: before block `point`, or after the last, at a position of the sequence.
  public struct Place: Sendable, Hashable {
    /// 0...L of L blocks.
    public let point: Int
    /// Of the sequence, what stands in front of the prompt included.
    public let position: Int

    /// A point and a position.
    public init(point: Int, position: Int) {
      self.point = point
      self.position = position
    }
  }

  /// What was there, `[width]` each.
  public private(set) var states: [Place: [Float]] = [:]
  private let points: Set<Int>
  private let positions: Set<Int>?
  private let editor: (any ResidualStreamVisitor)?

  /// Of the points `points`, and of these positions alone where they are given; as `editor` leaves them, which sees the
  /// rows first, where there is one.
  public init(
    points: some Sequence<Int>, positions: Set<Int>? = nil,
    behind editor: (any ResidualStreamVisitor)? = nil
  ) {
    self.points = Set(points)
    self.positions = positions
    self.editor = editor
  }

  /// Whether the point is asked for.
  public func visits(point: Int) -> Bool {
    points.contains(point) || editor?.visits(point: point) == true
  }

  /// Where the editor before it did.
  public var overflow: (point: Int, position: Int)? { editor?.overflow }

  /// Copies the rows.
  public func visit(_ rows: ResidualRows) {
    if let editor, editor.visits(point: rows.point) { editor.visit(rows) }
    guard points.contains(rows.point) else { return }
    for row in 0..<rows.count where positions?.contains(rows.firstPosition + row) ?? true {
      copy(rows, row)
    }
  }

  private func copy(_ rows: ResidualRows, _ row: Int) {
    let place = Place(point: rows.point, position: rows.firstPosition + row)
    states[place] = rows.withRow(row) { span in span.indices.map { span[$0] } }
  }
}

/// Puts states of another run into this one: activation patching (Meng et al., arXiv 2202.05262).
public final class StatePatch: ResidualStreamVisitor {
  private let states: [StateCapture.Place: [Float]]
  private let points: Set<Int>
  /// Places that were met: a patch that was not acted on is no result.
  public private(set) var patched: Set<StateCapture.Place> = []

  /// States, as long as the model is wide, by their place.
  public init(_ states: [StateCapture.Place: [Float]]) {
    self.states = states
    points = Set(states.keys.map(\.point))
  }

  /// Whether something is put in there.
  public func visits(point: Int) -> Bool { points.contains(point) }

  /// Replaces the rows that have a state.
  public func visit(_ rows: ResidualRows) {
    for row in 0..<rows.count {
      let place = StateCapture.Place(point: rows.point, position: rows.firstPosition + row)
      guard let state = states[place] else { continue }
      precondition(state.count == rows.width, "the state is of another model")
      rows.withRow(row) { span in
        for i in state.indices { span[i] = state[i] }
      }
      patched.insert(place)
    }
  }
}
