import Crypto
import Foundation
import ModelFiles

/// The folder of a job: units that are measured are lines of `results.jsonl.part`; when all are, `results.jsonl` is
/// written, and `done.json` last, which says the digest of it. Ended at any moment, what is there is gone on with.
struct JobFolder {
  let path: String

  init(_ study: String, _ job: StudyJob) throws {
    path = "\(study)/jobs/\(job.id)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    let description = "\(path)/job.json"
    if !FileManager.default.fileExists(atPath: description) {
      try TextFile.write(job.contents + "\n", to: description)
    }
  }

  /// Where it would be, which may not be there.
  static func path(_ study: String, _ job: StudyJob) -> String { "\(study)/jobs/\(job.id)" }

  private struct Done: Codable {
    let sha256: String
    let seconds: Double
    let peakRssBytes: Int
  }

  /// The lines of a finished job; nil where it is not finished. Throws `damaged` where somebody changed them.
  static func results(_ study: String, _ job: StudyJob) throws -> [String]? {
    let folder = path(study, job)
    guard let done = FileManager.default.contents(atPath: "\(folder)/done.json") else { return nil }
    guard let known = try? JSONDecoder().decode(Done.self, from: done),
      let data = FileManager.default.contents(atPath: "\(folder)/results.jsonl")
    else {
      throw StudyError.damaged(
        path: folder,
        problem: "done.json or results.jsonl cannot be read; forget the job to have it done again")
    }
    guard digest(data) == known.sha256 else {
      throw StudyError.damaged(
        path: "\(folder)/results.jsonl",
        problem: "it is not what was written; forget the job to have it done again")
    }
    return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
  }

  /// How long a finished job took.
  static func seconds(_ study: String, _ job: StudyJob) -> Double? {
    FileManager.default.contents(atPath: "\(path(study, job))/done.json").flatMap {
      try? JSONDecoder().decode(Done.self, from: $0).seconds
    }
  }

  /// The whole lines that were measured, by unit; a torn last one is cut off.
  func units() throws -> [String: String] {
    guard let data = FileManager.default.contents(atPath: partPath) else { return [:] }
    let end = data.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    if end < data.count {
      let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: partPath))
      try handle.truncate(atOffset: UInt64(end))
      try handle.close()
    }
    var units: [String: String] = [:]
    for line in String(decoding: data[..<end], as: UTF8.self).split(separator: "\n") {
      let parts = line.split(separator: "\t", maxSplits: 1)
      guard parts.count == 2 else {
        throw StudyError.damaged(
          path: partPath, problem: "a line is no unit; forget the job to have it done again")
      }
      units[String(parts[0])] = String(parts[1])
    }
    return units
  }

  /// Adds a unit, which is on the disk when this returns.
  func append(unit: String, _ json: String) throws {
    let file = URL(fileURLWithPath: partPath)
    if !FileManager.default.fileExists(atPath: partPath) {
      guard FileManager.default.createFile(atPath: partPath, contents: nil) else {
        throw StudyError.damaged(
          path: partPath, problem: "cannot be written; check the folder and the disk")
      }
    }
    let handle = try FileHandle(forWritingTo: file)
    defer { try? handle.close() }
    try handle.seekToEnd()
    try handle.write(contentsOf: Data("\(unit)\t\(json)\n".utf8))
    try handle.synchronize()
  }

  /// Writes the results and says that they are all.
  func finish(_ lines: [String], seconds: Double, peakRssBytes: Int) throws {
    let text = lines.map { $0 + "\n" }.joined()
    try TextFile.write(text, to: "\(path)/results.jsonl")
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let done = Done(
      sha256: Self.digest(Data(text.utf8)), seconds: seconds, peakRssBytes: peakRssBytes)
    try TextFile.write(
      String(decoding: try encoder.encode(done), as: UTF8.self) + "\n", to: "\(path)/done.json")
  }

  private var partPath: String { "\(path)/results.jsonl.part" }

  private static func digest(_ data: Data) -> String {
    SHA256.hash(data: data).hexadecimal
  }
}
