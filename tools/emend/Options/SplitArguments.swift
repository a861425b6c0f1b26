import ArgumentParser
import EditorTraining

/// Which parts of the rows are kept from training, by the names of their options, for training and for measuring.
struct SplitArguments: ParsableArguments {
  private static let usual = DataSplit.Options()

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Part of the instructions not trained on. (default: \(usual.unseen))", valueName: "x"))
  var unseenPart: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Part of the other instructions' inputs. (default: \(usual.seen))", valueName: "x"))
  var seenPart: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Part of the combinations. (default: \(usual.compositional))", valueName: "x"))
  var compositionalPart: String?

  /// The flags by the names of their options, and what they give.
  var flags: [(String, String?)] {
    [
      ("unseen_part", unseenPart), ("seen_part", seenPart),
      ("compositional_part", compositionalPart),
    ]
  }
}
