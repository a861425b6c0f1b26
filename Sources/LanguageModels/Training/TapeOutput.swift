import KernelInterface
import TensorKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#endif

/// The final norm, the output matrix and the losses over some rows, with their gradient, as the program
/// that every thread runs: `TapeMemory.logitRows` rows at a time, so that no more logits ever exist.
struct TapeOutput {
  let backward: TapeBackwardPass
  let outputNorm: UnsafePointer<Float>
  let output: LinearGroup
  let scored: UnsafeBufferPointer<Int>
  let targets: UnsafePointer<Int>
  let weights: UnsafePointer<Float>
  let crossEntropy: Float
  let distillation: Float
  /// `[scored][hidden]`, where a teacher is followed.
  let teacher: UnsafePointer<Float>?
  /// Losses, `[scored]` each.
  let crossEntropies: UnsafeMutablePointer<Float>
  let divergences: UnsafeMutablePointer<Float>

  private var memory: TapeMemory { backward.forward.memory }
  private var kernels: KernelTable { backward.forward.kernels }
  private var batch: BatchLayout.View { backward.forward.batch }
  private var hidden: Int { backward.forward.hidden }
  private var vocabulary: Int { backward.forward.configuration.vocabularySize }

  /// The losses, and, when asked for, the gradient of the last block's output in `memory.gradient`, of
  /// which every row that there is is written.
  func run(gradient: Bool, _ worker: Worker) {
    if gradient {
      for some in worker.portions(of: (batch.wanted?.count ?? batch.rows) * hidden) {
        (memory.gradient + some.lowerBound).update(repeating: 0, count: some.count)
      }
    }
    for first in stride(from: 0, to: scored.count, by: TapeMemory.logitRows) {
      let count = min(TapeMemory.logitRows, scored.count - first)
      gather(first, count, worker)
      apply(to: memory.scored, out: memory.logits, count, worker)
      if let teacher {
        apply(to: teacher + first * hidden, out: memory.teacherLogits, count, worker)
      }
      for i in worker.each(count) { score(first + i, at: i, gradient: gradient) }
      worker.barrier()
      guard gradient else { continue }
      backward.apply(
        transposed: output.parts[0].members[0].matrix, memory.logits, vocabulary,
        to: memory.scoredGradient, hidden, false, rows: count,
        rounding: backward.rounding?.part(-1 - first), worker)
      // A row may be scored twice, so columns would have to be shared out; rows are few: one thread.
      worker.onCaller { scatter(first, count) }
      worker.barrier()
    }
    worker.barrier()
  }

  /// scored = the rows of the stream that belong to this part.
  private func gather(_ first: Int, _ count: Int, _ worker: Worker) {
    let stream = memory.stream(memory.shape.depth)
    for i in worker.each(count) {
      (memory.scored + i * hidden).update(
        from: stream + batch.place(of: scored[first + i]) * hidden, count: hidden)
    }
    worker.barrier()
  }

  /// out = W rmsNorm(x).
  private func apply(
    to x: UnsafePointer<Float>, out: UnsafeMutablePointer<Float>, _ count: Int, _ worker: Worker
  ) {
    output.apply(
      worker, kernels, shared: memory.shared, own: memory.thread(worker.index), x: x,
      stride: hidden, rows: count, transform: backward.forward.norm(outputNorm), out: out,
      outStride: vocabulary, accumulate: false)
    worker.barrier()
  }

  /// The losses of scored row `index`, whose logits are number `i`; they become their gradient.
  private func score(_ index: Int, at i: Int, gradient: Bool) {
    let logits = memory.logits + i * vocabulary
    var largest: Float = 0
    var sum: Float = 0
    kernels.gradients.softmaxSums(logits, vocabulary, &largest, &sum)
    let target = targets[index]
    crossEntropies[index] = log(sum) - (logits[target] - largest)
    let weight = weights[index]
    if let teacher = teacher.map({ _ in memory.teacherLogits + i * vocabulary }) {
      var teacherLargest: Float = 0
      var teacherSum: Float = 0
      kernels.gradients.softmaxSums(teacher, vocabulary, &teacherLargest, &teacherSum)
      let cross = kernels.gradients.softmaxDifference(
        logits, teacher, vocabulary, largest, sum, teacherLargest, teacherSum,
        weight * (crossEntropy + distillation), weight * distillation)
      divergences[index] = cross + log(sum) - log(teacherSum)
    } else if gradient {
      kernels.gradients.softmaxScaled(logits, vocabulary, largest, weight * crossEntropy / sum)
    }
    if gradient { logits[target] -= weight * crossEntropy }
  }

  /// gradient[row] += the gradient of rmsNorm at the scored rows.
  private func scatter(_ first: Int, _ count: Int) {
    for i in 0..<count {
      kernels.gradients.rmsNormBackward(
        memory.scored + i * hidden, outputNorm, backward.forward.configuration.rmsNormEpsilon,
        memory.scoredGradient + i * hidden, hidden,
        memory.gradient + batch.place(of: scored[first + i]) * hidden, 1)
    }
  }
}
