#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A day and a time, for `strftime_now`.
public struct JinjaDate: Sendable, Equatable {
  /// The year, as 2024.
  public var year: Int
  /// The month, from 1.
  public var month: Int
  /// The day of the month, from 1.
  public var day: Int
  /// The hour, minute and second.
  public var timeOfDay: (hour: Int, minute: Int, second: Int) = (0, 0, 0)

  /// Midnight of a day.
  public init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// Now, where this machine is.
  public static var now: JinjaDate {
    var seconds = time(nil)
    var parts = tm()
    localtime_r(&seconds, &parts)
    var date = JinjaDate(
      year: Int(parts.tm_year) + 1900, month: Int(parts.tm_mon) + 1, day: Int(parts.tm_mday))
    date.timeOfDay = (Int(parts.tm_hour), Int(parts.tm_min), Int(parts.tm_sec))
    return date
  }

  /// Whether both are the same second.
  public static func == (a: JinjaDate, b: JinjaDate) -> Bool {
    (a.year, a.month, a.day) == (b.year, b.month, b.day) && a.timeOfDay == b.timeOfDay
  }

  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October",
    "November", "December",
  ]
  private static let days = [
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday",
  ]

  /// Days of this year before this one.
  private var dayOfYear: Int {
    let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
    let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return lengths.prefix(month - 1).reduce(0, +) + day - 1
  }

  /// From 0 for Sunday.
  private var weekday: Int {
    let before = year - 1
    return (1 + 365 * before + before / 4 - before / 100 + before / 400 + dayOfYear) % 7
  }

  /// As `strftime` writes it in English.
  func formatted(_ format: MarkedText, _ evaluator: JinjaEvaluator) throws(JinjaError) -> MarkedText
  {
    var result = MarkedText()
    var index = 0
    while index < format.count {
      let unit = format.units[index]
      index += 1
      guard MarkedText.scalar(unit) == "%", index < format.count else {
        result.units.append(unit)
        continue
      }
      var letter = MarkedText.scalar(format.units[index])
      index += 1
      var width: Int? = nil
      if letter == "-", index < format.count {
        width = 1
        letter = MarkedText.scalar(format.units[index])
        index += 1
      }
      guard let text = written(letter, width: width) else {
        throw evaluator.fail(
          "the date's part %\(shortened(String(letter))) is not written here", .unsupported)
      }
      result.append(text)
    }
    return result
  }

  private func written(_ letter: Unicode.Scalar, width: Int?) -> String? {
    func padded(_ value: Int, _ count: Int = 2) -> String {
      let text = "\(value)"
      return String(repeating: "0", count: max(0, (width ?? count) - text.count)) + text
    }
    func part(_ letter: Unicode.Scalar) -> String { written(letter, width: nil) ?? "" }
    let hour = (timeOfDay.hour + 11) % 12 + 1
    switch letter {
    case "Y": return "\(year)"
    case "y": return padded(year % 100)
    case "m": return padded(month)
    case "d": return padded(day)
    case "e": return width == nil && day < 10 ? " \(day)" : "\(day)"
    case "j": return padded(dayOfYear + 1, 3)
    case "B": return Self.months[month - 1]
    case "b", "h": return String(Self.months[month - 1].prefix(3))
    case "A": return Self.days[weekday]
    case "a": return String(Self.days[weekday].prefix(3))
    case "w": return "\(weekday)"
    case "H": return padded(timeOfDay.hour)
    case "I": return padded(hour)
    case "M": return padded(timeOfDay.minute)
    case "S": return padded(timeOfDay.second)
    case "p": return timeOfDay.hour < 12 ? "AM" : "PM"
    case "F": return "\(year)-\(part("m"))-\(part("d"))"
    case "T": return "\(part("H")):\(part("M")):\(part("S"))"
    case "n": return "\n"
    case "t": return "\t"
    case "%": return "%"
    default: return nil
    }
  }
}
