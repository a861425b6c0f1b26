import ArgumentParser
import EditSessions
import MessagePassing
import ModelFiles
import Quantization
import TensorKernels
import Terminal

struct Convert: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Convert and quantize a model to GGUF.",
    discussion: """
      IN is a folder of Hugging Face (config.json with safetensors or pytorch_model.bin) or of Meta \
      (params.json with consolidated.00.pth), a GGUF file, or a llama2.c checkpoint; weights may be \
      compressed with zstd. OUT is a GGUF file, which is there whole or not at all; with --packed it \
      is a packed file, which loads in no time.

        emend convert Llama-2-7b-hf llama-2-7b.q4_0.gguf --type q4_0
        emend convert llama-2-7b llama-2-7b.f16.gguf --type f16
        emend convert stories260K.bin stories.gguf --type f32 --tokenizer tok512.bin
        emend convert model.f16.gguf model.q8_0.gguf --type q8_0 --dry-run
        emend convert model.q4_0.gguf model.q4_0.packed --packed
        emend convert Llama-2-7b-hf llama-2-7b.q4_0.gguf --type q4_0 --calibration text.txt
        emend convert model.q4_1.gguf tuned.q8_0.gguf --type q8_0 --allow-requantize --lora tuned/peft
        emend convert Llama-2-7B-GPTQ llama-2-7b.q4_0.gguf --type q4_0 --allow-requantize

      A folder of Hugging Face may be quantized: GPTQ, AWQ (gemm), MLX (affine), bitsandbytes (nf4, fp4, int8), \
      compressed-tensors (pack-, int- and float-quantized) and FP8 are read. LoRA is merged into such folders and GGUF files.
      Norms stay f32, and matrices whose rows do not fill blocks of 32 become f16.
      mpirun -n 4 emend convert ... --calibration text.txt shares the calibration out, where emend was \
      built with MPI (docs/cluster.md): every rank reads IN and the text, and the first writes OUT.
      """)

  @Argument(help: ArgumentHelp("The checkpoint, a file or folder.", valueName: "in"))
  var input: String

  @Argument(help: ArgumentHelp("The file to be written.", valueName: "out"))
  var result: String

  @OptionGroup(title: "Recipe") var recipe: RecipeOptions
  @OptionGroup(title: "Calibration") var calibration: CalibrationArguments

  @Option(
    help: ArgumentHelp(
      "The tokenizer: tokenizer.model, tokenizer.json or tokenizer.bin. (default: the one in the "
        + "folder or beside the file)", valueName: "file"))
  var tokenizer: String?

  @Option(
    help: ArgumentHelp(
      "A folder of PEFT's, as train --tune writes it, whose LoRA is merged into IN.",
      valueName: "folder"))
  var lora: String?

  @Flag(help: "Only show what would become of each tensor.")
  var dryRun = false

  @Option(
    name: [.short, .long],
    parsing: .unconditional,
    help: ArgumentHelp("Threads. (default: one for each physical core)", valueName: "n"))
  var threads: Int?

  @OptionGroup var limit: MemoryLimitOption

  @Flag(name: [.short, .long], help: "Say how much memory it takes.")
  var verbose = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if let threads, threads < 1 || threads > 1024 {
      throw ValidationError("--threads is \(threads), and must be from 1 to 1024")
    }
    try calibration.validate(with: recipe)
  }

  func run() throws {
    guard result != "-" else {
      throw ValidationError("OUT is -, and a model must be a file on disk; give it a name")
    }
    // Without a calibration there is nothing to share out.
    try calibration.calibration == nil ? run(nil) : onRanks(run)
  }

  private func run(_ ranks: Communicator?) throws {
    let conversion = try Communicator.agreeing(ranks) {
      if !dryRun, ranks?.isFirst ?? true {
        try OutputFile.check(
          self.result, inputs: [input, tokenizer, lora, calibration.calibration].compactMap { $0 })
      }
      let source = try Checkpoint.open(input, tokenizer: tokenizer, lora: lora)
      guard recipe.type != nil || source is GGUFCheckpoint else {
        throw ValidationError("--type is missing; only the types of a GGUF file can be kept")
      }
      return try Conversion(
        source, recipe: recipe.recipe, calibration: calibration.calibration(for: source),
        packed: recipe.packed)
    }
    let threadCount = min(
      threads ?? ThreadPool.defaultThreadCount, ThreadPool.hardwareThreadCount)
    let calibrationBytes = try conversion.calibrationBytes(
      threads: threadCount, ranks: ranks?.count ?? 1)
    let budget = MemoryBudget().adding("slices", conversion.sliceBytes(threads: threadCount))
      .adding("calibration", calibrationBytes)
    guard !dryRun else { return try show(conversion, budget) }
    try Communicator.agreeing(ranks) {
      if limit.memoryLimit == nil { try calibration.checkMemory(calibrationBytes) }
      try budget.check(limit: limit.memoryLimit?.bytes)
    }
    if verbose { Console.log("memory: \(budget.summary)") }
    let pool = ThreadPool(threads: threadCount)
    let bar = ProgressBar("converting", unit: "MB/s")
    let calibrationBar = ProgressBar("calibrating")
    // A kill that can be answered leaves no more behind than Ctrl-C.
    Interrupt.installTermination()
    let result: ConversionResult?
    do {
      defer {
        bar.finish()
        calibrationBar.finish()
      }
      result = try conversion.write(to: self.result, pool: pool, ranks: ranks) { progress in
        if let calibration = progress.calibration {
          calibrationBar.update(calibration.fraction, of: 1, note: progress.tensor)
        } else {
          bar.update(
            Double(progress.bytesDone), of: Double(progress.bytesTotal), scale: 1e-6,
            note: progress.tensor)
        }
        return !Interrupt.isRequested
      }
    }
    guard let result else { return }
    if let loss = result.requantization { Console.log(loss.text) }
    if output.json {
      try JSON.print(ConversionReport(conversion, result))
    } else {
      Console.print("\(result.sha256)  \(self.result)")
    }
  }

  private func show(_ conversion: Conversion, _ budget: MemoryBudget) throws {
    let report = ConversionReport(conversion)
    if output.json { return try JSON.print(report) }
    Console.print(report.text)
    Console.print("memory to convert: \(budget.summary)")
  }
}
