/// Why a model file could not be read. `path` is the file as the caller named it; the other values
/// are what was found and what would have been right. `description` is one sentence to show a user.
public enum ModelFileError: Error, Equatable, Sendable {
  // MARK: Opening

  case noSuchFile(path: String)
  case noPermission(path: String)
  case isFolder(path: String)
  /// A pipe, socket or device.
  case notRegularFile(path: String)
  case emptyFile(path: String)
  /// A system call failed for a reason that has no case of its own.
  case systemFailure(path: String, call: String, errno: Int32)
  /// The first bytes are not those of the format that was wanted.
  case wrongKind(path: String, wanted: FileKind, found: FileKind)

  // MARK: Structure

  case unsupportedVersion(path: String, version: UInt32)
  case bigEndian(path: String)
  /// `field` begins at byte `offset` and needs more bytes than are left.
  case truncated(path: String, field: String, offset: Int, needed: UInt64, left: Int)
  /// `field` claims more items than the bytes that are left could hold.
  case countTooLarge(path: String, field: String, count: UInt64, most: Int)
  case nameTooLong(path: String, field: String, length: UInt64, most: Int)
  /// A key, tensor name or text that must be UTF-8 and is not.
  case invalidText(path: String, field: String)

  // MARK: Metadata

  case unknownValueType(path: String, key: String, type: UInt32)
  case invalidBool(path: String, key: String, byte: UInt8)
  case arraysNestedTooDeeply(path: String, key: String, most: Int)
  case duplicateKey(path: String, key: String)
  case invalidAlignment(path: String, found: String)
  case missingKey(path: String, key: String)
  case wrongType(path: String, key: String, found: String, wanted: String)
  case outOfRange(path: String, key: String, found: String, wanted: String)

  // MARK: Tensors

  case duplicateTensor(path: String, tensor: String)
  case tooManyDimensions(path: String, tensor: String, found: UInt32, most: Int)
  /// A dimension is zero or does not fit in a signed 64-bit number, or their product does not.
  case invalidShape(path: String, tensor: String, shape: [UInt64])
  /// A type of ggml that is not read here, by ggml's name.
  case unsupportedTensorType(path: String, tensor: String, type: String)
  /// A type number that ggml has no name for.
  case unknownTensorType(path: String, tensor: String, type: UInt32)
  case partialBlock(
    path: String, tensor: String, rowLength: Int, format: String, elementsPerBlock: Int)
  case misalignedTensor(path: String, tensor: String, offset: UInt64, alignment: Int)
  /// The tensor's bytes end at `end` of a file of `byteCount` bytes.
  case tensorPastEnd(path: String, tensor: String, end: UInt64, byteCount: Int)
  case overlappingTensors(path: String, first: String, second: String)
  case missingTensor(path: String, tensor: String)

  // MARK: Split files

  /// The file is one part of several, and its name is not `NAME-00001-of-0000N.gguf`.
  case splitNameMismatch(path: String, part: Int, count: Int)
  case missingPart(path: String, part: Int, count: Int)
  /// Parts that are not of one model: `field` of the part at `path` is not what the others say.
  case partMismatch(path: String, field: String, found: String, wanted: String)
}
