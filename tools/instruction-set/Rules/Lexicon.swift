/// The words that inputs are made of. Rules read from these tables alone, so that every answer is right
/// by construction.
package enum Lexicon {
  /// Nouns by what they name; each is in one category, and its plural is regular or in `plurals`.
  static let categories: [(name: String, nouns: [String])] = [
    (
      "animal",
      [
        "cat", "dog", "horse", "lion", "tiger", "rabbit", "eagle", "frog", "goat", "whale", "bear",
        "duck", "snake", "zebra", "camel", "owl", "spider", "turtle", "monkey", "shark",
      ]
    ),
    (
      "food",
      [
        "apple", "bread", "cheese", "soup", "banana", "carrot", "rice", "pizza", "honey", "pasta",
        "cake", "onion", "grape", "salad", "butter", "lemon", "egg", "potato", "pear", "cookie",
      ]
    ),
    (
      "tool",
      [
        "hammer", "saw", "drill", "shovel", "wrench", "axe", "rake", "ladder", "screwdriver",
        "chisel",
        "spade", "crowbar",
      ]
    ),
    (
      "vehicle",
      [
        "car", "bus", "train", "bicycle", "truck", "boat", "plane", "tram", "van", "ferry",
        "helicopter", "scooter", "taxi", "tractor",
      ]
    ),
    (
      "clothing",
      [
        "shirt", "hat", "coat", "sock", "dress", "scarf", "glove", "jacket", "skirt", "belt",
        "boot",
        "sweater",
      ]
    ),
    (
      "instrument",
      [
        "piano", "guitar", "violin", "drum", "flute", "trumpet", "harp", "cello", "banjo",
        "clarinet",
      ]
    ),
    (
      "furniture",
      ["chair", "table", "sofa", "bed", "desk", "shelf", "cupboard", "bench", "wardrobe", "stool"]
    ),
    (
      "colour",
      ["red", "blue", "green", "yellow", "purple", "orange", "brown", "pink", "black", "white"]
    ),
  ]

  /// The category of a noun, whatever its case.
  static let categoryOf: [String: String] = Dictionary(
    uniqueKeysWithValues: categories.flatMap { category in
      category.nouns.map { ($0, category.name) }
    })

  /// Nouns that can be counted, of all categories but colours.
  static let things = categories.filter { $0.name != "colour" }.flatMap(\.nouns)

  /// Things that are not counted one by one.
  static let uncounted: Set<String> = [
    "bread", "cheese", "soup", "rice", "honey", "pasta", "butter", "salad",
  ]

  private static let plurals = [
    "shelf": "shelves", "scarf": "scarves", "potato": "potatoes",
  ]

  /// The plural of a noun that is counted, in lower case.
  static func plural(_ noun: String) -> String {
    if let plural = plurals[noun] { return plural }
    for ending in ["s", "x", "ch", "sh"] where noun.hasSuffix(ending) { return noun + "es" }
    if noun.hasSuffix("y"), let before = noun.dropLast().last, !"aeiou".contains(before) {
      return noun.dropLast() + "ies"
    }
    return noun + "s"
  }

  static let names = [
    "Anna", "Ben", "Clara", "David", "Emma", "Felix", "Grace", "Henry", "Ivy", "Jack", "Kate",
    "Leo", "Maria", "Noah", "Olivia", "Peter", "Rosa", "Simon", "Tom", "Victor", "Wendy", "Zoe",
    "Laura", "Martin", "Nora", "Oscar", "Helen", "Paul", "Sofia", "Hugo",
  ]

  static let adjectives = [
    "small", "big", "old", "new", "red", "blue", "heavy", "cheap", "strange", "beautiful", "broken",
    "green", "empty", "ugly", "expensive", "clean", "yellow", "huge", "dirty", "pretty", "famous",
  ]

  static let places = [
    "at the market", "in the garden", "near the river", "in the kitchen", "at the station",
    "on the beach", "in the park", "at school", "in the library", "behind the house",
    "at the airport", "in the garage", "under the bridge", "near the church", "in the forest",
    "at the museum", "in the village", "on the balcony",
  ]

  /// What reviews are about.
  static let subjects = [
    "film", "hotel", "book", "restaurant", "phone", "song", "teacher", "game", "coffee", "concert",
  ]

  static let praise = [
    "wonderful", "excellent", "fantastic", "lovely", "brilliant", "delightful", "superb", "great",
  ]

  static let blame = [
    "terrible", "awful", "boring", "horrible", "disappointing", "dreadful", "useless", "bad",
  ]

  static let units = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
    "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
  ]

  static let tens = [
    "", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety",
  ]

  /// 0...99 in words.
  static func inWords(_ n: Int) -> String {
    if n < 20 { return units[n] }
    return n % 10 == 0 ? tens[n / 10] : tens[n / 10] + "-" + units[n % 10]
  }

  /// 1...99 in Roman numerals.
  static func roman(_ n: Int) -> String {
    var rest = n
    var text = ""
    for (value, digit) in [
      (90, "XC"), (50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I"),
    ] {
      while rest >= value {
        text += digit
        rest -= value
      }
    }
    return text
  }
}
