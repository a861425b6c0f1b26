/// Finds a tensor's bytes in the archive, from what the pickle says of it.
struct TensorPlace {
  let name: String
  let tensor: PickleTensor
  let storage: PickleStorage
  /// The folder of the archive, with its slash.
  let folder: String

  /// The tensor, its bytes known to lie inside of its storage's entry.
  func tensor(
    in archive: ZipArchive, of file: MappedFile
  ) throws(ModelFileError) -> CheckpointTensor {
    let entryName = folder + "data/" + storage.key
    guard let entry = archive.entry(named: entryName) else {
      throw .missingEntry(path: file.path, entry: entryName)
    }
    let unit = storage.type?.byteCount ?? 1
    let (storageBytes, overflow) = storage.elementCount.multipliedReportingOverflow(by: unit)
    guard !overflow, storageBytes == entry.range.count else {
      throw .invalidField(
        path: file.path, field: "the size of the entry \(entryName)", found: "\(entry.range.count)",
        wanted: "\(storage.elementCount) elements of \(unit) bytes, as the pickle says")
    }
    guard let byteCount = tensor.type.byteCount(shape: tensor.shape) else {
      throw .invalidShape(
        path: file.path, tensor: name, shape: tensor.shape.map { UInt64($0) })
    }
    guard tensor.isContiguous else {
      throw .notContiguous(
        path: file.path, tensor: name, shape: tensor.shape, strides: tensor.strides)
    }
    let (start, startOverflow) = tensor.offset.multipliedReportingOverflow(
      by: tensor.type.byteCount)
    let (end, endOverflow) = start.addingReportingOverflow(byteCount)
    guard !startOverflow, !endOverflow, end <= entry.range.count else {
      let skipped = startOverflow ? entry.range.count : min(start, entry.range.count)
      throw .sizeMismatch(
        path: file.path, tensor: name, found: UInt64(entry.range.count - skipped),
        wanted: UInt64(byteCount))
    }
    return CheckpointTensor(
      name: name, shape: tensor.shape, type: tensor.type, byteCount: byteCount,
      offset: entry.range.lowerBound + start)
  }
}
