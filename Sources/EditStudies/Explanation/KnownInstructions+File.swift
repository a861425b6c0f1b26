import EditorTraining
import InstructionEditors
import ModelFiles

extension KnownInstructions {
  /// Instructions of a file: of rows where it ends in .json or .jsonl, compressed or not, with their families; else a
  /// line each. Every text comes once. Throws what makes the file unreadable.
  public static func read(_ path: String) throws -> [Entry] {
    let name = path.hasSuffix(".zst") ? String(path.dropLast(4)) : path
    var seen: Set<String> = []
    let entries: [Entry]
    if name.hasSuffix(".json") || name.hasSuffix(".jsonl") {
      entries = try TrainingData(files: [TrainingDataFile(path: path)]).rows.map {
        Entry($0.instruction, family: $0.family)
      }
    } else {
      entries = TextFile.lines(try TextFile.read(path)).compactMap { line in
        line.allSatisfy(\.isWhitespace) ? nil : Entry(String(line))
      }
    }
    return entries.filter { seen.insert($0.text).inserted }
  }
}
