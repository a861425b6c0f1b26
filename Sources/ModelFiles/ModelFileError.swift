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

  // MARK: Writing

  /// The folder that a file shall be written in is not there.
  case noSuchFolder(path: String)
  /// A result would be written over a file that it is made from.
  case isInput(path: String)
  /// The place is read-only, or belongs to somebody else.
  case notWritable(path: String)
  /// The disk has too little room for what is written at `path`.
  case noSpace(path: String, needed: UInt64, available: UInt64)

  /// The file would become larger than this process, or the file system, may have one.
  case sizeLimit(path: String)

  // MARK: Compression

  /// The zstd frame at byte `offset` of the compressed file is wrong; `problem` is zstd's word.
  case damagedZstd(path: String, offset: Int, problem: String)
  /// After the last frame, at byte `offset`, there is something that is no frame.
  case trailingBytes(path: String, offset: Int)
  /// A compressed file of `compressed` bytes decompresses to more than `most`.
  case expandsTooMuch(path: String, compressed: Int, most: Int)

  // MARK: Structure

  case unsupportedVersion(path: String, version: UInt32)
  /// A packed file of another version than the one that is read.
  case unsupportedPackedVersion(path: String, version: UInt32, supported: UInt32)
  /// A packed file says that it has `wanted` bytes.
  case wrongFileSize(path: String, found: Int, wanted: UInt64)
  /// The checksum of a packed file's header is not the one it states.
  case damagedHeader(path: String, found: UInt32, wanted: UInt32)
  case bigEndian(path: String)
  /// `field` begins at byte `offset` and needs more bytes than are left.
  case truncated(path: String, field: String, offset: Int, needed: UInt64, left: Int)
  /// `field` claims more items than the bytes that are left could hold.
  case countTooLarge(path: String, field: String, count: UInt64, most: Int)
  case nameTooLong(path: String, field: String, length: UInt64, most: Int)
  /// A key, tensor name or text that must be UTF-8 and is not.
  case invalidText(path: String, field: String)
  /// Text in another encoding than UTF-8, by its name.
  case wrongEncoding(path: String, found: String)

  /// `field` is `found`, which no file that is whole has there.
  case invalidField(path: String, field: String, found: String, wanted: String)
  /// At byte `offset` of the file, `wanted` should stand.
  case invalidJSON(path: String, offset: Int, wanted: String)
  /// A file of JSON that is not what it must be: `reason` says where.
  case unexpectedJSON(path: String, reason: String)

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
  /// A type of ggml that is not read here, by ggml's name, and the names of those that are read.
  case unsupportedTensorType(path: String, tensor: String, type: String, read: String)
  /// A type number that ggml has no name for.
  case unknownTensorType(path: String, tensor: String, type: UInt32)
  case partialBlock(
    path: String, tensor: String, rowLength: Int, format: String, elementsPerBlock: Int)
  case misalignedTensor(path: String, tensor: String, offset: UInt64, alignment: Int)
  /// The tensor's bytes end at `end` of a file of `byteCount` bytes.
  case tensorPastEnd(path: String, tensor: String, end: UInt64, byteCount: Int)
  case overlappingTensors(path: String, first: String, second: String)
  case missingTensor(path: String, tensor: String)

  /// A type that is read, but holds no elements a model can have, by its name.
  case unsupportedElements(path: String, tensor: String, type: String)
  /// A type of element that the format has no name for.
  case unknownElementType(path: String, tensor: String, type: String)
  /// The tensor has `found` bytes, and its type and shape need `wanted`.
  case sizeMismatch(path: String, tensor: String, found: UInt64, wanted: UInt64)
  /// The bytes of the file from `from` up to `to` belong to no tensor.
  case unusedBytes(path: String, from: Int, to: Int)

  // MARK: PyTorch archives

  /// The pickle asks for a Python object that no state dict needs.
  case forbiddenGlobal(path: String, name: String, offset: Int)
  /// The pickle has an opcode that no state dict needs, at byte `offset` of data.pkl.
  case unsupportedOpcode(path: String, opcode: UInt8, offset: Int)
  /// The opcode at byte `offset` of data.pkl does not find what it needs.
  case invalidPickle(path: String, offset: Int, problem: String)
  /// An entry of the archive that is compressed or encrypted.
  case unsupportedEntry(path: String, entry: String, problem: String)
  case missingEntry(path: String, entry: String)
  /// A view, such as a transpose, whose elements do not lie one after the other.
  case notContiguous(path: String, tensor: String, shape: [Int], strides: [Int])
  /// What was saved holds no tensors under names.
  case noStateDict(path: String, found: String)

  // MARK: Sharded checkpoints

  /// A folder without any of the files that could hold the weights.
  case noWeights(path: String, wanted: String)
  /// The index places tensors in a file that is not there.
  case missingShard(path: String, index: String)
  /// The index says that the file has the tensor, and it has not.
  case notInShard(path: String, tensor: String, index: String)
  case tensorInTwoShards(path: String, tensor: String, other: String)

  // MARK: Split files

  /// The file is one part of several, and its name is not `NAME-00001-of-0000N.gguf`.
  case splitNameMismatch(path: String, part: Int, count: Int, ending: String)
  case missingPart(path: String, part: Int, count: Int)
  /// Parts that are not of one model: `field` of the part at `path` is not what the others say.
  case partMismatch(path: String, field: String, found: String, wanted: String)
}
