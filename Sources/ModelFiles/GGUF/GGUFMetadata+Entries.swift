extension GGUFMetadata {
  /// What a reader would get from a file with those entries: for a model that has no GGUF file yet.
  ///
  /// - Parameters:
  ///   - path: the source, for errors.
  ///   - entries: keys and values, as `GGUFWriter` takes them.
  ///
  /// Throws `duplicateKey`, and what `GGUFFile` throws for entries that no file may have.
  package init(
    path: String, entries: [(key: String, value: GGUFEntry)]
  ) throws(ModelFileError) {
    var header = GGUFEntryBytes()
    for (key, value) in entries { header.append(key, value) }
    guard !header.bytes.isEmpty else {
      self.init(path: path)
      return
    }
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: header.bytes.count, alignment: 16)
    copy.copyBytes(from: header.bytes)
    nonisolated(unsafe) let owned = copy
    let file = try MappedFile(path: path, contents: UnsafeRawBufferPointer(copy)) {
      owned.deallocate()
    }
    var cursor = ByteCursor(file)
    self = try GGUFMetadataReader.read(count: entries.count, from: &cursor)
  }
}
