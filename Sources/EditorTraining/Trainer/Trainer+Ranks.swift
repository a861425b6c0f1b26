import Crypto
import Foundation
import LanguageModels
import MessagePassing
import TensorKernels

/// How the ranks of a training come together.
extension Trainer {
  /// Sees that all ranks train the same, and gives them the first one's weights where theirs differ; once. All call it.
  /// Throws `EditorTrainingError`: `ranksDiffer`, `ranks`.
  package func join() throws(EditorTrainingError) {
    guard let ranks, !hasJoined else { return }
    hasJoined = true
    do {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let records = try ranks.gather(
        String(decoding: try encoder.encode(record), as: UTF8.self))
      let hosts = try ranks.gather(ranks.host)
      let first = try JSONDecoder().decode(
        TrainingRecord.self, from: Foundation.Data(records[0].utf8))
      for (rank, text) in records.enumerated() where text != records[0] {
        let other = try JSONDecoder().decode(TrainingRecord.self, from: Foundation.Data(text.utf8))
        guard other.entries != first.entries else { continue }
        let differences = first.differences(from: other, afterStep: 0)
        throw EditorTrainingError.ranksDiffer(
          rank: rank, host: hosts[rank],
          differences: differences.isEmpty
            ? [TrainingDifference(name: "steps", found: "some", given: "others")] : differences)
      }
      // A random start comes of logarithms, which systems may round otherwise.
      let digests = try ranks.gather(digest)
      guard digests.contains(where: { $0 != digests[0] }) else { return }
      for store in stores {
        try ranks.broadcast(UnsafeMutableRawBufferPointer(store.parameters.floats))
      }
    } catch let error as EditorTrainingError { throw error } catch let error as CommunicationError {
      throw .ranks(error)
    } catch { preconditionFailure("a record is read as it was written: \(error)") }
  }

  private var digest: String {
    var hash = SHA256()
    for store in stores {
      hash.update(bufferPointer: UnsafeRawBufferPointer(store.parameters.floats))
    }
    return hash.finalize().hexadecimal
  }

  /// `Communicator.agreeing`, of errors of training.
  func agreeing<Result>(
    _ ranks: Communicator, _ body: () throws(EditorTrainingError) -> Result
  ) throws(EditorTrainingError) -> Result {
    do { return try ranks.agreeing { try body() } } catch let error as EditorTrainingError {
      throw error
    } catch let error as CommunicationError { throw .ranks(error) } catch {
      preconditionFailure("nothing else is thrown")
    }
  }

  /// The first rank's value, on every rank.
  func fromFirst<Value: Codable>(
    _ ranks: Communicator, _ value: Value?
  ) throws(EditorTrainingError) -> Value {
    let own = value.map {
      String(decoding: (try? JSONEncoder().encode($0)) ?? .init(), as: UTF8.self)
    }
    do {
      let first = try ranks.gather(own ?? "")[0]
      return try JSONDecoder().decode(Value.self, from: Foundation.Data(first.utf8))
    } catch let error as CommunicationError { throw .ranks(error) } catch {
      preconditionFailure("a value is read as it was written: \(error)")
    }
  }

  /// How long messages were under way, and how long this rank has waited for them, in all of its steps, in seconds;
  /// nil where it trains by itself.
  package var exchangeSeconds: (exchanged: Double, waited: Double)? {
    exchange.map { ($0.exchanged / .seconds(1), $0.waited / .seconds(1)) }
  }
}
