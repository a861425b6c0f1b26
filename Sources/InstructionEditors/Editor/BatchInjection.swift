import LanguageModels
import LatentEditing

/// What makes the latents of a batch, one site after the other, and takes their gradients.
package protocol LatentSource: AnyObject {
  /// The latents of a site, `[B][P d]`; once a site, when the processor comes to it.
  func latents(site: Int) -> [Float]
  /// The gradients of a site's latents, `[B][P d]`; once a site, when the way back has come to it.
  func differentiate(site: Int, _ latentGradients: [Float])
}

/// The edits of a batch of sequences, each with latents of its own, and the gradients of them: what
/// `EditInjector` does in inference, to the bit, and its backward pass.
///
///     y = h + n g v,  n = ||h||_2 / sqrt(d)  (norm),  n = 1  (plain)
///     dv = g n dy,  dg = n v.dy,  dh = dy + g (v.dy) h / (d n)  (norm),  dh = dy  (plain)
///
/// S = sites (layers), B = sequences, P = slots, d = the processor's width; of P7 h is the values of the first token, d the
/// numbers in them, and dy is of what later tokens read of them. Only n is kept of the forward pass: h is y less what was
/// added.
package final class BatchInjection: DifferentiableStreamEdit {
  /// Gradients of the latents, `[S][B][P d]`, and of the gates, `[S][P]`.
  package private(set) var latentGradients: [Float]
  package private(set) var gateGradients: [Float]

  /// One latent at one row.
  private struct Place {
    let row: Int  // of the batch
    let sequence: Int
    let slot: Int
  }

  private let configuration: EditorConfiguration
  private var latents: [Float]  // [S][B][P d]
  /// Who makes the latents; nil where all were given.
  private let source: (any LatentSource)?
  /// Sites whose latents are there.
  private var isMade: [Bool]
  private let gates: [Float]  // [S][P]
  private let sequenceCount: Int
  /// The same at every site, by row and then by slot.
  private let places: [Place]
  private var norms: [Float]  // [S][places], n
  private let siteOfPoint: [Int?]
  private let penalty: EditPenalty

  /// The latents of `batch`, whose sequences have prompts of those shapes. Throws `promptTooShort`.
  package convenience init(
    _ configuration: EditorConfiguration, latents: [Float], gates: [Float], batch: TokenBatch,
    prompts: [PromptShape], penalty: EditPenalty = EditPenalty()
  ) throws(LatentEditingError) {
    try self.init(
      configuration, latents, nil, gates: gates, batch: batch, prompts: prompts, penalty: penalty)
  }

  /// As above, of latents that `source` makes when the processor comes to their site, and whose gradients it is given as
  /// soon as they are whole. To the same bits.
  package convenience init(
    _ configuration: EditorConfiguration, from source: any LatentSource, gates: [Float],
    batch: TokenBatch, prompts: [PromptShape], penalty: EditPenalty = EditPenalty()
  ) throws(LatentEditingError) {
    try self.init(
      configuration, nil, source, gates: gates, batch: batch, prompts: prompts, penalty: penalty)
  }

  private init(
    _ configuration: EditorConfiguration, _ given: [Float]?, _ source: (any LatentSource)?,
    gates: [Float], batch: TokenBatch, prompts: [PromptShape], penalty: EditPenalty
  ) throws(LatentEditingError) {
    precondition(prompts.count == batch.sequenceCount)
    let width = configuration.latentWidth
    let slots = configuration.positions.slots
    let count = configuration.layers.count * prompts.count * slots.count * width
    precondition(given == nil || given!.count == count)
    let latents = given ?? [Float](repeating: 0, count: count)
    self.source = source
    isMade = [Bool](repeating: source == nil, count: configuration.layers.count)
    precondition(gates.count == configuration.layers.count * slots.count)
    self.configuration = configuration
    self.latents = latents
    self.gates = gates
    self.penalty = penalty
    sequenceCount = prompts.count
    var places: [Place] = []
    for (sequence, prompt) in prompts.enumerated() {
      let rows = batch.rows(of: sequence)
      for (slot, position) in slots.enumerated() {
        for position in try position.resolved(in: prompt).clamped(to: 0..<rows.count) {
          places.append(
            Place(row: rows.lowerBound + position, sequence: sequence, slot: slot))
        }
      }
    }
    self.places = places.sorted { ($0.row, $0.slot) < ($1.row, $1.slot) }
    norms = [Float](repeating: 1, count: configuration.layers.count * places.count)
    latentGradients = [Float](repeating: 0, count: latents.count)
    gateGradients = [Float](repeating: 0, count: gates.count)
    var siteOfPoint = [Int?](repeating: nil, count: configuration.processor.layerCount + 1)
    for (site, layer) in configuration.layers.enumerated() {
      siteOfPoint[configuration.placement.point(ofLayer: layer)] = site
    }
    self.siteOfPoint = siteOfPoint
  }

  package var lowestPoint: Int? { siteOfPoint.firstIndex { $0 != nil } }
  package func edits(point: Int) -> Bool { !isOfValues && siteOfPoint[point] != nil }
  package func editsValues(block: Int) -> Bool { isOfValues && siteOfPoint[block] != nil }

  private var isOfValues: Bool { configuration.interface.part == .values }
  private var width: Int { configuration.latentWidth }
  private var slotCount: Int { configuration.slotCount }

  package func apply(point: Int, rows: UnsafeMutableBufferPointer<Float>) {
    guard let site = siteOfPoint[point], let stream = rows.baseAddress else { return }
    apply(site, stream, stride: width)
  }

  package func applyToValues(block: Int, _ values: BatchRows) {
    guard let site = siteOfPoint[block] else { return }
    apply(site, values.start, stride: values.stride)
  }

  private func apply(_ site: Int, _ rows: UnsafeMutablePointer<Float>, stride: Int) {
    if let source, !isMade[site] {
      isMade[site] = true
      latents.replaceSubrange(range(ofSite: site), with: source.latents(site: site))
    }
    if configuration.scale == .norm {
      // Of the states before any latent is added, where several meet.
      for (i, place) in places.enumerated() {
        norms[site * places.count + i] = LatentAddition.scale(
          rows + place.row * stride, count: width)
      }
    }
    add(site, rows, stride: stride)
  }

  /// y = h + n (g v), in the order of inference.
  private func add(_ site: Int, _ rows: UnsafeMutablePointer<Float>, stride: Int) {
    var gated = [Float](repeating: 0, count: width)
    let latents = latents
    for (i, place) in places.enumerated() {
      let gate = gates[site * slotCount + place.slot]
      let first = latentStart(site, place)
      for k in 0..<width { gated[k] = gate * latents[first + k] }
      LatentAddition.add(
        gated, times: norms[site * places.count + i], to: rows + place.row * stride,
        count: width)
    }
  }

  private func range(ofSite site: Int) -> Range<Int> {
    let count = sequenceCount * slotCount * width
    return site * count..<(site + 1) * count
  }

  private func latentStart(_ site: Int, _ place: Place) -> Int {
    ((site * sequenceCount + place.sequence) * slotCount + place.slot) * width
  }

  package func backward(
    point: Int, rows: UnsafeBufferPointer<Float>, gradient: UnsafeMutableBufferPointer<Float>
  ) {
    guard let site = siteOfPoint[point], let dStream = gradient.baseAddress else { return }
    backward(site, rows.baseAddress!, dStream, stride: width)
  }

  package func backwardOfValues(block: Int, _ values: BatchRows, gradient: BatchRows) {
    guard let site = siteOfPoint[block] else { return }
    precondition(values.stride == gradient.stride)
    backward(site, values.start, gradient.start, stride: values.stride)
  }

  private func backward(
    _ site: Int, _ rows: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, stride: Int
  ) {
    var first = 0
    while first < places.count {
      // All latents of one row.
      let row = places[first].row
      var end = first + 1
      while end < places.count, places[end].row == row { end += 1 }
      backward(
        site, first..<end, y: rows + row * stride, dy: gradient + row * stride)
      first = end
    }
    penalty.add(
      site: site, configuration, latents: latents, gates: gates, sequenceCount: sequenceCount,
      to: &latentGradients, &gateGradients)
    source?.differentiate(site: site, Array(latentGradients[range(ofSite: site)]))
  }

  private func backward(
    _ site: Int, _ here: Range<Int>, y: UnsafePointer<Float>, dy: UnsafeMutablePointer<Float>
  ) {
    var h = Array(UnsafeBufferPointer(start: y, count: width))
    var factor: Float = 0  // sum g (v.dy) / (d n)
    let latents = latents
    for i in here {
      let place = places[i]
      let gateIndex = site * slotCount + place.slot
      let gate = gates[gateIndex]
      let norm = norms[site * places.count + i]
      let start = latentStart(site, place)
      let product = latents.withUnsafeBufferPointer {
        LatentAddition.dot($0.baseAddress! + start, dy, count: width)
      }
      gateGradients[gateIndex] += norm * product
      for k in 0..<width { latentGradients[start + k] += gate * norm * dy[k] }
      guard configuration.scale == .norm, norm > 0 else { continue }
      factor += gate * product / (Float(width) * norm)
      for k in 0..<width { h[k] -= norm * (gate * latents[start + k]) }
    }
    guard factor != 0 else { return }
    LatentAddition.add(h, times: factor, to: dy, count: width)
  }
}
