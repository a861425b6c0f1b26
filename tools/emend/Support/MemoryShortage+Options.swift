import TensorKernels

extension MemoryShortage {
  /// The same in the words of the options that help.
  var withOptions: String {
    let size = SystemMemory.display(available)
    let found = limit == nil ? "\(size) is available" : "--memory-limit allows \(size)"
    return switch work {
    case .running:
      "this needs \(needed), and \(found); use a shorter context (--ctx-size), "
        + "a smaller cache (--cache-type q8_0) or a smaller model"
    case .calibrating:
      "this calibration needs \(needed), and \(found); take fewer windows "
        + "(--calibration-windows)"
    case .training:
      "this training needs \(needed), and \(found); use smaller batches (--batch-size), "
        + "shorter sequences (--max-seq-length) or --optimizer adamw8bit"
    case .evaluating:
      "this evaluation needs \(needed) of memory, and \(found); use smaller batches "
        + "(--batch-size) or shorter sequences (--max-seq-length)"
    }
  }
}
