// usage: edit-an-answer MODEL EDITOR INSTRUCTION QUESTION
import Emend

let arguments = CommandLine.arguments
let model = try EditableModel(path: arguments[1])
let edits = EditRequest(arguments[3], editor: arguments[2])
for try await piece in try await model.session(edits).respond(to: arguments[4]) {
  print(piece, terminator: "")
}
print()
