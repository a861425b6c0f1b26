import Driver
import KernelInterface

/// `InstructionSet.swift` asks for it.
func getenv(_ name: String) -> UnsafeMutablePointer<CChar>? {
  name.withCString { driver_environment($0) }
}

/// Every group of checks, of the instruction set that this CPU is given or `EMEND_ISA` names; returns the number of
/// failures. The portable kernels are compared with the references alone, others with references and portable kernels,
/// which fuse multiply-adds on Arm alone.
@_cdecl("run_checks") public func runChecks() -> Int {
  guard let set = try? InstructionSet.selected() else { return 1 }
  let kernels = set.kernels
  #if arch(arm64)
    let plain: KernelTable? = set == .portable ? nil : InstructionSet.portable.kernels
  #else
    let plain: KernelTable? = nil
  #endif
  let checker = Checker(kernels, plain: plain)
  checker.group("packing", checkPacking)
  checker.group("activations", checkQuantizeActivations)
  checker.group("linear layers of int8", checkLinearInt8)
  checker.group("extremes", checkExtremes)
  checker.group("linear layers of f32", checkLinearF32)
  checker.group("gradients of linear layers", checkLinearBackward)
  checker.group("gradients in bytes", checkByteGradients)
  checker.group("attention", checkAttention)
  checker.group("gradients of attention", checkAttendBackward)
  checker.group("rows", checkRows)
  checker.group("optimizers", checkOptimizers)
  checker.group("quantizers", checkQuantizers)
  if kernels.brain != nil { checker.group("bf16", checkBrain) }
  return checker.failures
}
