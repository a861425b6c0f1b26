import ArgumentParser
import Foundation
import InstructionRules

/// Writes the project's own instruction data.
@main
struct InstructionSet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "instruction-set",
    abstract: "Makes instruction data whose answers follow from exact rules, one JSON row a line.",
    discussion: """
      Each row is an instruction, an input and the answer that the rule of its family gives, with the \
      family, the parts of a composition, and the split that the row is for: train, seen (a new input), \
      unseen (a new wording), compositional (a new combination of known families), family and other-family \
      (families that are not trained on: six that are always the same, and 24 drawn by seed). Rows are drawn \
      by family. 'emend train' and 'emend evaluate' read the splits from the rows.

      Example: instruction-set --rows 24000 --held-out 400 > instructions.jsonl
      """)

  @Option(help: "Rows to train on.")
  var rows = 20_000

  @Option(help: "Rows of each other split.")
  var heldOut = 200

  @Option(name: .shortAndLong, help: "Equal seeds give equal rows.")
  var seed: UInt64 = 0

  func validate() throws {
    guard 1...5_000_000 ~= rows else { throw ValidationError("--rows is from 1 to 5000000") }
    guard 0...5000 ~= heldOut else { throw ValidationError("--held-out is from 0 to 5000") }
  }

  func run() throws {
    var maker = RowMaker(seed: seed)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    for split in RowMaker.Split.allCases {
      for _ in 0..<(split == .train ? rows : heldOut) {
        var line = try encoder.encode(maker.next(split))
        line.append(UInt8(ascii: "\n"))
        try FileHandle.standardOutput.write(contentsOf: line)
      }
    }
  }
}
