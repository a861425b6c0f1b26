/// Texts that ask for nothing, to be read in the place of an instruction: what an edit does under them is not
/// what an instruction asked for.
///
/// Another row's instruction is a task that the answer does not do; these are no tasks. The nonsense is of the
/// three kinds of Text-to-LoRA's ablation (arXiv 2506.06105): words, symbols, one letter over and over.
public enum MeaninglessInstruction: Sendable, CaseIterable {
  /// A sentence that tells something.
  case sentence
  /// No sentence at all.
  case nonsense

  /// Its texts; row number i gets text number i, from the first again after the last.
  public var texts: [String] {
    switch self {
    case .sentence:
      [
        "The ferry to the island leaves twice a day in winter.",
        "My grandmother kept her letters in a tin box.",
        "A thin layer of snow covered the roofs of the village.",
        "Two boys were fishing from the old bridge.",
        "The library had moved to a building near the station.",
        "Copper turns green after some years in the rain.",
        "She had never seen so many sheep on one hill.",
        "The train stood for an hour between two fields of maize.",
        "Nobody knew who had painted the door blue.",
        "The clock in the kitchen was always five minutes slow.",
        "Wolves had come back to the forest in spring.",
        "He bought a second-hand coat at the market.",
        "The lake is deepest below the northern cliffs.",
        "It rained on the day of the parade.",
        "The baker's dog sleeps in front of the shop.",
        "A long table had been set under the lime trees.",
      ]
    case .nonsense:
      [
        "dogs;cats;bananas;", "7@9.qwepra#/.sd", String(repeating: "g", count: 40),
        "lamp quickly under seven", "...///...---", "xk2 vv0 pl9 xk2",
        String(repeating: "na ", count: 12), "?!;:?!;:",
      ]
    }
  }
}
