import Foundation
import ModelFiles

/// Steering vectors as PyTorch programs keep them.
extension ControlVector {
  /// Reads the vectors in `path`, safetensors or what torch.save writes, for a model of that shape:
  ///
  /// - one tensor `[width]` (or `[1, width]`) for each block, whose name says which: the number behind
  ///   "layer", "block" or the like (`layers.12.mlp`, `vec_layer_12_Llama-2-7b`), or the only number there is
  ///   (`12`, also as the key of a dict in a dict);
  /// - one tensor `[width]` with whatever name, or none, for `layer`;
  /// - a single tensor `[blocks, width]`, a row for each block, or for each and the embedding before them;
  /// - or one `[concepts, width]`, of which `row` is for `layer`. AxBench saves such: a tensor without a name
  ///   in a file `<method>_weight.pt`, which does not say the layer, however many rows it has.
  ///
  /// Blocks count from `firstBlock` there, 0 as in transformers or 1, negative ones from the end (-1 is the
  /// last, as in repeng), and their vectors are added after them. Blocks that `layers` does not have are left
  /// out; llama.cpp has no direction for block 0.
  ///
  /// Throws `controlVectorName`, `controlVectorWidth`, `controlVectorLayer`, `controlVectorTwice`,
  /// `controlVectorSeveral`, `controlVectorTable`, `controlVectorRow`, `controlVectorNotFinite`,
  /// `controlVectorEmpty`, `interventions`, and what makes the file unreadable.
  public init(
    checkpoint path: String, width: Int, layerCount: Int, firstBlock: Int = 0,
    layer: Int? = nil, row: Int? = nil, layers: LayerSelection = .all
  ) throws(LatentEditingError) {
    if let kinds = Interventions.kinds(inFolder: path) {
      throw .interventions(path: path, kinds: kinds)
    }
    let tensors: CheckpointTensors
    do throws(ModelFileError) {
      // torch.save writes a zip, and safetensors begins with a length.
      let file = try MappedFile(path: path)
      let isArchive = withExtendedLifetime(file) { FileKind(firstBytes: file.bytes) == .zip }
      tensors =
        isArchive
        ? try PyTorchArchive(anyTensorsOf: path).tensors : try SafetensorsFile(path: path).tensors
    } catch {
      throw WantedFile.steeringVectors.explained(error)
    }
    var directions: [Int: [Float]] = [:]
    func add(
      _ tensor: CheckpointTensor, _ elements: Range<Int>, block: Int, _ name: String
    ) throws(LatentEditingError) {
      if let chosen = layers.layers, !chosen.contains(block) { return }
      guard (1..<layerCount).contains(block) else {
        throw .controlVectorLayer(path: path, tensor: name, layerCount: layerCount)
      }
      guard directions[block] == nil else {
        throw .controlVectorTwice(path: path, tensor: name, layer: block)
      }
      let values: [Float]
      do { values = try tensors.floats(of: tensor, elements: elements) } catch {
        throw .file(error)
      }
      guard values.allSatisfy(\.isFinite) else {
        throw .controlVectorNotFinite(path: path, tensor: name)
      }
      directions[block] = values
    }

    if Interventions.isFile(path, tensors.map(\.name)) {
      throw .interventions(path: path, kinds: [])
    }
    func block(_ number: Int) -> Int { number < 0 ? layerCount + number : number - firstBlock }
    if layer != nil, tensors.count != 1 {
      throw .controlVectorSeveral(path: path, count: tensors.count)
    }
    let isTable = tensors.count == 1 && tensors[0].shape.count == 2 && tensors[0].shape[0] > 1
    let rows = isTable ? tensors[0].shape[0] : 1
    if let row, !isTable || !(0..<rows).contains(row) {
      throw .controlVectorRow(path: path, row: row, rows: rows)
    }
    let areConcepts = isTable && tensors[0].name.isEmpty && path.hasSuffix("_weight.pt")
    let ofTable = isTable && !tensors[0].name.isEmpty ? " of \(tensors[0].name)" : ""
    if isTable, row == nil || layer == nil {
      guard row == nil, layer == nil, !areConcepts,
        rows == layerCount || rows == layerCount + firstBlock
      else { throw .controlVectorTable(path: path, rows: rows, layerCount: layerCount) }
    }
    for tensor in tensors {
      guard tensor.shape.last == width, isTable || tensor.elementCount == width else {
        throw .controlVectorWidth(
          path: path, tensor: tensor.name,
          found: isTable ? tensor.shape.last ?? 1 : tensor.elementCount, needed: width)
      }
      if let row, let layer {
        try add(
          tensor, row * width..<(row + 1) * width, block: block(layer),
          "row \(row)\(ofTable)")
      } else if isTable {
        for row in 0..<tensor.shape[0] {
          try add(
            tensor, row * width..<(row + 1) * width, block: row - firstBlock,
            "row \(row)\(ofTable)")
        }
      } else {
        guard let number = layer ?? tensor.name.layerNumber else {
          throw .controlVectorName(path: path, tensor: tensor.name)
        }
        try add(tensor, 0..<width, block: block(number), tensor.name)
      }
    }
    guard !directions.isEmpty else { throw .controlVectorEmpty(path: path) }
    self.init(directions: directions)
  }

  /// The vector `factor` times as long.
  public func scaled(by factor: Float) -> ControlVector {
    ControlVector(
      directions: directions.mapValues { $0.map { factor * $0 } }, modelHint: modelHint)
  }
}

/// What pyvene and pyreft save of an `IntervenableModel`: a folder with `config.json`, whose
/// `intervention_types` are Python classes, and files `intkey_<key>.bin`.
private enum Interventions {
  private struct Configuration: Decodable {
    let interventionTypes: [String]
  }

  /// The classes' names of those in a folder; nil of what is no such folder.
  static func kinds(inFolder path: String) -> [String]? {
    guard let files = try? FileManager.default.contentsOfDirectory(atPath: path) else { return nil }
    if let found = try? JSONFile.read(Configuration.self, path: path + "/config.json") {
      // "<class 'pyreft.interventions.LoreftIntervention'>"
      let names = found.interventionTypes.compactMap {
        $0.split { !$0.isLetter && $0 != "_" }.last.map(String.init)
      }
      return Set(names).sorted()
    }
    return files.contains(where: isFileName) ? [] : nil
  }

  /// Whether a file is of such a folder, by its name or what it holds: R of LoReFT and its relatives, and
  /// what they learn in its rows.
  static func isFile(_ path: String, _ names: [String]) -> Bool {
    let learned = ["rotate_layer", "learned_source", "proj_layer"]
    return isFileName(path.split(separator: "/").last.map(String.init) ?? "")
      || names.contains { name in learned.contains { name == $0 || name.hasPrefix($0 + ".") } }
  }

  private static func isFileName(_ name: String) -> Bool { name.hasPrefix("intkey_") }
}

extension String {
  /// The number of a layer in the name of a tensor: the first one behind a word for layers, or else the only
  /// one there is; nil where there is neither. A hyphen belongs to it unless it stands between the word and
  /// the number: `layer_-5` and `-5` are counted from the end, `layer-5` is not.
  var layerNumber: Int? {
    let scalars = Array(lowercased().unicodeScalars)
    var numbers: [(start: Int, value: Int)] = []
    var index = 0
    while index < scalars.count {
      guard scalars[index].isDigit else {
        index += 1
        continue
      }
      let start = index
      while index < scalars.count, scalars[index].isDigit { index += 1 }
      let text = String(String.UnicodeScalarView(scalars[start..<index]))
      guard let value = Int(text), value < 65_536 else { continue }
      numbers.append((start, value))
    }
    let words = numbers.map { number in
      let end = scalars[..<number.start].lastIndex { !"._-:/[ ".unicodeScalars.contains($0) }
      let before = scalars[..<(end.map { $0 + 1 } ?? 0)]
      return Self.layerWords.contains { word in
        before.suffix(word.unicodeScalars.count).elementsEqual(word.unicodeScalars)
          && !(before.dropLast(word.unicodeScalars.count).last?.properties.isAlphabetic ?? false)
      }
    }
    let chosen: Int
    if let first = words.firstIndex(of: true) {
      chosen = first
    } else if numbers.count == 1 {
      chosen = 0
    } else {
      return nil
    }
    let (start, value) = numbers[chosen]
    guard start > 0, scalars[start - 1] == "-" else { return value }
    // The hyphen is a sign at the beginning, and behind another separator.
    let isSign = start == 1 || "._:/[ ".unicodeScalars.contains(scalars[start - 2])
    return isSign ? -value : value
  }

  private static let layerWords = ["layers", "layer", "blocks", "block", "blk", "h", "direction"]
}

extension Unicode.Scalar {
  fileprivate var isDigit: Bool { ("0"..."9").contains(self) }
}
