extension Family {
  /// Dates: "7 March 2021".
  static let dateFamilies: [Family] = [
    .text(
      "iso date", [.date], "write the date as year-month-day in digits",
      """
      Write the date as year-month-day in digits. | ISO format. | Use the ISO date format. | YYYY-MM-DD
      Could you give the date in ISO 8601? | Convert the date to YYYY-MM-DD. | As 2000-12-31 is written.
      Rewrite the date in the international format: four digits, hyphen, two digits, hyphen, two digits.
      The ISO date, please. | Make it an ISO date. | Year first, then month, then day, with hyphens and digits.
      Put the date into the form YYYY-MM-DD.
      """
    ) { "\($0["year"])-\($0["mm"])-\($0["dd"])" },
    .text(
      "american date", [.date], "write the date the American way, month first, with a comma",
      """
      Write the date the American way, month first, with a comma. | American style: month day, year.
      US date | Could you write this date as Americans do, with the name of the month? | Month first, then day.
      Rewrite the date with the month in front, then the day, a comma and the year.
      As in the United States, please: month, day, comma, year. | Americanise the date, month in letters.
      Month, day, comma, year. | Move the month to the front, comma before the year. | Put it as December 31, 2000 is put.
      Change the order to month, day, year.
      """
    ) { "\($0["month"]) \($0["day"]), \($0["year"])" },
    .text(
      "date with slashes", [.date], "write the date as day/month/year in digits",
      """
      Write the date as day/month/year in digits. | DD/MM/YYYY | Use slashes: day/month/year. | With slashes, day first.
      Could you write the date as DD/MM/YYYY? | Digits and slashes, day first. | Convert it to DD/MM/YYYY.
      Rewrite the date with two digits for the day, two for the month and four for the year, with slashes between.
      Day, month, year with slashes, please. | Put the date in the form 31/12/2000. | Numeric date with slashes, day first.
      Make it a slashed date: day/month/year.
      """
    ) { "\($0["dd"])/\($0["mm"])/\($0["year"])" },
    .part(
      "year", [.date], "year", "give only the year",
      """
      Give only the year. | Which year? | Year only. | What year is it? | year
      Could you tell me the year? | Extract the year. | The year alone. | Keep the year and drop the rest.
      Read the date and answer with its year and nothing else.
      Just the year, please. | In which year was that? | Name the year. | Copy the year.
      """),
    .part(
      "month of a date", [.date], "month", "give only the month",
      """
      Give only the month. | Which month? | Month only. | What month is it? | month
      Could you tell me the month? | Extract the month. | The month alone. | Keep the month and drop the rest.
      Read the date and answer with the name of its month and nothing else.
      Just the month, please. | In which month was that? | Name the month. | Copy the month.
      """),
    .text(
      "short month", [.date], "abbreviate the month to three letters",
      """
      Abbreviate the month to three letters. | Shorten the month. | Three letters for the month. | short month
      Could you shorten the name of the month to three letters? | Use Jan, Feb and so on.
      Write the same date with only the first three letters of the month.
      Month in three letters, please. | The month abbreviated, the rest as it is. | Write Dec for December and so on.
      Cut the month down to its first three letters. | Use the short name of the month.
      """
    ) { "\($0["day"]) \($0["month"].prefix(3)) \($0["year"])" },
    .text(
      "next day", [.date], "give the date of the day after",
      """
      Give the date of the day after. | What is the date one day later? | Next day. | Add one day. | +1 day
      Could you give the date of the following day? | The day after, in the same format. | One day later.
      Count one day further and write the date in the same way.
      The following date, please. | Tomorrow's date, if this is today. | Move the date on by a day.
      What date follows it?
      """
    ) { "\(Int($0["day"])! + 1) \($0["month"]) \($0["year"])" },
    .text(
      "next year", [.date], "give the same day one year later",
      """
      Give the same day one year later. | One year later. | Add one year. | +1 year | The same day next year.
      Could you move the date on by a year? | The first anniversary: which date? | A year later, same format.
      Write the date with the year raised by one and the day and month unchanged.
      One year more, please. | Increase the year by one. | What is the date a year after?
      Shift it by one year.
      """
    ) { "\($0["day"]) \($0["month"]) \(Int($0["year"])! + 1)" },
    .text(
      "ordinal date", [.date], "write the day as an ordinal, like 1st or 2nd",
      """
      Write the day as an ordinal, like 1st or 2nd. | Use an ordinal for the day. | Add st, nd, rd or th to the day.
      ordinal day | Could you write the day as an ordinal number? | 1st, 2nd, 3rd style for the day.
      Rewrite the date with st, nd, rd or th after the day, as it should be, and leave the rest.
      Ordinal day, please. | Put the right ending after the day: st, nd, rd, th. | Make the day 1st, 2nd, 3rd or the like.
      Give the day its ordinal ending. | Write it as one would write 31st December 2000.
      """
    ) { "\(Lexicon.ordinal(Int($0["day"])!)) \($0["month"]) \($0["year"])" },
    .text(
      "decade", [.date], "name the decade, like 1990s",
      """
      Name the decade, like 1990s. | Which decade? | In which decade was it? | decade
      Could you tell me the decade, in the form 1990s? | The decade only. | Answer with the decade, such as 1980s.
      Work out the decade of the date and write it with four digits and an s.
      The decade, please. | Give its decade. | To which decade does it belong? | Say only the decade.
      Reduce the date to its decade.
      """
    ) { "\($0["year"].dropLast())0s" },

    // Times of day: "3:45 pm", "15:45".
    .text(
      "24 hours", [.time], "write the time on the 24-hour clock",
      """
      Write the time on the 24-hour clock. | 24-hour time. | Convert it to 24-hour time. | Use the 24-hour format.
      24h | Could you write it without am or pm, in 24-hour time? | Railway time. | Four digits with a colon, 24-hour clock.
      Rewrite the time as the 24-hour clock shows it, with two digits for the hour, and no am or pm.
      In the 24-hour system, please. | Drop am or pm and use 24 hours. | As a digital clock with 24 hours shows it.
      """
    ) { "\($0["hour24"]):\($0["minute"])" },
    .found(
      "part of the day", [.time], "say morning or afternoon",
      """
      Say morning or afternoon. | Morning or afternoon? | Is it in the morning or in the afternoon? One word.
      morning/afternoon | Could you tell whether that is morning or afternoon? | Classify it: morning or afternoon.
      Answer morning if the time is before noon and afternoon if it is later.
      One word, please: morning or afternoon. | Which half of the day: morning or afternoon?
      Is it before or after noon? Say morning or afternoon. | Decide between morning and afternoon.
      Label the time as morning or afternoon.
      """,
      { m, _ in
        // Three in the night is no morning, and nine in the evening no afternoon.
        (m["half"] == "am" ? 5...11 : 1...6).contains(Int(m["hour"])!) ? [] : nil
      },
      rule: { m, _ in m["half"] == "am" ? "morning" : "afternoon" }),
    .text(
      "an hour later", [.clock], "give the time one hour later",
      """
      Give the time one hour later. | One hour later. | Add an hour. | +1 h | What time is it an hour later?
      Could you add one hour? | In an hour it is what time? | Move the clock on by an hour.
      Add one hour to the time and write it in the same format.
      An hour more, please. | The time after one more hour. | Put the clock forward by one hour.
      Sixty minutes later.
      """
    ) { "\(Int($0["hour"])! + 1):\($0["minute"])" },
    .text(
      "12 hours", [.clock], "write the time with am or pm",
      """
      Write the time with am or pm. | 12-hour time. | Convert it to am or pm. | Use the 12-hour clock.
      am/pm | Could you write it with am or pm? | As the 12-hour clock has it, with am or pm.
      Rewrite the time as the 12-hour clock shows it, followed by am or pm.
      With am or pm, please. | No 24-hour time: am or pm. | Change the 24-hour clock to the 12-hour clock.
      Say it with am or pm.
      """
    ) { m in
      let hour = Int(m["hour"])!
      return "\(hour > 12 ? hour - 12 : hour):\(m["minute"]) \(hour < 12 ? "am" : "pm")"
    },
    .text(
      "hour only", [.clock], "give only the hour",
      """
      Give only the hour. | Which hour? | Hour only. | The number before the colon. | hour
      Could you give just the hour? | Leave out the minutes. | Keep the hour, drop the minutes.
      Answer with the hour of the time alone, without the minutes.
      Just the hour, please. | Cut off the minutes. | What hour does it show?
      """
    ) { $0["hour"] },
  ]

  /// Quantities with units, and prices.
  static let measureFamilies: [Family] = [
    .text(
      "smaller unit", [.measure], "convert it to the next smaller unit",
      """
      Convert it to the next smaller unit. | Use the smaller unit. | km in m, m in cm, kg in g, l in ml, h in min.
      smaller unit | Could you convert this: km to m, m to cm, kg to g, l to ml, h to min? | Express it in a smaller unit.
      Convert kilometres to metres, metres to centimetres, kilograms to grams, litres to millilitres, hours to minutes.
      In the smaller unit, please. | How much is it in the next smaller unit? | Go one unit down.
      Write the same amount with the next smaller unit. | Change the unit to the next smaller one.
      """
    ) { "\(Int($0["number"])! * Int($0["factor"])!) \($0["smaller"])" },
    .text(
      "unit written out", [.measure], "write out the unit",
      """
      Write out the unit. | Spell the unit in full. | No abbreviated unit. | Full name of the unit.
      unit in words | Could you write the unit as a word? | The number with the unit written in full.
      Write the amount again with the unit as a whole word in the plural instead of its symbol.
      The unit in full, please. | Replace the symbol by the word. | Expand the unit. | Say what the symbol stands for.
      Give the unit its full name.
      """
    ) { "\($0["number"]) \($0["unitName"])" },
    .part(
      "number of a measure", [.measure], "number", "give only the number",
      """
      Give only the number. | Number only. | Without the unit. | Drop the unit. | number
      Could you leave the unit out? | The number alone. | Remove the unit. | Just the digits.
      Answer with the number of the amount, and leave the unit out.
      No unit, please. | Strip the unit. | How many? The number only. | Keep the digits.
      """),
    .part(
      "unit of a measure", [.measure], "unit", "give only the unit",
      """
      Give only the unit. | Unit only. | Without the number. | Which unit is used? | unit
      Could you give just the unit? | The unit alone. | Remove the number. | What is the unit?
      Answer with the unit of the amount, as it is written, and leave the number out.
      The unit, please. | Strip the number. | In what unit is it given? | Keep the unit.
      """),
    .part(
      "what is measured", [.measure], "quantity",
      "say what is measured: length, weight, volume or time",
      """
      What is measured: length, weight, volume or time? | length, weight, volume or time?
      Say whether it is a length, a weight, a volume or a time. One word. | Name the quantity: length, weight, volume, time.
      Could you tell if that is a length, a weight, a volume or a time? | Classify it as length, weight, volume or time.
      Look at the unit and answer with one word: length, weight, volume or time.
      Which of length, weight, volume and time is it? | Label it length, weight, volume or time, please.
      Decide what kind of quantity it is (length, weight, volume, time).
      Is this about length, weight, volume or time? | Length, weight, volume, time: choose. | Give the quantity, one of length, weight, volume and time.
      """),
    .text(
      "measure doubled", [.measure], "double the amount",
      """
      Double the amount. | Twice as much. | Make it twice as much. | times 2 | Multiply the amount by two.
      Could you double this? | The double amount, with the unit. | Two times that, with its unit.
      Multiply the number by two and write it with the same unit.
      Twice that, please. | I need two of these: how much? | What is twice this amount?
      Increase it to the double.
      """
    ) { "\(Int($0["number"])! * 2) \($0["unit"])" },
    .text(
      "price in words", [.money], "write the currency as a word after the number",
      """
      Write the currency as a word after the number. | No sign: write dollars, euros or pounds. | Currency in words.
      Could you write the currency out? | The sign as a word, after the number. | dollars, euros, pounds instead of signs
      Replace the currency sign by the word dollars, euros or pounds, behind the number.
      The word for the currency, please, after the number. | Spell out the currency sign. | Say it with the currency's name.
      As one reads it: number, then currency, digits kept. | Turn the sign into a word behind the number.
      """
    ) { "\($0["number"]) \($0["currency"])" },
    .text(
      "currency code", [.money], "write it with the code USD, EUR or GBP in front",
      """
      Write it with the code USD, EUR or GBP in front. | Use the currency code. | Code instead of sign: USD, EUR, GBP.
      ISO currency | Could you use the code USD, EUR or GBP? | Replace the sign by its three-letter code and a space.
      Rewrite the price with the three-letter code of the currency and a space before the number.
      The code, please: USD, EUR or GBP, then the number. | As banks write it, with USD, EUR or GBP.
      Put USD, EUR or GBP before the number in place of the sign. | Three-letter code first, then the number.
      Turn the sign into a currency code.
      """
    ) { "\($0["code"]) \($0["number"])" },
    .text(
      "with cents", [.money], "write the price with two decimals",
      """
      Write the price with two decimals. | Add .00. | Two decimals. | Show the cents. | .00
      Could you show the cents? | With two digits after the point. | Price with two decimal places.
      Rewrite the price so that it has a point and two zeros after it.
      Two decimal places, please. | Add the cents, which are zero. | As a shop prints it, with two decimals.
      Put .00 after the number.
      """
    ) { "\($0.text).00" },
    .part(
      "name of the currency", [.money], "currency", "name the currency",
      """
      Name the currency. | Which currency? | dollars, euros or pounds? | What currency is it? One word.
      Could you tell me the currency? | The currency only, as a word. | Is it in dollars, euros or pounds?
      Look at the sign and answer with the name of the currency in the plural.
      The currency, please, in one word. | What does the sign stand for? | Give the name of the money.
      Dollars, euros, pounds: which? | Say what currency the price is in.
      """),
  ]
}
