import EditorTraining
import InstructionEditors
import LatentEditing

/// Which blocks and which half of keys and values carry the instruction (docs/study.md): the edit put into the mean edit
/// in some blocks, row by row, and integrated gradients between the two. The last phase takes the k blocks that are best
/// by some order that was found on the other half of the rows.
struct ContributionExperiment: StudyExperiment {
  let material: StudyMaterial
  let depth: Int
  private let seed: UInt64
  /// k of the best k blocks.
  let counts: [Int]
  static let randomOrders = 5
  /// Orders that are found, before those that are drawn.
  static let orderNames = ["gradients", "insertion", "size"]

  init(_ material: StudyMaterial) {
    self.material = material
    depth = material.editor.layerCount
    seed = material.configuration.seed
    let depth = depth
    counts = [1, 2, 3, 4, 6, 8, 12, 16, 24].filter { $0 < depth }
  }

  var unitCount: Int { 3 * material.rows.count }

  func name(_ phase: String, _ row: Int) -> String { "\(phase)/\(row)" }

  func pending(_ units: [String: String]) -> [String] {
    for phase in ["insertion", "path", "best"] {
      let missing = material.rows.indices.map { name(phase, $0) }.filter { units[$0] == nil }
      if !missing.isEmpty { return missing }
    }
    return []
  }

  /// What is put into the mean edit in the first phase: blocks, and halves.
  var swaps: [(layers: [Int], halves: Set<CompiledEdit.Half>)] {
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

  var windowSize: Int { max(1, depth / 5) }
  var windows: Range<Int> { 0..<depth - windowSize + 1 }

  /// How far an edit is from the mean edit in every block.
  private func sizes(_ edit: CompiledEdit, _ mean: CompiledEdit) -> [Double] {
    let size = edit.positions[0].values.count / depth
    return (0..<depth).map { layer in
      zip(edit.positions, mean.positions).reduce(0.0) { sum, pair in
        (layer * size..<(layer + 1) * size).reduce(sum) {
          let d = Double(pair.0.values[$1]) - Double(pair.1.values[$1])
          return $0 + d * d
        }
      }.squareRoot()
    }
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let parts = unit.split(separator: "/")
    let row = StudyUnit.number(unit)
    let (written, edit, mean) = try material.edits(material.rows[row].instruction)
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
      result.numbers += sizes(edit, mean)
    } else if parts[0] == "path" {
      let found = try material.gradients(tokens, written, edit).found
      let count = edit.positions.count
      result.numbers =
        [found.from, found.to]
        + (0..<depth).map { found.attributions[$0 * count..<($0 + 1) * count].reduce(0, +) }
    } else {
      let orders = try orders(units, for: material.rows[row].isInSecondHalf)
      let mixed = orders.flatMap { order in
        counts.map { mean.mixed(with: edit, layers: order.prefix($0)) }
      }
      result.numbers = try material.runs.losses(tokens, under: mixed)
    }
    return try result.json()
  }

  /// Blocks, the best first: by integrated gradients, by insertion of single ones and by size, all of the rows of the
  /// other half, and random ones.
  private func orders(_ units: [String: String], for isInSecondHalf: Bool) throws -> [[Int]] {
    let rows = material.rows.indices.filter { material.rows[$0].isInSecondHalf != isInSecondHalf }
    let phase = try insertions(units)
    let paths = try self.paths(units)
    let gradients = (0..<depth).map { layer in rows.reduce(0.0) { $0 + paths[$1][2 + layer] } }
    let single = (0..<depth).map { layer in
      rows.reduce(0.0) { $0 + phase[$1].numbers[1] - phase[$1].numbers[5 + layer] }
    }
    let size = (0..<depth).map { layer in
      rows.reduce(0.0) { $0 + phase[$1].numbers[3 + swaps.count + layer] }
    }
    func order(_ values: [Double]) -> [Int] {
      values.indices.sorted { (values[$1], $0) < (values[$0], $1) }
    }
    return [order(gradients), order(single), order(size)]
      + (0..<Self.randomOrders).map { draw in
        var random = SeededGenerator(seed, 0x434F_4E54, UInt64(draw))
        var order = Array(0..<depth)
        random.shuffle(&order)
        return order
      }
  }

  func insertions(_ units: [String: String]) throws -> [StudyUnit] {
    try material.rows.indices.map { try StudyUnit(name("insertion", $0), of: units) }
  }

  /// Of every row the losses of both ends, and what is attributed to each block.
  func paths(_ units: [String: String]) throws -> [[Double]] {
    try material.rows.indices.map { try StudyUnit(name("path", $0), of: units).numbers }
  }
}
