/// Writes a pickle opcode by opcode. Knows nothing of the reader: the opcodes are those of CPython's
/// Lib/pickletools.py, the objects those of `torch.save`.
public struct PickleBuilder {
  /// What was written so far.
  public var bytes: [UInt8] = []

  /// Begins with the protocol's number.
  public init(protocol version: UInt8 = 2) { bytes = [0x80, version] }

  /// Opcodes or operands as they are, one for each character.
  public mutating func op(_ text: String) { bytes += text.utf8 }

  /// A string.
  public mutating func text(_ text: String) {
    op("X")
    bytes.put(UInt32(text.utf8.count))
    bytes += text.utf8
  }

  /// A whole number, of up to 64 bits.
  public mutating func integer(_ value: Int) {
    bytes += [0x8A, 8]
    bytes.put(value)
  }

  /// A class or function.
  public mutating func global(_ module: String, _ name: String) { op("c\(module)\n\(name)\n") }

  /// A tuple of whole numbers.
  public mutating func tuple(_ values: [Int]) {
    op("(")
    for value in values { integer(value) }
    op("t")
  }

  /// A storage of the archive.
  public mutating func storage(_ key: String, _ type: String = "FloatStorage", count: Int) {
    op("(")
    text("storage")
    global("torch", type)
    text(key)
    text("cpu")
    integer(count)
    op("tQ")
  }

  /// A tensor of F32 unless `type` says otherwise.
  public mutating func tensor(
    _ key: String = "0", _ type: String = "FloatStorage", count: Int, offset: Int = 0,
    shape: [Int], strides: [Int]
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    op("(")
    storage(key, type, count: count)
    integer(offset)
    tuple(shape)
    tuple(strides)
    bytes.append(0x89)
    global("collections", "OrderedDict")
    op(")RtR")
  }

  /// The archive of a pickle and storages, as PyTorch names them.
  public static func archive(_ pickle: [UInt8], storages: [[UInt8]] = []) -> ZipBuilder {
    ZipBuilder(
      [("a/data.pkl", pickle), ("a/byteorder", Array("little".utf8))]
        + storages.enumerated().map { ("a/data/\($0.offset)", $0.element) })
  }
}
