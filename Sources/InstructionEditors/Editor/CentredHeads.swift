import LatentEditing
import TensorKernels

/// Latents of two parts, what the edits of all instructions have in common and what is this instruction's own, so that the
/// second can be made small by itself (docs/method.md):
///
///     v[l] = b[l] + z[l] S(W[l] (x[l] - xbar[l]); tau[l]),   x[l] = LN(e[m(l)])
///     S(c; tau) = sign(c) max(0, |c| - tau)
///
/// xbar [S][E] is the mean of x over instructions, which makes b the mean edit; z is 1 unless some sites are shut, or
/// gates are learned (`HardConcrete`), with log a[l] = t[l], or t[l] + r[l] . (x[l] - xbar[l]) where the text is to say
/// which sites it needs. With z the same for all texts and tau = 0 these are plain heads, which is how they are written:
///
///     W <- z W,   b <- b - z W xbar
///
/// S = sites, E = the backbone's width, P d = numbers of a site's latents.
package final class CentredHeads: @unchecked Sendable {
  /// What opens a site.
  package enum Gating: Sendable, Equatable {
    /// Nothing: z is 1.
    case none
    /// A learned gate.
    case learned
    /// One that the instruction has a part in.
    case ofInstruction
  }

  /// xbar, `[S][E]`.
  let centre: [Float]
  /// tau, `[S]`.
  let thresholds: [Float]
  /// Sites that are not shut for good.
  package let isOpen: [Bool]
  /// What opens the others.
  package let gating: Gating
  /// t and r, `sites.open` [S] and `sites.read` [S, E], and their gradients; nil where nothing is learned.
  package let gates: (parameters: ParameterStore, gradients: ParameterStore)?
  /// Whether gates that are learned are 0 or 1 from 0.5 on where nothing is drawn.
  package var roundsGates = false

  init(
    centre: [Float], thresholds: [Float], isOpen: [Bool], gating: Gating
  ) throws(LatentEditingError) {
    self.centre = centre
    self.thresholds = thresholds
    self.isOpen = isOpen
    self.gating = gating
    guard gating != .none else {
      gates = nil
      return
    }
    var layout = ParameterLayout()
    layout.append("sites.open", .vector(count: isOpen.count), .gate)
    if gating == .ofInstruction {
      layout.append(
        "sites.read", .rows(count: isOpen.count, width: centre.count / isOpen.count), .gate)
    }
    do {
      let parameters = try ParameterStore(layout)
      gates = (parameters, try ParameterStore(layout))
      for site in isOpen.indices {
        parameters.floats(of: "sites.open")[site] = HardConcrete.start
      }
    } catch { throw .model(.memory(error)) }
  }

  /// Whether what they make can be written as plain heads.
  package var isPlain: Bool { gating != .ofInstruction && thresholds.allSatisfy { $0 == 0 } }

  /// log a of a site for what its head reads, `[E]`.
  func openness(site: Int, _ x: UnsafePointer<Float>) -> Double {
    guard let gates else { return 0 }
    var sum = Double(gates.parameters.floats(of: "sites.open")[site])
    guard gating == .ofInstruction else { return sum }
    let width = centre.count / isOpen.count
    let read = gates.parameters.floats(of: "sites.read").baseAddress! + site * width
    for i in 0..<width { sum += Double(read[i]) * Double(x[i]) }
    return sum
  }

  /// z of a site and its slope dz/d log a; `draw` is u, nil where nothing is drawn.
  func gate(
    site: Int, _ x: UnsafePointer<Float>, draw: Float?
  ) -> (z: Float, slope: Float) {
    guard isOpen[site] else { return (0, 0) }
    guard gating != .none else { return (1, 0) }
    let (z, slope) = HardConcrete.gate(openness(site: site, x), draw: draw.map(Double.init))
    return draw == nil && roundsGates ? (z > 0.5 ? 1 : 0, 0) : (Float(z), Float(slope))
  }

  /// v of a site from what its head made, `latents`, with its bias b: in place, `count` numbers. What the head made is b
  /// itself, to the bit, where nothing is left of its own part.
  func close(
    site: Int, _ latents: UnsafeMutablePointer<Float>, bias: UnsafePointer<Float>, z: Float,
    count: Int
  ) {
    let tau = thresholds[site]
    guard z != 1 || tau != 0 else { return }
    for i in 0..<count {
      let own = latents[i] - bias[i]
      let rest = abs(own) - tau
      latents[i] = rest <= 0 || z == 0 ? bias[i] : bias[i] + z * (own < 0 ? -rest : rest)
    }
  }

  /// dc and dz from dv `[count]`: c is what the head made, less its bias.
  func differentiate(
    site: Int, own c: [Float], z: Float, _ dv: [Float]
  ) -> (own: [Float], gate: Float) {
    let tau = thresholds[site]
    var result = [Float](repeating: 0, count: dv.count)
    var gate = 0.0
    for i in dv.indices where abs(c[i]) > tau || tau == 0 {
      result[i] = z * dv[i]
      gate += Double(dv[i]) * Double(c[i] < 0 ? c[i] + tau : c[i] - tau)
    }
    return (result, Float(gate))
  }
}
