extension Family {
  /// Lists of numbers, "12, 5, 30", and what else can be done with one number.
  static let numberListFamilies: [Family] = [
    .numbers(
      "ascending", "sort the numbers from small to large",
      """
      Sort the numbers from small to large. | Ascending order. | Smallest first. | Sort ascending. | sort
      Could you put the numbers in ascending order? | Order them from the lowest to the highest.
      Arrange the numbers so that each is larger than the one before it.
      In rising order, please. | From the smallest to the largest. | Let them grow from left to right.
      Sort them, lowest first. | Put them in increasing order.
      """
    ) { $0.sorted() },
    .numbers(
      "descending", "sort the numbers from large to small",
      """
      Sort the numbers from large to small. | Descending order. | Largest first. | Sort descending. | reverse sort
      Could you put the numbers in descending order? | Order them from the highest to the lowest.
      Arrange the numbers so that each is smaller than the one before it.
      In falling order, please. | From the largest to the smallest. | Let them fall from left to right.
      Sort them, highest first. | Put them in decreasing order.
      """
    ) { $0.sorted(by: >) },
    .numbers(
      "largest", "give the largest number",
      """
      Give the largest number. | Which is the largest? | Maximum? | The highest of them. | max
      Could you find the biggest number? | Pick the greatest. | Only the largest one.
      Compare the numbers and answer with the one that is larger than all the others.
      The maximum, please. | Return the highest number. | Which one is greatest? | Find the maximum.
      """
    ) { [$0.max()!] },
    .numbers(
      "lowest", "give the smallest number",
      """
      Give the smallest number. | Which is the smallest? | Minimum? | The lowest of them. | min
      Could you find the least number? | Pick the smallest. | Only the lowest one.
      Compare the numbers and answer with the one that is smaller than all the others.
      The minimum, please. | Return the lowest number. | Which one is least? | Find the minimum.
      """
    ) { [$0.min()!] },
    .numbers(
      "even ones", "keep only the even numbers",
      """
      Keep only the even numbers. | Which are even? | Even numbers only. | Drop the odd ones. | even
      Could you pick the even numbers? | Filter: even. | Only those that two divides.
      Go through the numbers and keep every even one, in the order of the list.
      The even ones, please. | Leave out what is odd. | Select the even numbers. | List the even ones.
      """
    ) { $0.filter { $0.isMultiple(of: 2) } },
    .numbers(
      "odd ones", "keep only the odd numbers",
      """
      Keep only the odd numbers. | Which are odd? | Odd numbers only. | Drop the even ones. | odd
      Could you pick the odd numbers? | Filter: odd. | Only those that two does not divide.
      Go through the numbers and keep every odd one, in the order of the list.
      The odd ones, please. | Leave out what is even. | Select the odd numbers. | List the odd ones.
      """
    ) { $0.filter { !$0.isMultiple(of: 2) } },
    .numbers(
      "each plus one", "add one to each number",
      """
      Add one to each number. | Each plus one. | Increase every number by one. | +1 for all | All of them one more.
      Could you add 1 to every number? | Raise each by one. | Every number gets one more.
      Write the list again with each number replaced by the one that follows it.
      One more for each, please. | Count each of them up by one. | The next number for every one of them.
      """
    ) { $0.map { $0 + 1 } },
    .numbers(
      "each doubled", "double each number",
      """
      Double each number. | Each times two. | Multiply every number by two. | x2 for all | Twice each of them.
      Could you double all of these? | Make each twice as large. | Every number, doubled.
      Write the list again with each number replaced by two times that number.
      The double of each, please. | Put twice the value for each. | Times two, every one of them.
      """
    ) { $0.map { $0 * 2 } },
    .found(
      "above a bound", [.numberList], "keep only the numbers above {a}",
      """
      Keep only the numbers above {a}. | Which are larger than {a}? | More than {a} only. | > {a}
      Could you pick the numbers greater than {a}? | Filter: above {a}. | Drop what is {a} or less.
      Go through the numbers and keep every one that is larger than {a}, in the order of the list.
      Those over {a}, please. | Leave out what does not exceed {a}. | Select the numbers beyond {a}.
      List what is greater than {a}. | Only numbers that exceed {a}.
      """,
      { m, random in
        let bound = 10 + 10 * random.pick(4)
        let above = m.items.count { Int($0)! > bound }
        return above > 0 && above < m.items.count ? ["\(bound)"] : nil
      },
      rule: { m, p in m.items.filter { Int($0)! > Int(p[0])! }.joined(separator: ", ") }),
    .text(
      "how many numbers", [.numberList], "count the numbers",
      """
      Count the numbers. | How many numbers are there? | Number of numbers? | How many are listed? | how many
      Could you count these? | Answer with how many numbers you see. | Tell me how many numbers there are.
      Count the numbers of the list and answer with their number alone, not with their sum.
      How many, please? | State how many numbers are given. | Of how many numbers does the list consist?
      Give the count of the numbers.
      """
    ) { "\($0.items.count)" },
    .text(
      "array of numbers", [.numberList], "write the numbers as a JSON array",
      """
      Write the numbers as a JSON array. | JSON array. | As an array. | Square brackets around the numbers. | [ ... ]
      Could you turn this into a JSON array? | A Python list of the numbers. | Make an array of them.
      Write the numbers with commas between them and square brackets around all, as JSON does.
      As a JSON array, please. | Put them in an array. | Array notation. | Convert it to an array of numbers.
      """
    ) { "[\($0.text)]" },
    .text(
      "plus signs between", [.numberList], "write the numbers as a sum, with plus signs",
      """
      Write the numbers as a sum, with plus signs. | Plus signs instead of commas. | As a sum, not worked out. | a + b + c
      Could you write this as an addition, without the result? | Put + between the numbers. | Make a sum of it, unsolved.
      Write the numbers with a plus sign and spaces between them, and do not work out the sum.
      An addition, please, not calculated. | Join the numbers by +. | Turn the commas into plus signs.
      Formulate the sum, do not compute it.
      """
    ) { $0.items.joined(separator: " + ") },
  ]

  /// One number in other forms.
  static let numeralFamilies: [Family] = [
    .text(
      "ordinal", [.number], "write it as an ordinal number, like 1st or 2nd",
      """
      Write it as an ordinal number, like 1st or 2nd. | Ordinal number. | Add st, nd, rd or th. | 1st, 2nd, 3rd ...
      Could you make an ordinal of it, in digits? | Which place is that? Digits with ending. | Digits and ending, please.
      Write the number with the ending that makes it an ordinal: st, nd, rd or th.
      As an ordinal, in digits. | Make it the ...th. | Give it the right one of st, nd, rd and th.
      How does one write the place in a race? Digits and ending.
      """
    ) { Lexicon.ordinal($0.number) },
    .text(
      "percent", [.number], "write it as a percentage",
      """
      Write it as a percentage. | Add a percent sign. | Percent. | As a percentage. | %
      Could you put a percent sign after it? | With a percent sign. | So many percent, with the sign.
      Write the number with a percent sign directly behind it.
      In percent, please. | Make it a percentage by its sign. | Attach the sign for percent. | Append %.
      """
    ) { "\($0.text)%" },
    .text(
      "padded", [.number], "write it with three digits, with zeros in front",
      """
      Write it with three digits, with zeros in front. | Pad it to three digits. | Three digits, leading zeros. | 007 style
      Could you fill it up to three digits with zeros? | Leading zeros up to three digits. | Zero-pad it to three.
      Put as many zeros in front of the number as it needs to have three digits.
      Three digits, please. | Fill with zeros on the left to three digits. | Use leading zeros, three digits in all.
      Write it as agents' numbers are written: three digits. | Make it three digits long by zeros.
      """
    ) { m in String(repeating: "0", count: 3 - m.text.count) + m.text },
    .choice(
      "price", [.number], "write it as a price in {a}", oneOf: ["dollars", "euros", "pounds"],
      """
      Write it as a price in {a}. | Price in {a}, with the sign. | Put the sign for {a} in front. | {a}, as a sign
      Could you make it an amount of {a}, with the sign? | Use the sign for {a}. | It costs that many {a}: use the sign.
      Write the number as a price, with the sign for {a} directly before it.
      In {a}, please, with the sign in front. | Put it as so many {a}, by sign. | Sign of {a}, then the number.
      Make a price tag in {a}.
      """
    ) { m, currency in Lexicon.currencySigns[currency]! + m.text },
    .text(
      "minus", [.number], "make it negative",
      """
      Make it negative. | Put a minus sign in front. | Negative. | Change the sign. | minus
      Could you write the negative of it? | With a minus. | The opposite number. | Below zero.
      Write the number with a minus sign directly before it.
      Negative, please. | Give minus the number. | Flip its sign. | What is its negative?
      """
    ) { "-\($0.text)" },
    .text(
      "number sign", [.number], "write it as No. and the number",
      """
      Write it as No. and the number. | No. in front. | Put No. before it. | As a number with No. | No. ...
      Could you put the abbreviation No. before it? | Abbreviate number: No. | Label it with No.
      Write the abbreviation for number, which is No., a space and then the number.
      With No., please. | Precede it by No. | Use No. as on a door. | Make it No. so-and-so.
      """
    ) { "No. \($0.text)" },
    .text(
      "tripled", [.number], "multiply it by three",
      """
      Multiply it by three. | Triple it. | Times three. | Three times as much. | x3
      Could you triple this number? | Take it three times. | Give three times the number. | The threefold.
      Work out the number added to itself and added once more, and answer with the result alone.
      Three times that, please. | What is three times this? | Calculate the triple. | Make it three times as large.
      """
    ) { "\($0.number * 3)" },
    .text(
      "size of a number", [.number], "say small if it is below 20 and large if it is not",
      """
      Say small if it is below 20 and large if it is not. | Below 20: small. Otherwise: large. | small (<20) or large?
      Answer small for less than 20 and large for 20 or more. | Could you say small below 20 and large from 20 on?
      If the number is less than 20 the answer is small, and in every other case it is large.
      Under 20 is small, please, the rest is large: which is it? | Is it small (under 20) or large (20 and up)?
      Label it small when under 20, else large. | Call it small up to 19 and large from 20.
      From 20 on it is large, before that small: say which. | Classify: under 20 small, else large.
      """
    ) { $0.number < 20 ? "small" : "large" },
    .text(
      "even halved", [.number], "if it is even, halve it. Otherwise add one",
      """
      If it is even, halve it; otherwise add one. | Even: half of it. Odd: one more. | Halve even numbers, add 1 to odd ones.
      Could you halve it if it is even and add one if it is odd? | even -> half, odd -> plus one
      When the number is even the answer is its half, and when it is odd the answer is one more.
      Half of it for an even number, please, and the next number for an odd one.
      Divide by two if that works out even, else add one. | An odd number goes up by one, an even one is halved.
      Take half of an even number; to an odd one add 1. | Odd? Add one. Even? Halve.
      Halve it where it is even, raise it by one where it is odd. | Half if even, otherwise the next.
      """
    ) { $0.number.isMultiple(of: 2) ? "\($0.number / 2)" : "\($0.number + 1)" },
  ]
}
