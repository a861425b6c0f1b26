import BlockFormats
import Foundation
import KernelInterface
import MessagePassing
import ModelFiles
import TensorKernels

/// What will become of one tensor.
public struct PlannedTensor: Sendable, Equatable {
  /// Its name in GGUF.
  public let name: String
  /// Its dimensions in ggml's order.
  public let shape: [Int]
  /// What the source calls its elements.
  public let from: String
  /// The format it gets.
  public let format: BlockFormat
  /// Its size in the new file.
  public let byteCount: Int
  /// Whether it is a matrix that is packed for the CPU.
  public let isPacked: Bool
  /// Why the format is not the one that was asked for.
  public let note: String?
}

/// How far a conversion is.
public struct ConversionProgress: Sendable {
  /// The tensor that is being converted.
  public let tensor: String
  /// Bytes of the source that were read.
  public let bytesDone: Int
  /// All bytes there are to read.
  public let bytesTotal: Int
  /// How far the calibration is; nil before it, and where there is none.
  public var calibration: CalibrationProgress?
}

/// What a conversion came to.
public struct ConversionResult: Sendable, Equatable {
  /// Size of the file.
  public let byteCount: Int
  /// Its SHA-256, in hexadecimal.
  public let sha256: String
  /// What quantized weights lost by being quantized again; nil where none were.
  public let requantization: RequantizationLoss?
}

/// A checkpoint that is to become a GGUF file, or a packed file (`PackedHeader`): first the plan, which costs nothing, then the work,
/// one slice of one tensor at a time.
///
///     let source = try Checkpoint.open("Llama-2-7b-hf")
///     let conversion = try Conversion(source, recipe: ConversionRecipe(type: .q4_0))
///     print(conversion.plan, conversion.byteCount)
///     let result = try conversion.write(to: "llama-2-7b.gguf", pool: ThreadPool()) { _ in true }
///
/// The same source, recipe and version give the same bytes, on any number of threads. Memory is a
/// few slices, whatever the size of the model.
public struct Conversion: Sendable {
  /// What will become of each tensor, in the order of the file.
  public let plan: [PlannedTensor]
  let source: any CheckpointSource
  let recipe: ConversionRecipe?
  private let packed: Bool
  let calibration: Calibration?
  /// The source's tensors, in the order of the file.
  let tensors: [SourceTensor]
  /// For each, its number in the source.
  private let order: [Int]
  /// Tensors that the calibration makes: the last of the file.
  let calibratedCount: Int

  /// Version of the converter, as it stands in the files.
  public static let version = "0.1.0"

  /// One that is filled, one that is written, and one so that neither waits for the other.
  private static let slicesUnderWay = 3

  /// Plans the conversion.
  ///
  /// - Parameters:
  ///   - source: what is converted.
  ///   - recipe: which tensor gets which format; nil where every tensor keeps its own, byte for byte.
  ///   - calibration: how the linear layers are rounded; nil for each block by itself. They then come
  ///     after all other tensors, in the order of the computation.
  ///   - packed: whether a packed file is written.
  ///
  /// Throws `lossyToLossy` where a quantized tensor would be quantized to another format and the
  /// recipe does not allow that; with a calibration also what makes the checkpoint not run.
  public init(
    _ source: any CheckpointSource, recipe: ConversionRecipe?, calibration: Calibration? = nil,
    packed: Bool = false
  ) throws(ConversionError) {
    self.source = source
    self.recipe = recipe
    self.packed = packed
    self.calibration = calibration
    var calibrated: [String] = []
    if calibration != nil {
      guard let type = recipe?.type, type.elementsPerBlock == 32 else {
        throw .quantization(.nothingToCalibrate(format: recipe?.type ?? .f32))
      }
      let configuration = try source.configuration()
      _ = try CheckpointModel.check(source, configuration)
      for layer in 0..<configuration.layerCount {
        calibrated += configuration.linears(layer).joined().map(\.name)
      }
    }
    (order, calibratedCount) = Self.order(of: source.tensors, last: calibrated)
    tensors = order.map { source.tensors[$0] }
    let isOutputTied = !source.tensors.contains { $0.name == "output.weight" }
    let model = MixedModel(
      isOutputTied: isOutputTied, recipe?.mixture == nil ? nil : try source.configuration())
    var plan: [PlannedTensor] = []
    for tensor in tensors {
      let (format, note) =
        recipe?.format(for: tensor, in: model) ?? (tensor.format, nil)
      // An embedding of its own is read row by row.
      let isPacked =
        packed && tensor.shape.count == 2 && (isOutputTied || tensor.name != "token_embd.weight")
      guard
        !tensor.isQuantized || !format.isQuantized || tensor.format == format
          || recipe?.allowsRequantizing == true
      else {
        throw .lossyToLossy(
          path: source.path, tensor: tensor.name, from: tensor.storedAs, to: format)
      }
      // Rows fill whole blocks, and the source's size fits in an Int; F32 is at most eight times it.
      guard let rowBytes = format.byteCount(elements: tensor.columns),
        case (let plainBytes, false) = rowBytes.multipliedReportingOverflow(by: tensor.rows),
        let byteCount = isPacked
          ? PackedLayout.byteCount(format, rows: tensor.rows, columns: tensor.columns) : plainBytes
      else {
        throw .wrongShape(
          path: source.path, tensor: tensor.name, found: tensor.shape, wanted: tensor.shape)
      }
      plan.append(
        PlannedTensor(
          name: tensor.name, shape: tensor.shape, from: tensor.storedAs, format: format,
          byteCount: byteCount, isPacked: isPacked, note: note))
    }
    self.plan = plan
  }

  /// The numbers of the tensors, those called as in `last` behind the others and in that order.
  private static func order(
    of tensors: [SourceTensor], last: [String]
  ) -> (order: [Int], lastCount: Int) {
    let places = Dictionary(
      last.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let others = tensors.indices.filter { places[tensors[$0].name] == nil }
    let moved = tensors.indices.compactMap { index in
      places[tensors[index].name].map { (place: $0, index: index) }
    }.sorted { $0.place < $1.place }
    return (others + moved.map(\.index), moved.count)
  }

  /// The most memory that the calibration takes on so many threads of each of so many ranks, besides a few slices; 0
  /// without one.
  public func calibrationBytes(threads: Int, ranks: Int = 1) throws(ConversionError) -> Int {
    guard let calibration else { return 0 }
    return CalibrationWork.byteCount(
      try source.configuration(), calibration, threads: threads, ranks: ranks)
  }

  /// The most memory that the slices take which are in work at a time, whatever the size of the model: those
  /// that are written, the one that is put together, what each thread rounds, and what the source holds.
  public func sliceBytes(threads: Int) -> Int {
    let slices = plan.indices.map { slicing($0) }
    let widest = tensors.map(\.columns).max() ?? 0
    return Self.slicesUnderWay * (slices.map(\.writtenBytes).max() ?? 0)
      + (slices.map(\.readBytes).max() ?? 0) + threads * 4 * (max(8192, 2 * widest) + 4096)
      + source.heldBytes
  }

  /// Bytes of all tensors in the new file.
  public var byteCount: Int { plan.reduce(0) { $0 + $1.byteCount } }

  /// What the file says of the model and of how it was made.
  private var metadata: [(key: String, value: GGUFEntry)] {
    let fileType = recipe.map { .uint32($0.fileType) } ?? (source as? GGUFCheckpoint)?.fileType
    return source.metadata + (fileType.map { [("general.file_type", $0)] } ?? []) + [
      ("general.quantization_version", .uint32(2)),
      ("emend.provenance.source", .string(source.name)),
      ("emend.provenance.recipe", .string(recipe?.summary ?? "type=kept")),
      ("emend.provenance.version", .string(Self.version)),
    ] + (calibration.map { [("emend.provenance.calibration", .string($0.summary))] } ?? [])
  }

  /// What a packed file says besides: its alignment, and the checksums of what it was made of.
  private func packedMetadata(
    _ path: String, _ onProgress: (ConversionProgress) -> Bool
  ) throws(ConversionError) -> [(key: String, value: GGUFEntry)] {
    let lines: [String]?
    do throws(ModelFileError) {
      lines = try SourceDigest.lines(of: source.files) { name, done, total in
        onProgress(
          ConversionProgress(tensor: "sha256 of \(name)", bytesDone: done, bytesTotal: total))
      }
    } catch { throw .file(error) }
    guard let lines else { throw .interrupted(path: path) }
    return [("general.alignment", .uint32(64)), ("emend.provenance.sha256", .strings(lines))]
  }

  // MARK: Work

  /// Writes the file at `path`. `onProgress` is called for each slice; where it returns false the
  /// work stops with `interrupted`. Whatever is thrown, nothing is left at `path` that was not there
  /// before, nor beside it.
  public func write(
    to path: String, pool: ThreadPool, onProgress: (ConversionProgress) -> Bool
  ) throws(ConversionError) -> ConversionResult {
    try write(path, pool, nil, onProgress)
  }

  /// The same by `ranks`, which share out the calibration and all call this: the first of them writes, and has the
  /// result; the others have nil.
  public func write(
    to path: String, pool: ThreadPool, ranks: Communicator?,
    onProgress: (ConversionProgress) -> Bool
  ) throws(ConversionError) -> ConversionResult? {
    if let ranks {
      try CalibrationRanks(ranks: ranks).check(record)
      guard ranks.isFirst else {
        try calibrate(pool, ranks, onProgress) { _, _, _ throws(ConversionError) in }
        return nil
      }
    }
    return try write(path, pool, ranks, onProgress)
  }

  private func write(
    _ path: String, _ pool: ThreadPool, _ ranks: Communicator?,
    _ onProgress: (ConversionProgress) -> Bool
  ) throws(ConversionError) -> ConversionResult {
    do throws(ModelFileError) {
      try OutputFile.check(path, inputs: source.files + filesBeside)
    } catch {
      throw .file(error)
    }
    let slices = plan.indices.map { slicing($0) }
    let writer = try SliceWriter(
      path: path,
      metadata: metadata + (packed ? try packedMetadata(path, onProgress) : []),
      tensors: plan.map {
        .init(name: $0.name, shape: $0.shape, format: $0.format, isPacked: $0.isPacked)
      },
      packed: packed, buffers: Self.slicesUnderWay,
      sliceBytes: slices.map(\.writtenBytes).max() ?? 0)
    let loss: RequantizationLoss
    do throws(ConversionError) {
      let scratch = try SliceBuffer(byteCount: slices.map(\.readBytes).max() ?? 0)
      loss = try fill(writer, slices, scratch, path, pool, onProgress)
      try calibrate(pool, ranks, onProgress) { name, bytes, format throws(ConversionError) in
        try append(bytes, to: writer, tensor: name, format)
      }
    } catch {
      writer.abandon()
      throw error
    }
    let (byteCount, sha256) = try writer.commit()
    return ConversionResult(
      byteCount: byteCount, sha256: sha256, requantization: loss.tensors == 0 ? nil : loss)
  }

  /// How a tensor is cut: `rows` at a time.
  private struct Slicing {
    let rows: Int
    let readRowBytes: Int
    let writtenRowBytes: Int
    var readBytes: Int { rows * readRowBytes }
    var writtenBytes: Int { rows * writtenRowBytes }
  }

  private func slicing(_ index: Int) -> Slicing {
    let tensor = tensors[index]
    let written = plan[index].format.byteCount(elements: tensor.columns) ?? 1
    return Slicing(
      rows: tensor.rowsOfSlice(writtenRowBytes: written), readRowBytes: tensor.rowBytes,
      writtenRowBytes: written)
  }

  private func fill(
    _ writer: SliceWriter, _ slices: [Slicing], _ scratch: SliceBuffer, _ path: String,
    _ pool: ThreadPool, _ onProgress: (ConversionProgress) -> Bool
  ) throws(ConversionError) -> RequantizationLoss {
    let total = tensors.reduce(0) { $0 + $1.rowBytes * $1.rows }
    var done = 0
    var loss = RequantizationLoss()
    let isSearched = plan.dropLast(calibratedCount).contains {
      $0.format.elementsPerBlock == 32 && $0.name.hasPrefix("blk.")
    }
    let importance: ColumnImportance? =
      isSearched && recipe?.rounding == .best ? try ColumnImportance(source, pool: pool) : nil
    for (index, slice) in slices.dropLast(calibratedCount).enumerated() {
      let tensor = tensors[index]
      let format = plan[index].format
      let isKept = tensor.format == format && (recipe == nil || format.isQuantized)
      let weights = try importance?.weights(of: tensor.name)
      let losesAgain = !isKept && tensor.isQuantized && format.isQuantized
      if losesAgain { loss.tensors += 1 }
      for start in stride(from: 0, to: tensor.rows, by: slice.rows) {
        let rows = start..<min(start + slice.rows, tensor.rows)
        announce(after: rows, of: index, slices)
        let buffer = try writer.buffer()
        buffer.count = rows.count * slice.writtenRowBytes
        let bytes = try source.read(rows, of: order[index], scratch: scratch.bytes, pool: pool)
        if tensor.name.hasSuffix("norm.weight"), bytes.allSatisfy({ $0 == 0 }) {
          throw .zeros(path: source.path, tensor: tensor.name)
        }
        let target = UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<buffer.count])
        if isKept {
          target.copyMemory(from: bytes)
        } else {
          do {
            try BlockQuantizer(
              format, rounding: recipe?.rounding ?? .best, refusesOverflow: true
            ).quantize(
              bytes, tensor.format, columns: tensor.columns, importance: weights, into: target,
              tensor: tensor.name,
              firstRow: rows.lowerBound, pool: pool)
          } catch {
            if case .tooLarge(let tensor, let format) = error {
              throw .tooLarge(tensor: tensor, format: format)
            }
            throw .quantization(error)
          }
          guard format.isFinite(UnsafeRawBufferPointer(target)) else {
            throw .tooLarge(tensor: tensor.name, format: format)
          }
        }
        if losesAgain {
          loss.add(
            bytes, tensor.format, written: UnsafeRawBufferPointer(target), format, rows: rows.count,
            columns: tensor.columns, pool: pool)
        }
        writer.append(buffer)
        source.release(rows, of: order[index])
        done += rows.count * slice.readRowBytes
        let progress = ConversionProgress(
          tensor: tensor.name, bytesDone: done, bytesTotal: total)
        guard onProgress(progress) else { throw .interrupted(path: path) }
      }
    }
    return loss
  }

  private func append(
    _ bytes: [UInt8], to writer: SliceWriter, tensor: String, _ format: BlockFormat
  ) throws(ConversionError) {
    guard bytes.withUnsafeBytes({ format.isFinite($0) }) else {
      throw .tooLarge(tensor: tensor, format: format)
    }
    var first = 0
    while first < bytes.count {
      let buffer = try writer.buffer()
      buffer.count = min(buffer.bytes.count, bytes.count - first)
      bytes.withUnsafeBytes {
        buffer.bytes.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: $0[first..<first + buffer.count]))
      }
      first += buffer.count
      writer.append(buffer)
    }
  }

  /// All files of a source that is a folder: its configuration and its tokenizer are there too.
  private var filesBeside: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: source.path)) ?? []
    return names.map { source.path + "/" + $0 }
  }

  /// Lets the system read what comes after `rows` while they are in work.
  private func announce(after rows: Range<Int>, of index: Int, _ slices: [Slicing]) {
    let tensor = tensors[index]
    if rows.upperBound < tensor.rows {
      let end = min(rows.upperBound + slices[index].rows, tensor.rows)
      source.willRead(rows.upperBound..<end, of: order[index])
    } else if index + 1 < slices.count {
      source.willRead(0..<slices[index + 1].rows, of: order[index + 1])
    }
  }
}

extension BlockFormat {
  /// Whether elements share scales, so that writing them loses precision.
  var isQuantized: Bool { elementsPerBlock > 1 }
}
