import CPlatform
import KernelInterface
import KernelsPortable

#if X86_KERNELS
  import KernelsAVX2
  import KernelsAVX512
#endif

/// The instruction sets that have kernels of their own, in rising order.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// Nothing beyond what every CPU of the architecture has.
  case portable
  /// x86-64-v3: AVX2, FMA, F16C.
  case avx2
  /// x86-64-v4 and VNNI.
  case avx512

  /// The best one that this CPU runs and this build contains.
  public static let best: InstructionSet = {
    #if X86_KERNELS
      switch Int(emend_highest_instruction_set()) {
      case Int(EmendInstructionSetAVX512.rawValue): return .avx512
      case Int(EmendInstructionSetAVX2.rawValue): return .avx2
      default: return .portable
      }
    #else
      return .portable
    #endif
  }()

  /// Whether this CPU runs it and this build contains it.
  public var isAvailable: Bool {
    let order = InstructionSet.allCases
    return order.firstIndex(of: self)! <= order.firstIndex(of: .best)!
  }

  /// Its kernels. Call only when `isAvailable`.
  public var kernels: KernelTable {
    precondition(isAvailable, "this CPU or build has no \(rawValue) kernels")
    switch self {
    case .portable: return KernelsPortable.kernelTable()
    #if X86_KERNELS
      case .avx2: return KernelsAVX2.kernelTable()
      case .avx512: return KernelsAVX512.kernelTable()
    #else
      case .avx2, .avx512: return KernelsPortable.kernelTable()
    #endif
    }
  }
}
