/// Follows a pickle without executing it. It knows the opcodes that `torch.save` writes for a state
/// dict, in protocols 2 to 5, and the objects of `PickleGlobal`; anything else is refused with its
/// name and place. Nothing recurses, and each opcode, at least a byte, makes at most one value.
///
/// Source: Lib/pickletools.py of CPython for the opcodes; torch/_utils.py for what the objects mean.
struct PickleMachine {
  private let path: String
  private var cursor: PickleCursor
  private var stack: [PickleValue] = []
  /// The stack's height at each mark.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private var heap: [[PickleValue]] = []
  private(set) var storages: [PickleStorage] = []
  private(set) var tensors: [PickleTensor] = []

  static let mostDimensions = 8

  /// The pickle that lies at `range` of `file`.
  init(_ file: MappedFile, _ range: Range<Int>) {
    path = file.path
    cursor = PickleCursor(file, range)
  }

  /// Follows the pickle to its end and returns what it describes.
  mutating func run() throws(ModelFileError) -> PickleValue {
    while true {
      let opcode = try cursor.readOpcode()
      if opcode == UInt8(ascii: ".") { return try pop() }
      try step(opcode)
    }
  }

  /// The elements of a tuple or list, or the keys and values of a dict in turn.
  func elements(_ container: Int) -> [PickleValue] { heap[container] }

  private mutating func step(_ opcode: UInt8) throws(ModelFileError) {
    switch opcode {
    case 0x80:  // PROTO
      let version = try cursor.read(UInt8.self)
      guard version <= 5 else { throw cursor.wrong("protocol \(version) is not known") }
    case 0x95:  // FRAME: its bytes follow, as opcodes
      let length = try cursor.read(UInt64.self)
      var ahead = cursor
      _ = try ahead.take(length)

    case UInt8(ascii: "N"): stack.append(.none)
    case 0x88: stack.append(.bool(true))
    case 0x89: stack.append(.bool(false))
    case UInt8(ascii: "J"): stack.append(.integer(Int(try cursor.read(Int32.self))))
    case UInt8(ascii: "K"): stack.append(.integer(Int(try cursor.read(UInt8.self))))
    case UInt8(ascii: "M"): stack.append(.integer(Int(try cursor.read(UInt16.self))))
    case 0x8A:  // LONG1
      let integer = try cursor.readInteger(try cursor.read(UInt8.self))
      stack.append(integer.map { .integer($0) } ?? .number)
    case UInt8(ascii: "G"):  // BINFLOAT
      _ = try cursor.take(8)
      stack.append(.number)
    case UInt8(ascii: "X"):  // BINUNICODE
      stack.append(.text(try cursor.readText(UInt64(try cursor.read(UInt32.self)))))
    case 0x8C:  // SHORT_BINUNICODE
      stack.append(.text(try cursor.readText(UInt64(try cursor.read(UInt8.self)))))
    case 0x8D:  // BINUNICODE8
      stack.append(.text(try cursor.readText(try cursor.read(UInt64.self))))

    case UInt8(ascii: "q"): try remember(Int(try cursor.read(UInt8.self)))
    case UInt8(ascii: "r"): try remember(Int(try cursor.read(UInt32.self)))
    case 0x94: try remember(memo.count)  // MEMOIZE
    case UInt8(ascii: "h"): try recall(Int(try cursor.read(UInt8.self)))
    case UInt8(ascii: "j"): try recall(Int(try cursor.read(UInt32.self)))

    case UInt8(ascii: "("): marks.append(stack.count)
    case UInt8(ascii: ")"): stack.append(.tuple(allocate([])))
    case 0x85, 0x86, 0x87:  // TUPLE1, TUPLE2, TUPLE3
      let elements = try popLast(Int(opcode - 0x84))
      stack.append(.tuple(allocate(elements)))
    case UInt8(ascii: "t"):
      let elements = try popToMark()
      stack.append(.tuple(allocate(elements)))
    case UInt8(ascii: "]"): stack.append(.list(allocate([])))
    case UInt8(ascii: "a"): try extendList(popLast(1))
    case UInt8(ascii: "e"): try extendList(popToMark())
    case UInt8(ascii: "}"): stack.append(.dict(allocate([])))
    case UInt8(ascii: "s"): try extendDict(popLast(2))
    case UInt8(ascii: "u"): try extendDict(popToMark())

    case UInt8(ascii: "c"):  // GLOBAL
      let module = try cursor.readLine()
      try pushGlobal(module + "." + cursor.readLine())
    case 0x93:  // STACK_GLOBAL
      let names = try popLast(2)
      guard case .text(let module) = names[0], case .text(let name) = names[1] else {
        throw cursor.wrong("the name of a global is not a string")
      }
      try pushGlobal(module + "." + name)
    case UInt8(ascii: "Q"): try pushStorage(pop())  // BINPERSID
    case UInt8(ascii: "R"): try reduce()
    case UInt8(ascii: "b"): try build()

    default:
      throw .unsupportedOpcode(path: path, opcode: opcode, offset: cursor.opcodeOffset)
    }
  }

  // MARK: Stack and memo

  private mutating func allocate(_ elements: [PickleValue]) -> Int {
    heap.append(elements)
    return heap.count - 1
  }

  private mutating func pop() throws(ModelFileError) -> PickleValue { try popLast(1)[0] }

  /// The last `count` values; those before a mark are out of reach.
  private mutating func popLast(_ count: Int) throws(ModelFileError) -> [PickleValue] {
    guard stack.count - (marks.last ?? 0) >= count else { throw cursor.wrong("its stack is empty") }
    defer { stack.removeLast(count) }
    return Array(stack.suffix(count))
  }

  private mutating func popToMark() throws(ModelFileError) -> [PickleValue] {
    guard let mark = marks.popLast() else { throw cursor.wrong("there is no mark") }
    defer { stack.removeLast(stack.count - mark) }
    return Array(stack[mark...])
  }

  private func top() throws(ModelFileError) -> PickleValue {
    guard stack.count > (marks.last ?? 0) else { throw cursor.wrong("its stack is empty") }
    return stack[stack.count - 1]
  }

  private mutating func remember(_ index: Int) throws(ModelFileError) { memo[index] = try top() }

  private mutating func recall(_ index: Int) throws(ModelFileError) {
    guard let value = memo[index] else { throw cursor.wrong("its memo has no number \(index)") }
    stack.append(value)
  }

  // MARK: Containers

  private mutating func extendList(_ elements: [PickleValue]) throws(ModelFileError) {
    guard case .list(let list) = try top() else {
      throw cursor.wrong("\(try top().kind) cannot be appended to")
    }
    heap[list] += elements
  }

  private mutating func extendDict(_ elements: [PickleValue]) throws(ModelFileError) {
    guard case .dict(let dict) = try top() else {
      throw cursor.wrong("\(try top().kind) has no items")
    }
    guard elements.count % 2 == 0 else { throw cursor.wrong("a key without a value") }
    heap[dict] += elements
  }

  // MARK: Objects

  private mutating func pushGlobal(_ name: String) throws(ModelFileError) {
    guard let global = PickleGlobal(name) else {
      throw .forbiddenGlobal(path: path, name: name, offset: cursor.opcodeOffset)
    }
    stack.append(.global(global))
  }

  /// `("storage", class, key, device, number of elements)`
  private mutating func pushStorage(_ value: PickleValue) throws(ModelFileError) {
    guard case .tuple(let tuple) = value, heap[tuple].count == 5,
      case .text("storage") = heap[tuple][0], case .global(let kind) = heap[tuple][1],
      case .text(let key) = heap[tuple][2], case .integer(let count) = heap[tuple][4], count >= 0
    else { throw cursor.wrong("a persistent object is not a storage") }
    switch kind {
    case .storage(let type):
      storages.append(PickleStorage(key: key, type: type, elementCount: count))
    case .untypedStorage:
      storages.append(PickleStorage(key: key, type: nil, elementCount: count))
    default: throw cursor.wrong("the class of a storage is not one")
    }
    stack.append(.storage(storages.count - 1))
  }

  /// What calling a known object would give.
  private mutating func reduce() throws(ModelFileError) {
    let call = try popLast(2)
    guard case .global(let global) = call[0], case .tuple(let tuple) = call[1] else {
      throw cursor.wrong("\(call[0].kind) is called")
    }
    let arguments = heap[tuple]
    switch global {
    case .orderedDict:
      guard arguments.isEmpty else { throw cursor.wrong("an OrderedDict with arguments") }
      stack.append(.dict(allocate([])))
    case .size:
      guard arguments.count == 1, case .tuple = arguments[0] else {
        throw cursor.wrong("a torch.Size of something else than a tuple")
      }
      stack.append(arguments[0])
    case .rebuildParameter:
      guard (3...4).contains(arguments.count), case .tensor = arguments[0] else {
        throw cursor.wrong("a Parameter of something else than a tensor")
      }
      stack.append(arguments[0])
    case .rebuildTensor:
      guard (6...7).contains(arguments.count) else { throw cursor.wrong("a tensor's arguments") }
      try pushTensor(arguments, type: nil)
    case .rebuildTypedTensor:
      guard (7...8).contains(arguments.count), case .global(.type(let type)) = arguments[6] else {
        throw cursor.wrong("a tensor's arguments")
      }
      try pushTensor(arguments, type: type)
    case .storage, .untypedStorage, .type: throw cursor.wrong("a class or type is called")
    }
  }

  /// `storage, offset, size, stride, …`; `type` is that of an untyped storage.
  private mutating func pushTensor(
    _ arguments: [PickleValue], type: ElementType?
  ) throws(ModelFileError) {
    guard case .storage(let storage) = arguments[0], case .integer(let offset) = arguments[1],
      offset >= 0, (storages[storage].type == nil) == (type != nil),
      let type = storages[storage].type ?? type
    else { throw cursor.wrong("a tensor's storage or offset") }
    let shape = try sizes(arguments[2])
    let strides = try sizes(arguments[3])
    guard shape.count == strides.count else {
      throw cursor.wrong("a tensor of \(shape.count) dimensions with \(strides.count) strides")
    }
    tensors.append(
      PickleTensor(storage: storage, type: type, offset: offset, shape: shape, strides: strides))
    stack.append(.tensor(tensors.count - 1))
  }

  private func sizes(_ value: PickleValue) throws(ModelFileError) -> [Int] {
    guard case .tuple(let tuple) = value else { throw cursor.wrong("\(value.kind) as a shape") }
    guard heap[tuple].count <= Self.mostDimensions else {
      throw cursor.wrong("\(heap[tuple].count) dimensions, of at most \(Self.mostDimensions)")
    }
    var sizes: [Int] = []
    for element in heap[tuple] {
      guard case .integer(let size) = element, size >= 0 else {
        throw cursor.wrong("a shape or stride that is no whole number")
      }
      sizes.append(size)
    }
    return sizes
  }

  /// Attributes of a state dict (`_metadata`: the versions of its modules) say nothing of weights.
  private mutating func build() throws(ModelFileError) {
    _ = try pop()
    guard case .dict = try top() else {
      throw cursor.wrong("\(try top().kind) with attributes")
    }
  }
}
