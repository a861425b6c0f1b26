import EditorTraining

extension Material {
  static func ofNumbers(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    switch kind {
    case .pair:
      let first = 1 + random.pick(40)
      var second = 1 + random.pick(40)
      if second == first { second += 1 }
      return Material(.pair, "\(first) and \(second)", items: ["\(first)", "\(second)"])
    case .date:
      let day = random.number(1...27)
      let month = random.pick(12)
      let year = random.number(1950...2029)
      return Material(
        .date, "\(day) \(Lexicon.months[month]) \(year)",
        [
          "day": "\(day)", "month": Lexicon.months[month], "year": "\(year)",
          "dd": twoDigits(day), "mm": twoDigits(month + 1),
        ])
    case .time:
      let hour = random.number(1...11)
      let minute = twoDigits(5 * random.pick(12))
      let isMorning = random.pick(2) == 0
      return Material(
        .time, "\(hour):\(minute) \(isMorning ? "am" : "pm")",
        [
          "hour": "\(hour)", "minute": minute, "half": isMorning ? "am" : "pm",
          "hour24": twoDigits(isMorning ? hour : hour + 12),
        ])
    case .clock:
      let hour = "\(random.number(1...22))"
      let minute = twoDigits(5 * random.pick(12))
      return Material(.clock, "\(hour):\(minute)", ["hour": hour, "minute": minute])
    case .measure:
      let unit = random.element(Lexicon.measures)
      let number = "\(random.number(2...40))"
      return Material(
        .measure, "\(number) \(unit[0])",
        [
          "number": number, "unit": unit[0], "smaller": unit[1], "factor": unit[2],
          "unitName": unit[3], "quantity": unit[4],
        ])
    case .money:
      let currency = random.element(Lexicon.currencySigns.keys.sorted())
      let number = "\(random.number(2...99))"
      return Material(
        .money, Lexicon.currencySigns[currency]! + number,
        ["number": number, "currency": currency, "code": Lexicon.currencyCodes[currency]!])
    default: return Material(.number, "\(random.number(1...49))")
    }
  }

  private static func twoDigits(_ n: Int) -> String { n < 10 ? "0\(n)" : "\(n)" }

  static func ofPeople(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    let name = random.element(Lexicon.names)
    let surname = random.element(Lexicon.surnames)
    switch kind {
    case .email:
      let user =
        random.pick(2) == 0 ? "\(name).\(surname)".lowercased() : name.lowercased()
      let domain = random.element([
        "example.com", "mail.org", "school.net", "office.com", "library.org", "garden.net",
      ])
      return Material(.email, "\(user)@\(domain)", ["user": user, "domain": domain])
    case .address:
      let number = "\(random.number(1...99))"
      let street = random.element(Lexicon.streets)
      let city = random.element(Lexicon.cities)
      return Material(
        .address, "\(number) \(street), \(city)",
        ["number": number, "street": street, "city": city])
    case .message:
      let recipient = random.element(Lexicon.names.filter { $0 != name })
      let event = random.element([
        "meeting", "party", "concert", "lesson", "dinner", "match", "exam", "rehearsal",
      ])
      let day = random.element(Lexicon.days)
      let time = "\(random.number(8...20)):\(random.element(["00", "15", "30"]))"
      let place = random.element(Lexicon.places)
      let text = random.element([
        "Hi \(recipient), the \(event) is on \(day) at \(time) \(place). \(name)",
        "Dear \(recipient), we meet \(place) for the \(event) on \(day) at \(time). Yours, \(name)",
        "Hello \(recipient)! On \(day) at \(time) we have the \(event) \(place). See you, \(name)",
        "\(recipient), do not forget the \(event) \(place): \(day), \(time). Best, \(name)",
      ])
      return Material(
        .message, text,
        [
          "recipient": recipient, "event": event, "day": day, "time": time, "place": place,
          "sender": name,
        ])
    default:
      let isShe = Lexicon.feminine.contains(name)
      let middle = random.element(
        Lexicon.names.filter { $0 != name && Lexicon.feminine.contains($0) == isShe })
      return Material(
        .fullName, "\(name) \(middle) \(surname)", items: [name, middle, surname],
        ["title": isShe ? "Ms" : "Mr"])
    }
  }

  static func ofData(_ kind: Kind, _ random: inout SeededGenerator) -> Material {
    switch kind {
    case .code:
      let row = random.element(codeComments)
      let value = "\(random.number(1...49))"
      let code = "\(row.0) = \(value)"
      return Material(
        .code, "\(code)  # \(row.1)",
        ["variable": row.0, "value": value, "code": code, "comment": row.1])
    case .plainCode:
      let names = random.elements(codeComments.map(\.0), 2)
      let number = random.number(1...49)
      return Material(
        .plainCode,
        random.element([
          "\(names[0]) = \(names[1]) + \(number)", "\(names[0]) = \(number)",
          "print(\(names[0]))", "\(names[0]) = \(names[1])", "check(\(names[0]), \(names[1]))",
          "\(names[0]) = max(\(names[1]), \(number))", "update(\(names[0]))",
        ]))
    case .csv:
      let names = random.elements(Lexicon.names, 2 + random.pick(2))
      let ages = random.elements(Array(18...79), names.count)
      let cities = random.elements(Lexicon.cities, names.count)
      let lines = ["name,age,city"] + names.indices.map { "\(names[$0]),\(ages[$0]),\(cities[$0])" }
      return Material(.csv, lines.joined(separator: "\n"), items: lines)
    default:
      let schema = random.element([
        ["Name", "Age", "City"], ["Name", "Age", "Job"], ["Name", "City", "Job"], ["Name", "Age"],
        ["Item", "Price", "Colour"], ["Item", "Price"], ["Item", "Colour", "City"],
        ["Event", "Day", "City"], ["Event", "Day"],
      ])
      var fields: [String: String] = [:]
      for key in schema { fields[key] = value(of: key, &random) }
      let record = Material(
        kind, schema.map { "\($0): \(fields[$0]!)" }.joined(separator: "; "), items: schema, fields)
      return kind == .json
        ? Material(.json, record.jsonObject, items: schema, fields) : record
    }
  }

  private static func value(of key: String, _ random: inout SeededGenerator) -> String {
    switch key {
    case "Name": random.element(Lexicon.names)
    case "Age": "\(random.number(18...79))"
    case "City": random.element(Lexicon.cities)
    case "Job": random.element(Lexicon.jobs)
    case "Item": random.element(Lexicon.things)
    case "Price": "\(random.number(2...99))"
    case "Colour": random.element(Lexicon.colours)
    case "Event": random.element(["concert", "meeting", "party", "exam", "match"])
    default: random.element(Lexicon.days)
    }
  }

  private static let codeComments = [
    ("speed", "metres a second"), ("width", "in pixels"), ("timeout", "seconds to wait"),
    ("retries", "tries before giving up"), ("price", "in euros"), ("limit", "at most this many"),
    ("age", "in years"), ("height", "in centimetres"), ("pages", "pages to print"),
    ("score", "points so far"), ("level", "where the player starts"),
    ("delay", "between two steps"),
    ("port", "where the server listens"), ("rows", "rows of the table"), ("weight", "in kilograms"),
  ]

  /// The marks that start a comment.
  static let commentMarks = [
    "Python": "#", "JavaScript": "//", "SQL": "--", "C": "//", "Lua": "--", "Ruby": "#",
  ]

  /// A field of the record or object and another value for it.
  static func changedField(_ material: Material, _ random: inout SeededGenerator) -> [String]? {
    let key = random.element(material.items)
    let other = value(of: key, &random)
    return other == material[key] ? nil : [key, other]
  }

  /// One object on a line, with keys in small letters; ages and prices are numbers.
  package var jsonObject: String { json(of: items) }

  /// An object of some of the fields.
  func json(of keys: [String]) -> String {
    "{"
      + keys.map { key in
        let isNumber = ["Age", "Price"].contains(key)
        return "\"\(key.lowercased())\": " + (isNumber ? self[key] : "\"\(self[key])\"")
      }.joined(separator: ", ") + "}"
  }

  /// The lines of a CSV table, cut at the commas.
  var csvRows: [[String]] { items.map { $0.split(separator: ",").map(String.init) } }

  /// Rows, the first of them the header.
  static func markdownTable(_ rows: [[String]]) -> String {
    var lines = rows.map { "| " + $0.joined(separator: " | ") + " |" }
    lines.insert("|" + String(repeating: " --- |", count: rows[0].count), at: 1)
    return lines.joined(separator: "\n")
  }
}
