import EditorTraining
import Foundation
import Testing

/// Defaults that help texts say are those of the settings.
struct DefaultTests {
  private struct Help: Decodable {
    struct Command: Decodable { let arguments: [Argument] }
    struct Argument: Decodable {
      struct Name: Decodable { let kind, name: String }
      let names: [Name]?
      let abstract: String?
    }
    let command: Command
  }

  /// Options of the command's own, and options whose default is a choice that is made later.
  private static let others: Set = [
    "activations", "storage", "backbone", "lora_modules", "interface", "instruction_place", "heads",
    "frozen",
  ]

  /// Setting an option of training to the default that its help says changes nothing.
  @Test func helpSaysTheDefaultsOfTraining() throws {
    let help = try EmendProcess(["train", "--experimental-dump-help"])
    let arguments = try JSONDecoder().decode(Help.self, from: help.output).command.arguments
    var checked = 0
    for argument in arguments {
      guard let name = argument.names?.first(where: { $0.kind == "long" })?.name,
        let match = argument.abstract?.firstMatch(of: /\(default: ([^ )]+)\)$/)
      else { continue }
      let option = name.replacing("-", with: "_")
      if Self.others.contains(option) { continue }
      var options = TrainingOptions()
      // The weight is that of --distill, which is off.
      if option == "distill_weight" { try options.set("distill", to: "true") }
      let before = options
      try options.set(option, to: String(match.1))
      #expect(options == before, "--\(name): \(match.1)")
      checked += 1
    }
    #expect(checked >= 28)
  }
}
