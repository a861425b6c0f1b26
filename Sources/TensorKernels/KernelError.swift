/// What can go wrong below the model.
public enum KernelError: Error, Equatable, CustomStringConvertible {
  /// The system has no address space for a buffer.
  case outOfMemory(bytes: Int)
  /// A row of a matrix holds an infinity or NaN, in its elements or its blocks' scales.
  case notFinite(row: Int)
  /// A model has no parameter of that name.
  case noSuchParameter(name: String)
  /// A parameter's values are not as many as its dimensions say.
  case wrongParameterSize(name: String, found: Int, wanted: [Int])
  /// EMEND_ISA names no instruction set.
  case unknownInstructionSet(name: String)
  /// EMEND_ISA names one that this CPU or this build does not have.
  case unavailableInstructionSet(InstructionSet)
  /// Products in bf16 were asked for with an instruction set that has none.
  case noBrainKernels(InstructionSet)

  /// One sentence that says what to do.
  public var description: String {
    switch self {
    case .outOfMemory(let bytes):
      "the system refused \(bytes) bytes of memory; close other programs, or use a smaller "
        + "context (-c) or model"
    case .notFinite(let row):
      "row \(row) holds a value or scale that is not a finite number; the file is damaged"
    case .noSuchParameter(let name):
      "the model has no parameter \(name); the values are of another model"
    case .wrongParameterSize(let name, let found, let wanted):
      "\(found) values were given for \(name), which has the shape \(wanted); they are of another "
        + "model"
    case .unknownInstructionSet(let name):
      "\(InstructionSet.environmentVariable) is '\(name)', and must be one of "
        + "\(KernelError.available); unset it for the fastest"
    case .unavailableInstructionSet(let set):
      "\(InstructionSet.environmentVariable) is '\(set.rawValue)', which this CPU or this build does "
        + "not have; use one of \(KernelError.available), or unset it for the fastest"
    case .noBrainKernels(let set):
      set == .highest
        ? "this CPU or this build has no bf16 products (AVX512-BF16, or FEAT_BF16 of Arm); use f32"
        : "the instruction set '\(set.rawValue)' has no bf16 products; unset "
          + "\(InstructionSet.environmentVariable), or use f32"
    }
  }

  private static var available: String {
    InstructionSet.allCases.filter { $0.isAvailable }.map { $0.rawValue }.joined(separator: ", ")
  }
}
