import BlockFormats
import Foundation
import KernelInterface
import MessagePassing
import TensorKernels

/// How the ranks of a calibration share it out: every Nth window of the text, and of each linear's rows an equal part in
/// groups of 16, as they are packed.
///
/// H is summed over the windows of each rank by itself, and these sums in the order of ranks: as many ranks give the same
/// bits, another number of them rounds H otherwise. The factor of H every rank computes.
struct CalibrationRanks {
  let ranks: Communicator

  /// Floats of H that are summed over the ranks at a time: 4 MB.
  private static let pieceFloats = 1 << 20

  /// Bytes for what is exchanged: a piece that is sent and what arrives of it, and the blocks of the largest linear from
  /// all ranks.
  static func byteCount(largestLinear: Int) -> Int { 2 * 4 * pieceFloats + 2 * largestLinear }

  /// Numbers of the windows, of so many, that a rank takes.
  static func windows(of count: Int, _ ranks: Communicator?) -> [Int] {
    (0..<count).filter { Communicator.isTurn(of: ranks, $0) }
  }

  /// The rows, of so many, that rank number `rank` rounds.
  static func rows(of count: Int, rank: Int, ranks: Int) -> Range<Int> {
    let groups = PackedLayout.groupCount(rows: count)
    let first = min(count, groups * rank / ranks * 16)
    return first..<min(count, groups * (rank + 1) / ranks * 16)
  }

  /// Sees that all ranks are about to do what `record` says, one line. Throws `ranksDiffer`, `ranks`.
  func check(_ record: String) throws(ConversionError) {
    let records: [String]
    let hosts: [String]
    do throws(CommunicationError) {
      records = try ranks.gather(record)
      hosts = try ranks.gather(ranks.host)
    } catch { throw .ranks(error) }
    guard let rank = records.firstIndex(where: { $0 != records[0] }) else { return }
    throw .ranksDiffer(rank: rank, host: hosts[rank], found: records[rank], wanted: records[0])
  }

  /// Does a rank's own part of some work; where that fails on one, it fails on all, before anybody waits for it. Throws
  /// what `body` throws, and `ranks`.
  static func agreeing<Result>(
    _ ranks: Communicator?, _ body: () throws(ConversionError) -> Result
  ) throws(ConversionError) -> Result {
    guard let ranks else { return try body() }
    do { return try ranks.agreeing { try body() } } catch let error as ConversionError {
      throw error
    } catch let error as CommunicationError { throw .ranks(error) } catch {
      preconditionFailure("nothing else is thrown")
    }
  }

  /// Adds up what all ranks have of H. Throws `ranks` and `quantization`, where memory is short.
  func sum(_ gram: GramMatrix) throws(ConversionError) {
    let piece: PageBuffer
    do { piece = try PageBuffer(byteCount: 4 * Self.pieceFloats) } catch {
      throw .quantization(.memory(error))
    }
    let floats: UnsafeMutablePointer<Float> = piece.elements()
    do throws(CommunicationError) {
      let counts = try ranks.gather([Double(gram.count)])
      try gram.exchange(capacity: Self.pieceFloats, floats) {
        count throws(CommunicationError) in
        try ranks.sum(UnsafeMutableBufferPointer(start: floats, count: count))
      }
      gram.count = counts.reduce(0) { $0 + Int($1[0]) }
    } catch { throw .ranks(error) }
  }

  /// The blocks of all rows of a linear, of which each rank has made its own. Throws `ranks`.
  func whole(
    _ own: [UInt8], rows: Int, rowBytes: Int
  ) throws(ConversionError) -> [UInt8] {
    let shares = (0..<ranks.count).map { Self.rows(of: rows, rank: $0, ranks: ranks.count).count }
    let room = (shares.max() ?? 0) * rowBytes
    do throws(CommunicationError) {
      let all = try ranks.gather(
        bytes: own + [UInt8](repeating: 0, count: room - own.count))
      return zip(all, shares).reduce(into: []) { $0 += $1.0.prefix($1.1 * rowBytes) }
    } catch { throw .ranks(error) }
  }
}
