import EditorTraining

extension Material {
  static func ofSentences(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    switch kind {
    case .review: return review(&random)
    case .habit: return habit(&random)
    case .request: return request(&random)
    case .speech: return speech(&random)
    case .remark: return remark(&random)
    case .paragraph: return paragraph(&random)
    case .boldText:
      let sentence = sentence(&random)
      let bold = random.element([
        sentence["name"], sentence["thing"], "\(sentence["adjective"]) \(sentence["thing"])",
        sentence["place"],
      ])
      return Material(
        .boldText, sentence.text.replacing(bold, with: "**\(bold)**"), ["bold": bold])
    case .link:
      let title = random.element([
        "the library", "our shop", "the map", "opening hours", "the menu", "all photos",
        "the timetable", "how to find us", "our garden", "the whole story",
      ])
      let host = random.element(["example", "museum", "library", "school", "garden", "market"])
      let page = random.element(["map", "hours", "menu", "news", "photos", "start", "about"])
      let address = "https://\(host).com/\(page)"
      return Material(.link, "[\(title)](\(address))", ["title": title, "address": address])
    default: return sentence(&random)
    }
  }

  private static func sentence(_ random: inout SeededGenerator) -> Material {
    sentence(
      random.element(Lexicon.names), random.element(Lexicon.deeds),
      random.element(Lexicon.adjectives), random.element(Lexicon.things),
      random.element(Lexicon.places))
  }

  package static func sentence(
    _ name: String, _ verb: Lexicon.Verb, _ adjective: String, _ thing: String, _ place: String
  ) -> Material {
    Material(
      .sentence, "\(name) \(verb.past) the \(adjective) \(thing) \(place).",
      [
        "name": name, "base": verb.base, "third": verb.third, "past": verb.past,
        "participle": verb.participle, "ing": verb.ing, "adjective": adjective, "thing": thing,
        "place": place, "pronoun": Lexicon.feminine.contains(name) ? "she" : "he",
      ])
  }

  private static func review(_ random: inout SeededGenerator) -> Material {
    let isPraise = random.pick(2) == 0
    let subject = random.element(Lexicon.subjects)
    let judgement = random.element(isPraise ? Lexicon.praise : Lexicon.blame)
    return Material(
      .review,
      random.element([
        "The \(subject) was \(judgement).",
        "What \(judgement.withIndefiniteArticle) \(subject)!",
        "I found the \(subject) \(judgement).",
        "My friends said that the \(subject) was \(judgement).",
        "Honestly, the \(subject) is \(judgement).",
      ]), ["subject": subject, "praise": isPraise ? "yes" : "no"])
  }

  static func habit(_ random: inout SeededGenerator) -> Material {
    let row = random.element(Lexicon.rows(habits))
    let object = random.element(row[3].split(separator: ";").map(String.init))
      .replacing("_", with: " ")
    let often = random.element([
      "every morning", "every day", "on Mondays", "every summer", "after work", "at the weekend",
      "twice a week", "every evening", "in winter", "once a month", "before breakfast",
    ])
    var fields = [
      "base": row[0], "third": row[1], "past": row[2], "object": object, "often": often,
    ]
    let pronouns = ["I", "We", "They", "You", "She", "He"]
    let nouns = [
      ("The teacher", "The teachers"), ("The baker", "The bakers"),
      ("My neighbour", "My neighbours"), ("The doctor", "The doctors"),
      ("Her sister", "Her sisters"), ("The child", "The children"),
      ("The student", "The students"), ("Our friend", "Our friends"),
      ("The farmer", "The farmers"), ("His uncle", "His uncles"),
    ]
    let isPlural = random.pick(3) == 0
    if random.pick(3) == 0 {
      let pronoun = random.element(pronouns)
      fields["subject"] = pronoun
      fields["isThird"] = ["She", "He"].contains(pronoun) ? "yes" : "no"
      fields["lowerSubject"] = pronoun == "I" ? "I" : pronoun.lowercased()
    } else {
      let noun = random.element(nouns)
      let subject = isPlural ? noun.1 : noun.0
      fields["subject"] = subject
      fields["isThird"] = isPlural ? "no" : "yes"
      fields["lowerSubject"] = subject.prefix(1).lowercased() + subject.dropFirst()
      if !isPlural { fields["plural"] = noun.1 }
    }
    let verb = fields["isThird"] == "yes" ? row[1] : row[0]
    fields["verb"] = verb
    return Material(.habit, "\(fields["subject"]!) \(verb) \(object) \(often).", fields)
  }

  private static let habits = """
    read reads read a_book;the_newspaper;old_letters
    drink drinks drank tea;coffee;a_glass_of_milk
    play plays played football;chess;the_piano
    write writes wrote a_letter;poems;a_short_report
    watch watches watched a_film;the_news;the_birds
    cook cooks cooked dinner;soup;rice_and_beans
    visit visits visited the_museum;the_library;an_old_friend
    eat eats ate an_apple;fresh_bread;an_egg
    wash washes washed the_car;the_dishes;the_windows
    sing sings sang a_song;old_songs;in_a_choir
    walk walks walked the_dog;to_the_river;through_the_park
    study studies studied history;French;the_stars
    buy buys bought bread;flowers;a_newspaper
    teach teaches taught music;children;a_new_song
    take takes took the_bus;photographs;a_long_walk
    clean cleans cleaned the_kitchen;the_garden;the_shop
    """

  private static func request(_ random: inout SeededGenerator) -> Material {
    let row = random.element(Lexicon.rows(requests))
    let object = random.element(row[3].split(separator: ";").map(String.init))
      .replacing("_", with: " ")
    return Material(
      .request, "\(row[0].capitalizedStart) \(object).",
      ["base": row[0], "participle": row[1], "ing": row[2], "object": object])
  }

  private static let requests = """
    open opened opening the_window;the_door;the_box;the_letter
    close closed closing the_door;the_window;the_book;the_shop
    clean cleaned cleaning the_kitchen;the_table;the_shoes;the_car
    wash washed washing the_dishes;the_apples;the_shirts;the_windows
    read read reading the_letter;the_instructions;the_first_page;the_poem
    write written writing a_letter;a_report;a_short_story;the_answer
    bring brought bringing the_chairs;a_cake;some_water;the_keys
    call called calling the_doctor;a_taxi;the_school;the_office
    feed fed feeding the_cat;the_ducks;the_horse;the_fish
    water watered watering the_plants;the_flowers;the_garden;the_roses
    cook cooked cooking the_rice;dinner;some_soup;the_potatoes
    sell sold selling the_car;the_house;the_old_piano;the_tickets
    paint painted painting the_wall;the_fence;a_picture;the_boat
    find found finding the_key;a_hotel;the_exit;the_map
    count counted counting the_coins;the_chairs;the_votes;the_sheep
    repair repaired repairing the_lamp;the_roof;the_bicycle;the_clock
    move moved moving the_sofa;the_boxes;the_table;the_bed
    check checked checking the_list;the_tickets;the_oven;the_lights
    send sent sending the_parcel;a_postcard;the_invitations;the_bill
    buy bought buying some_bread;the_tickets;a_map;two_lemons
    """

  private static func speech(_ random: inout SeededGenerator) -> Material {
    let name = random.element(Lexicon.names)
    let isShe = Lexicon.feminine.contains(name)
    let thing = random.element(Lexicon.things)
    let adjective = random.element(Lexicon.adjectives)
    let place = random.element(Lexicon.places)
    let city = random.element(Lexicon.cities)
    let (now, then) = random.element([
      ("I need the \(thing)", "{p} needed the \(thing)"),
      ("I like the \(adjective) \(thing)", "{p} liked the \(adjective) \(thing)"),
      ("I live in \(city)", "{p} lived in \(city)"),
      ("I can see the \(thing) \(place)", "{p} could see the \(thing) \(place)"),
      ("I will buy the \(thing)", "{p} would buy the \(thing)"),
      ("I want to go to \(city)", "{p} wanted to go to \(city)"),
      ("I work \(place)", "{p} worked \(place)"),
      ("My \(thing) is \(place)", "{o} \(thing) was \(place)"),
      ("I do not like the \(thing)", "{p} did not like the \(thing)"),
      ("I am \(place)", "{p} was \(place)"),
      ("I have no \(thing)", "{p} had no \(thing)"),
    ])
    let reported = then.replacing("{p}", with: isShe ? "she" : "he")
      .replacing("{o}", with: isShe ? "her" : "his")
    return Material(
      .speech, "\"\(now),\" said \(name).", ["name": name, "words": now, "reported": reported])
  }

  private static func remark(_ random: inout SeededGenerator) -> Material {
    let thing = random.element(Lexicon.things)
    let adjective = random.element(Lexicon.adjectives)
    let place = random.element(Lexicon.places)
    let name = random.element(Lexicon.names)
    let kinds: [(String, [String])] = [
      (
        "question",
        [
          "Where is the \(thing)?", "Did you see the \(adjective) \(thing)?",
          "Why is the \(thing) \(place)?", "Who lives \(place)?", "Is the \(thing) \(adjective)?",
          "How much is the \(adjective) \(thing)?", "When will \(name) be \(place)?",
          "Has \(name) found the \(thing)?",
        ]
      ),
      (
        "statement",
        [
          "The \(thing) is \(place).", "\(name) has the \(adjective) \(thing).",
          "We met \(place) on Monday.", "The \(adjective) \(thing) belongs to \(name).",
          "There was nobody \(place).", "\(name) knows where the \(thing) is.",
        ]
      ),
      (
        "exclamation",
        [
          "What \(adjective.withIndefiniteArticle) \(thing)!", "How \(adjective) the \(thing) is!",
          "What a day \(place)!", "How happy \(name) was!",
        ]
      ),
      (
        "command",
        [
          "Bring me the \(thing).", "Wait for \(name) \(place).", "Put the \(thing) away.",
          "Look at the \(adjective) \(thing).", "Tell \(name) about the \(thing).",
          "Leave the \(thing) \(place).", "Ask \(name) for the \(adjective) \(thing).",
        ]
      ),
    ]
    let kind = kinds[random.pick(2) == 0 ? 0 : random.pick(4)]
    return Material(.remark, random.element(kind.1), ["type": kind.0])
  }

  private static func paragraph(_ random: inout SeededGenerator) -> Material {
    let names = random.elements(Lexicon.names, 3 + random.pick(2))
    let sentences = names.map { name in
      let thing = random.element(Lexicon.things)
      return random.element([
        "\(name) \(random.element(Lexicon.deeds).past) the \(thing).",
        "\(name) \(random.element(Lexicon.deeds).past) the \(random.element(Lexicon.adjectives)) \(thing).",
        "\(name) was \(random.element(Lexicon.places)).",
        "\(name) is \(random.element(["tired", "happy", "late", "hungry", "busy", "ill"])).",
        "\(name) likes the \(thing).", "\(name) lives in \(random.element(Lexicon.cities)).",
      ])
    }
    return Material(
      .paragraph, sentences.joined(separator: " "), items: sentences,
      ["names": names.joined(separator: " ")])
  }
}
