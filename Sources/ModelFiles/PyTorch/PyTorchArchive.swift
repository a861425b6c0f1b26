/// A checkpoint of `torch.save` (PyTorch 1.6 or newer): a ZIP archive of a pickle, which names and
/// describes the tensors, and of their storages. The pickle is read, never executed, and the
/// storages are used where they lie.
///
/// What was saved must be a dict of tensors, or a dict that has one under "state_dict", "model" or
/// "module"; values that are not tensors are left out. Tensors may share a storage. Views whose
/// elements are not in order, such as a transpose, are refused.
///
///     let file = try PyTorchArchive(path: "consolidated.00.pth")
///     let norm = try file.tensors.tensor(named: "norm.weight")
///     use(file.tensors.bytes(of: norm))
///
/// Source: torch/serialization.py (`_save`, `_load`).
public struct PyTorchArchive: Sendable {
  /// The tensors, in the order of the dict.
  public let tensors: CheckpointTensors

  /// Descriptions of a hundred thousand tensors; more would be for the memory it takes.
  private static let mostPickleBytes = 32 << 20
  private static let wrappers = ["state_dict", "model", "module"]

  /// Opens the file at `path`, which may be compressed with zstd.
  public init(path: String) throws(ModelFileError) {
    try self.init(MappedFile.contents(path: path))
  }

  /// Reads a file that is mapped already.
  package init(_ file: MappedFile) throws(ModelFileError) {
    try self.init(file, names: Self.stateDict)
  }

  /// Reads whatever tensors the file at `path` holds, under names made of the keys that lead to them: a
  /// tensor by itself has the name "", `{"a": {13: t}}` the name "a.13", and elements of lists their numbers.
  package init(anyTensorsOf path: String) throws(ModelFileError) {
    try self.init(MappedFile.contents(path: path), names: Self.anyTensors)
  }

  /// `names` finds the tensors in what was saved.
  private init(
    _ file: MappedFile,
    names: (PickleValue, PickleMachine, String) throws(ModelFileError) -> [(
      name: String, tensor: Int
    )]
  ) throws(ModelFileError) {
    let archive = try ZipArchive(file)
    let folder = try Self.folder(archive, path: file.path)
    try Self.checkByteOrder(archive, folder, file)
    guard let pickle = archive.entry(named: folder + "data.pkl") else {
      throw .missingEntry(path: file.path, entry: folder + "data.pkl")
    }
    guard pickle.range.count <= Self.mostPickleBytes else {
      throw .invalidField(
        path: file.path, field: "the size of data.pkl", found: "\(pickle.range.count)",
        wanted: "at most \(Self.mostPickleBytes)")
    }
    try Self.checkSum(pickle, file)

    var machine = PickleMachine(file, pickle.range)
    let root = try machine.run()
    var tensors: [CheckpointTensor] = []
    for (name, tensor) in try names(root, machine, file.path) {
      let place = TensorPlace(
        name: name, tensor: machine.tensors[tensor],
        storage: machine.storages[machine.tensors[tensor].storage], folder: folder)
      tensors.append(try place.tensor(in: archive, of: file))
    }
    self.tensors = try CheckpointTensors(path: file.path, files: [file], tensors: tensors)
  }

  /// The folder that everything in the archive is in, with its slash.
  private static func folder(
    _ archive: ZipArchive, path: String
  ) throws(ModelFileError) -> String {
    let folders = archive.entries.map(\.name).filter {
      $0.hasSuffix("/data.pkl") && $0.utf8.count(where: { $0 == UInt8(ascii: "/") }) == 1
    }
    guard let name = folders.first else { throw .missingEntry(path: path, entry: "data.pkl") }
    guard folders.count == 1 else {
      throw .invalidField(
        path: path, field: "the number of entries data.pkl", found: "\(folders.count)", wanted: "1")
    }
    return String(name.dropLast("data.pkl".count))
  }

  /// Archives since PyTorch 2.1 say how their numbers are stored; older ones are little-endian
  /// wherever they could have been made.
  private static func checkByteOrder(
    _ archive: ZipArchive, _ folder: String, _ file: MappedFile
  ) throws(ModelFileError) {
    guard let entry = archive.entry(named: folder + "byteorder") else { return }
    let order = String(decoding: file.bytes[entry.range].prefix(16), as: UTF8.self)
    guard order == "little" else {
      throw .invalidField(
        path: file.path, field: "the byte order", found: order, wanted: "little")
    }
  }

  private static func checkSum(
    _ entry: ZipArchive.Entry, _ file: MappedFile
  ) throws(ModelFileError) {
    let checksum = Checksum.crc32(file.bytes[entry.range])
    guard checksum == entry.checksum else {
      throw .invalidField(
        path: file.path, field: "the checksum of the entry \(entry.name)", found: "\(checksum)",
        wanted: "\(entry.checksum)")
    }
  }

  /// Names and numbers of the tensors in what was saved.
  private static func stateDict(
    _ root: PickleValue, _ machine: PickleMachine, _ path: String
  ) throws(ModelFileError) -> [(name: String, tensor: Int)] {
    guard case .dict(let dict) = root else { throw .noStateDict(path: path, found: root.kind) }
    let items = machine.elements(dict)
    var found = try namedTensors(items, path: path)
    if found.isEmpty {
      for wrapper in wrappers {
        for index in stride(from: 0, to: items.count, by: 2) {
          guard case .text(wrapper) = items[index], case .dict(let inner) = items[index + 1] else {
            continue
          }
          found = try namedTensors(machine.elements(inner), path: path)
          if !found.isEmpty { return found }
        }
      }
      throw .noStateDict(path: path, found: "a dict without tensors")
    }
    return found
  }

  /// Containers in containers in containers; nothing keeps tensors deeper.
  private static let mostNested = 3
  private static let mostTensors = 1 << 16

  private static func anyTensors(
    _ root: PickleValue, _ machine: PickleMachine, _ path: String
  ) throws(ModelFileError) -> [(name: String, tensor: Int)] {
    var found: [(name: String, tensor: Int)] = []
    func add(_ value: PickleValue, _ name: String, depth: Int) {
      // A list may stand in many places, and its elements count in each.
      guard found.count < mostTensors else { return }
      func inner(_ key: String) -> String { name.isEmpty ? key : name + "." + key }
      switch value {
      case .tensor(let tensor): found.append((name, tensor))
      case .dict(let dict) where depth < mostNested:
        let items = machine.elements(dict)
        for index in stride(from: 0, to: items.count - 1, by: 2) {
          switch items[index] {
          case .text(let key): add(items[index + 1], inner(key), depth: depth + 1)
          case .integer(let key): add(items[index + 1], inner("\(key)"), depth: depth + 1)
          default: continue
          }
        }
      case .list(let list) where depth < mostNested, .tuple(let list) where depth < mostNested:
        for (index, element) in machine.elements(list).enumerated() {
          add(element, inner("\(index)"), depth: depth + 1)
        }
      default: break
      }
    }
    add(root, "", depth: 0)
    guard !found.isEmpty else {
      throw .noStateDict(path: path, found: "\(root.kind) without tensors")
    }
    return found
  }

  private static func namedTensors(
    _ items: [PickleValue], path: String
  ) throws(ModelFileError) -> [(name: String, tensor: Int)] {
    var found: [(name: String, tensor: Int)] = []
    for index in stride(from: 0, to: items.count, by: 2) {
      if case .text(let name) = items[index], case .tensor(let tensor) = items[index + 1] {
        found.append((name, tensor))
      }
    }
    return found
  }
}
