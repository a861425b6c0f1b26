import CPlatform
import KernelInterface
import KernelsPortable

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif
#if X86_KERNELS
  import KernelsAVX2
  import KernelsAVX512
  import KernelsAVX512BF16
#endif

/// The instruction sets that have kernels of their own, in rising order: each CPU runs those up to
/// its highest.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// Nothing beyond what every CPU of the architecture has.
  case portable
  /// x86-64-v3: AVX2, FMA, F16C.
  case avx2
  /// x86-64-v4 and VNNI.
  case avx512
  /// The same and AVX512-BF16, which training's bf16 option needs.
  case avx512bf16

  /// The environment variable that names the one to use.
  public static let environmentVariable = "EMEND_ISA"

  /// The highest one that this CPU runs and this build contains.
  public static let highest: InstructionSet = {
    #if X86_KERNELS
      switch Int(emend_highest_instruction_set()) {
      case Int(EmendInstructionSetAVX512BF16.rawValue): return .avx512bf16
      case Int(EmendInstructionSetAVX512.rawValue): return .avx512
      case Int(EmendInstructionSetAVX2.rawValue): return .avx2
      default: return .portable
      }
    #else
      return .portable
    #endif
  }()

  /// The one that the environment names, or the highest. Where the name is wrong (see `selected`) it
  /// is the highest.
  public static let best: InstructionSet = (try? selected()) ?? highest

  /// The one that `EMEND_ISA` names, or the highest where it is not set or empty. Throws
  /// `KernelError.unknownInstructionSet` or `.unavailableInstructionSet`; a program calls this once
  /// at its start, so that a wrong name is not passed over.
  public static func selected() throws(KernelError) -> InstructionSet {
    guard let value = getenv(environmentVariable), value.pointee != 0 else { return highest }
    let name = String(cString: value)
    guard let set = InstructionSet(rawValue: name) else {
      throw KernelError.unknownInstructionSet(name: name)
    }
    guard set.isAvailable else { throw KernelError.unavailableInstructionSet(set) }
    return set
  }

  /// Whether this CPU runs it and this build contains it.
  public var isAvailable: Bool {
    let order = InstructionSet.allCases
    return order.firstIndex(of: self)! <= order.firstIndex(of: .highest)!
  }

  /// Its kernels. Call only when `isAvailable`.
  public var kernels: KernelTable {
    precondition(isAvailable, "this CPU or build has no \(rawValue) kernels")
    switch self {
    case .portable: return KernelsPortable.kernelTable()
    #if X86_KERNELS
      case .avx2: return KernelsAVX2.kernelTable()
      case .avx512: return KernelsAVX512.kernelTable()
      case .avx512bf16:
        return KernelsAVX512.kernelTable().adding(
          KernelsAVX512BF16.brainKernelTable(), name: "avx512bf16")
    #else
      case .avx2, .avx512, .avx512bf16: return KernelsPortable.kernelTable()
    #endif
    }
  }

  /// Its kernels for bf16. Throws `KernelError.noBrainKernels` where it has none.
  public func brainKernels() throws(KernelError) -> BrainKernelTable {
    guard let brain = kernels.brain else { throw KernelError.noBrainKernels(self) }
    return brain
  }
}
