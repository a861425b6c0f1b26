import EditorTraining
import InstructionRules
import Testing

@Suite struct InstructionRulesTests {
  private func rows(_ count: Int, _ split: RowMaker.Split, seed: UInt64 = 0) -> [Row] {
    var maker = RowMaker(seed: seed)
    return (0..<count).map { _ in maker.next(split) }
  }

  /// The first row that a family's rule can be tried on, by hand.
  private func answer(_ family: String, _ input: Material, _ parameters: [String] = []) throws
    -> String
  {
    let family = try #require(Family.all.first { $0.name == family })
    return family.rule(input, parameters).text
  }

  @Test func rulesGiveWhatOneExpects() throws {
    let list = Material(items: ["Pear", "dog", "AXE"])
    #expect(try answer("sorted", list) == "AXE, dog, Pear")
    #expect(try answer("reversed", list) == "AXE, dog, Pear")
    #expect(try answer("capitals", list) == "PEAR, DOG, AXE")
    #expect(try answer("bullets", list) == "- Pear\n- dog\n- AXE")
    #expect(try answer("item of a category", list, ["an animal"]) == "dog")
    #expect(try answer("membership", list, ["axe"]) == "yes")
    #expect(try answer("membership", list, ["boat"]) == "no")
    #expect(try answer("joined words", list, ["hyphens"]) == "Pear-dog-AXE")
    #expect(try answer("json", list, ["item"]) == "{\"item\": \"Pear, dog, AXE\"}")
    #expect(try answer("plural", Material(items: ["Shelf"])) == "shelves")
    #expect(try answer("plural", Material(items: ["ferry"])) == "ferries")
    #expect(try answer("plural", Material(items: ["monkey"])) == "monkeys")
    #expect(try answer("article", Material(items: ["EGG"])) == "an egg")
    #expect(try answer("in words", Material(.number, "42")) == "forty-two")
    #expect(try answer("roman", Material(.number, "49")) == "XLIX")
    #expect(try answer("parity", Material(.number, "7")) == "odd")
    let pair = Material(.pair, "12 and 5", items: ["12", "5"])
    #expect(try answer("compared", pair) == "12 > 5")
    #expect(try answer("in order", pair) == "5, 12")
    let sentence = Material.sentence(
      "Anna",
      Lexicon.Verb(base: "hide", third: "hides", past: "hid", participle: "hidden", ing: "hiding"),
      "old", "bus", "at school")
    #expect(try answer("question", sentence) == "Did Anna hide the old bus at school?")
    #expect(try answer("other person", sentence, ["she"]) == "She hid the old bus at school.")
    #expect(try answer("number of words", sentence) == "7")
  }

  @Test func everyFamilyAppliesToWhatItSaysAndIsAskedForInManyWays() {
    var random = SeededGenerator(1)
    var names: Set<String> = []
    for family in Family.all {
      #expect(names.insert(family.name).inserted, "\(family.name) stands twice")
      // The six of the split `family` are asked for as they have always been.
      let wordings = Family.keptFamilies.contains { $0.name == family.name } ? 4 : 12
      #expect(family.wordings.count >= wordings, "\(family.name): \(family.wordings.count)")
      #expect(
        Set(family.wordings.map(normalizedInstruction)).count == family.wordings.count,
        "\(family.name)")
      #expect(!family.unseenWordings.isEmpty, "\(family.name)")
      for kind in family.kinds {
        var applied = 0
        for _ in 0..<50 {
          let input = Material.random(kind, &random)
          guard let parameters = family.parameters(input, &random) else { continue }
          applied += 1
          let output = family.rule(input, parameters).text
          #expect(!output.isEmpty && output.count <= 300, "\(family.name): \(output)")
          for wording in family.wordings {
            let filled = Family.filled(wording, parameters)
            #expect(
              !filled.contains("{a}") && !filled.contains("{b}"), "\(family.name): \(wording)")
          }
        }
        #expect(applied > 0, "\(family.name)")
      }
    }
  }

  @Test func splitsAreWhatTheySay() {
    var maker = RowMaker(seed: 3)
    let train = (0..<20_000).map { _ in maker.next(.train) }
    let instructions = Set(train.map { normalizedInstruction($0.instruction) })
    let pairs = Set(train.map(\.parts))
    let parts = Set(train.flatMap(\.parts))
    let inputs = Set(train.map { [$0.instruction, $0.input] })
    let families = Set(train.map(\.family))
    for _ in 0..<500 {
      let seen = maker.next(.seen)
      #expect(!inputs.contains([seen.instruction, seen.input]))
      let unseen = maker.next(.unseen)
      #expect(!instructions.contains(normalizedInstruction(unseen.instruction)))
      #expect(families.contains(unseen.family))
      let composed = maker.next(.compositional)
      #expect(!pairs.contains(composed.parts))
      #expect(composed.parts.allSatisfy(parts.contains), "\(composed.parts)")
      for split in [RowMaker.Split.family, .otherFamily] {
        let other = maker.next(split)
        #expect(!families.contains(other.family) && !parts.contains(other.family))
        #expect(!instructions.contains(normalizedInstruction(other.instruction)))
      }
    }
  }

  @Test func wholeFamiliesAreKeptAsDrawn() {
    #expect(Family.tasks.count >= 200)
    #expect(Family.keptFamilies.count == 6)
    #expect(
      Family.otherKeptFamilies.count == Family.keptNames.count && Family.keptNames.count >= 20)
    var names = Family.later.map(\.name).sorted()
    var random = SeededGenerator(18)
    random.shuffle(&names)
    #expect(Set(names.prefix(Family.keptNames.count)) == Family.keptNames)
  }

  @Test func equalSeedsGiveEqualRows() {
    func texts(_ seed: UInt64) -> [String] {
      rows(200, .train, seed: seed).map { "\($0.instruction)|\($0.input)|\($0.output)" }
    }
    #expect(texts(5) == texts(5))
    #expect(texts(5) != texts(6))
  }

  @Test func noRowComesTwice() {
    let rows = rows(5000, .train)
    #expect(Set(rows.map { [$0.instruction, $0.input] }).count == rows.count)
  }
}
