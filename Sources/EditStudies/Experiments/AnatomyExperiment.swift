import EditEvaluation
import EditorTraining
import InstructionEditors
import LatentEditing

/// How much of an edit all edits have in common, how many dimensions the rest has, and how few of them bring its effect
/// back (docs/study.md). Of latents: edits of prefixes of different lengths have no coordinates in common.
struct AnatomyExperiment: StudyExperiment {
  private let material: StudyMaterial
  private static let counts = [1, 2, 4, 8, 16, 32, 64, 128]
  /// One of each family at most, so that components cost seconds.
  private static let mostTexts = 400

  private final class Lazy { var found: (components: PrincipalComponents, scales: [Double])? }
  private let lazy = Lazy()

  init(_ material: StudyMaterial) { self.material = material }

  private var isPossible: Bool { !material.editor.configuration.interface.isPrefix }
  private var known: [KnownInstructions.Entry] {
    var seen: Set<String> = []
    return Array(material.known.filter { seen.insert($0.family).inserted }.prefix(Self.mostTexts))
  }

  var unitCount: Int { isPossible ? material.rows.count + 1 : 0 }

  func pending(_ units: [String: String]) -> [String] {
    guard isPossible else { return [] }
    return (["sizes"] + material.rows.indices.map { "row/\($0)" }).filter { units[$0] == nil }
  }

  /// The latents of all sites in a row, gates in them.
  private func vector(_ written: WrittenEdit) -> [Float] {
    guard case .latents(let edit) = written else { return [] }
    return edit.sites.flatMap { site in site.latent.map { $0 * site.gate } }
  }

  /// Components of known latents, each site divided by its root mean square after centring.
  private func components() throws -> (components: PrincipalComponents, scales: [Double]) {
    if let found = lazy.found { return found }
    let known = known
    let vectors = try known.enumerated().map { number, entry in
      try material.progress("reading", Double(number + 1) / Double(known.count))
      return vector(try material.editor.write(entry.text))
    }
    let size = vectors[0].count
    guard known.count > 2, vectors.allSatisfy({ $0.count == size }) else {
      throw StudyError.tooFewInstructions(found: known.count, needed: 3)
    }
    let width = material.editor.configuration.latentWidth
    let sites = size / width
    var mean = [Double](repeating: 0, count: size)
    for vector in vectors {
      for i in 0..<size { mean[i] += Double(vector[i]) / Double(known.count) }
    }
    let scales = (0..<sites).map { site -> Double in
      let square = vectors.reduce(0.0) { sum, vector in
        (site * width..<(site + 1) * width).reduce(sum) {
          let d = Double(vector[$1]) - mean[$1]
          return $0 + d * d
        }
      }
      return max((square / Double(known.count * width)).squareRoot(), 1e-300)
    }
    let found = (
      PrincipalComponents(
        vectors.map { vector in vector.indices.map { Double(vector[$0]) / scales[$0 / width] } }),
      scales
    )
    lazy.found = found
    return found
  }

  func measure(_ unit: String, _ units: [String: String]) throws -> String {
    let (components, scales) = try components()
    let width = material.editor.configuration.latentWidth
    var result = StudyUnit()
    if unit == "sizes" {
      // By site: |mu|^2 / mean |v|^2, with |v|^2 what is common and what is not.
      let sites = scales.count
      let common = (0..<sites).map { site -> Double in
        let mu = (site * width..<(site + 1) * width).reduce(0.0) {
          let m = components.mean[$1] * scales[site]
          return $0 + m * m
        }
        return mu / (mu + scales[site] * scales[site] * Double(width))
      }
      result.numbers =
        [
          components.participationRatio, Double(components.dimensions(for: 0.9)),
          Double(known.count),
        ] + common
    } else {
      guard let index = unit.split(separator: "/").last.flatMap({ Int($0) }) else {
        preconditionFailure("there is no unit \(unit)")
      }
      let row = material.rows[index]
      let written = try material.editor.write(row.instruction)
      guard case .latents(let edit) = written else { preconditionFailure("there are no latents") }
      let scaled = vector(written).enumerated().map { Double($1) / scales[$0 / width] }
      let counts = Self.counts.filter { $0 <= components.directions.count }
      let coordinates = components.coordinates(of: scaled, count: counts.last ?? 0)
      func restored(_ directions: [[Double]], _ coordinates: [Double]) throws -> CompiledEdit {
        var values = components.mean
        for (direction, coordinate) in zip(directions, coordinates) {
          for j in values.indices { values[j] += coordinate * direction[j] }
        }
        return try material.editor.compile(
          .latents(
            LatentEdit(
              width: edit.width, layerCount: edit.layerCount,
              sites: edit.sites.enumerated().map { site, old in
                old.with(
                  gate: 1,
                  latent: (0..<width).map { Float(values[site * width + $0] * scales[site]) })
              }, needsGhost: edit.needsGhost)))
      }
      let random = randomDirections(counts.last ?? 0, components.mean.count)
      let centred = zip(scaled, components.mean).map { $0 - $1 }
      let along = random.map { direction in
        direction.indices.reduce(0.0) { $0 + direction[$1] * centred[$1] }
      }
      var edits = [try restored([], []), try material.editor.compile(written)]
      for count in counts {
        edits.append(
          try restored(Array(components.directions.prefix(count)), Array(coordinates.prefix(count)))
        )
        edits.append(try restored(Array(random.prefix(count)), Array(along.prefix(count))))
      }
      result.numbers = try material.runs.losses(row.tokens, under: edits)
    }
    return try result.json()
  }

  /// Directions that are drawn: of signs, nearly at right angles to each other in so many dimensions.
  private func randomDirections(_ count: Int, _ size: Int) -> [[Double]] {
    var random = SeededGenerator(material.configuration.seed, 0x414E_4154)
    let length = 1 / Double(size).squareRoot()
    return (0..<count).map { _ in
      var bits: UInt64 = 0
      return (0..<size).map { i in
        if i % 64 == 0 { bits = random.next() }
        defer { bits >>= 1 }
        return bits & 1 == 0 ? length : -length
      }
    }
  }

  func reduce(_ units: [String: String], _ job: StudyJob) throws -> [StudyLine] {
    let accept = material.configuration.accept
    guard isPossible else {
      let note = "prefixes of different lengths have no coordinates in common"
      return [
        .estimate(job, "dimensions_90", nil, unit: "dimensions", rows: 0, clusters: 0, note: note)
      ] + [StudyLine.verdict(job, "dimensions_90", nil, accept, undecided: note)].compactMap { $0 }
    }
    func numbers(_ name: String) throws -> [Double] { try StudyUnit(name, of: units).numbers }
    let sizes = try numbers("sizes")
    let rows = try material.rows.indices.map { try numbers("row/\($0)") }
    let (count, clusters) = (material.rows.count, material.clusters)
    func column(_ i: Int) -> [Double] { rows.map { $0[i] } }
    let counts = Self.counts.prefix((rows[0].count - 2) / 2).map(Double.init)
    let dimensions = Estimate(value: sizes[1])
    var lines: [StudyLine] = [
      .estimate(
        job, "participation_ratio", Estimate(value: sizes[0]), unit: "dimensions",
        rows: Int(sizes[2]), clusters: Int(sizes[2])),
      .estimate(
        job, "dimensions_90", dimensions, unit: "dimensions", rows: Int(sizes[2]),
        clusters: Int(sizes[2])),
      .series(
        job, "common_energy", x: (0..<sizes.count - 3).map(Double.init), xName: "site",
        sizes.dropFirst(3).map { Estimate(value: $0) }, unit: "fraction", rows: Int(sizes[2]),
        clusters: Int(sizes[2])),
    ]
    lines += [StudyLine.verdict(job, "dimensions_90", dimensions, accept, isPoint: true)].compactMap
    { $0 }
    for (offset, condition) in [(0, "principal"), (1, "random")] {
      lines.append(
        .series(
          job, "bottleneck", x: counts, xName: "dimensions",
          material.shares(
            counts.indices.map { column(2 + 2 * $0 + offset) }, mean: column(0), edited: column(1)),
          unit: "share", rows: count, clusters: clusters, condition: condition))
    }
    return lines
  }
}
