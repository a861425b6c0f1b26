import Crypto
import Foundation
import ModelFiles

/// A piece of a study: an experiment on one editor. Its name is what it is made of, so that one with other options or
/// another editor is another job, and nothing is overwritten.
public struct StudyJob: Sendable, Equatable {
  /// The first 16 digits of SHA-256 of `contents`.
  public let id: String
  /// Which experiment.
  public let kind: StudyConfiguration.Experiment.Kind
  /// The editor's name and file.
  public let editorName, editorPath: String
  /// All that its results depend on, as JSON with sorted keys.
  public let contents: String

  /// Of a training, what is trained.
  let cell: StudyCell?
  /// Jobs whose results it needs, by their ids.
  let needs: [String]

  /// "contribution/shipped", "cell/shipped/l0-0.01/seed-0".
  public var name: String {
    "\(kind.rawValue)/\(editorName)" + (cell.map { "/" + $0.name } ?? "")
  }

  /// Whether they are the same.
  public static func == (a: Self, b: Self) -> Bool { a.id == b.id }

  /// All that results depend on: paths, threads and memory are not among it.
  struct Contents: Encodable {
    /// Goes up when the same contents come to mean other numbers.
    var format = 3
    let kind: String
    let model, weights: String
    /// The editor's digest; empty where no editor is in it.
    var editor: String
    let rows, activations: String
    let template: String?
    let unrelated: String?
    let seed: UInt64
    let rowCount, rowsPerFamily, resamples: Int
    let level: Double
    let pathPoints, knownPerFamily: Int
    /// Of what makes vectors alone.
    var vectorFamilies, vectorSteps: Int?
    /// Of what is compared with texts that people changed alone.
    var counterfactuals: String?
    var originals: Int?
    /// Of what fits edits alone.
    var fits: StudyFits?
    /// Of what asks which heads carry tasks alone.
    var functionVectors: FunctionVectorOptions?
    /// Of trainings alone: what is trained, and of which rows.
    var cell: StudyCell?
    var trainingRows: String?
    var reader: ReaderOptions?
    /// Ids of jobs whose results it is made of.
    var needs: [String]?
  }

  init(
    _ contents: Contents, kind: StudyConfiguration.Experiment.Kind,
    editor: (name: String, path: String)
  ) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = try encoder.encode(contents)
    self.contents = String(decoding: json, as: UTF8.self)
    id = String(SHA256.hash(data: json).hexadecimal.prefix(16))
    self.kind = kind
    editorName = editor.name
    editorPath = editor.path
    cell = contents.cell
    needs = contents.needs ?? []
  }
}
