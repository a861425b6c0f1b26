/// A value on the stack of a `PickleMachine`. Containers are numbers into the machine's heap: a
/// value never owns another one, so that nothing nests, however deep the pickle does.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  /// An integer of more than 64 bits, or a float: neither is needed for weights.
  case number
  case text(String)
  case tuple(Int)
  case list(Int)
  /// Keys and values in turn.
  case dict(Int)
  case global(PickleGlobal)
  case storage(Int)
  case tensor(Int)

  /// What it is, for errors.
  var kind: String {
    switch self {
    case .none: "None"
    case .bool: "a bool"
    case .integer, .number: "a number"
    case .text: "a string"
    case .tuple: "a tuple"
    case .list: "a list"
    case .dict: "a dict"
    case .global: "a class or function"
    case .storage: "a storage"
    case .tensor: "a tensor"
    }
  }
}

/// A storage as the pickle refers to it: the archive's entry `data/KEY`.
struct PickleStorage {
  let key: String
  /// Nil where the storage is untyped, and counted in bytes.
  let type: ElementType?
  let elementCount: Int
}

/// A tensor as the pickle describes it; offset and strides count elements. Nothing of it is checked
/// against the archive yet.
struct PickleTensor {
  /// Which of the machine's storages.
  let storage: Int
  let type: ElementType
  let offset: Int
  let shape: [Int]
  let strides: [Int]

  /// Whether the elements lie one after the other. Strides of dimensions of one element mean
  /// nothing, and of a tensor without elements none does (`Tensor.is_contiguous`).
  var isContiguous: Bool {
    if shape.contains(0) { return true }
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      guard stride == expected else { return false }
      let (next, overflow) = expected.multipliedReportingOverflow(by: size)
      guard !overflow else { return false }
      expected = next
    }
    return true
  }
}
