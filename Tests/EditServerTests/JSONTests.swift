import EditServer
import Testing

@Suite struct JSONTests {
  private func parse(_ text: String) throws(JSONParser.Failure) -> JSONValue {
    try JSONParser.value(of: Array(text.utf8))
  }

  @Test func keepsWhatWasSaid() throws {
    let value = try parse(
      #" {"a": [1, -2.5, 1e2, true, null], "b": "\u00e9\n\ud83e\udd17\/", "c": {}} "#)
    #expect(
      value == [
        "a": [1, -2.5, .number(100), true, .null], "b": "é\n🤗/", "c": .object([:]),
      ])
    #expect(try parse(value.text) == value)
    #expect(value["a"]?[2]?.integer == 100 && value["a"]?[1]?.integer == nil)
    #expect(value["a"]?[3]?.integer == nil && value["a"]?[3]?.number == nil)
  }

  /// Each is refused, at the byte where it goes wrong.
  @Test(arguments: [
    ("", 0), ("{", 1), (#"{"a" 1}"#, 5), ("[1,]", 3), ("01", 0), ("1.", 2), ("nul", 0), ("1 2", 2),
    ("\"a", 2), ("\"\n\"", 1), (#""\x""#, 2), ("NaN", 0), ("1e999", 0), ("{1:2}", 1),
    (String(repeating: "[", count: 5000), 128),
  ])
  func refuses(text: String, offset: Int) {
    #expect(throws: JSONParser.Failure.self) { try parse(text) }
    do throws(JSONParser.Failure) { _ = try parse(text) } catch {
      #expect(error.offset == offset)
    }
  }

  @Test func refusesWhatIsNoUTF8() {
    #expect(throws: JSONParser.Failure.self) { try JSONParser.value(of: [0x22, 0xFF, 0x22]) }
  }

  /// There is no infinity in JSON: the least float stands for it.
  @Test func writesNumbersThatAreJSON() {
    #expect(JSONValue.number(-.infinity).text == "-3.4028234663852886e+38")
    #expect(JSONValue(Float(0.8)).text == "0.8")
    #expect(JSONValue.string("\u{1}\"\\").text == #""\u0001\"\\""#)
  }
}
