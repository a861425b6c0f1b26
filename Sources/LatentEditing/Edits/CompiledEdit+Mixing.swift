import LanguageModels

extension CompiledEdit {
  /// What attention reads of a token: what it looks for it by, and what it takes from it.
  public enum Half: String, Sendable, CaseIterable {
    /// Keys.
    case keys
    /// Values.
    case values
  }

  /// This edit, with what `other` has in its place: keys or values, or both, of these tokens in these layers. With
  /// all of them it is `other`, with none of them this one, to the bit.
  ///
  /// Both are edits of one processor that stand in the same place and have as many tokens.
  ///
  /// - Parameters:
  ///   - other: what is taken from.
  ///   - layers: blocks of the processor.
  ///   - halves: keys, values, or both.
  ///   - tokens: the numbers of its tokens; nil for all.
  public func mixed(
    with other: CompiledEdit, layers: some Sequence<Int>, halves: Set<Half> = [.keys, .values],
    tokens: Set<Int>? = nil
  ) -> CompiledEdit {
    precondition(
      processor == other.processor && positions.count == other.positions.count
        && place.isLike(other.place), "the edits are of different kinds")
    let depth = processor.layerCount
    let size = positions[0].keys.count / depth
    let layers = Set(layers)
    precondition(layers.allSatisfy { (0..<depth).contains($0) }, "there is no such block")
    func mixed(_ a: [Float], _ b: [Float], _ half: Half) -> [Float] {
      guard halves.contains(half) else { return a }
      var result = a
      for layer in layers {
        let range = layer * size..<(layer + 1) * size
        result.replaceSubrange(range, with: b[range])
      }
      return result
    }
    return CompiledEdit(
      processor: processor, place: place, tokens: self.tokens, activations: activations,
      cacheType: cacheType, label: label,
      positions: positions.indices.map { index in
        guard tokens?.contains(index) ?? true else { return positions[index] }
        let (mine, others) = (positions[index], other.positions[index])
        return PositionKeyValues(
          keys: mixed(mine.keys, others.keys, .keys),
          values: mixed(mine.values, others.values, .values))
      })
  }

  /// The same tokens in front of another text than the prompts they were compiled for: of a conversation's beginning,
  /// which then takes the place of `replaced` alone.
  public func inFrontOfText(replacing replaced: [Int] = []) -> CompiledEdit {
    guard case .opening = place else { return self }
    return CompiledEdit(
      processor: processor, place: .opening(replacing: replaced), tokens: tokens,
      activations: activations, cacheType: cacheType, label: label, positions: positions)
  }
}

extension CompiledEdit.Place {
  fileprivate func isLike(_ other: Self) -> Bool {
    switch (self, other) {
    case (.firstToken, .firstToken), (.ghost, .ghost): true
    case (.opening(let mine), .opening(let others)): mine == others
    default: false
    }
  }
}
