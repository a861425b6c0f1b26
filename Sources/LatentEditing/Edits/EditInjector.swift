import LanguageModels

/// Sums the latents of an edit into the residual stream of a running processor, and into the first token's values.
///
/// One edit on one sequence: the places are fixed when it is made, from the shape of the prompt, and
/// hold across chunks of the prompt and decoded tokens alike.
public final class EditInjector: ResidualStreamVisitor {
  /// Latents that are added to the same rows, summed.
  private struct Entry {
    let positions: Range<Int>
    let plain: [Float]?
    let normed: [Float]?
  }

  /// By place, 0...layerCount.
  private let entries: [[Entry]]
  /// Of the first token's values, by block.
  private let values: [Int: Entry]
  /// The position after the last that is edited; `Int.max` where all are.
  public let endPosition: Int
  private let observer: (any EditObserver)?
  /// The first state that the edit made too large for its norm.
  public private(set) var overflow: (point: Int, position: Int)?

  /// The injection of `edit` into a sequence whose prompt has that shape and begins at position `start`.
  /// `observer` hears of every row of every point, edited or not. Throws `promptTooShort`, and `valuesBehindOpening` where
  /// values are edited and `start` is not 0.
  public init(
    _ edit: LatentEdit, prompt: PromptShape, startingAt start: Int = 0,
    observer: (any EditObserver)? = nil
  ) throws(LatentEditingError) {
    self.observer = observer
    var end = 0
    var groups: [Int: [Range<Int>: [LatentSite]]] = [:]
    guard start == 0 || edit.valueWidth == nil else { throw .valuesBehindOpening }
    for site in edit.sites where site.part == .stream {
      let inPrompt = try site.position.resolved(in: prompt)
      let positions =
        inPrompt.lowerBound
        + start..<(inPrompt.upperBound == .max ? .max : inPrompt.upperBound + start)
      end = max(end, positions.upperBound)
      groups[site.point, default: [:]][positions, default: []].append(site)
    }
    if edit.valueWidth != nil { end = max(end, 1) }
    endPosition = end
    values = Dictionary(grouping: edit.sites.filter { $0.part == .values }, by: \.point)
      .mapValues { sites in
        EditInjector.entry(sites, at: 0..<1, width: sites[0].latent.count)
      }
    entries = (0...edit.layerCount).map { point in
      (groups[point] ?? [:]).sorted {
        ($0.key.lowerBound, $0.key.upperBound) < ($1.key.lowerBound, $1.key.upperBound)
      }
      .map { positions, sites in
        EditInjector.entry(sites, at: positions, width: edit.width)
      }
    }
  }

  private static func entry(_ sites: [LatentSite], at positions: Range<Int>, width: Int) -> Entry {
    Entry(
      positions: positions, plain: sum(sites.filter { $0.scale == .plain }, width: width),
      normed: sum(sites.filter { $0.scale == .norm }, width: width))
  }

  /// sum g v, in an order that does not depend on the one they came in; nil for no sites.
  private static func sum(_ sites: [LatentSite], width: Int) -> [Float]? {
    guard !sites.isEmpty else { return nil }
    var result = [Float](repeating: 0, count: width)
    let ordered = sites.count == 1 ? sites : sites.sorted { $0.precedes($1) }
    for site in ordered {
      for i in 0..<width { result[i] += site.gate * site.latent[i] }
    }
    return result
  }

  /// Only layers with sites are interrupted, unless somebody watches all of them.
  public func visits(point: Int) -> Bool { observer != nil || !entries[point].isEmpty }

  /// Adds what belongs to the rows' point and positions.
  public func visit(_ rows: ResidualRows) {
    for row in 0..<rows.count {
      let position = rows.firstPosition + row
      rows.withRow(row) { span in
        span.withUnsafeMutableBufferPointer { visit($0, point: rows.point, position: position) }
      }
    }
  }

  /// Only blocks whose values are edited.
  public func visitsValues(block: Int) -> Bool { values[block] != nil }

  /// Adds what belongs to the first token's values.
  public func visitValues(block: Int, _ span: inout MutableSpan<Float>) {
    guard let entry = values[block] else { return }
    span.withUnsafeMutableBufferPointer { row in
      let count = row.count
      precondition(count == (entry.plain ?? entry.normed)?.count, "the edit is of other values")
      add([entry], to: row, point: block, position: 0)
    }
  }

  private func visit(_ row: UnsafeMutableBufferPointer<Float>, point: Int, position: Int) {
    let before = observer.map { _ in Array(row) }
    let here = entries[point].filter { $0.positions.contains(position) }
    if !here.isEmpty { add(here, to: row, point: point, position: position) }
    if let observer, let before {
      observer.observe(point: point, position: position, before: before, after: Array(row))
    }
  }

  private func add(
    _ here: [Entry], to row: UnsafeMutableBufferPointer<Float>, point: Int, position: Int
  ) {
    guard let h = row.baseAddress else { return }
    let scale =
      here.contains { $0.normed != nil } ? LatentAddition.scale(h, count: row.count) : 1
    for entry in here {
      if let latent = entry.plain {
        LatentAddition.add(latent, times: 1, to: h, count: row.count)
      }
      if let latent = entry.normed {
        LatentAddition.add(latent, times: scale, to: h, count: row.count)
      }
    }
    if overflow == nil, !LatentAddition.squaredNorm(h, count: row.count).isFinite {
      overflow = (point, position)
    }
  }
}

/// Somebody who watches the residual stream of an edited run.
public protocol EditObserver: AnyObject {
  /// One row, `[width]`, of the stream before a block (or after the last), before and after what the
  /// edit did to it; the same where it did nothing.
  func observe(point: Int, position: Int, before: [Float], after: [Float])
}

extension LatentSite {
  /// A total order of what is added, whatever order it came in.
  fileprivate func precedes(_ other: LatentSite) -> Bool {
    if gate != other.gate { return gate < other.gate }
    for (a, b) in zip(latent, other.latent) where a != b { return a < b }
    return false
  }
}
