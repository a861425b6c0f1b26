import Foundation
import TestSupport
import Testing

/// `emend edit explain` and strengths around the mean edit, with the real model and both shipped editors.
@Suite(
  .serialized,
  .enabled(if: OutsideFiles.smolLM2 != nil, "needs the model that tools/fetch-models brings"))
struct ExplainCommandTests {
  private let model = OutsideFiles.smolLM2?.path ?? ""

  private static func editor(_ name: String) -> String {
    URL(filePath: #filePath).appending(path: "../../../models/editors/\(name).safetensors")
      .standardizedFileURL.path
  }
  private static let prefix = editor("smollm2-135m-instruct")
  private static let latents = editor("smollm2-135m-instruct-p0")

  /// Twelve known instructions, of which one is the instruction itself.
  private static let known = """
    Make it a question.
    Write it in capital letters.
    How many words are there?
    Write the first word alone.
    Put it in the past tense.
    Reverse the order of the items.
    Give the plural.
    Translate it into German.
    Answer with yes or no.
    Say what color it is.
    Write it as a list with dashes.
    Delete the last word.

    """

  private func explain(_ editor: String, _ known: String, _ more: String...) throws -> EmendProcess
  {
    try EmendProcess(
      [
        "edit", "explain", "-m", model, "--editor", editor, "--instruction", "Make it a question.",
        "--known", known, "-n", "12", "-p", "Tom found the old violin in the garden.", "-p",
        "Anna sings in the kitchen.",
      ] + more)
  }

  /// The gradients' memory is counted before anything is measured: room for the model alone is too little.
  @Test func gradientsHaveAPlaceInTheBudget() throws {
    let folder = try TemporaryFolder()
    let known = try folder.file("known.txt", Self.known)
    let result = try explain(Self.latents, known, "--memory-limit", "250M")
    #expect(result.status == 1 && result.isOneLineError, "\(result.errors)")
    #expect(result.errors.contains("gradients") && result.errors.contains("250.0 MB"))
  }

  /// What is asked of an explanation: shares that begin at 0 and end at 1, the instruction as its own neighbour, every
  /// field of the schema and no other.
  @Test(arguments: [prefix, latents]) func explains(editor: String) throws {
    let folder = try TemporaryFolder()
    let page = try folder.file("page.html")
    let result = try explain(
      editor, try folder.file("known.txt", Self.known), "--json", "--html", page)
    #expect(result.status == 0, "\(result.errors)")
    let json = try #require(
      try JSONSerialization.jsonObject(with: result.output) as? [String: Any])
    let schema = try #require(
      try JSONSerialization.jsonObject(
        with: Data(
          contentsOf: OutsideFiles.repository.appending(path: "docs/explain.schema.json")))
        as? [String: Any])
    #expect(Schema.problems(json, schema, in: schema) == [])
    let map = try #require(json["map"] as? [String: Any])
    let from = try #require(map["from"] as? [Double])
    let below = try #require(map["below"] as? [Double])
    #expect(from.count == 30 && below.count == 30)
    #expect(from[0] == 1 && below[0] == 0)
    let nearest = try #require(json["nearest"] as? [[String: Any]])
    #expect(nearest[0]["instruction"] as? String == "Make it a question.")
    #expect((nearest[0]["round_trip"] as? Double ?? 0) > 0.9999)
    let dose = try #require(json["dose"] as? [[String: Any]])
    let shares = dose.reduce(into: [Double: Double]()) {
      $0[$1["strength"] as? Double ?? .nan] = $1["share"] as? Double
    }
    // A quotient of sums in another order.
    #expect(abs((shares[1] ?? .nan) - 1) < 1e-12 && shares[0] == 0)
    let html = try String(contentsOfFile: page, encoding: .utf8)
    #expect(html.hasPrefix("<!DOCTYPE html>") && html.hasSuffix("</html>\n"))
    for word in ["<script", "src=", "href=", "@import", "url("] { #expect(!html.contains(word)) }
  }

  @Test func textSaysWhatWasNotTested() throws {
    let folder = try TemporaryFolder()
    let result = try explain(Self.latents, try folder.file("known.txt", Self.known))
    #expect(result.status == 0 && result.errors.isEmpty, "\(result.errors)")
    for words in ["Where it acts", "Nearest known", "Not tested:", "Harm:", "Strength around"] {
      #expect(result.text.contains(words))
    }
  }

  @Test(
    arguments: [
      (["--known", "few.txt"], "12 are needed"), (["--known", "none.txt"], "none.txt"),
      (["--unrelated", "short.txt"], "short.txt"), (["--html", "folder/none/x.html"], "x.html"),
    ])
  func refuses(options: [String], words: String) throws {
    let folder = try TemporaryFolder()
    _ = try folder.file("few.txt", "Be brief.\n")
    _ = try folder.file("short.txt", "a")
    let arguments = options.map { $0.hasPrefix("--") ? $0 : folder.url.appending(path: $0).path }
    let result = try EmendProcess(
      [
        "edit", "explain", "-m", model, "--editor", Self.latents, "--instruction", "Be brief.",
      ] + arguments)
    #expect(result.status == 1 && result.isOneLineError, "\(result.errors)")
    #expect(result.errors.contains(words), "\(result.errors)")
  }

  private func generate(_ editor: String, _ more: String...) throws -> String {
    let result = try EmendProcess(
      [
        "generate", "-m", model, "--chat", "-p", "Tom found the old violin in the garden.",
        "--temp",
        "0", "-n", "14", "--editor", editor, "--instruction", "Make it a question.",
      ] + more)
    #expect(result.status == 0, "\(result.errors)")
    return result.text
  }

  /// At 1 it is the edit, to the bit; at 0 the mean edit, which is none that asks; half of the way is nearer to one of
  /// them than to nothing at all.
  @Test(arguments: [prefix, latents]) func strengthsAroundTheMean(editor: String) throws {
    let edited = try generate(editor)
    #expect(edited.contains("?"))
    #expect(try generate(editor, "--strength-around", "mean", "--strength", "1") == edited)
    let mean = try generate(editor, "--strength-around", "mean", "--strength", "0")
    #expect(!mean.contains("?") && mean.contains("violin"), "\(mean)")
    #expect(
      try generate(editor, "--strength-around", "mean", "--strength", "1.25").contains("?"))
  }

  /// The mean edit alone is the same whatever was asked, of latents.
  @Test func cachedEditsKnowWhatTheyAreAround() throws {
    let folder = try TemporaryFolder()
    let cache = folder.url.appending(path: "cache").path
    let zero = try generate(Self.latents, "--strength", "0.5", "--edit-cache", cache)
    let mean = try generate(
      Self.latents, "--strength", "0.5", "--strength-around", "mean", "--edit-cache", cache)
    #expect(zero == (try generate(Self.latents, "--strength", "0.5")))
    #expect(
      mean == (try generate(Self.latents, "--strength", "0.5", "--strength-around", "mean")))
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache).count == 2)
  }

  /// Nothing is averaged where it would be another edit.
  @Test func exportOfAFirstTokenIsRefused() throws {
    let folder = try TemporaryFolder()
    let result = try EmendProcess([
      "edit", "export", "-m", model, "--editor", Self.latents, "--instruction", "Be brief.", "-o",
      try folder.file("brief.gguf"),
    ])
    #expect(result.status == 1 && result.isOneLineError)
    #expect(result.errors.contains("nothing is averaged"), "\(result.errors)")
  }
}

/// As much of JSON Schema as docs/explain.schema.json uses: type, required, properties, additionalProperties false,
/// items, $ref into $defs.
enum Schema {
  static func problems(
    _ value: Any, _ schema: [String: Any], in root: [String: Any], at path: String = "$"
  ) -> [String] {
    if let reference = schema["$ref"] as? String {
      let name = reference.split(separator: "/").last.map(String.init) ?? ""
      guard let target = (root["$defs"] as? [String: Any])?[name] as? [String: Any] else {
        return ["\(path): there is no \(reference)"]
      }
      return problems(value, target, in: root, at: path)
    }
    let types = (schema["type"] as? [String]) ?? (schema["type"] as? String).map { [$0] } ?? []
    let found = type(of: value)
    guard types.isEmpty || types.contains(found) || (found == "integer" && types.contains("number"))
    else { return ["\(path): \(found) in the place of \(types)"] }
    if let object = value as? [String: Any] {
      let properties = schema["properties"] as? [String: [String: Any]] ?? [:]
      let missing = (schema["required"] as? [String] ?? []).filter { object[$0] == nil }
      let more =
        schema["additionalProperties"] as? Bool == false
        ? object.keys.filter { properties[$0] == nil } : []
      return missing.map { "\(path): \($0) is missing" } + more.map { "\(path): \($0) is too much" }
        + object.flatMap { key, value in
          properties[key].map { problems(value, $0, in: root, at: "\(path).\(key)") } ?? []
        }
    }
    if let list = value as? [Any], let items = schema["items"] as? [String: Any] {
      return list.enumerated().flatMap {
        problems($1, items, in: root, at: "\(path)[\($0)]")
      }
    }
    return []
  }

  private static func type(of value: Any) -> String {
    switch value {
    case is NSNull: return "null"
    case is [String: Any]: return "object"
    case is [Any]: return "array"
    case is String: return "string"
    case let number as NSNumber:
      if String(cString: number.objCType) == "c" { return "boolean" }
      return number.doubleValue == number.doubleValue.rounded() ? "integer" : "number"
    default: return "unknown"
    }
  }
}
