import EditorTraining

/// `FILE[:NUMBER]`; a colon with nothing after it that reads as a number is part of the name.
struct NumberedFile<Number: LosslessStringConvertible> {
  let path: String
  let number: Number?

  init(_ text: String) {
    if let colon = text.lastIndex(of: ":"),
      let number = Number(String(text[text.index(after: colon)...]))
    {
      path = String(text[..<colon])
      self.number = number
    } else {
      path = text
      number = nil
    }
  }
}

extension TrainingDataFile {
  /// Files of rows as `--data` gives them, with a weight or without.
  static func files(_ arguments: [String]) -> [TrainingDataFile] {
    arguments.map(NumberedFile<Double>.init).map {
      TrainingDataFile(path: $0.path, weight: $0.number ?? 1)
    }
  }
}
