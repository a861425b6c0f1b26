import InstructionEditors

/// What keeps the instructions' own part of an editor's edits small while it is trained: its heads are centred
/// (`CentredHeads`), so that the mean edit costs nothing, and what lies at each site is penalized, cut, or shut from the
/// beginning. While it is, the heads' norm and the editor's own gates are frozen: an edit that shrinks could grow back
/// by them.
public struct EditSparsity: Sendable, Codable, Equatable, CustomStringConvertible {
  /// How (docs/method.md); W[l] is the matrix of site l.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// By shutting sites alone.
    case none
    /// After each step W[l] <- W[l] max(0, 1 - eta lambda w0 / |W[l]|), w0 the mean of |W[l]| at the start: whole sites
    /// become exactly 0.
    case group
    /// The same for every row of W[l], w0 the mean over all rows: single coordinates of a site become 0 for all
    /// instructions.
    case rows
    /// The instructions' own part is S(c; tau[l]), tau[l] a multiple of its root mean square at the start: coordinates
    /// become exactly 0 for each instruction by itself.
    case shrink
    /// Each site has a hard concrete gate, and the loss a term lambda sum_l P(z[l] > 0), in nat a token.
    case l0
    /// The same with gates that read the instruction.
    case l0Instruction = "l0-instruction"
  }

  /// How.
  public var kind: Kind
  /// How much: of group and rows kappa = sum_t eta_t lambda, the part of w0 that may be removed over the run; of shrink
  /// tau over the root mean square; of gates lambda; of none nothing.
  public var strength: Double
  /// Blocks of the processor whose sites stay open; nil for all.
  public var layers: [Int]?

  /// Sites that are not in `layers` are shut; the others have a penalty of that kind.
  public init(_ kind: Kind = .none, strength: Double = 0, layers: [Int]? = nil) {
    self.kind = kind
    self.strength = strength
    self.layers = layers
  }

  /// Learning rate of gates (Adam without decay).
  static let gateRate: Float = 0.05

  /// "l0 0.01", "none on blocks 3,7".
  public var description: String {
    (kind == .none ? kind.rawValue : "\(kind.rawValue) \(strength)")
      + (layers.map { " on blocks " + $0.map(String.init).joined(separator: ",") } ?? "")
  }

  var gating: CentredHeads.Gating {
    switch kind {
    case .l0: .learned
    case .l0Instruction: .ofInstruction
    default: .none
    }
  }

  /// Instructions that heads are centred on, at most.
  private static let mostInstructions = 512

  /// Centres the heads of `editor` on instructions of the rows that are trained on. Throws
  /// `EditorTrainingError.option` where they cannot be, and `LatentEditingError`.
  func prepare(_ editor: Editor, _ data: Trainer.Data) throws {
    guard editor.canCentre else {
      throw EditorTrainingError.option(
        name: "sparsity",
        found: "\(self) of an editor of interface \(editor.configuration.interface.rawValue) with "
          + "\(editor.configuration.heads) heads",
        needed:
          "left out: its edits are no latents by layer that come from the instruction alone, each from a matrix "
          + "of its own")
    }
    guard strength.isFinite, strength >= 0, kind != .none || strength == 0 else {
      throw EditorTrainingError.option(
        name: "sparsity", found: "\(self)", needed: "of a strength that is a number not below 0")
    }
    let known = Set(editor.configuration.layers)
    guard layers.map({ !$0.isEmpty && known.isSuperset(of: $0) }) ?? true else {
      throw EditorTrainingError.option(
        name: "sparsity", found: "\(self)",
        needed: "on blocks of which the editor has sites, "
          + editor.configuration.layers.map(String.init).joined(separator: ","))
    }
    let distinct = Array(Set(data.train.map(\.instruction))).sorted {
      $0.lexicographicallyPrecedes($1)
    }
    let step = (distinct.count + Self.mostInstructions - 1) / Self.mostInstructions
    try editor.centre(
      on: stride(from: 0, to: distinct.count, by: max(1, step)).map { distinct[$0] },
      layers: layers, threshold: kind == .shrink ? Float(strength) : 0, gating: gating)
  }
}
