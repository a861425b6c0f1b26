import InstructionEditors
import LatentEditing
import Tokenization

/// What the words of the instruction do, and in which blocks.
extension Explainer {
  /// Words, and the blocks of each group.
  func words(
    _ subject: Subject, _ answered: Answered, _ notTested: inout [String]
  ) throws -> ([EditExplanation.Word], [[Int]]) {
    let depth = editor.layerCount
    let count = min(5, depth)
    let groups = (0..<count).map { Array($0 * depth / count..<($0 + 1) * depth / count) }
    let parts = options.instruction.split(whereSeparator: \.isWhitespace).map(String.init)
    if parts.count > ExplanationOptions.mostWords {
      notTested.append(
        "words after the first \(ExplanationOptions.mostWords) of the instruction's \(parts.count)")
    }
    let chosen = Array(parts.prefix(ExplanationOptions.mostWords))
    var without: [CompiledEdit?] = []
    for index in chosen.indices {
      let rest = parts.indices.filter { $0 != index }.map { parts[$0] }.joined(separator: " ")
      // Of a single word nothing is left to be read: what it does is the edit.
      without.append(rest.isEmpty ? nil : try editor.compile(editor.write(rest)))
    }
    let effects = try self.effects(without, answered)
    switch subject.written {
    case .latents:
      return (
        try latentWords(subject, answered, chosen, without, effects, groups), groups
      )
    case .states(_, let tokens, let roles):
      return (
        try prefixWords(subject, answered, chosen, effects, tokens, roles, groups), groups
      )
    }
  }

  /// F(without the word) - F(whole), in nats; nil without an instruction.
  private func effects(_ without: [CompiledEdit?], _ answered: Answered) throws -> [Double?] {
    let edits = without.compactMap { $0 }
    let losses = try losses(answered, edits, .words, 0..<0.3)
    let edited = answered.edited.reduce(0, +)
    var next = losses.makeIterator()
    return without.map { edit in
      edit == nil ? nil : (next.next() ?? []).reduce(0, +) - edited
    }
  }

  /// The edit of the instruction without a word, with a group of blocks of the whole instruction's.
  private func latentWords(
    _ subject: Subject, _ answered: Answered, _ words: [String], _ without: [CompiledEdit?],
    _ effects: [Double?], _ groups: [[Int]]
  ) throws -> [EditExplanation.Word] {
    let edits = without.compactMap { $0 }.flatMap { edit in
      groups.map { edit.mixed(with: subject.edit, layers: $0) }
    }
    let losses = try losses(answered, edits, .words, 0.3..<1).map { $0.reduce(0, +) }
    let tokens = Double(answered.tokens)
    let edited = answered.edited.reduce(0, +)
    var next = 0
    return words.indices.map { index in
      var shares = [Double?](repeating: nil, count: groups.count)
      if let effect = effects[index] {
        if effect > max(ExplanationOptions.leastGain * tokens, 0.1 * answered.gain) {
          for group in groups.indices {
            shares[group] = (edited + effect - losses[next + group]) / effect
          }
        }
        next += groups.count
      }
      return .init(
        text: words[index], isFrame: false, effect: effects[index].map { $0 / tokens }, share: nil,
        shares: shares)
    }
  }

  /// The mean edit, with the edit's keys and values at a word's tokens, in all blocks and in a group of them.
  private func prefixWords(
    _ subject: Subject, _ answered: Answered, _ words: [String], _ effects: [Double?],
    _ tokens: [Int], _ roles: [PrefixRole], _ groups: [[Int]]
  ) throws -> [EditExplanation.Word] {
    let places = places(of: words, tokens, roles)
    let everywhere = Array(0..<editor.layerCount)
    let edits = places.flatMap { place in
      ([everywhere] + groups).map {
        subject.meanEdit.mixed(with: subject.edit, layers: $0, tokens: place.tokens)
      }
    }
    let losses = try losses(answered, edits, .words, 0.3..<1)
    let each = groups.count + 1
    var result: [EditExplanation.Word] = []
    for (index, place) in places.enumerated() {
      let mine = losses[index * each..<(index + 1) * each].map { share($0, answered) }
      let effect = place.word.flatMap { effects[$0] }
      result.append(
        .init(
          text: place.text, isFrame: place.word == nil,
          effect: effect.map { $0 / Double(answered.tokens) }, share: mine[0],
          shares: Array(mine.dropFirst())))
    }
    return result
  }

  /// A word, or what the template writes before or behind the instruction, and the numbers of its tokens.
  private struct Place {
    let text: String
    let word: Int?
    var tokens: Set<Int>
  }

  /// The tokens of each word, by the bytes that they stand for; those of the template around them.
  private func places(of words: [String], _ tokens: [Int], _ roles: [PrefixRole]) -> [Place] {
    var before = Place(text: "(before)", word: nil, tokens: [])
    var behind = Place(text: "(behind)", word: nil, tokens: [])
    var found = words.enumerated().map { Place(text: $1, word: $0, tokens: []) }
    // Where each word ends, in bytes without white space.
    var ends: [Int] = []
    for word in words { ends.append((ends.last ?? 0) + word.utf8.count) }
    var position = 0
    for (index, role) in roles.enumerated() {
      switch role {
      case .front: before.tokens.insert(index)
      case .back: behind.tokens.insert(index)
      case .instruction:
        let bytes = editor.bytes(of: tokens[index]).filter { !Self.isSpace($0) }.count
        // A token is the word's that it begins in; white space alone is the next word's.
        if let word = ends.firstIndex(where: { position < $0 }) { found[word].tokens.insert(index) }
        position += bytes
      }
    }
    return ([before] + found + [behind]).filter { !$0.tokens.isEmpty }
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 0x20 || (0x09...0x0D).contains(byte)
  }
}
