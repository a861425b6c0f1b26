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
