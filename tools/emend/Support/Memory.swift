import EditSessions
import TensorKernels

typealias Memory = SystemMemory

extension SystemMemory {
  /// "120.0 MB is available", or what the user allows.
  static func available(_ limit: Int?, _ bytes: Int) -> String {
    (limit == nil ? "" : "--memory-limit allows ") + display(bytes)
      + (limit == nil ? " is available" : "")
  }
}

extension MemoryShortage {
  /// The same in the words of the options that help.
  var withOptions: String {
    let found = Memory.available(limit, available)
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
