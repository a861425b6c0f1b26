import TensorKernels

/// Edits of what later tokens read of the first token of every sequence (`DifferentiableStreamEdit.applyToValues`), in a
/// pass and in its backward pass.
extension TapePass {
  /// Who edits the values of block `index`; nil where nobody does.
  func valueEdit(_ index: Int) -> (any DifferentiableStreamEdit)? {
    guard let valueEdit, valueEdit.editsValues(block: index) else { return nil }
    return valueEdit
  }

  /// Values of the batch's rows among what a block has projected.
  func valueRows(_ projected: UnsafeMutablePointer<Float>) -> BatchRows {
    BatchRows(start: projected + queryWidth + keyWidth, stride: projectedWidth)
  }

  /// What the first tokens read of themselves, `[sequences][kvHeads * headSize]`; nothing else is there in a forward pass
  /// before the attention has run.
  private var ownValues: UnsafeMutablePointer<Float> { memory.attendedGradient }

  /// Edits values and what the cache has of them; by every thread, which sees it afterwards.
  func editValues(
    _ edit: any DifferentiableStreamEdit, _ values: TapeMemory.Block, index: Int, _ worker: Worker
  ) {
    let rows = valueRows(values.projected)
    let size = configuration.headSize
    worker.onCaller {
      for sequence in 0..<batch.sequenceCount {
        (ownValues + sequence * keyWidth).update(
          from: rows.start + batch.boundaries[sequence] * rows.stride, count: keyWidth)
      }
      edit.applyToValues(block: index, rows)
      let view = cache.view
      for sequence in 0..<batch.sequenceCount {
        let row = batch.boundaries[sequence]
        for head in 0..<configuration.kvHeadCount {
          let value = rows.start + row * rows.stride + head * size
          kernels.attention.storeKeyValue(
            view.kind, value - keyWidth, value, batch.cacheRows[row], size,
            view.keys(layer: 0, head: head), view.values(layer: 0, head: head))
        }
      }
    }
    worker.barrier()
  }

  /// Gives the first tokens what they read of themselves: they see nothing else, with weight 1.
  func restoreOwn(_ values: TapeMemory.Block, _ worker: Worker) {
    let size = configuration.headSize
    for item in worker.each(batch.sequenceCount * configuration.headCount) {
      let (sequence, head) = item.quotientAndRemainder(dividingBy: configuration.headCount)
      (values.attended + batch.boundaries[sequence] * queryWidth + head * size).update(
        from: ownValues + sequence * keyWidth + head / configuration.headsPerKVHead * size,
        count: size)
    }
    worker.barrier()
  }
}

extension TapeBackwardPass {
  /// What the first tokens' reading of themselves adds to the gradients of their values, `[sequences][kvHeads *
  /// headSize]`: no sequence shares tokens where values are edited, whose memory this is.
  private var ownGradients: UnsafeMutablePointer<Float> { memory.sharedGradient }

  /// Takes it out of the gradient of what was attended, before the gradient of attention, whose values are the edited ones.
  func setOwnAside(_ worker: Worker) {
    let (size, group) = (forward.configuration.headSize, forward.configuration.headsPerKVHead)
    for sequence in worker.each(forward.batch.sequenceCount) {
      let row = memory.attendedGradient + forward.batch.boundaries[sequence] * forward.queryWidth
      let own = ownGradients + sequence * forward.keyWidth
      for head in 0..<forward.configuration.kvHeadCount {
        for i in 0..<size {
          own[head * size + i] = (0..<group).reduce(0) {
            $0 + row[(head * group + $1) * size + i]
          }
        }
      }
      row.update(repeating: 0, count: forward.queryWidth)
    }
    worker.barrier()
  }

  /// Hands the edit the gradient of its values, and adds what was set aside to that of the values before it.
  func differentiateValues(
    _ edit: any DifferentiableStreamEdit, _ values: TapeMemory.Block, index: Int, _ worker: Worker
  ) {
    worker.onCaller {
      let gradient = forward.valueRows(memory.projectedGradient)
      edit.backwardOfValues(
        block: index, forward.valueRows(values.projected), gradient: gradient)
      for sequence in 0..<forward.batch.sequenceCount {
        let row = gradient.start + forward.batch.boundaries[sequence] * gradient.stride
        let own = ownGradients + sequence * forward.keyWidth
        for i in 0..<forward.keyWidth { row[i] += own[i] }
      }
    }
    worker.barrier()
  }
}
