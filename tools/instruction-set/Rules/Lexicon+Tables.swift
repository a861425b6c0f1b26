/// Forms and facts, a line each: every answer that is read from here is right by construction.
extension Lexicon {
  /// The forms of a verb.
  package struct Verb: Sendable {
    package let base, third, past, participle, ing: String

    package init(base: String, third: String, past: String, participle: String, ing: String) {
      self.base = base
      self.third = third
      self.past = past
      self.participle = participle
      self.ing = ing
    }
  }

  /// Verbs of deeds with a thing.
  static let deeds: [Verb] = verbs(
    """
    buy buys bought bought buying
    find finds found found finding
    lose loses lost lost losing
    sell sells sold sold selling
    paint paints painted painted painting
    carry carries carried carried carrying
    clean cleans cleaned cleaned cleaning
    forget forgets forgot forgotten forgetting
    hide hides hid hidden hiding
    drop drops dropped dropped dropping
    draw draws drew drawn drawing
    break breaks broke broken breaking
    choose chooses chose chosen choosing
    steal steals stole stolen stealing
    wash washes washed washed washing
    repair repairs repaired repaired repairing
    move moves moved moved moving
    bring brings brought brought bringing
    hold holds held held holding
    build builds built built building
    """)

  /// Verbs on their own.
  static let otherVerbs: [Verb] = verbs(
    """
    run runs ran run running
    go goes went gone going
    eat eats ate eaten eating
    drink drinks drank drunk drinking
    sing sings sang sung singing
    swim swims swam swum swimming
    write writes wrote written writing
    speak speaks spoke spoken speaking
    take takes took taken taking
    give gives gave given giving
    know knows knew known knowing
    fly flies flew flown flying
    drive drives drove driven driving
    sleep sleeps slept slept sleeping
    teach teaches taught taught teaching
    think thinks thought thought thinking
    win wins won won winning
    fall falls fell fallen falling
    begin begins began begun beginning
    come comes came come coming
    make makes made made making
    play plays played played playing
    walk walks walked walked walking
    jump jumps jumped jumped jumping
    stop stops stopped stopped stopping
    study studies studied studied studying
    cry cries cried cried crying
    dance dances danced danced dancing
    talk talks talked talked talking
    open opens opened opened opening
    ride rides rode ridden riding
    send sends sent sent sending
    catch catches caught caught catching
    feel feels felt felt feeling
    leave leaves left left leaving
    keep keeps kept kept keeping
    """)

  private static func verbs(_ table: String) -> [Verb] {
    rows(table).map { Verb(base: $0[0], third: $0[1], past: $0[2], participle: $0[3], ing: $0[4]) }
  }

  static func rows(_ table: String) -> [[String]] {
    table.split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
  }

  /// Adjective, comparative, superlative, opposite, adverb.
  static let degrees = rows(
    """
    slow slower slowest fast slowly
    quick quicker quickest slow quickly
    warm warmer warmest cool warmly
    cold colder coldest hot coldly
    loud louder loudest quiet loudly
    quiet quieter quietest loud quietly
    strong stronger strongest weak strongly
    weak weaker weakest strong weakly
    rich richer richest poor richly
    poor poorer poorest rich poorly
    happy happier happiest sad happily
    sad sadder saddest happy sadly
    easy easier easiest difficult easily
    heavy heavier heaviest light heavily
    light lighter lightest heavy lightly
    deep deeper deepest shallow deeply
    wide wider widest narrow widely
    narrow narrower narrowest wide narrowly
    bright brighter brightest dark brightly
    dark darker darkest bright darkly
    soft softer softest hard softly
    sweet sweeter sweetest sour sweetly
    safe safer safest dangerous safely
    smooth smoother smoothest rough smoothly
    rough rougher roughest smooth roughly
    thick thicker thickest thin thickly
    thin thinner thinnest thick thinly
    brave braver bravest cowardly bravely
    proud prouder proudest humble proudly
    noisy noisier noisiest quiet noisily
    polite politer politest rude politely
    rude ruder rudest polite rudely
    wise wiser wisest foolish wisely
    cheap cheaper cheapest expensive cheaply
    kind kinder kindest cruel kindly
    """)

  /// Country, capital, continent, adjective.
  static let countries = rows(
    """
    France Paris Europe French
    Spain Madrid Europe Spanish
    Italy Rome Europe Italian
    Germany Berlin Europe German
    Portugal Lisbon Europe Portuguese
    Greece Athens Europe Greek
    Norway Oslo Europe Norwegian
    Sweden Stockholm Europe Swedish
    Finland Helsinki Europe Finnish
    Denmark Copenhagen Europe Danish
    Poland Warsaw Europe Polish
    Hungary Budapest Europe Hungarian
    Austria Vienna Europe Austrian
    Ireland Dublin Europe Irish
    Belgium Brussels Europe Belgian
    Ukraine Kyiv Europe Ukrainian
    Japan Tokyo Asia Japanese
    China Beijing Asia Chinese
    Thailand Bangkok Asia Thai
    Vietnam Hanoi Asia Vietnamese
    Iran Tehran Asia Iranian
    Iraq Baghdad Asia Iraqi
    Nepal Kathmandu Asia Nepalese
    Egypt Cairo Africa Egyptian
    Kenya Nairobi Africa Kenyan
    Ghana Accra Africa Ghanaian
    Morocco Rabat Africa Moroccan
    Ethiopia Addis_Ababa Africa Ethiopian
    Peru Lima South_America Peruvian
    Chile Santiago South_America Chilean
    Argentina Buenos_Aires South_America Argentine
    Brazil Brasilia South_America Brazilian
    Colombia Bogota South_America Colombian
    Canada Ottawa North_America Canadian
    Cuba Havana North_America Cuban
    Mexico Mexico_City North_America Mexican
    """
  ).map { $0.map { $0.replacing("_", with: " ") } }

  /// Animal, its young, its sound.
  static let animals = rows(
    """
    dog puppy bark
    cat kitten meow
    cow calf moo
    sheep lamb bleat
    horse foal neigh
    pig piglet grunt
    hen chick cluck
    duck duckling quack
    lion cub roar
    goose gosling honk
    goat kid bleat
    frog tadpole croak
    wolf pup howl
    bear cub growl
    owl owlet hoot
    elephant calf trumpet
    donkey foal bray
    mouse pup squeak
    tiger cub roar
    crow chick caw
    """)

  static let days = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ]

  static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
  ]

  /// Of the months, in a year that is no leap year.
  static let daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

  /// Symbol, next smaller unit, how many of these, name in the plural, what is measured.
  static let measures = rows(
    """
    km m 1000 kilometres length
    m cm 100 metres length
    kg g 1000 kilograms weight
    l ml 1000 litres volume
    h min 60 hours time
    min s 60 minutes time
    """)

  static let currencySigns = ["dollars": "$", "euros": "€", "pounds": "£"]
  static let currencyCodes = ["dollars": "USD", "euros": "EUR", "pounds": "GBP"]

  static let surnames = [
    "Miller", "Carter", "Novak", "Hansen", "Silva", "Rossi", "Baker", "Turner", "Keller", "Moreau",
    "Lindberg", "Okafor", "Tanaka", "Walsh", "Fischer", "Romero", "Bailey", "Cooper",
  ]

  static let streets = [
    "Oak Street", "Mill Lane", "Station Road", "Garden Street", "Church Lane", "River Road",
    "Park Avenue", "Hill Street", "Market Street", "Rose Lane",
  ]

  static let cities = [
    "Oslo", "Rome", "Lisbon", "Dublin", "Vienna", "Prague", "Athens", "Boston", "Madrid", "Tokyo",
    "Cairo", "Lima", "Toronto", "Sydney",
  ]

  static let jobs = [
    "baker", "nurse", "teacher", "pilot", "farmer", "painter", "singer", "lawyer", "gardener",
    "plumber",
  ]

  static let colours = categories.first { $0.name == "colour" }!.nouns

  /// "1st", "22nd", "13th".
  package static func ordinal(_ n: Int) -> String {
    if (11...13).contains(n % 100) { return "\(n)th" }
    return "\(n)\([1: "st", 2: "nd", 3: "rd"][n % 10] ?? "th")"
  }

  /// "a, b and c".
  static func joined(_ items: [String]) -> String {
    items.count < 2
      ? items.joined() : items.dropLast().joined(separator: ", ") + " and " + items.last!
  }

  /// Each once, in the order in which they come.
  static func unique(_ items: [String]) -> [String] {
    var seen: Set<String> = []
    return items.filter { seen.insert($0).inserted }
  }

  /// What one calls the things of a noun's category: "animals", "food".
  static func group(of noun: String) -> String {
    let category = categoryOf[noun.lowercased()]!
    return ["food", "clothing", "furniture"].contains(category) ? category : category + "s"
  }

  /// Feminine names among `names`; the others are masculine.
  static let feminine: Set<String> = [
    "Anna", "Clara", "Emma", "Grace", "Ivy", "Kate", "Maria", "Olivia", "Rosa", "Wendy", "Zoe",
    "Laura", "Nora", "Helen", "Sofia",
  ]
}

extension String {
  /// "a dog", "an egg", by the first letter, which is right for the words of the lexicon.
  var withIndefiniteArticle: String {
    ("aeiou".contains(lowercased().first!) ? "an " : "a ") + self
  }

  /// The first letter in capitals, the others as they are.
  var capitalizedStart: String { prefix(1).uppercased() + dropFirst() }
}
