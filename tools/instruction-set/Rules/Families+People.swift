extension Family {
  /// Full names, "Anna Maria Miller", and how to reach people.
  static let peopleFamilies: [Family] = [
    .text(
      "initials", [.fullName], "give the initials with full stops",
      """
      Give the initials with full stops. | Initials only. | What are the initials? With full stops. | initials
      Could you reduce the name to its initials? | The initials, with points and spaces. | Only the first letters, with points.
      Write the first letter of each of the names, each with a full stop, with spaces between them.
      The initials, please. | Shorten every name to its first letter and a point. | Abbreviate all the names.
      Turn the name into initials.
      """
    ) { m in m.items.map { "\($0.prefix(1))." }.joined(separator: " ") },
    .text(
      "surname first", [.fullName], "put the surname first, with a comma",
      """
      Put the surname first, with a comma. | Surname, first names. | Last name first. | As in a phone book.
      surname first | Could you write the last name first, then a comma? | Index form of the name.
      Rewrite the name as a catalogue would: the surname, a comma, and then the other names.
      Surname in front, please, followed by a comma. | Invert the name with a comma. | Start with the family name.
      The family name, a comma, the rest. | Order it for a list of surnames.
      """
    ) { "\($0.items.last!), \($0.items.dropLast().joined(separator: " "))" },
    .text(
      "surname", [.fullName], "give only the surname",
      """
      Give only the surname. | Last name only. | What is the surname? | Family name? | surname
      Could you tell me the surname? | Extract the family name. | The last name alone.
      Read the full name and answer with the family name and nothing else.
      Just the surname, please. | Drop all but the last name. | Which is the family name?
      Keep the family name.
      """
    ) { $0.items.last! },
    .text(
      "given name", [.fullName], "give only the first name",
      """
      Give only the first name. | First name only. | What is the first name? | Given name? | first name
      Could you tell me the first name? | Extract the first name. | The first of the names alone.
      Read the full name and answer with the first of the names and nothing else.
      Just the first name, please. | Drop all but the first name. | How do friends call this person?
      Keep the first name.
      """
    ) { $0.items[0] },
    .text(
      "user name", [.fullName], "make a user name: first letter and surname in small letters",
      """
      Make a user name: first letter and surname in small letters. | Login: initial plus surname, lower case.
      username | Could you make a login of the first letter and the surname, all small? | Initial and surname, one small word.
      Build a user name from the first letter of the first name and the whole surname, in lower case, without a space.
      A login, please: first letter, then surname, small. | Form the user name (initial + surname, lower case).
      First letter and family name joined in small letters. | Create a login as offices do: initial and surname.
      What is the login, made of initial and surname? | Join the initial to the surname, in lower case.
      """
    ) { ($0.items[0].prefix(1) + $0.items.last!).lowercased() },
    .text(
      "salutation", [.fullName], "write a formal salutation with Ms or Mr and the surname",
      """
      Write a formal salutation with Ms or Mr and the surname. | Formal salutation: Dear Ms or Dear Mr.
      Dear Ms/Mr ... | Could you begin a formal letter to this person, with Ms or Mr? | How does a formal letter to them begin?
      Write the line that opens a formal letter: Dear, then Ms or Mr, the surname and a comma.
      A formal greeting line, please: Dear, Ms or Mr, surname. | Open a letter to them, formally, with Ms or Mr.
      Salutation of a business letter. | Address them formally by surname: Dear Ms or Mr.
      Start a letter with Dear and Ms or Mr. | The first line of a formal letter to them.
      """
    ) { "Dear \($0["title"]) \($0.items.last!)," },
    .text(
      "middle name shortened", [.fullName], "shorten the middle name to its initial",
      """
      Shorten the middle name to its initial. | Middle initial. | Abbreviate the middle name. | middle initial only
      Could you reduce the middle name to a letter and a full stop? | Only an initial for the middle name.
      Write the name with the first letter and a full stop in the place of the middle name.
      Middle name as an initial, please. | Keep first and last name, shorten the middle one. | Cut the middle name to one letter.
      First name, middle initial, last name. | Make the middle name an initial.
      """
    ) { "\($0.items[0]) \($0.items[1].prefix(1)). \($0.items[2])" },
    .part(
      "mail user", [.email], "user", "give the part before the @",
      """
      Give the part before the @. | What stands before the @? | User part only. | The user of the address. | before @
      Could you copy what comes before the at sign? | Drop the @ and what follows. | Without the domain.
      Copy the e-mail address up to the at sign, which is left out.
      Only the part before the @, please. | Strip the domain. | Which user is it? | Cut the address at the @ and keep the left.
      """),
    .part(
      "mail domain", [.email], "domain", "give the domain of the address",
      """
      Give the domain of the address. | What stands after the @? | Domain only. | The domain, please. | domain
      Could you copy what comes after the at sign? | Drop the user and the @. | Without the user.
      Copy the part of the e-mail address that follows the at sign.
      Only the part after the @. | Strip the user part. | Which domain is it? | At which host is the address?
      Cut the address at the @ and keep the right.
      """),
    .text(
      "mail spoken", [.email], "write the address as one says it, with at and dot",
      """
      Write the address as one says it, with at and dot. | Replace @ by at and . by dot, with spaces. | at, dot
      Could you write it with the words at and dot? | Spell the signs: at and dot. | As read over the telephone.
      Rewrite the address with the words at and dot, between spaces, in the place of the signs.
      The signs as words, please: at, dot. | Use at and dot instead of signs. | Say the address aloud, in writing.
      Hide it from robots: at and dot as words. | Turn @ and . into words.
      """
    ) { $0.text.replacing("@", with: " at ").replacing(".", with: " dot ") },
    .text(
      "mail masked", [.email], "hide the part before the @ with three asterisks",
      """
      Hide the part before the @ with three asterisks. | Mask the user: ***@... | Replace the user part by ***. | mask it
      Could you mask what stands before the at sign with ***? | *** for the user. | Anonymise it with ***, keep the domain.
      Write the address with three asterisks in the place of everything before the at sign.
      Three asterisks for the user part, please. | Conceal the user, show the domain. | Put *** before the @.
      Obscure the user part by ***. | Only the domain may be seen: *** for the rest.
      """
    ) { "***@\($0["domain"])" },
    .part(
      "house number", [.address], "number", "give the house number",
      """
      Give the house number. | Which house number? | House number only. | The number of the house. | number?
      Could you tell me the house number? | Extract the house number. | What number has the house?
      Read the address and answer with the number of the house alone.
      The house number, please. | At which number do they live? | Copy the number. | Name the house number.
      """),
    .part(
      "street", [.address], "street", "give the street without the number",
      """
      Give the street without the number. | Which street? | Street only. | The name of the street. | street?
      Could you tell me the street, without the number? | Extract the street. | In what street is it?
      Read the address and answer with the name of the street alone.
      The street, please, no number. | Copy the street. | Name the street. | What is the street called?
      """),
    .part(
      "city", [.address], "city", "give the city",
      """
      Give the city. | Which city? | City only. | The name of the city. | city?
      Could you tell me the city? | Extract the city. | In what city is it? | Where is it? City only.
      Read the address and answer with the name of the city alone.
      The city, please. | Copy the city. | Name the city. | To which city does the letter go?
      """),
    .text(
      "address on lines", [.address], "write the address on two lines, as on an envelope",
      """
      Write the address on two lines, as on an envelope. | Two lines: street, then city. | City on a line of its own.
      envelope style | Could you put the city on a second line? | Break the line before the city, no comma.
      Write the number and street on the first line and the city on the second, without the comma.
      As on a letter, please: two lines. | Street above, city below. | Split the address into two lines.
      Format it for an envelope. | A new line instead of the comma.
      """
    ) { "\($0["number"]) \($0["street"])\n\($0["city"])" },

    // Invitations: "Hi Tom, the meeting is on Monday at 10:00 in the library. Anna"
    .part(
      "meeting day", [.message], "day", "say on which day it is",
      """
      On which day is it? | Which day? | Day only. | Give the day of the week. | day?
      Could you tell me the day? | Extract the day. | What day should I keep free? | When is it? The day only.
      Read the message and answer with the day of the week that it mentions.
      The day, please. | Name the day. | Copy the weekday. | Pick out the day of the meeting.
      """),
    .part(
      "meeting time", [.message], "time", "say at what time it is",
      """
      At what time is it? | What time? | Time only. | Give the time. | time?
      Could you tell me the time? | Extract the time. | When does it start? The time only. | Which hour is mentioned?
      Read the message and answer with the time of day that it mentions.
      The time, please, as written. | Name the time. | Copy the time. | Pick out the time of the meeting.
      """),
    .part(
      "meeting place", [.message], "place", "say where it takes place",
      """
      Where is it? | Which place? | Place only. | Give the place. | where?
      Could you tell me the place? | Extract the place. | Where do I have to go? | Where does it take place?
      Read the message and answer with the words that say where it takes place.
      The place, please. | Name the place. | Copy the place. | Pick out the location.
      """),
    .part(
      "sender", [.message], "sender", "say who wrote the message",
      """
      Who wrote the message? | Who is it from? | Sender only. | Give the sender. | from?
      Could you tell me who sent this? | Extract the sender. | Whose message is it? | Name the writer.
      Read the message and answer with the name of the one who signed it.
      The sender, please. | Who signed it? | Copy the signature. | From whom does it come?
      """),
    .part(
      "recipient", [.message], "recipient", "say to whom it is written",
      """
      To whom is it written? | Who gets it? | Recipient only. | Give the recipient. | to?
      Could you tell me who this is for? | Extract the recipient. | Who is addressed? | Whom does it greet?
      Read the message and answer with the name of the person that it is addressed to.
      The recipient, please. | Name the one who is greeted. | For whom is it? | Copy the name of the addressee.
      """),
    .part(
      "event", [.message], "event", "say what takes place",
      """
      What takes place? | What is it about? One word. | Event only. | Give the event. | what?
      Could you tell me what takes place, in a word? | Extract the event. | Which event is announced?
      Read the message and answer with the one word that says what takes place.
      The event, please, one word. | Name the event. | What am I invited to? | Copy the word for the event.
      """),
    .text(
      "calendar entry", [.message], "make a calendar entry: day, time, event",
      """
      Make a calendar entry: day, time, event. | Calendar line: day, time, event. | day, time, event only
      Could you shorten it to day, time and event, with commas? | For my calendar: day, time, what.
      Reduce the message to the day, the time and the event, in this order, separated by commas.
      Day, time and event, please, nothing else. | Note it as day, time, event. | Put it as an entry: day, time, event.
      Condense it to when and what: day, time, event. | Just day, time and event, by commas. | Write day, time, event with commas.
      """
    ) { "\($0["day"]), \($0["time"]), \($0["event"])" },
  ]
}
