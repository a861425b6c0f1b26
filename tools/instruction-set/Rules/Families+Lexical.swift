extension Family {
  /// Forms of verbs and adjectives.
  static let formFamilies: [Family] = [
    .part(
      "past of a verb", [.verb], "past", "give the past tense of the verb",
      """
      Give the past tense of the verb. | Past tense? | Simple past. | What is the past of it? | past
      Could you put the verb in the past? | Yesterday I ...: which form? | The second form of the verb.
      Write the form of the verb that is used for what happened yesterday.
      The past tense, please. | Put the verb in the simple past. | Turn it into the past tense. | Past form only.
      """),
    .part(
      "participle", [.verb], "participle", "give the past participle of the verb",
      """
      Give the past participle of the verb. | Past participle? | The form after have. | I have ...: which form?
      participle | Could you give the participle? | The third form of the verb. | What comes after has?
      Write the form of the verb that follows have in the perfect tense.
      The past participle, please. | Participle only. | Turn it into the past participle. | Perfect form, without have.
      """),
    .part(
      "ing form", [.verb], "ing", "give the ing-form of the verb",
      """
      Give the ing-form of the verb. | Ing-form? | Present participle. | The gerund. | -ing
      Could you add ing to the verb, spelled correctly? | I am ...: which form? | With ing at the end.
      Write the form of the verb that is used for what is going on just now.
      The ing-form, please. | Present participle only. | Turn it into the ing-form. | How is it with ing?
      """),
    .part(
      "third person", [.verb], "third", "give the form that goes with she",
      """
      Give the form that goes with she. | She ...: which form? | Third person singular. | Add the s. | he/she/it
      Could you give the present tense form for he or she? | The form for he, she or it. | The present, third person.
      Write the form of the verb that stands after he, she or it in the present tense.
      Third person, please. | Which form follows she? The word only. | Turn it into the third person singular.
      The s-form.
      """),
    .text(
      "infinitive", [.verb], "put to in front",
      """
      Put to in front. | Infinitive with to. | Make it an infinitive with to. | The to-infinitive. | to ...
      Could you write the infinitive with to? | Add to before it. | As a dictionary of verbs has it, with to.
      Write the verb as an infinitive, which means with the word to before it.
      With to, please. | Make it to and the verb. | Precede the verb by to. | Give the full infinitive.
      """
    ) { "to \($0.text)" },
    .part(
      "comparative", [.adjective], "comparative", "give the comparative",
      """
      Give the comparative. | Comparative? | More so: one word. | The form before than. | -er
      Could you put the adjective in the comparative? | Which form stands before than? | The second degree.
      Write the form of the adjective that says that one thing has more of it than another.
      The comparative, please. | Comparative form only. | Turn it into the comparative. | Compare two things: which form?
      """),
    .part(
      "superlative", [.adjective], "superlative", "give the superlative, without the",
      """
      Give the superlative, without the. | Superlative? | Most of all: one word. | The highest degree. | -est
      Could you put the adjective in the superlative? | Which form stands after the, for the top one? | The third degree.
      Write the form of the adjective that says that something has more of it than all the others.
      The superlative, please. | Superlative form only. | Turn it into the superlative. | The top one is the ...: which form?
      """),
    .part(
      "opposite", [.adjective], "opposite", "give the opposite",
      """
      Give the opposite. | Opposite? | What is the opposite of it? | The antonym. | antonym
      Could you tell me the word that means the contrary? | One word for the contrary. | The reverse of that.
      Write the adjective that means the contrary of this one.
      The opposite, please. | Antonym only. | Turn it into its opposite. | What is the contrary?
      """),
    .part(
      "adverb", [.adjective], "adverb", "give the adverb with ly",
      """
      Give the adverb with ly. | Adverb? | Make an adverb of it. | The form with ly. | -ly
      Could you turn the adjective into an adverb? | In what manner? Give the adverb. | Add ly, spelled correctly.
      Write the word that is made of this adjective by ly and describes how something is done.
      The adverb, please. | Adverb only. | Turn it into the ly-adverb. | Form the adverb.
      """),
    .choice(
      "intensified", [.adjective], "put {a} in front",
      oneOf: ["very", "too", "so", "quite", "really"],
      """
      Put {a} in front. | Add {a} before it. | Say {a} and the word. | With {a}. | {a} ...
      Could you strengthen it with {a}? | {a} first, then the word. | Precede it by {a}.
      Write the word {a}, and after it the adjective.
      Intensify it with {a}, please. | Let {a} stand before it. | Qualify it by {a}. | Use {a} with it.
      """
    ) { m, word in "\(word) \(m.text)" },
  ]

  /// Facts of countries, days, months and animals.
  static let factFamilies: [Family] = [
    .part(
      "capital", [.country], "capital", "name the capital",
      """
      Name the capital. | What is the capital? | Capital? | Which city is the capital? | capital city
      Could you tell me the capital of this country? | Give its capital city. | The seat of its government?
      Answer with the name of the city that is the capital of the country.
      The capital, please. | State the capital. | Country to capital. | What city is it governed from?
      """),
    .part(
      "continent", [.country], "continent", "name the continent",
      """
      Name the continent. | On which continent is it? | Continent? | Which continent? | continent of this country
      Could you tell me which continent this country is on? | Give its continent. | Where in the world? The continent.
      Answer with the name of the continent that the country is on.
      The continent, please. | State the continent. | Country to continent. | To which continent does it belong?
      """),
    .part(
      "nationality", [.country], "nationality", "give the adjective for its people",
      """
      Give the adjective for its people. | What are its people called? Adjective. | Nationality? | its nationality
      Could you give the adjective made from the country's name? | People from there are ... | The adjective of the country.
      Answer with the adjective that says that somebody comes from this country.
      The nationality, please. | State the nationality. | Country to nationality. | What is a person from there?
      Which adjective belongs to the country? | Name the nationality.
      """),
    .part(
      "day after", [.day], "next", "name the next day",
      """
      Name the next day. | What day comes after it? | Next day of the week? | The day after. | next
      Could you tell me which day follows? | Give the following day. | One day later. | Tomorrow, if this is today.
      Answer with the day of the week that follows this one.
      The next day, please. | What day is it then tomorrow? | Move on by a day. | Which weekday follows?
      """),
    .part(
      "day before", [.day], "previous", "name the day before",
      """
      Name the day before. | What day comes before it? | Previous day of the week? | The day before. | previous
      Could you tell me which day precedes it? | Give the preceding day. | One day earlier. | Yesterday, if this is today.
      Answer with the day of the week that comes directly before this one.
      The day before, please. | What day was it then yesterday? | Go back by a day. | Which weekday precedes?
      """),
    .text(
      "short day", [.day], "abbreviate it to three letters",
      """
      Abbreviate it to three letters. | Three letters. | Short form of the day. | As in a calendar: three letters. | abbr.
      Could you shorten the day to three letters? | Only the first three letters. | The three-letter day.
      Write only the first three letters of the day of the week.
      The short form, please. | Cut it to three letters. | Use the three-letter abbreviation.
      How is the day abbreviated?
      """
    ) { String($0.text.prefix(3)) },
    .part(
      "weekend or not", [.day], "kind", "say weekend or weekday",
      """
      Weekend or weekday? | Say weekend or weekday. | Is it a weekday or at the weekend? One word. | weekend/weekday
      Could you tell whether this is a weekday or weekend? | Classify the day as weekday or weekend.
      Answer weekend for Saturday and Sunday and weekday for the other days.
      One word, please: weekday or weekend. | Label it weekday or weekend. | Which sort of day: weekday or weekend?
      Decide: weekday or weekend. | Does it belong to the weekend? Say weekend or weekday.
      Sort the day into weekday or weekend.
      """),
    .choice(
      "greeting of the day", [.day], "wish somebody a {a} one",
      oneOf: ["happy", "nice", "quiet", "lovely"],
      """
      Wish somebody a {a} one: Have a {a} ... | Have a {a} ...! | Use it in: Have a {a} ...! | Wish a {a} day of that name.
      Could you wish me a {a} one, as in Have a {a} ...! | Say: Have a {a}, then the day and an exclamation mark.
      Write a wish that begins with Have a {a} and ends with the day and an exclamation mark.
      A wish, please: Have a {a} ...! | Wish them a {a} one, beginning with Have a. | Complete: Have a {a} ...!
      Put the day into the wish Have a {a} ...! | Say have a {a} one, naming the day.
      """
    ) { m, word in "Have a \(word) \(m.text)!" },
    .part(
      "number of a month", [.month], "number", "give the number of the month",
      """
      Give the number of the month. | Which number has the month? | Month as a number. | Number? | month number
      Could you tell me which number this month has? | The month in digits. | Count from January: which number?
      Answer with the number of the month, where January is 1 and December is 12.
      The number, please. | The how-manieth month is it? Number only. | Digits for the month. | Month to number.
      """),
    .text(
      "month abbreviated", [.month], "shorten it to three letters",
      """
      Shorten it to three letters. | Three letters. | Short form of the month. | As calendars shorten it. | abbr.
      Could you shorten the month to three letters? | Only the first three letters. | The three-letter month.
      Write only the first three letters of the name of the month.
      The short form, please. | Cut it to three letters. | Use the month's three-letter abbreviation.
      How is the month abbreviated?
      """
    ) { String($0.text.prefix(3)) },
    .part(
      "month after", [.month], "next", "name the next month",
      """
      Name the next month. | What month comes after it? | Next month? | The month after. | next
      Could you tell me which month follows? | Give the following month. | One month later.
      Answer with the month that follows this one in the calendar.
      The next month, please. | Go on by a month. | Which month follows? | What comes after it in the year?
      """),
    .part(
      "days of a month", [.month], "days", "say how many days it has",
      """
      How many days has it? | Number of days? | Say how many days it has. In a common year. | days?
      Could you tell me how many days it has? | Give the number of its days. | How long is it, in days?
      Answer with the number of days that the month has in a year that is no leap year.
      The number of days, please. | How many days long is the month? | Days of the month: number only.
      Its length in days. | Of how many days does it consist?
      """),
    .part(
      "young animal", [.animal], "young", "say what its young is called",
      """
      What is its young called? | Name its young. | The young of it? | Baby animal? | young
      Could you tell me what its baby is called? | The word for a young one. | Which word means its young?
      Answer with the word for the young of this animal.
      The young, please. | What do you call a baby one? | From animal to young. | Name the baby of this animal.
      """),
    .part(
      "sound of an animal", [.animal], "sound", "say what sound it makes",
      """
      What sound does it make? One verb. | Its sound? | Which verb names its sound? | It says ...: the verb. | sound
      Could you tell me the verb for its sound? | Name the sound that it makes. | How does it sound? One verb.
      Answer with the verb for the sound that this animal makes, in its base form.
      The sound, please. | What does this animal do when it is heard? One word. | From animal to sound.
      Which noise does it make? | Give the word for its cry.
      """),
    .text(
      "alive", [.word], "say yes if it is an animal and no if it is not",
      """
      Is it an animal? Yes or no. | Say yes if it is an animal and no if it is not. | animal: yes or no?
      Could this live and breathe? Answer yes or no. | Yes or no: is it an animal? | Answer yes for animals, otherwise no.
      Check whether the word names an animal, and answer with yes or no only.
      Animal or not? Yes or no, please. | Does it name an animal, yes or no? | Is this a living being? Yes or no.
      Tell me yes or no: animal. | Would one find it in a zoo or on a farm, alive? Yes or no.
      Decide if it is an animal (yes or no).
      """
    ) { Lexicon.categoryOf[$0.text.lowercased()] == "animal" ? "yes" : "no" },
    .text(
      "eaten or worn", [.word], "say eat for food, wear for clothing, and neither for all else",
      """
      Say eat for food, wear for clothing, and neither for all else. | Food: eat. Clothing: wear. Else: neither.
      eat, wear or neither? | Could you say eat if it is food, wear if it is clothing, else neither?
      If it is food the answer is eat, if it is clothing it is wear, and in every other case it is neither.
      Does one eat it or wear it? Say eat, wear or neither. | Answer eat, wear or neither. | For food eat, for clothes wear, else neither.
      Food gives eat, clothing gives wear, anything else neither. | Choose: eat (food), wear (clothing), neither.
      To eat or to wear? Say eat, wear or neither. | Classify: eat, wear, neither.
      """
    ) { m in
      ["food": "eat", "clothing": "wear"][Lexicon.categoryOf[m.text.lowercased()]!] ?? "neither"
    },
  ]

  /// Letters of words, and names in use.
  static let letterFamilies: [Family] = [
    .text(
      "last letter", [.word, .name], "give only the last letter",
      """
      Give only the last letter. | Last letter? | Which letter does it end with? | The final letter. | its last letter
      Could you tell me the last letter? | Only the letter at the end. | What is the last character?
      Look at the end of the word and answer with its last letter alone.
      The last letter, please. | With what letter does it end? | Return the closing letter. | Answer with the final character.
      """
    ) { String($0.text.last!) },
    .text(
      "number of letters", [.word, .name], "count the letters",
      """
      Count the letters. | How many letters has it? | Number of letters? | How long is the word? | letters?
      Could you count its letters? | Answer with the number of letters. | Length of the word, in letters.
      Count the letters that the word is made of and answer with the number alone.
      The number of letters, please. | Of how many letters is it made? | Give the letter count.
      State how many letters it has. | How many characters does it have?
      """
    ) { "\($0.text.count)" },
    .text(
      "hashtag", [.word, .name], "make a hashtag of it",
      """
      Make a hashtag of it. | Hashtag. | As a hashtag. | Put # in front. | #
      Could you turn this into a hashtag? | Write it as a hashtag. | With a hash sign, no space.
      Write the hash sign and directly behind it, without a space, the word in small letters.
      A hashtag, please. | Tag it. | Turn it into a tag with #. | The hashtag for this. | How is it as a hashtag?
      """
    ) { "#\($0.text.lowercased())" },
    .text(
      "vowel first", [.word, .name], "say vowel or consonant, as it begins",
      """
      Does it begin with a vowel or a consonant? | vowel or consonant at the start? | First letter: vowel or consonant?
      Say vowel or consonant, as it begins. | Could you tell if its first letter is a vowel or a consonant?
      Answer vowel if the first letter is a, e, i, o or u, and consonant if it is another.
      Vowel or consonant, please: the first letter. | Classify the first letter as vowel or consonant.
      What does it start with, vowel or consonant? | Is its initial a vowel or a consonant?
      Label the initial: vowel or consonant. | Decide by the first letter: vowel or consonant.
      The first letter is a vowel or a consonant: which?
      """
    ) { "aeiou".contains($0.text.lowercased().first!) ? "vowel" : "consonant" },
    .text(
      "without vowels", [.word, .name], "remove the vowels",
      """
      Remove the vowels. | No vowels. | Drop a, e, i, o and u. | Consonants only. | without vowels
      Could you take out the vowels? | Only the consonants. | Leave the vowels out. | Delete every vowel.
      Write the word without the letters a, e, i, o and u, and keep the others in their order.
      Vowels out, please. | Strip the vowels. | What is left without vowels? | Erase a, e, i, o, u.
      """
    ) { m in m.text.filter { !"aeiouAEIOU".contains($0) } },
    .text(
      "spelled with spaces", [.word, .name], "put a space between the letters",
      """
      Put a space between the letters. | Letters with spaces. | Space the letters out. | s p a c e d
      Could you separate the letters by spaces? | One space between any two letters. | Spread the letters with spaces.
      Write the letters of the word one after the other with a space between any two.
      Spaces between the letters, please. | Letter, space, letter. | Set it in spaced letters.
      Insert spaces between its letters. | Stretch the word with spaces.
      """
    ) { m in m.text.map(String.init).joined(separator: " ") },
    .choice(
      "letter replaced", [.word, .name], "replace the first letter by {a}",
      oneOf: ["an asterisk", "an underscore", "a question mark", "a dash"],
      """
      Replace the first letter by {a}. | {a} instead of the first letter. | Put {a} for the first letter.
      Could you hide the first letter behind {a}? | First letter: {a}. | Let {a} stand for the first letter.
      Write the word with {a} in the place of the letter that it begins with.
      The first letter should be {a}, please. | Cover the first letter with {a}. | Swap the first letter for {a}.
      Mask the initial with {a}. | {a} in place of the initial.
      """
    ) { m, mark in
      let marks = [
        "an asterisk": "*", "an underscore": "_", "a question mark": "?", "a dash": "-",
      ]
      return marks[mark]! + m.text.dropFirst()
    },
    .choice(
      "possessive", [.name], "say whose {a} it is, with 's",
      oneOf: ["book", "house", "dog", "bicycle", "idea", "garden"],
      """
      Say whose {a} it is, with 's. | The {a} belongs to this person: use 's. | Possessive with {a}. | ...'s {a}
      Could you say that this is the person's {a}, with 's? | Use 's to name the {a} of this person.
      Write the name with 's, and after it the word {a}.
      The {a} of this person, please, with 's. | Name and 's and {a}. | Whose {a}? Answer with 's.
      Form the possessive with {a}. | Give the {a} an owner by 's.
      """
    ) { m, thing in "\(m.text)'s \(thing)" },
    .text(
      "badge", [.name], "write the sentence for a name badge: Hello, my name is",
      """
      Write the sentence for a name badge: Hello, my name is. | Hello, my name is ... | Name badge, please, with Hello.
      Could you write what stands on this person's badge: Hello, my name is? | Introduce yourself under this name, with Hello, my name is.
      Write a sentence in which this person says Hello and the name, with the words my name is.
      Badge text: Hello, my name is ... | Let them introduce themselves: Hello, my name is. | Say hello and that this is your name.
      A self-introduction that begins Hello, my name is. | Speak as this person: Hello, my name is ...
      Use the pattern Hello, my name is. | Introduce the person in the first person: Hello, my name is.
      """
    ) { "Hello, my name is \($0.text)." },
    .choice(
      "thanks to", [.name], "thank this person for {a}",
      oneOf: ["the help", "the letter", "coming", "the flowers", "your time", "the advice"],
      """
      Thank this person for {a}. | Say thank you for {a}. | Thank you, ..., for {a}. | thanks for {a}
      Could you thank them for {a}, by name? | Write thanks for {a}. | Express thanks for {a}, with the name.
      Write a sentence of thanks: Thank you, then the name, then for {a}.
      A thank-you for {a}, please. | Be grateful for {a}: Thank you, name, for {a}. | Thank them for {a} by name.
      Use Thank you to thank this person for {a}. | Show gratitude for {a}.
      """
    ) { m, what in "Thank you, \(m.text), for \(what)." },
  ]
}
