import Driver
import KernelInterface

/// `InstructionSet.swift` asks for it.
func getenv(_ name: String) -> UnsafeMutablePointer<CChar>? {
  name.withCString { driver_environment($0) }
}

/// Every group of checks; returns the number of failures. The portable kernels are compared with the references
/// alone, the others with references and portable kernels.
@_cdecl("run_checks") public func runChecks() -> Int {
  var failures = 0
  for set in InstructionSet.allCases where set.isAvailable {
    let plain = set == .portable ? nil : InstructionSet.portable.kernels
    let checker = Checker(set.kernels, plain: plain)
    checker.group("packing", checkPacking)
    checker.group("activations", checkQuantizeActivations)
    checker.group("linear layers of int8", checkLinearInt8)
    checker.group("extremes", checkExtremes)
    checker.group("linear layers of f32", checkLinearF32)
    checker.group("gradients of linear layers", checkLinearBackward)
    checker.group("attention", checkAttention)
    checker.group("gradients of attention", checkAttendBackward)
    checker.group("rows", checkRows)
    checker.group("optimizers", checkOptimizers)
    checker.group("quantizers", checkQuantizers)
    if set.kernels.brain != nil { checker.group("bf16", checkBrain) }
    failures += checker.failures
  }
  return failures
}
