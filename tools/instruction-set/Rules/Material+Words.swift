import EditorTraining

extension Material {
  /// Half of the time in small letters, else capitalised or in capitals.
  private static func cased(_ items: [String], _ random: inout SeededGenerator) -> [String] {
    switch random.pick(4) {
    case 0: items.map { $0.uppercased() }
    case 1: items.map(\.capitalizedFirst)
    default: items
    }
  }

  static func ofWords(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    switch kind {
    case .name: return Material(.name, random.element(Lexicon.names))
    case .verb:
      let verb = random.element(Lexicon.deeds + Lexicon.otherVerbs)
      return Material(
        .verb, verb.base,
        [
          "third": verb.third, "past": verb.past, "participle": verb.participle, "ing": verb.ing,
        ])
    case .adjective:
      let row = random.element(Lexicon.degrees)
      return Material(
        .adjective, row[0],
        ["comparative": row[1], "superlative": row[2], "opposite": row[3], "adverb": row[4]])
    case .country:
      let row = random.element(Lexicon.countries)
      return Material(
        .country, row[0], ["capital": row[1], "continent": row[2], "nationality": row[3]])
    case .day:
      let day = random.pick(7)
      return Material(
        .day, Lexicon.days[day],
        [
          "next": Lexicon.days[(day + 1) % 7], "previous": Lexicon.days[(day + 6) % 7],
          "kind": day < 5 ? "weekday" : "weekend",
        ])
    case .month:
      let month = random.pick(12)
      return Material(
        .month, Lexicon.months[month],
        [
          "number": "\(month + 1)", "next": Lexicon.months[(month + 1) % 12],
          "days": "\(Lexicon.daysOfMonths[month])",
        ])
    case .animal:
      let row = random.element(Lexicon.animals)
      return Material(.animal, row[0], ["young": row[1], "sound": row[2]])
    case .phrase, .identifier:
      let words = random.elements(
        [
          "user", "name", "file", "page", "item", "order", "total", "start", "end", "last", "first",
          "max", "image", "text", "line", "price", "list", "size", "date", "key", "door", "color",
          "score", "game", "house", "number",
        ], 2 + random.pick(2))
      if kind == .phrase {
        return Material(.phrase, words.joined(separator: " "), items: words)
      }
      let name =
        random.pick(2) == 0
        ? words.joined(separator: "_")
        : words[0] + words.dropFirst().map(\.capitalizedFirst).joined()
      return Material(.identifier, name, items: words)
    default: return Material(items: cased([random.element(Lexicon.things)], &random))
    }
  }

  static func ofItems(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    switch kind {
    case .countedList:
      let items = random.elements(
        Lexicon.things.filter { !Lexicon.uncounted.contains($0) }, 2 + random.pick(3))
      return listed(.countedList, cased(items, &random))
    case .mixedList:
      // Two or three categories, one of them twice.
      let categories = random.elements(Lexicon.categories, 2 + random.pick(2))
      var items = random.elements(categories[0].nouns, 2)
      for category in categories.dropFirst() {
        items += random.elements(category.nouns, 1 + random.pick(2))
      }
      random.shuffle(&items)
      return listed(.mixedList, cased(items, &random))
    case .repeatingList:
      var items = random.elements(Lexicon.things, 3 + random.pick(2))
      items.insert(random.element(items), at: 1 + random.pick(items.count))
      return listed(.repeatingList, items)
    case .numberList:
      return listed(
        .numberList, random.elements(Array(1...60), 3 + random.pick(3)).map(String.init))
    case .bullets:
      let items = random.elements(Lexicon.things, 2 + random.pick(3))
      return Material(.bullets, items.map { "- \($0)" }.joined(separator: "\n"), items: items)
    default: return list(&random)
    }
  }

  private static func listed(_ kind: Kind, _ items: [String]) -> Material {
    Material(kind, items.joined(separator: ", "), items: items)
  }

  /// Three to five different items: of all kinds, of one, or of one but for a single item.
  private static func list(_ random: inout SeededGenerator) -> Material {
    let count = 3 + random.pick(3)
    var items: [String] = []
    func add(_ nouns: [String], _ wanted: Int) {
      while items.count < wanted {
        let noun = random.element(nouns)
        if !items.contains(noun) { items.append(noun) }
      }
    }
    switch random.pick(3) {
    case 0: add(Lexicon.things, count)
    case 1: add(random.element(Lexicon.categories).nouns, count)
    default:
      let first = random.pick(Lexicon.categories.count)
      let second =
        (first + 1 + random.pick(Lexicon.categories.count - 1)) % Lexicon.categories.count
      add(Lexicon.categories[first].nouns, count - 1)
      add(Lexicon.categories[second].nouns, count)
      random.shuffle(&items)
    }
    return Material(items: cased(items, &random))
  }

  /// A thing that the list lacks.
  static func newItem(_ list: Material, _ random: inout SeededGenerator) -> [String]? {
    let item = random.element(Lexicon.things)
    return list.items.contains { $0.lowercased() == item } ? nil : [item]
  }

  /// What one calls some of the things of the list, not all of them.
  static func groupOfSome(_ list: Material, _ random: inout SeededGenerator) -> [String]? {
    let groups = Set(list.items.map(Lexicon.group)).sorted()
    return groups.count < 2 ? nil : [random.element(groups)]
  }
}
