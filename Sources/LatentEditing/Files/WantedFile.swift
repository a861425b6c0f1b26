import ModelFiles

/// A file that is wanted, in words: said where one of another sort is in its place.
package enum WantedFile: String {
  case editor = "the safetensors file of an editor, as emend train writes it"
  case compiledEdit = "the safetensors file of a compiled edit, as emend edit compile writes it"
  case adapters = "the safetensors file of adapters, as emend train --tune writes it"
  case controlVector = "the GGUF file of a control vector, as emend edit derive writes it"
  case steeringVectors = "steering vectors in a safetensors file or in what torch.save wrote"

  /// `error` in these words, where it says that the file is of another sort and not that it has to be
  /// decompressed or fetched.
  package func explained(_ error: ModelFileError) -> LatentEditingError {
    guard case .wrongKind(let path, _, let found) = error, !found.standsForAnother else {
      return .file(error)
    }
    return .wrongFile(path: path, found: found, needed: rawValue)
  }
}

extension SafetensorsFile {
  /// Opens the file at `path`, which is to be what is wanted.
  package init(path: String, as wanted: WantedFile) throws(LatentEditingError) {
    do { try self.init(path: path) } catch { throw wanted.explained(error) }
  }
}
