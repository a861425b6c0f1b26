import LatentEditing

/// What an edit costs beside its loss, as a gradient of its latents.
///
///     group lasso:  lambda sum_{l, b, p} ||g v|| / sqrt(d)
///
/// which for latents scaled by the state's norm is sum ||delta|| / ||h||, the relative size of what is
/// added (docs/method.md): whole layers drop out.
package struct EditPenalty: Sendable, Equatable {
  /// lambda, divided by the sequences of the batch.
  package var groupLasso: Float

  package init(groupLasso: Float = 0) { self.groupLasso = groupLasso }

  /// Adds the gradients of one site's penalty: `[S][B][P d]` and `[S][P]`.
  func add(
    site: Int, _ configuration: EditorConfiguration, latents: [Float], gates: [Float],
    sequenceCount: Int, to latentGradients: inout [Float], _ gateGradients: inout [Float]
  ) {
    guard groupLasso != 0 else { return }
    let width = configuration.latentWidth
    let slots = configuration.slotCount
    let factor = groupLasso / Float(width).squareRoot() / Float(sequenceCount)
    for sequence in 0..<sequenceCount {
      for slot in 0..<slots {
        let start = ((site * sequenceCount + sequence) * slots + slot) * width
        let gate = gates[site * slots + slot]
        let norm = latents[start..<start + width].reduce(0) { $0 + $1 * $1 }.squareRoot()
        // At zero the least subgradient is none.
        guard norm > 0, gate != 0 else { continue }
        let scale = factor * gate.magnitude / norm
        for i in start..<start + width { latentGradients[i] += scale * latents[i] }
        gateGradients[site * slots + slot] += factor * (gate < 0 ? -norm : norm)
      }
    }
  }
}
