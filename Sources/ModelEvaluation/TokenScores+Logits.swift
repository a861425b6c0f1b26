import LanguageModels
import ModelFiles

extension TokenScores {
  /// The scores of all but the first of the tokens behind `ghosts`, which are there for an edit.
  ///
  /// - Parameters:
  ///   - ids: the ghosts, and the tokens that are scored.
  ///   - ghosts: how many of `ids` are ghosts.
  ///   - unscored: of these, how many have no logits of their own; not more than there are.
  ///   - model: what predicts.
  ///   - vocabularySize: its tokens.
  ///   - path: a safetensors file that is written with the tensors "ids" (I32, [tokens]) and "logits" (F32, [tokens,
  ///     vocabulary]) of the tokens behind the ghosts; nil for none.
  ///   - onToken: hears how many of `ids` are done, and answers whether to go on.
  /// - Throws: as `logProbabilities`, `cancelled`, and `file`.
  public static func logProbabilities(
    of ids: [Int], behind ghosts: Int, unscored: Int, _ model: some SequenceModel,
    vocabularySize: Int, logits path: String?, onToken: (Int) -> Bool
  ) throws(ModelEvaluationError) -> [Double] {
    var writer: SafetensorsWriter?
    if let path {
      let words = ids.dropFirst(ghosts).map { Int32($0) }
      do throws(ModelFileError) {
        writer = try SafetensorsWriter(
          path: path,
          tensors: [
            .init(name: "ids", type: .i32, shape: [ids.count - ghosts]),
            .init(name: "logits", type: .f32, shape: [ids.count - ghosts, vocabularySize]),
          ])
        try writer?.append(words.span)
      } catch { throw .file(error) }
    }
    let scores = try logProbabilities(
      of: ids, after: unscored, model, vocabularySize: vocabularySize
    ) { index, row throws(ModelEvaluationError) in
      guard onToken(index + 1) else {
        throw .cancelled(done: index + 1, total: ids.count, unit: "tokens")
      }
      if index < ghosts { return }
      do throws(ModelFileError) { try writer?.append(row) } catch { throw .file(error) }
    }
    do throws(ModelFileError) { try writer?.commit() } catch { throw .file(error) }
    return Array(scores.dropFirst(ghosts - unscored))
  }
}
