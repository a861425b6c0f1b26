import BlockFormats
import LatentEditing
import ModelFiles

/// Editors of one blueprint as one, parameter by parameter:
///
///     theta = sum_i w_i theta_i / sum_i w_i
///
/// the average of runs from one start ("model soups", arXiv 2203.05482), and what its adapters add made smaller,
/// B <- s B, towards the frozen processor that reads without them (the way back of arXiv 2109.01903): what was
/// learned of trained families is kept, and others gain.
///
/// `mean` of a prefix editor, around which `--strength` works, is averaged too, and not measured anew.
public enum EditorAverage {
  /// Writes the average of the editors' files to `path`, in the types that the first of them has.
  ///
  /// - Parameters:
  ///   - editors: at least one, each with its weight, above 0.
  ///   - shrink: s, from 0 (the reader without adapters) to 1.
  ///   - path: the editor that is written.
  /// - Throws: `notEditor`, `editorField` where blueprints or tokenizers differ, where there are codes of 8 bits,
  ///   or where there are no adapters to shrink; `tensorShape`, `tensorNotFinite` and `file`.
  public static func write(
    _ editors: [(path: String, weight: Float)], shrink: Float = 1, to path: String
  ) throws(LatentEditingError) {
    precondition(!editors.isEmpty && editors.allSatisfy { $0.weight > 0 && $0.weight.isFinite })
    precondition((0...1).contains(shrink))
    var files: [SafetensorsFile] = []
    for editor in editors { files.append(try SafetensorsFile(path: editor.path, as: .editor)) }
    let first = files[0]
    let configuration = try Editor.configuration(first)
    for file in files {
      guard try Editor.configuration(file) == configuration else {
        throw .editorField(
          path: file.tensors.path, field: "configuration", found: "another blueprint",
          needed: "that of \(first.tensors.path)")
      }
    }
    guard shrink == 1 || first.tensors.contains(where: isUp) else {
      throw .editorField(
        path: first.tensors.path, field: "the backbone", found: "without adapters",
        needed: "adapters, whose part is what --shrink makes smaller")
    }
    let total = editors.reduce(0) { $0 + Double($1.weight) }
    let weights = editors.map { Float(Double($0.weight) / total) }
    var writer = try begin(first, at: path)
    for tensor in first.tensors {
      if tensor.name == InstructionTokenizer.tensor {
        let bytes = try sameBytes(tensor, files)
        do { try writer.append(bytes.span.bytes) } catch { throw .file(error) }
        continue
      }
      var values = try average(tensor, files, weights)
      if isUp(tensor) { for i in values.indices { values[i] *= shrink } }
      do { try append(values, as: tensor.type, to: &writer) } catch { throw .file(error) }
    }
    do { try writer.commit() } catch { throw .file(error) }
  }

  /// A file with the tensors and the metadata of `first`.
  private static func begin(
    _ first: SafetensorsFile, at path: String
  ) throws(LatentEditingError) -> SafetensorsWriter {
    do {
      return try SafetensorsWriter(
        path: path,
        tensors: first.tensors.map { .init(name: $0.name, type: $0.type, shape: $0.shape) },
        metadata: first.metadata.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    } catch { throw .file(error) }
  }

  private static func append(
    _ values: [Float], as type: ElementType, to writer: inout SafetensorsWriter
  ) throws(ModelFileError) {
    guard type == .bf16 else { return try writer.append(values.span) }
    let halves = values.map { BFloat16($0).bits.littleEndian }
    try writer.append(halves.span.bytes)
  }

  private static func average(
    _ tensor: CheckpointTensor, _ files: [SafetensorsFile], _ weights: [Float]
  ) throws(LatentEditingError) -> [Float] {
    guard tensor.type == .f32 || tensor.type == .bf16 else {
      throw .editorField(
        path: files[0].tensors.path, field: "the tensor \(tensor.name)",
        found: "of type \(tensor.type.rawValue)",
        needed: "F32 or BF16: average what emend train wrote with --storage f32 or bf16")
    }
    var sum = [Float](repeating: 0, count: tensor.elementCount)
    for (file, weight) in zip(files, weights) {
      let values = try file.floats(tensor.name, shape: tensor.shape)
      for i in sum.indices { sum[i] += weight * values[i] }
    }
    return sum
  }

  /// A tokenizer that all of them have.
  private static func sameBytes(
    _ tensor: CheckpointTensor, _ files: [SafetensorsFile]
  ) throws(LatentEditingError) -> [UInt8] {
    let bytes = files[0].tensors.withBytes(of: tensor) { Array($0) }
    for file in files.dropFirst() {
      guard let other = file.tensors.tensorIfPresent(named: tensor.name),
        file.tensors.withBytes(of: other, { $0.elementsEqual(bytes) })
      else {
        throw .editorField(
          path: file.tensors.path, field: "the tensor \(tensor.name)", found: "another tokenizer",
          needed: "that of \(files[0].tensors.path)")
      }
    }
    return bytes
  }

  private static func isUp(_ tensor: CheckpointTensor) -> Bool { tensor.name.hasSuffix(".lora_B") }
}
