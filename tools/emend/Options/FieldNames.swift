import ArgumentParser
import EditorTraining

/// Names of a row's fields as people give them: "instruction,input,output".
struct FieldNames: ExpressibleByArgument {
  let instruction: String
  let input: String
  let output: String

  init?(argument: String) {
    let names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    guard names.count == 3, !names.contains("") else { return nil }
    (instruction, input, output) = (names[0], names[1], names[2])
  }

  /// Gives those three fields of `fields` their names; the others keep theirs.
  func rename(_ fields: inout RowFields) {
    fields.instruction = instruction
    fields.input = input
    fields.output = output
  }
}
