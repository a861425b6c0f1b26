import LatentEditing
import Testing

struct SiteTests {
  @Test(
    arguments: [
      ("all", nil), ("0-3", [0, 1, 2, 3]), ("2,10,18", [2, 10, 18]), ("5", [5]),
      ("7,0-2,1", [0, 1, 2, 7]),
    ] as [(String, [Int]?)])
  func layersAreRead(text: String, layers: [Int]?) throws {
    #expect(try LayerSelection(parsing: text).layers == layers)
  }

  @Test(arguments: [
    "", "a", "3-1", "1,,2", "-1", "1-2-3", "0-", "5000", "1 ,2", "0-99999999999999",
  ])
  func unreadableLayersAreRefused(text: String) {
    #expect(throws: LatentEditingError.self) { try LayerSelection(parsing: text) }
  }

  @Test(arguments: ["all", "0-3", "2,10,18", "0-2,7"])
  func layersAreWrittenAsTheyAreRead(text: String) throws {
    #expect(try LayerSelection(parsing: text).description == text)
  }

  @Test func layersMustBeTheProcessors() throws {
    let layers = try LayerSelection(parsing: "28-31")
    #expect(try layers.resolved(layerCount: 32) == [28, 29, 30, 31])
    #expect(throws: LatentEditingError.layerOutOfRange(layer: 30, layerCount: 30)) {
      try layers.resolved(layerCount: 30)
    }
  }

  @Test(arguments: [
    "first", "first-content", "last", "prompt", "all", "ghost", "f1+l1", "f3", "l2",
  ])
  func positionsAreWrittenAsTheyAreRead(text: String) throws {
    #expect(try PositionSelection(parsing: text).description == text)
  }

  @Test(arguments: ["", "f0", "f1+f2", "l1+f1", "f1+l1+l1", "second", "f-1", "f65", "f1+"])
  func unreadablePositionsAreRefused(text: String) {
    #expect(throws: LatentEditingError.self) { try PositionSelection(parsing: text) }
  }

  @Test func edgesHaveALatentEach() throws {
    let positions = PositionSelection.edges(first: 2, last: 2)
    let prompt = PromptShape(length: 10, firstContent: 3)
    let found = try positions.slots.map { try $0.resolved(in: prompt) }
    #expect(found == [0..<1, 1..<2, 8..<9, 9..<10])
  }

  @Test func positionsBeyondThePromptAreRefused() {
    let prompt = PromptShape(length: 2)
    #expect(throws: LatentEditingError.promptTooShort(position: .fromStart(2), length: 2)) {
      try SitePosition.fromStart(2).resolved(in: prompt)
    }
    #expect(throws: LatentEditingError.self) { try SitePosition.fromEnd(2).resolved(in: prompt) }
  }
}
