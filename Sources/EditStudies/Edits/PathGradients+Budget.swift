import EditSessions

extension PathGradients {
  /// Whether there is memory for the tape beside the model. Throws `MemoryShortage`.
  static func check(_ loaded: LoadedModel, points: Int, length: Int) throws {
    try MemoryBudget().adding(
      "gradients", byteCount(loaded.processor, points: points, length: length)
    ).check(limit: loaded.opened.settings.memoryLimit)
  }

  /// For rows of at most `length` tokens, where there is memory for the tape beside the model. Throws `MemoryShortage`.
  static func planned(
    _ loaded: LoadedModel, points: Int, length: Int
  ) throws -> PathGradients {
    try check(loaded, points: points, length: length)
    return try PathGradients(loaded.processor, points: points, length: length)
  }
}
