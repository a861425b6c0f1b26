import Foundation

/// A line of results, as it is read back.
struct StudyResult: Decodable {
  let kind, metric: String
  let condition, unit, xName, threshold, verdict, note, text, said: String?
  let value, low, high: Double?
  let rows, clusters: Int?
  let x: [Double]?
  let y, lows, highs: [Double?]?
  let tokens: [String]?

  init(_ line: String) throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do { self = try decoder.decode(StudyResult.self, from: Data(line.utf8)) } catch {
      throw StudyError.damaged(
        path: "results.jsonl", problem: "a line is no result: \(line.prefix(60))")
    }
  }
}
