import BlockFormats
import KernelInterface
import ModelFiles
import TensorKernels

/// A LLaMA-family language model whose weights are frozen in the blocks of its file: the network
/// that edits act on (arXiv 2307.09288 for the architecture).
///
/// Weights are packed for the CPU when the file is opened, or stay mapped where a packed file has them
/// so, and never change: any number of `ProcessorState`s may share one processor; they run one at a
/// time on its thread pool.
public final class Processor: Sendable {
  /// The blueprint.
  public let configuration: ProcessorConfiguration
  /// How linear layers take their activations.
  public let activations: ActivationPrecision
  /// Bytes of the packed weights.
  public let weightBytes: Int
  /// The threads it runs on.
  public let pool: ThreadPool
  /// The instruction set whose kernels it runs.
  public let instructionSet: InstructionSet

  /// The file that it was loaded from.
  package let file: GGUFFile
  let weights: ProcessorWeights
  let rotary: RotaryFrequencies
  let kernels: KernelTable

  /// Packs the weights of `file` unless they are, all threads of `pool` at work; `onProgress` hears the fraction
  /// done. The file stays mapped for the embeddings of models that do not share them.
  public init(
    _ file: GGUFFile, activations: ActivationPrecision = .int8, pool: ThreadPool,
    instructionSet: InstructionSet = .best, onProgress: ((Double) -> Void)? = nil
  ) throws(LanguageModelError) {
    self.file = file
    self.activations = activations
    self.pool = pool
    self.instructionSet = instructionSet
    kernels = instructionSet.kernels
    configuration = try ProcessorConfiguration(file)
    weights = try ProcessorWeights(
      file, configuration, kernels: kernels, pool: pool, onProgress: onProgress)
    weightBytes = weights.byteCount
    rotary = RotaryFrequencies(
      theta: Double(configuration.ropeTheta), rotated: configuration.rotatedSize,
      scaling: configuration.ropeScaling, factors: weights.rotaryFactors)
  }

  /// Whether any matrix takes f32 activations, which need more workspace than int8 ones.
  func needsExactActivations(_ activations: ActivationPrecision) -> Bool {
    (weights.blocks.flatMap(\.matrices) + [weights.output])
      .contains { $0.view.layout(activations) == .f32 }
  }

  /// Throws `notFinite` where the vector of a token holds an infinity or NaN. An embedding that is the
  /// output matrix was checked when it was packed; one of its own is read here for the first time.
  func checkEmbeddings(_ tokens: some Sequence<Int>) throws(LanguageModelError) {
    guard case .mapped(let tensor) = weights.embedding else { return }
    for (index, token) in tokens.enumerated() {
      guard tensor.format.isFinite(embeddingRow(token, of: tensor)) else {
        throw .notFinite(path: file.path, tensor: tensor.name, row: token)
      }
      if index % 256 == 255 { releaseEmbeddings() }
    }
  }

  /// Gives the pages back that vectors of tokens were read from: the system maps the pages around each
  /// one too, 64 KB for a vector of two, and all would count as this process's memory.
  func releaseEmbeddings() {
    if case .mapped(let tensor) = weights.embedding { file.releasePages(of: tensor) }
  }

  private func embeddingRow(_ token: Int, of tensor: GGUFTensor) -> UnsafeRawBufferPointer {
    let rowBytes = tensor.byteCount / configuration.vocabularySize
    return UnsafeRawBufferPointer(
      rebasing: file.bytes(of: tensor)[token * rowBytes..<(token + 1) * rowBytes])
  }

  /// The vector of a token, `[hidden]`. `panel` holds `PackedMatrix.panelScratch` floats.
  func embed(
    _ token: Int, panel: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>
  ) {
    switch weights.embedding {
    case .tied:
      weights.output.dequantize(row: token, kernels: kernels, panel: panel, into: out)
    case .mapped(let tensor):
      ReferenceBlocks.dequantize(
        tensor.format, embeddingRow(token, of: tensor),
        into: UnsafeMutableBufferPointer(start: out, count: configuration.hiddenSize))
    }
  }
}
