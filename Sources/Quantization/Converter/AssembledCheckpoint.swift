import BlockFormats
import ModelFiles
import TensorKernels

/// A LLaMA put together from the files of a checkpoint: tensors under their GGUF names, shards
/// joined, heads in GGUF's order.
public struct AssembledCheckpoint: CheckpointSource {
  /// The file or folder, as the caller named it.
  public let path: String
  /// The files it is made of.
  public let files: [String]
  /// What the new file will say of the model and its tokenizer.
  public let metadata: [(key: String, value: GGUFEntry)]
  /// All tensors, in the order they are written.
  public let tensors: [SourceTensor]
  private let assemblies: [TensorAssembly]

  /// `parts` are found under the blueprint's tensors; `vocabulary` is the tokenizer's.
  init(
    path: String, blueprint: LlamaBlueprint, tokenizer: [(key: String, value: GGUFEntry)],
    assemblies named: [(name: String, assembly: TensorAssembly)]
  ) {
    self.path = path
    var named = named
    if let factors = blueprint.rotaryFactors {
      named.append(("rope_freqs.weight", TensorAssembly(factors)))
    }
    metadata = blueprint.metadata + tokenizer
    assemblies = named.map(\.assembly)
    tensors = named.map { name, assembly in assembly.described(as: name) }
    files = Array(Set(assemblies.flatMap(\.files))).sorted()
  }

  /// See `CheckpointSource`.
  public func read(
    _ rows: Range<Int>, of index: Int, scratch: UnsafeMutableRawBufferPointer, pool: ThreadPool
  ) throws(ConversionError) -> UnsafeRawBufferPointer {
    try assemblies[index].read(rows, scratch: scratch, pool: pool)
  }

  /// See `CheckpointSource`.
  public var heldBytes: Int { assemblies.reduce(0) { $0 + $1.heldBytes } }

  /// See `CheckpointSource`.
  public func willRead(_ rows: Range<Int>, of index: Int) { assemblies[index].willRead(rows) }
  /// See `CheckpointSource`.
  public func release(_ rows: Range<Int>, of index: Int) { assemblies[index].release(rows) }
}
