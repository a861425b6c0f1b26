import InstructionEditors
import LanguageModels
import LatentEditing
import Tokenization

/// Everything that `emend train` can be told. The names in YAML are those of `OptionTable`.
public struct TrainingOptions: Sendable, Codable, Equatable {
  /// The processor's file.
  public var model = ""
  /// Files of rows, and how often their rows come up.
  public var data: [TrainingDataFile] = []
  /// Names of the rows' fields.
  public var fields = RowFields()
  /// The folder that editors, training states and metrics are written to.
  public var output = ""
  /// How prompts are written: a name of `PromptTemplate`, or nil for the model's own.
  public var chatTemplate: String?
  /// The editor: an existing one, or what a new one is to be.
  public var editor = EditorChoice()
  /// Steps, batches, lengths.
  public var run = RunOptions()
  /// Learning rates and what goes with them.
  public var optimization = OptimizationOptions()
  /// What is minimized.
  public var objective = ObjectiveOptions()
  /// Precision and memory.
  public var gradients = GradientOptions()
  /// What is kept from training, and when it is looked at.
  public var validation = ValidationOptions()

  /// The defaults. Model, data and output are missing.
  public init() {}
}

/// The editor that is trained.
public struct EditorChoice: Sendable, Codable, Equatable {
  /// An editor's file to go on with, which says what of the rest makes an editor: none of that may be
  /// given then.
  public var file: String?
  /// The network that reads instructions; nil for `BackboneChoice.usual`.
  public var backbone: BackboneChoice?
  /// The rank of the adapters on the backbone's linear layers, 0 for none. Nil is 16 for the processor's
  /// own blocks and for tuning, and none for a GPT-2, all of which is trained then.
  public var loraRank: Int?
  /// The names of the linear layers that have them; nil for all.
  public var loraModules: [String]?
  /// Blocks of the backbone after which a p4 editor looks at the input; nil for the middle one.
  public var crossBlocks: [Int]?
  /// What it reads and where it writes: p0, p1, p2, p4, p5, p7 or p8; nil for p0.
  public var interface: EditorInterface?
  /// Where the instruction of a p8 editor stands; nil for the user's turn.
  public var instructionPlace: InstructionPlace?
  /// How many of the last tokens that a p8 editor reads it writes, beside the first; nil for all, or for what an
  /// editor's file says.
  public var prefixTokens: Int?
  /// As `LayerSelection` reads it, or nil for the interface's own.
  public var layers: String?
  /// As `PositionSelection` reads it, or nil for the interface's own.
  public var positions: String?
  /// As `LatentScale` has it, or nil for the interface's own.
  public var scale: String?
  /// As `HeadKind` reads it, or nil for per-layer.
  public var heads: String?
  /// How much of the state that is read a new editor's latents begin as, LN(e) times this; 0 is no edit.
  public var headStart: Float = 0
  /// Whether the editor reads an instruction without words in every row, and so learns one constant: a
  /// baseline.
  public var isConstant = false
  /// Whether no editor is trained, but low-rank changes to the processor (`loraRank`, `loraModules`),
  /// which reads the instruction in its prompt: a baseline.
  public var isTuning = false
  /// Parts that stay as they are: backbone, heads, gates.
  public var frozen: [String] = []
}

/// The network that reads instructions.
public enum BackboneChoice: Sendable, Codable, Equatable, CustomStringConvertible {
  /// The processor's own blocks, all or the first so many.
  case processor(depth: Int?)
  /// A new GPT-2.
  case gpt2(blocks: Int, width: Int, heads: Int)
  /// Weights of a GPT-2 in a folder or file, which reads the processor's tokens.
  case files(String)

  /// As it is written.
  public var description: String {
    switch self {
    case .processor(let depth): "processor" + (depth.map { ":\($0)" } ?? "")
    case .gpt2(let blocks, let width, let heads): "gpt2:\(blocks)x\(width)x\(heads)"
    case .files(let path): path
    }
  }

  /// GPT-2-small: 12 blocks of 768.
  public static let usual = BackboneChoice.gpt2(blocks: 12, width: 768, heads: 12)

  static let forms = "processor[:BLOCKS], a path, or gpt2:BLOCKSxWIDTHxHEADS"

  /// What `text`, which is none, must be.
  static func needed(_ text: String) -> String {
    let sizes = text.trimmingPrefix("gpt2:").split(separator: "x").map { Int($0) ?? 0 }
    guard text.hasPrefix("gpt2:"), sizes.count == 3, sizes[2] >= 1, sizes[1] >= 1,
      sizes[1] % sizes[2] != 0
    else { return forms }
    return forms + " with a number of heads that divides the width (\(sizes[2]) does not divide "
      + "\(sizes[1]))"
  }

  /// Reads `processor`, `processor:12` (blocks), `gpt2:12x768x12` (blocks, width, heads) or a path; nil
  /// for sizes that are none.
  public init?(_ text: String) {
    guard text != "processor" else {
      self = .processor(depth: nil)
      return
    }
    if text.hasPrefix("processor:") {
      guard let depth = Int(text.dropFirst(10)), (1...4096).contains(depth) else { return nil }
      self = .processor(depth: depth)
      return
    }
    guard text.hasPrefix("gpt2:") else {
      guard !text.isEmpty else { return nil }
      self = .files(text)
      return
    }
    let sizes = text.dropFirst(5).split(separator: "x", omittingEmptySubsequences: false).map {
      Int($0)
    }
    guard sizes.count == 3, let blocks = sizes[0], let width = sizes[1], let heads = sizes[2],
      (1...1024).contains(blocks), (1...65_536).contains(width), heads >= 1, width % heads == 0
    else { return nil }
    self = .gpt2(blocks: blocks, width: width, heads: heads)
  }
}

/// How long and in what portions.
public struct RunOptions: Sendable, Codable, Equatable {
  /// Steps of the optimizer.
  public var steps = 1000
  /// Examples of a pass.
  public var batchSize = 8
  /// Passes of a step.
  public var accumulation = 1
  /// Tokens of prompt and response.
  public var maxSequenceLength = 512
  /// Of everything that is random.
  public var seed: UInt64 = 0
  /// Steps from one saved state to the next.
  public var saveInterval = 200
  /// Rows of each family that come up in an epoch, whatever there are of it; 0 for all rows alike.
  public var familyRows = 0
  /// Seconds after a saved state after which the next one is saved, at the end of a step; 0 for none.
  public var saveSeconds = 0.0
}

/// How parameters are changed.
public struct OptimizationOptions: Sendable, Codable, Equatable {
  /// How the moments are kept.
  public var optimizer = AdamW.Kind.f32
  /// See `AdamW.Options`.
  public var beta1 = 0.9
  /// See `AdamW.Options`.
  public var beta2 = 0.999
  /// See `AdamW.Options`.
  public var epsilon = 1e-8
  /// Of the parts that have none of their own.
  public var learningRate: Float = 5e-4
  /// Of the backbone; a tenth of that unless given.
  public var backboneRate: Float?
  /// Of the heads and their norm.
  public var headRate: Float?
  /// Of the gates.
  public var gateRate: Float?
  /// See `OptimizerGroup.weightDecay`.
  public var weightDecay: Float = 0.01
  /// See `LearningRateSchedule`.
  public var schedule = LearningRateSchedule(.cosine, warmUpSteps: 10, floor: 0.1)
  /// The longest gradient; 0 for any.
  public var clip: Double = 1
}

/// What is minimized.
public struct ObjectiveOptions: Sendable, Codable, Equatable {
  /// Of the cross-entropy of the response.
  public var crossEntropy: Float = 1
  /// Of the divergence from the prompted processor.
  public var distillation: Float = 0
  /// Of everything else that is asked for.
  public var regularizers = Regularizers()
  /// The text of locality, in files: prose, or rows (`.jsonl`, `.json`) whose answers are to stay what they are
  /// under `localityInstructions`; their own instructions are not read.
  public var localityTexts: [String]?
  /// Instructions that ask for nothing, one on a line: every other sequence of that text has the next of them
  /// in the place of a row's instruction, and so has every one that is a row. nil for rows' instructions everywhere.
  public var localityInstructions: String?
  /// What keeps an editor's edits to few sites; nil for nothing.
  public var sparsity: EditSparsity?
  /// A folder in which the teacher's states are kept; nil to compute them each time.
  public var teacherCache: String?

  /// Whether a file of `localityTexts` has rows and is no prose.
  static func isRows(_ path: String) -> Bool {
    path.hasSuffix(".jsonl") || path.hasSuffix(".json")
  }
}

/// How gradients are computed.
public struct GradientOptions: Sendable, Codable, Equatable {
  /// What is kept of the forward pass.
  public var checkpoints = GradientCheckpoints.every(1)
  /// The precision of the backward pass.
  public var backward = BackwardPrecision.f32
}

/// What is kept from training, and when it is looked at.
public struct ValidationOptions: Sendable, Codable, Equatable {
  /// Steps from one validation to the next; 0 for none but at the end.
  public var interval = 100
  /// Rows of each split that are looked at.
  public var rows = 64
  /// Whole families of rows that are kept from training; a seed says which.
  public var families = 0
  /// How rows are kept from training. Its seed is the run's.
  public var split = DataSplit.Options()
}
