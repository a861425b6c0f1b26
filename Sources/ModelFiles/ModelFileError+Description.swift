import PlainText

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

extension ModelFileError: CustomStringConvertible {
  /// `FILE: what is wrong; what to do.`
  public var description: String { "\(displayed(path, limit: 4096)): \(problem)" }

  /// The file the error is about.
  public var path: String {
    switch self {
    case .noSuchFile(let path), .noPermission(let path), .isFolder(let path),
      .notRegularFile(let path), .emptyFile(let path), .systemFailure(let path, _, _),
      .wrongKind(let path, _, _), .unsupportedVersion(let path, _), .bigEndian(let path),
      .unsupportedPackedVersion(let path, _, _), .wrongFileSize(let path, _, _),
      .damagedHeader(let path, _, _),
      .truncated(let path, _, _, _, _), .countTooLarge(let path, _, _, _),
      .nameTooLong(let path, _, _, _), .invalidText(let path, _), .sizeLimit(let path),
      .wrongEncoding(let path, _),
      .unknownValueType(let path, _, _), .invalidBool(let path, _, _),
      .arraysNestedTooDeeply(let path, _, _), .duplicateKey(let path, _),
      .invalidAlignment(let path, _), .missingKey(let path, _), .wrongType(let path, _, _, _),
      .outOfRange(let path, _, _, _), .duplicateTensor(let path, _),
      .tooManyDimensions(let path, _, _, _), .invalidShape(let path, _, _),
      .unsupportedTensorType(let path, _, _, _), .unknownTensorType(let path, _, _),
      .partialBlock(let path, _, _, _, _), .misalignedTensor(let path, _, _, _),
      .tensorPastEnd(let path, _, _, _), .overlappingTensors(let path, _, _),
      .missingTensor(let path, _), .splitNameMismatch(let path, _, _, _),
      .missingPart(let path, _, _), .partMismatch(let path, _, _, _),
      .noSuchFolder(let path), .isInput(let path), .notWritable(let path), .noSpace(let path, _, _),
      .damagedZstd(let path, _, _), .trailingBytes(let path, _), .expandsTooMuch(let path, _, _),
      .invalidField(let path, _, _, _), .invalidJSON(let path, _, _), .unexpectedJSON(let path, _),
      .unsupportedElements(let path, _, _), .unknownElementType(let path, _, _),
      .sizeMismatch(let path, _, _, _), .unusedBytes(let path, _, _),
      .forbiddenGlobal(let path, _, _), .unsupportedOpcode(let path, _, _),
      .invalidPickle(let path, _, _), .unsupportedEntry(let path, _, _),
      .missingEntry(let path, _), .notContiguous(let path, _, _, _), .noStateDict(let path, _),
      .noWeights(let path, _), .missingShard(let path, _), .notInShard(let path, _, _),
      .tensorInTwoShards(let path, _, _):
      path
    }
  }

  private var problem: String {
    switch self {
    case .noSuchFile:
      "there is no such file; check the path"
    case .noPermission:
      "you may not read it; change its permissions or those of its folder"
    case .isFolder:
      "it is a folder; name the file in it"
    case .notRegularFile:
      "it is a pipe, socket or device; a model must be a file on disk"
    case .emptyFile:
      "it is empty; fetch it again"
    case .systemFailure(_, let call, let number):
      "\(call) failed: \(String(cString: strerror(number)))"
    case .wrongKind(_, let wanted, let found):
      "it seems to be \(found.description), not \(wanted.description)\(found.remedy)"

    case .sizeLimit:
      "it would become larger than files may be here; raise the limit (ulimit -f), or write it to another "
        + "file system"
    case .noSuchFolder:
      "the folder it should be written in is not there; make it first"
    case .isInput:
      "it is read here, and writing the result over it would lose it; choose another name for the result"
    case .notWritable:
      "it cannot be written; change its permissions or those of its folder, or choose another place"
    case .noSpace(_, let needed, let available):
      "writing it needs \(needed) bytes and the disk has \(available) free; make room or choose "
        + "another disk"

    case .damagedZstd(_, let offset, let problem):
      "the zstd frame at byte \(offset) cannot be decompressed (\(displayed(problem))); "
        + "fetch it again"
    case .trailingBytes(_, let offset):
      "from byte \(offset) on it has bytes that are no zstd frame; the file is damaged"
    case .expandsTooMuch(_, let compressed, let most):
      "its \(compressed) bytes decompress to more than \(most), which no checkpoint does; if it is "
        + "one, decompress it first (zstd -d)"

    case .invalidField(_, let field, let found, let wanted):
      "\(displayed(field)) is \(displayed(found)), and must be \(displayed(wanted)); "
        + "the file is damaged: fetch it again"
    case .unexpectedJSON(_, let reason):
      "\(reason); choose another file, or fetch it again where it should be right"
    case .invalidJSON(_, let offset, let wanted):
      "its JSON has no \(wanted) at byte \(offset), where there must be one; the file is damaged: "
        + "fetch it again"

    case .unsupportedVersion(_, let version):
      "it is GGUF version \(version); versions 2 and 3 are read: convert the model again"
    case .unsupportedPackedVersion(_, let version, let supported):
      "it is packed in version \(version), and this program reads version \(supported); pack the "
        + "model again: emend convert MODEL.gguf OUT --packed"
    case .wrongFileSize(_, let found, let wanted):
      "it has \(found) bytes and says that it has \(wanted); it is cut short or damaged: fetch it "
        + "or pack the model again"
    case .damagedHeader(_, let found, let wanted):
      "the checksum of its header is \(found) and should be \(wanted); it is damaged: fetch it or "
        + "pack the model again"
    case .bigEndian:
      "it is a big-endian GGUF; convert it to little-endian first (gguf-convert-endian)"
    case .truncated(_, let field, let offset, let needed, let left):
      "\(displayed(field)) at byte \(offset) needs \(needed) bytes and \(left) are left; "
        + "the file is cut short or damaged: fetch it again"
    case .countTooLarge(_, let field, let count, let most):
      "\(displayed(field)) is \(count), and the bytes left hold at most \(most); "
        + "the file is cut short or damaged: fetch it again"
    case .nameTooLong(_, let field, let length, let most):
      "\(displayed(field)) has \(length) bytes, and at most \(most) are allowed; "
        + "the file is damaged"
    case .invalidText(_, let field):
      "\(displayed(field)) is not valid UTF-8; the file is damaged"

    case .wrongEncoding(_, let found):
      "it is text in \(found); convert it first (iconv -f \(found) -t utf-8)"

    case .unknownValueType(_, let key, let type):
      "the value of \(displayed(key)) has type \(type), and GGUF has types 0 to 12; "
        + "the file is damaged"
    case .invalidBool(_, let key, let byte):
      "a bool of \(displayed(key)) is the byte \(byte), and only 0 and 1 are allowed; "
        + "the file is damaged"
    case .arraysNestedTooDeeply(_, let key, let most):
      "the arrays of \(displayed(key)) are nested more than \(most) deep"
    case .duplicateKey(_, let key):
      "the key \(displayed(key)) appears twice; the file is damaged"
    case .invalidAlignment(_, let found):
      "general.alignment is \(displayed(found)); it must be a uint32 and a power of two from 8 "
        + "to 1048576"
    case .missingKey(_, let key):
      "it has no \(displayed(key)), which is needed; convert the model again"
    case .wrongType(_, let key, let found, let wanted):
      "\(displayed(key)) is of type \(found), and must be \(wanted)"
    case .outOfRange(_, let key, let found, let wanted):
      "\(displayed(key)) is \(displayed(found)), and must be \(wanted)"

    case .duplicateTensor(_, let tensor):
      "the tensor \(displayed(tensor)) appears twice; the file is damaged"
    case .tooManyDimensions(_, let tensor, let found, let most):
      "the tensor \(displayed(tensor)) has \(found) dimensions, and at most \(most) are allowed"
    case .invalidShape(_, let tensor, let shape):
      "the tensor \(displayed(tensor)) has the shape \(shape); its dimensions must be at least 1 "
        + "and its size must fit in 63 bits"
    case .unsupportedTensorType(_, let tensor, let type, let read):
      "the tensor \(displayed(tensor)) has type \(type), which Emend does not read; convert the "
        + "model to one of \(read)"
    case .unknownTensorType(_, let tensor, let type):
      "the tensor \(displayed(tensor)) has the type number \(type), which is not known; the file "
        + "is damaged or newer than this program"
    case .partialBlock(_, let tensor, let rowLength, let format, let elementsPerBlock):
      "the rows of tensor \(displayed(tensor)) have \(rowLength) elements, and \(format) needs a "
        + "multiple of \(elementsPerBlock)"
    case .misalignedTensor(_, let tensor, let offset, let alignment):
      "the tensor \(displayed(tensor)) has the offset \(offset), which must be a multiple of "
        + "\(alignment)"
    case .tensorPastEnd(_, let tensor, let end, let byteCount):
      "the tensor \(displayed(tensor)) ends at byte \(end) and the file has \(byteCount); "
        + "the file is cut short or damaged: fetch it again"
    case .overlappingTensors(_, let first, let second):
      "the tensors \(displayed(first)) and \(displayed(second)) share bytes; the file is damaged"
    case .missingTensor(_, let tensor):
      "it has no tensor \(displayed(tensor)), which is needed"

    case .unsupportedElements(_, let tensor, let type):
      "the tensor \(displayed(tensor)) has elements of type \(type), and weights are read from "
        + "F32, F16 and BF16; save it again in one of these"
    case .unknownElementType(_, let tensor, let type):
      "the tensor \(displayed(tensor)) has the element type \(displayed(type)), which is not known; "
        + "the file is damaged or newer than this program"
    case .sizeMismatch(_, let tensor, let found, let wanted):
      "the tensor \(displayed(tensor)) has \(found) bytes, and its type and shape need \(wanted); "
        + "the file is damaged"
    case .unusedBytes(_, let from, let to):
      "the bytes from \(from) to \(to) belong to no tensor; the file is damaged"

    case .forbiddenGlobal(_, let name, let offset):
      "its pickle asks for \(displayed(name)) at byte \(offset) of data.pkl, which weights do not "
        + "need; nothing was executed: if you trust the file, save its state dict alone"
    case .unsupportedOpcode(_, let opcode, let offset):
      "its pickle has the opcode \(opcode) at byte \(offset) of data.pkl, which weights do not "
        + "need; save the state dict alone"
    case .invalidPickle(_, let offset, let problem):
      "its pickle is wrong at byte \(offset) of data.pkl: \(displayed(problem)); fetch it again"
    case .unsupportedEntry(_, let entry, let problem):
      "the entry \(displayed(entry)) of the archive is \(problem), and PyTorch stores it as it is; "
        + "save it again with torch.save"
    case .missingEntry(_, let entry):
      "the archive has no entry \(displayed(entry)); it is damaged, or not from torch.save"
    case .notContiguous(_, let tensor, let shape, let strides):
      "the tensor \(displayed(tensor)) of shape \(shape) has the strides \(strides), so its elements "
        + "are not in order; save it again after .contiguous()"
    case .noStateDict(_, let found):
      "it holds \(displayed(found)) instead of named tensors; save the model's state_dict()"

    case .noWeights(_, let wanted):
      "the folder has none of \(wanted); name the folder that the model was saved in"
    case .missingShard(_, let index):
      "it is named in \(displayed(index)) and is missing; fetch it"
    case .notInShard(_, let tensor, let index):
      "it has no tensor \(displayed(tensor)), although \(displayed(index)) says so; the files do not "
        + "belong together"
    case .tensorInTwoShards(_, let tensor, let other):
      "the tensor \(displayed(tensor)) is here and in \(displayed(other)) too; the files do not "
        + "belong together"

    case .splitNameMismatch(_, let part, let count, let ending):
      "it is part \(part) of \(count) of a split model, and its name must end in "
        + "\"\(ending)\" for the others to be found"
    case .missingPart(_, let part, let count):
      "this part, \(part) of \(count) of a split model, is missing; put it beside the others"
    case .partMismatch(_, let field, let found, let wanted):
      "\(field) is \(displayed(found)), and the other parts of the model say \(displayed(wanted)); "
        + "the files do not belong together"
    }
  }
}
