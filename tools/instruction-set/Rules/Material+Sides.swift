import EditorTraining

extension Material {
  /// Sentences that are said in two ways: `[one|other]` marks where they differ. The input is one side,
  /// and a rule gives the other.
  static func ofSides(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    var template: String
    switch kind {
    case .fullForms, .contracted: template = random.element(contractions)
    case .british, .american: template = random.element(spellings)
    case .informal, .formal: template = random.element(registers)
    case .unabbreviated, .abbreviated: template = random.element(abbreviations)
    case .misspelt: template = random.element(misspellings)
    case .unpunctuated: template = random.element(plainSentences)
    case .wrongArticle: template = random.element(articles)
    case .wrongAgreement:
      while true {
        let habit = habit(&random)
        // "The teacher read a book." is right, of the past.
        if habit["base"] == habit["past"] { continue }
        let wrong = habit["isThird"] == "yes" ? habit["base"] : habit["third"]
        return Material(
          kind, "\(habit["subject"]) \(wrong) \(habit["object"]) \(habit["often"]).",
          ["other": habit.text])
      }
    case .doubled, .spaced:
      let right = Material.random(.sentence, &random).text
      var words = right.split(separator: " ").map(String.init)
      if kind == .doubled {
        let place = 1 + random.pick(words.count - 2)
        words.insert(words[place], at: place)
        return Material(kind, words.joined(separator: " "), ["other": right])
      }
      for place in random.elements(Array(1..<words.count), 1 + random.pick(3)) {
        words[place] = String(repeating: " ", count: 1 + random.pick(3)) + words[place]
      }
      return Material(kind, words.joined(separator: " "), ["other": right])
    default: preconditionFailure("\(kind) has one side")
    }
    let counted = Lexicon.things.filter { !Lexicon.uncounted.contains($0) }
    let thing = random.element(counted)
    let article = thing.withIndefiniteArticle.hasPrefix("an ") ? ("a", "an") : ("an", "a")
    let slots = [
      "{thing}": thing, "{adj}": random.element(Lexicon.adjectives),
      "{place}": random.element(Lexicon.places), "{name}": random.element(Lexicon.names),
      "{last}": random.element(Lexicon.surnames), "{city}": random.element(Lexicon.cities),
      "{past}": random.element(Lexicon.deeds).past, "{article}": "[\(article.0)|\(article.1)]",
      "{year}": "\(random.number(1950...2020))", "{number}": "\(random.number(2...90))",
      "{tree}": random.element(["Oak", "Mill", "Church", "Garden", "River", "Hill"]),
    ]
    for slot in slots.keys.sorted() { template = template.replacing(slot, with: slots[slot]!) }
    if kind == .unpunctuated {
      return Material(
        kind, template.prefix(1).lowercased() + template.dropFirst().dropLast(),
        ["other": template])
    }
    let isSecond = [.contracted, .american, .formal, .abbreviated].contains(kind)
    // The full stop of an abbreviation is that of the sentence, too.
    let sides = [0, 1].map { side(template, $0).replacing("..", with: ".") }
    return Material(kind, sides[isSecond ? 1 : 0], ["other": sides[isSecond ? 0 : 1]])
  }

  /// "The [colour|color]": side 0 is "The colour".
  package static func side(_ template: String, _ side: Int) -> String {
    template.split(separator: "[", omittingEmptySubsequences: false).enumerated().map {
      index, part -> String in
      guard index > 0 else { return String(part) }
      let ends = part.split(separator: "]", omittingEmptySubsequences: false)
      return String(ends[0].split(separator: "|")[side]) + String(ends[1])
    }.joined()
  }

  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init)
  }

  private static let contractions = lines(
    """
    [I am|I'm] sorry, but [I do not|I don't] have the {thing}.
    [It is|It's] late and [we have|we've] lost the {thing}.
    [They are|They're] sure that [she is|she's] {place}.
    [You cannot|You can't] see the {thing} because [it is|it's] {place}.
    {name} [does not|doesn't] know where the {adj} {thing} is.
    [We will|We'll] bring the {adj} {thing} tomorrow.
    [That is|That's] why {name} [did not|didn't] come.
    {name} [is not|isn't] {place}.
    [I have|I've] never seen the {adj} {thing}.
    [There is|There's] no {thing} {place}.
    [You should not|You shouldn't] move the {thing}.
    [What is|What's] wrong with the {adj} {thing}?
    They [were not|weren't] looking for the {thing}.
    [I would|I'd] like to see the {thing}, but [I cannot|I can't].
    {name} [has not|hasn't] found the {thing}, and [he is|he's] sad.
    [Who is|Who's] {place} with the {adj} {thing}?
    """)

  private static let spellings = lines(
    """
    The [colour|color] of the {thing} is [grey|gray].
    The [neighbour|neighbor] of {name} {past} the {thing}.
    My [favourite|favorite] {thing} is {place}.
    The [theatre|theater] is in the [centre|center] of {city}.
    {name} [travelled|traveled] to the [harbour|harbor].
    They [organised|organized] a party {place}.
    Please [apologise|apologize] to your [neighbour|neighbor].
    The [jewellery|jewelry] was {place}.
    {name} [realised|realized] that the {thing} was [grey|gray].
    We [cancelled|canceled] the [programme|program] in {city}.
    {name} wore [pyjamas|pajamas] {place}.
    {name} has a [moustache|mustache] and a [grey|gray] coat.
    The [aeroplane|airplane] to {city} is {adj}.
    They found the [tyre|tire] {place}.
    {name} did {name} a [favour|favor] in {city}.
    The [labour|labor] {place} was hard.
    """.replacing("{name} did {name} a", with: "{name} did them a"))

  private static let registers = lines(
    """
    I [want|would like] to [buy|purchase] the {thing}.
    [Can|May] I [ask|inquire] about the {thing}?
    [Thanks|Thank you] for your [help|assistance], {name}.
    The [kids|children] [got|received] the {adj} {thing}.
    We [need|require] the {adj} {thing} [right away|immediately].
    [Hi|Dear] {name}, [sorry|I apologize] for the delay.
    The meeting will [start|commence] {place}.
    Please [tell|inform] {name} about the {thing}.
    {name} [fixed|repaired] the {thing} {place}.
    We have [lots of|numerous] questions about the {thing}.
    The {adj} {thing} is [really good|excellent].
    {name} [found out|discovered] that the {thing} was [okay|satisfactory].
    [Let me know|Please inform me] when the {thing} is [ready|available].
    You [have to|must] [show|present] the {thing} {place}.
    [Mom and dad|My parents] [got|obtained] the {thing} in {city}.
    """)

  private static let abbreviations = lines(
    """
    [Doctor|Dr.] {last} lives in {tree} [Street|St.].
    [Professor|Prof.] {last} arrived in [January|Jan.] {year}.
    [Mister|Mr.] {last} lives at {number} {tree} [Avenue|Ave.].
    The shop of {last} and [Company|Co.] is in {tree} [Road|Rd.].
    Wait {number} [minutes|min.] for [Professor|Prof.] {last}.
    {name} was born in [September|Sept.] {year}.
    {name} sells bread, fruit, [et cetera|etc.] in {city}.
    Tonight it is {city} [versus|vs.] Paris.
    [Captain|Capt.] {last} sailed to {city} in [August|Aug.] {year}.
    The office of [Doctor|Dr.] {last} is [number|no.] {number}.
    Send {name} to [Mister|Mr.] {last}, {tree} [Road|Rd.].
    The letter of [February|Feb.] {year} is from [Doctor|Dr.] {last}.
    """)

  private static let misspellings = lines(
    """
    {name} [recieved|received] the {adj} {thing}.
    The {thing} is [definately|definitely] {place}.
    We keep the {thing} in a [seperate|separate] room.
    They waited {place} [untill|until] Monday.
    {name} left [becuase|because] the {thing} was {adj}.
    I will bring the {thing} [tommorow|tomorrow].
    [Wich|Which] {thing} is yours?
    My [freind|friend] {past} the {adj} {thing}.
    I [beleive|believe] that {name} is {place}.
    The [adress|address] of the shop is in {city}.
    {name} told us so at the [begining|beginning].
    The accident [occured|occurred] {place}.
    The [calender|calendar] is {place}.
    A {adj} {thing} is not [neccessary|necessary].
    {name} met us at the [libary|library] in {city}.
    """.replacing("A {adj} {thing}", with: "The {adj} {thing}"))

  private static let plainSentences = lines(
    """
    The {adj} {thing} is {place}.
    We lost the {thing} {place}.
    They sold the {adj} {thing}.
    My sister {past} the {adj} {thing} {place}.
    The {thing} belongs to {name}.
    Nobody {past} the {thing}.
    Our neighbours saw {name} {place}.
    She told {name} about the {adj} {thing}.
    """)

  private static let articles = lines(
    """
    {name} {past} {article} {thing} {place}.
    There is {article} {thing} {place}.
    {name} has {article} {thing}.
    We saw {article} {thing} in {city}.
    They need {article} {thing}.
    Is that {article} {thing}?
    """)
}
