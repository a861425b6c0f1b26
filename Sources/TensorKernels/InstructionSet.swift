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
#if ARM_KERNELS
  import KernelsNEON
  import KernelsNEONI8MM
#endif

/// The instruction sets that have kernels of their own. A CPU runs those whose features it has; of them a
/// later one is faster.
public enum InstructionSet: String, Sendable, CaseIterable {
  /// Nothing beyond what every CPU of the architecture has.
  case portable
  /// x86-64-v3: AVX2, FMA, F16C.
  case avx2
  /// x86-64-v4 and VNNI.
  case avx512
  /// The same and AVX512-BF16, which training's bf16 option needs.
  case avx512bf16
  /// Arm with dot products of bytes: every Apple M, Neoverse N1, Cortex-A76 and what followed them.
  case neon
  /// The same with products of matrices of bytes and with bf16: Apple M2, Neoverse V1 and N2, and what
  /// followed them.
  case i8mm

  /// The environment variable that names the one to use.
  public static let environmentVariable = "EMEND_ISA"

  /// The fastest one that this CPU runs and this build contains.
  public static let highest: InstructionSet = allCases.last { $0.isAvailable } ?? .portable

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
    guard let needed = features else { return false }
    return InstructionSet.processorFeatures & needed == needed
  }

  private static let processorFeatures = emend_processor_features()

  /// What it needs of a CPU, as `emend_processor_features` has it; nil where this build does not contain it.
  private var features: UInt32? {
    func all(_ features: EmendFeature...) -> UInt32 { features.reduce(0) { $0 | $1.rawValue } }
    switch self {
    case .portable: return 0
    #if X86_KERNELS
      case .avx2: return all(EmendFeatureAVX2)
      case .avx512: return all(EmendFeatureAVX2, EmendFeatureAVX512VNNI)
      case .avx512bf16:
        return all(EmendFeatureAVX2, EmendFeatureAVX512VNNI, EmendFeatureAVX512BF16)
    #endif
    #if ARM_KERNELS
      case .neon: return all(EmendFeatureDotProduct)
      case .i8mm:
        return all(EmendFeatureDotProduct, EmendFeatureInt8Matrix, EmendFeatureBrainFloat)
    #endif
    default: return nil
    }
  }

  /// Its kernels. Call only when `isAvailable`.
  public var kernels: KernelTable {
    precondition(isAvailable, "this CPU or build has no \(rawValue) kernels")
    switch self {
    #if X86_KERNELS
      case .avx2: return KernelsAVX2.kernelTable()
      case .avx512: return KernelsAVX512.kernelTable()
      case .avx512bf16:
        return KernelsAVX512.kernelTable().adding(
          KernelsAVX512BF16.brainKernelTable(), name: "avx512bf16")
    #endif
    #if ARM_KERNELS
      case .neon: return KernelsNEON.kernelTable()
      case .i8mm:
        return KernelsNEONI8MM.kernelTable().adding(
          KernelsNEONI8MM.brainKernelTable(), name: "i8mm")
    #endif
    default: return KernelsPortable.kernelTable()
    }
  }

  /// Its kernels for bf16. Throws `KernelError.noBrainKernels` where it has none.
  public func brainKernels() throws(KernelError) -> BrainKernelTable {
    guard let brain = kernels.brain else { throw KernelError.noBrainKernels(self) }
    return brain
  }
}
