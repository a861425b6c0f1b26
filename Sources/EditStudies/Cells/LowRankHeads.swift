import InstructionEditors
import LatentEditing

/// Heads of rank k that an editor's own are nearest to, on instructions that are trained on (docs/study.md).
package enum LowRankHeads {
  /// Instructions that the singular vectors are of, at most.
  private static let mostInstructions = 256

  /// `editor` with such heads; `tokens` are those of the instructions. Throws `tooFewInstructions` where these have not so many
  /// directions, and what reading throws.
  package static func nearest(to editor: Editor, rank: Int, on tokens: [[Int]]) throws -> Editor {
    let distinct = Array(Set(tokens)).sorted { $0.lexicographicallyPrecedes($1) }
    let step = max(1, (distinct.count + mostInstructions - 1) / mostInstructions)
    let some = stride(from: 0, to: distinct.count, by: step).map { distinct[$0] }
    guard some.count > rank else {
      throw StudyError.tooFewInstructions(found: some.count, needed: rank + 1)
    }
    let directions = try editor.ownLatents(of: some).map {
      PrincipalComponents($0.map { $0.map(Double.init) }).directions
    }
    guard directions.allSatisfy({ $0.count >= rank }) else {
      throw StudyError.tooFewInstructions(
        found: (directions.map(\.count).min() ?? 0) + 1, needed: rank + 1)
    }
    return try editor.lowRank(directions.map { Array($0.prefix(rank)) }, around: some)
  }
}
