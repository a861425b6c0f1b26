/// The Python objects that a pickle may ask for by name: those a state dict is made of. None of
/// them is ever called; each has a meaning of its own in `PickleMachine`.
enum PickleGlobal: Equatable {
  case orderedDict
  case size
  /// `torch._utils._rebuild_tensor_v2`: storage, offset, size, stride, …
  case rebuildTensor
  /// `torch._utils._rebuild_tensor_v3`: the same with the type as the seventh argument.
  case rebuildTypedTensor
  case rebuildParameter
  case storage(ElementType)
  case untypedStorage
  case type(ElementType)

  /// The object `name`, as "torch.FloatStorage", or nil where no state dict needs it.
  init?(_ name: String) {
    guard let global = Self.all[name] else { return nil }
    self = global
  }

  private static let all: [String: PickleGlobal] = {
    var all: [String: PickleGlobal] = [
      "collections.OrderedDict": .orderedDict,
      "torch.Size": .size,
      "torch._utils._rebuild_tensor_v2": .rebuildTensor,
      "torch._utils._rebuild_tensor_v3": .rebuildTypedTensor,
      "torch._utils._rebuild_parameter": .rebuildParameter,
      // Of a parameter with attributes, as transformers 5 marks its own.
      "torch._utils._rebuild_parameter_with_state": .rebuildParameter,
      "torch.storage.UntypedStorage": .untypedStorage,
      "torch.UntypedStorage": .untypedStorage,
    ]
    for (name, type) in storages { all["torch.\(name)Storage"] = .storage(type) }
    for (name, type) in types { all["torch." + name] = .type(type) }
    return all
  }()

  private static let storages: [String: ElementType] = [
    "Float": .f32, "Half": .f16, "BFloat16": .bf16, "Double": .f64, "Long": .i64, "Int": .i32,
    "Short": .i16, "Char": .i8, "Byte": .u8, "Bool": .bool, "ComplexFloat": .c64,
  ]

  private static let types: [String: ElementType] = [
    "float32": .f32, "float16": .f16, "bfloat16": .bf16, "float64": .f64, "int64": .i64,
    "int32": .i32, "int16": .i16, "int8": .i8, "uint8": .u8, "uint16": .u16, "uint32": .u32,
    "uint64": .u64, "bool": .bool, "complex64": .c64, "float8_e5m2": .f8E5M2,
    "float8_e4m3fn": .f8E4M3, "float8_e8m0fnu": .f8E8M0,
  ]
}
