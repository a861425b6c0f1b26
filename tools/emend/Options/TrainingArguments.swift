import ArgumentParser
import EditorTraining

/// The options of a training as flags. Each has the name of the option in a configuration with dashes
/// for underscores, and its value is read in the same way; a flag goes before the file.
struct TrainingArguments: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A YAML file of options, by the names of these flags; flags go before it.",
      valueName: "file"))
  var config: String?

  // The editor.
  @Option(help: ArgumentHelp("An editor to go on with.", valueName: "file"))
  var editor: String?
  @Option(
    help: ArgumentHelp(
      "What reads the instruction in a new editor: a GPT-2 of so many blocks, width and heads, drawn "
        + "at random; a GPT-2 in a folder or GGUF, with its own tokenizer where that is not the model's; or the processor's own (first) blocks, frozen, "
        + "with adapters. (default: gpt2:12x768x12)",
      valueName: "gpt2:BxWxH|folder|processor[:blocks]"))
  var backbone: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rank of low-rank adapters on the backbone's linear layers, 0 for none: its own weights are frozen "
        + "then, and an editor with a GPT-2 is written with them merged. (default: 16 for the processor's "
        + "own blocks; none for a GPT-2, all of which is trained)", valueName: "r"))
  var loraRank: String?
  @Option(
    help: ArgumentHelp(
      "Linear layers with adapters: q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj; of a "
        + "GPT-2 c_attn, c_proj (attn.c_proj, mlp.c_proj), c_fc. (default: all)", valueName: "names"
    ))
  var loraModules: String?
  @Option(
    help: ArgumentHelp(
      "What it reads and where it writes; p7 edits values, p8 is the reading prefix. (default: p0)",
      valueName: "p0|p1|p2|p4|p5|p7|p8"))
  var interface: String?
  @Option(
    help: ArgumentHelp(
      "p8: where the instruction stands, in the user's turn or in a system turn before it. "
        + "(default: user)", valueName: "user|system"))
  var instructionPlace: String?
  @Option(
    help: ArgumentHelp(
      "p8: how many of the last tokens that are read are written in front of the prompt, beside the first; "
        + "with --distill an --editor that writes all is followed, unless a GPT-2 reads. (default: all)",
      valueName: "all|K"))
  var prefixTokens: String?
  @Option(
    help: ArgumentHelp(
      "The model's blocks with a latent, as 0-9,12. (default: all; of p1 and p2 the middle one)",
      valueName: "blocks"))
  var layers: String?
  @Option(
    help: ArgumentHelp(
      "The tokens with a latent: first, first-content, last, prompt, all, ghost, or edges as f1+l1. "
        + "(default: first; of p2 all, of p5 f1+l1)", valueName: "positions"))
  var positions: String?
  @Option(
    help: ArgumentHelp(
      "How strongly latents are summed in. (default: norm; of p2 plain)", valueName: "norm|plain"))
  var scale: String?
  @Option(
    help: ArgumentHelp(
      "How latents come from states. (default: per-layer)", valueName: "per-layer|shared|rank-<k>"))
  var heads: String?
  @Option(
    help: ArgumentHelp(
      "Latents of a new editor begin as so much of the states that are read. (default: 0, no edit)",
      valueName: "x"))
  var headStart: String?
  @Flag(
    help: ArgumentHelp(
      "Read the same instruction without words in every row, to learn one constant: a baseline for "
        + "evaluate."))
  var constant = false
  @Flag(
    help: ArgumentHelp(
      "Train no editor, but low-rank changes to the model with the instruction in its prompt "
        + "(--lora-rank, --lora-modules): a baseline for evaluate."))
  var tune = false
  @Option(
    help: ArgumentHelp(
      "p4: blocks of the backbone that look at the input, from 1. (default: the middle one)",
      valueName: "numbers"))
  var crossBlocks: String?

  // The run.
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Optimizer steps. (default: 1000)", valueName: "n"))
  var steps: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Examples of a batch. (default: 8)", valueName: "n")
  )
  var batchSize: String?
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Batches of a step. (default: 1)", valueName: "n"))
  var gradAccumulationSteps: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Longest sequence, prompt and response. (default: 512)", valueName: "n"))
  var maxSeqLength: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Of the order and the random start. (default: 0)", valueName: "n"))
  var seed: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps between saves; 0 for the end alone. (default: 200)", valueName: "n"))
  var saveEvery: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Seconds between saves, beside those by steps; 0 for none. (default: 0)", valueName: "x"))
  var saveEverySeconds: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Steps between validations; 0 for none. (default: 100)", valueName: "n"))
  var stepsPerEval: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Rows of each split to validate with. (default: 64)", valueName: "n"))
  var valRows: String?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Whole families of rows kept from training, to validate with. (default: 0)", valueName: "n"))
  var validateFamilies: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Rows of each family that come up in an epoch, times the file's weight; 0 for all rows alike. "
        + "(default: 0)", valueName: "n"))
  var familyRows: String?

  @OptionGroup var parts: SplitArguments

  // The optimizer.
  @Option(
    help: ArgumentHelp(
      "Moments in f32 or in 8 bits. (default: adamw)", valueName: "adamw|adamw8bit"))
  var optimizer: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Learning rate of heads and gates. (default: 5e-4)", valueName: "x"))
  var learningRate: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("That of the backbone. (default: a tenth of it)", valueName: "x"))
  var backboneLearningRate: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Decoupled decay of matrices. (default: 0.01)", valueName: "x"))
  var weightDecay: String?
  @Option(
    help: ArgumentHelp("How the rates go. (default: cosine)", valueName: "constant|cosine|linear"))
  var schedule: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Steps until the rates are reached. (default: 10)", valueName: "n"))
  var warmup: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Greatest norm of a gradient; 0 for any. (default: 1)", valueName: "x"))
  var clip: String?
  @Option(
    help: ArgumentHelp(
      "Parts that stay as they are, several with commas or by several flags. (default: none)",
      valueName: "backbone|heads|gates"))
  var frozen: [String] = []

  // The objective.
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight of the responses' cross-entropy. (default: 1)", valueName: "x"))
  var crossEntropy: String?
  @Flag(help: "Also follow the model that has the instruction in its prompt (KL).")
  var distill = false
  @Option(
    parsing: .unconditional, help: ArgumentHelp("Weight of --distill. (default: 1)", valueName: "x")
  )
  var distillWeight: String?
  @Option(
    help: ArgumentHelp(
      "Keep what --distill and --locality follow from one epoch or run to the next.",
      valueName: "folder"))
  var teacherCache: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight of the latents' relative norms. (default: 0)", valueName: "x"))
  var groupLasso: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Weight of the L1 norm of the heads' matrices. (default: 0)", valueName: "x")
  )
  var l1: String?
  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Weight of staying unedited on --locality-text. (default: 0)", valueName: "x"))
  var locality: String?
  @Option(
    help: ArgumentHelp(
      "Unrelated text for --locality, or rows (.jsonl) whose answers are to stay; files with commas.",
      valueName: "file,..."))
  var localityText: String?
  @Option(
    help: ArgumentHelp(
      "Lines that ask for nothing, the instruction of every other text of --locality.",
      valueName: "file"))
  var localityInstructions: String?

  // Memory and time.
  @Option(
    help: ArgumentHelp(
      "Block inputs that are kept for the backward pass; with ,bf16 in half the memory, rounded. "
        + "(default: every=1)",
      valueName: "every=K[,bf16]|off"))
  var gradCheckpoint: String?
  @Option(
    help: ArgumentHelp(
      "Numbers that the backward pass multiplies. (default: f32)", valueName: "f32|bf16|int8"))
  var backward: String?

  /// The flags by the names of their options, and what they give.
  var flags: [(String, String?)] {
    [
      ("editor", editor), ("backbone", backbone), ("lora_rank", loraRank),
      ("lora_modules", loraModules), ("interface", interface),
      ("instruction_place", instructionPlace), ("prefix_tokens", prefixTokens), ("layers", layers),
      ("positions", positions), ("scale", scale), ("heads", heads), ("head_start", headStart),
      ("cross_blocks", crossBlocks),
      ("constant", constant ? "true" : nil), ("tune", tune ? "true" : nil),
      ("steps", steps), ("batch_size", batchSize),
      ("grad_accumulation_steps", gradAccumulationSteps), ("max_seq_length", maxSeqLength),
      ("seed", seed), ("save_every", saveEvery), ("save_every_seconds", saveEverySeconds),
      ("steps_per_eval", stepsPerEval), ("val_rows", valRows),
      ("validate_families", validateFamilies), ("family_rows", familyRows),
      ("optimizer", optimizer), ("learning_rate", learningRate),
      ("backbone_learning_rate", backboneLearningRate), ("weight_decay", weightDecay),
      ("schedule", schedule), ("warmup", warmup), ("clip", clip),
      ("frozen", frozen.isEmpty ? nil : frozen.joined(separator: ",")),
    ] + parts.flags + [
      ("cross_entropy", crossEntropy), ("distill_weight", distillWeight),
      ("distill", distill ? "true" : nil), ("group_lasso", groupLasso),
      ("l1", l1), ("locality", locality), ("locality_text", localityText),
      ("locality_instructions", localityInstructions),
      ("teacher_cache", teacherCache),
      ("grad_checkpoint", gradCheckpoint), ("backward", backward),
    ]
  }
}
