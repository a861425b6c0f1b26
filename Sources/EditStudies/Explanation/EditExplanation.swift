/// What can be said of one edit: an object of JSON as `emend edit explain --json` writes it (docs/explain.schema.json).
/// Losses are in nats a token of the answers that the edited model gives; a share is the part of the edit's gain over
/// the mean edit, (F(mean) - F(w)) / (F(mean) - F(edit)), with F the sum over inputs.
public struct EditExplanation: Sendable, Encodable {
  /// The version of this form.
  public let version: Int
  /// Files, and what was asked.
  public let model, editor, interface, instruction: String
  /// How activations were taken.
  public let activations: String
  /// Blocks of the processor, and keys and values that the edit has in each.
  public let layers, pairs: Int
  /// What the mean edit is of, and neighbours are among.
  public let known: Known
  /// What the edit was tried on.
  public let inputs: [Input]
  /// Losses of the edited model's answers.
  public let losses: Losses
  /// By block.
  public let sizes: [LayerSize]
  /// Keys against values; nil where the edit gains too little over the mean edit.
  public let halves: Halves?
  /// Which blocks carry the edit; nil as above.
  public let map: ContributionMap?
  /// Words of the instruction.
  public let words: [Word]
  /// First and last block of each group that `Word.shares` are of.
  public let wordLayers: [[Int]]
  /// The nearest known instructions.
  public let nearest: [Neighbour]
  /// Whether it is read like the instructions that the editor knows.
  public let familiarity: Familiarity
  /// Tokens whose odds at the beginning of the answer the edit raises most over the mean edit, and those that it
  /// lowers.
  public let promoted, suppressed: [TokenChange]
  /// What other strengths around the mean edit do.
  public let dose: [Dose]
  /// The strongest that is not worse in kind.
  public let limit: Limit
  /// What the edit changes where it should change nothing.
  public let harm: Harm
  /// What could not be decided, and why.
  public let undecided: [String]
  /// What was not tested.
  public let notTested: [String]
  /// How long the contribution map took, and all of it.
  public let mapSeconds, seconds: Double
  /// Tokens that went through the processor.
  public let tokensRun: Int
  /// The most memory that the process has had.
  public let peakRssBytes: Int

  /// Instructions that the edit is compared with.
  public struct Known: Sendable, Encodable {
    /// How many.
    public let instructions, families: Int
    /// Where they are from: a file, or "built in".
    public let source: String
  }

  /// An input, and what is answered.
  public struct Input: Sendable, Encodable {
    /// What the user says.
    public let text: String
    /// Answers.
    public let edited, unedited, mean: String
    /// Tokens of the prompt, and of the edited answer.
    public let promptIds, answerIds: [Int]
    /// Tokens of the edited answer, its end among them.
    public let tokens: Int
    /// F(mean) - F(edit), nats a token.
    public let gain: Double
  }

  /// Nats a token of the edited model's answers.
  public struct Losses: Sendable, Encodable {
    /// Without an edit; with the mean edit; with the edit; without one, the instruction in the prompt.
    public let unedited, mean, edited, prompted: Double
    /// mean - edited.
    public let gain: Double
  }

  /// How large the edit is in a block.
  public struct LayerSize: Sendable, Encodable {
    /// The block.
    public let layer: Int
    /// ||edit - mean|| / ||mean|| of keys, and of values, over the edit's tokens.
    public let keys, values: Double
    /// What the editor writes there, centred: ||v - mu|| / ||v||; nil where it writes nothing.
    public let written: Double?
  }

  /// A share, and the least and the most of single inputs.
  public struct Share: Sendable, Encodable {
    /// Over all inputs.
    public let share: Double
    /// Of single inputs; nil where none gains enough to have one.
    public let least, most: Double?
  }

  /// Half of the edit, the other half the mean edit's.
  public struct Halves: Sendable, Encodable {
    /// Keys of the edit with values of the mean; values of the edit with keys of the mean.
    public let keys, values: Share
    /// 1 - keys - values: what needs both.
    public let interaction: Double
  }

  /// Shares of the edit in some blocks, the mean edit in the others.
  public struct ContributionMap: Sendable, Encodable {
    /// In one block alone.
    public let single: [Double]
    /// In so many blocks that follow each other.
    public let windowSize: Int
    /// By the first of them.
    public let windows: [Double]
    /// In block k and all after it, and in all before block k, by k.
    public let from, below: [Double]
    /// Integrated gradients from the mean edit: the part of the gain that is attributed to each block, and how far all of
    /// them are from the whole of it, as a part of it.
    public let gradients: [Double]
    /// See above.
    public let gradientsError: Double
    /// The window with the largest share.
    public let best: Window
    /// The fewest blocks from the last that can be left to the mean edit on: chosen on one half of the inputs,
    /// measured on the other; nil where none was found.
    public let carrying: Window?
    /// Whether `carrying` was measured on other inputs than it was chosen on.
    public let isCarryingHeldOut: Bool
  }

  /// Blocks that follow each other.
  public struct Window: Sendable, Encodable {
    /// The first and the last.
    public let first, last: Int
    /// What they carry.
    public let share: Share
  }

  /// A word of the instruction, or what the template writes around it.
  public struct Word: Sendable, Encodable {
    /// The word.
    public let text: String
    /// Whether it is the template's.
    public let isFrame: Bool
    /// F(instruction without the word) - F(instruction), nats a token: what the word does; nil of the template's.
    public let effect: Double?
    /// Of a reading prefix: the share of the edit at this word's tokens alone, the mean edit elsewhere.
    public let share: Double?
    /// Of a reading prefix the same in a group of blocks alone; of latents the part of the word's effect that comes back
    /// where the whole instruction's edit is put into a group of blocks of the one without the word. Nil where there is
    /// too little to divide by.
    public let shares: [Double?]
  }

  /// A known instruction.
  public struct Neighbour: Sendable, Encodable {
    /// It, and its family.
    public let instruction, family: String
    /// Cosine of the values of both edits less their mean, blocks equally heavy.
    public let cosine: Double
    /// 1 - KL(edit || neighbour) / KL(edit || others), on the answers: 1 for the same behaviour, 0 for as different as
    /// other instructions'.
    public let roundTrip: Double
  }

  /// How near the nearest known instruction is.
  public struct Familiarity: Sendable, Encodable {
    /// Cosine to the nearest.
    public let cosine: Double
    /// The part of known instructions whose own nearest is not nearer.
    public let percentile: Double
  }

  /// A token and how much likelier it is, in nats.
  public struct TokenChange: Sendable, Encodable {
    /// Its text.
    public let token: String
    /// Its number.
    public let id: Int
    /// Mean over inputs of log p under the edit less that under the mean edit.
    public let change: Double
  }

  /// A strength around the mean edit.
  public struct Dose: Sendable, Encodable {
    /// s of mu + s (v - mu).
    public let strength: Double
    /// Of the answers that strength 1 gives.
    public let loss, share: Double
    /// Different pairs of tokens in its own answers, of all of them; nil where these are too short.
    public let distinct2: Double?
    /// KL(unedited || edited) on unrelated text, nats a token.
    public let unrelatedKl: Double
    /// Its own answer to the first input.
    public let answer: String
  }

  /// The strongest dose within limits.
  public struct Limit: Sendable, Encodable {
    /// Of those that were tried.
    public let strength: Double
    /// Spearman's correlation of strength and share from 0 to 1.
    public let monotone: Double?
    /// What the limits are.
    public let rule: String
  }

  /// KL(unedited || edited) on unrelated text, nats a token.
  public struct Harm: Sendable, Encodable {
    /// Of the edit, and of the mean edit.
    public let edited, mean: Double
    /// Tokens that were predicted, and the text's file or "built in".
    public let tokens: Int
    /// See above.
    public let text: String
  }
}
