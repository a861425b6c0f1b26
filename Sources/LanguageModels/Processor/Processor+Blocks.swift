import TensorKernels

/// A processor's linear layers and norms as plain pointers, so that threads count no references.
struct ProcessorLayers {
  let blocks: [ForwardPass.Block]
  let outputNorm: UnsafePointer<Float>
  let output: LinearGroup

  /// Floats that the weights of all norms take.
  static func normCount(_ c: ProcessorConfiguration) -> Int {
    (2 * c.layerCount + 1) * c.hiddenSize
  }

  /// The layers of `processor`, which must outlive them; the norms' weights are copied to `norms`,
  /// which has room for `normCount` floats.
  init(
    _ processor: Processor, activations: ActivationPrecision, norms: UnsafeMutablePointer<Float>
  ) {
    let c = processor.configuration
    func place(_ values: [Float], _ index: Int) -> UnsafePointer<Float> {
      let target = norms + index * c.hiddenSize
      target.update(from: values, count: c.hiddenSize)
      return UnsafePointer(target)
    }
    func group(_ matrices: [(PackedMatrix, column: Int)]) -> LinearGroup {
      LinearGroup(matrices, activations: activations)
    }
    let queries = c.headCount * c.headSize
    let keys = c.kvHeadCount * c.headSize
    blocks = processor.weights.blocks.enumerated().map { layer, block in
      ForwardPass.Block(
        attentionNorm: place(block.attentionNorm, 2 * layer),
        projections: group([
          (block.query, 0), (block.key, queries), (block.value, queries + keys),
        ]),
        projectionBias: block.biases?.projections,
        attentionOutput: group([(block.attentionOutput, 0)]),
        attentionOutputBias: block.biases?.output,
        feedForwardNorm: place(block.feedForwardNorm, 2 * layer + 1),
        expansion: group([(block.gate, 0), (block.up, c.intermediateSize)]),
        down: group([(block.down, 0)]))
    }
    outputNorm = place(processor.weights.outputNorm, 2 * c.layerCount)
    output = group([(processor.weights.output, 0)])
  }
}
