extension Family {
  /// One text said in two ways: contractions, spelling, formality, abbreviations; and mistakes to mend.
  static let variantFamilies: [Family] = [
    .text(
      "contracted", [.fullForms], "use contractions",
      """
      Use contractions. | Write it with contractions. | Contract what can be contracted. | Use short forms.
      contractions please | Could you use short forms such as I'm and don't? | Make it less stiff: contractions.
      Rewrite the sentence with contractions such as isn't, I'm and they'll wherever two words can be joined.
      Shorten is not, I am and the like with apostrophes. | Apostrophes and short forms, please.
      As one says it in speech, with contractions. | Join the words that can be contracted.
      """
    ) { $0["other"] },
    .text(
      "contractions expanded", [.contracted], "expand the contractions",
      """
      Expand the contractions. | Write the contractions out. | No contractions. | Use full forms.
      full forms please | Could you write out I'm, don't and the like? | Make it formal: no contractions.
      Rewrite the sentence without any contraction: every short form becomes its two full words.
      Replace short forms with full ones. | Spell out what is contracted. | Without apostrophes: full words.
      Undo the contractions. | I do not want short forms: write them out.
      """
    ) { $0["other"] },
    .text(
      "american spelling", [.british], "use American spelling",
      """
      Use American spelling. | Change British to American spelling. | Spell it the American way.
      US spelling | Could you use American English spelling? | Write it as an American would spell it.
      Rewrite the sentence so that every word is spelled as in American English, and change nothing else.
      American English, please. | Convert the spelling to American. | Make the spelling American.
      For readers in the United States: adapt the spelling. | How would this be spelled in America?
      """
    ) { $0["other"] },
    .text(
      "british spelling", [.american], "use British spelling",
      """
      Use British spelling. | Change American to British spelling. | Spell it the British way.
      UK spelling | Could you use British English spelling? | Write it as a Briton would spell it.
      Rewrite the sentence so that every word is spelled as in British English, and change nothing else.
      British English, please. | Convert the spelling to British. | Make the spelling British.
      For readers in Britain: adapt the spelling. | How would this be spelled in England?
      """
    ) { $0["other"] },
    .text(
      "formal words", [.informal], "make it more formal",
      """
      Make it more formal. | Use formal words. | Say it formally. | Write it in a formal style.
      formal please | Could you phrase this more formally? | As in an official letter.
      Rewrite the sentence in a formal register, with the words that an official letter would use.
      Less casual. | Change the everyday words to formal ones. | It should sound official, please.
      Raise the register. | Turn casual wording into formal wording.
      """
    ) { $0["other"] },
    .text(
      "everyday words", [.formal], "make it less formal",
      """
      Make it less formal. | Use everyday words. | Say it simply. | Write it in plain everyday English.
      plain words please | Could you phrase this less stiffly? | As one says it to a friend.
      Rewrite the sentence in an everyday register, with the plain words that one uses in conversation.
      Less official. | Change the formal words to everyday ones. | It should sound casual, please.
      Lower the register. | Turn formal wording into plain wording.
      """
    ) { $0["other"] },
    .text(
      "abbreviated", [.unabbreviated], "use the usual abbreviations",
      """
      Use the usual abbreviations. | Abbreviate what can be abbreviated. | Write it with abbreviations.
      abbreviate | Could you use abbreviations here? | Shorten the words that have an abbreviation.
      Rewrite it with the customary abbreviations, such as Dr. and St., in the place of the long words.
      Abbreviations, please. | Make the long words short by abbreviating. | Use short forms with a full stop.
      Replace titles and the like by their abbreviations. | Put in the abbreviations that are usual.
      """
    ) { $0["other"] },
    .text(
      "abbreviations written out", [.abbreviated], "write out the abbreviations",
      """
      Write out the abbreviations. | Spell out what is abbreviated. | No abbreviations. | Use the full words.
      spell out | Could you write the abbreviations in full? | Replace each abbreviation by its full word.
      Rewrite it without abbreviations: each of them becomes the word that it stands for.
      In full, please. | Expand the abbreviations. | Undo the abbreviations. | Give long words for the short ones.
      """
    ) { $0["other"] },
    .text(
      "spelling mended", [.misspelt], "correct the spelling",
      """
      Correct the spelling. | Fix the typo. | Mend the misspelt word. | There is a spelling mistake: correct it.
      fix spelling | Could you correct the spelling mistake? | Proofread it. | Write it without the mistake.
      One word of the sentence is misspelt; write the whole sentence with that word corrected.
      Repair the spelling, please. | Check the spelling and write it correctly. | Correct the wrong word.
      """
    ) { $0["other"] },
    .text(
      "punctuation mended", [.unpunctuated], "add the capital letter and the full stop",
      """
      Add the capital letter and the full stop. | Punctuate it. | Begin with a capital and end with a full stop.
      fix capitals and punctuation | Could you add the missing capital and full stop? | Make it a proper sentence.
      The sentence lacks its capital at the beginning and its full stop at the end; put both in.
      Write it with correct capitals and punctuation. | Repair the punctuation, please.
      Correct how the sentence starts and ends. | Capital first, full stop last. | Give it a proper start and end.
      """
    ) { $0["other"] },
    .text(
      "doubled word", [.doubled], "remove the word that stands twice",
      """
      Remove the word that stands twice. | Delete the repeated word. | One word is doubled: mend it.
      fix the doubled word | Could you take out the word that is repeated? | Correct the repetition.
      One word was typed twice in a row by mistake; write the sentence with that word only once.
      A word appears two times in a row: drop one. | No doubled word, please. | Repair the double word.
      Clean up the repeated word. | Write it without the accidental repetition.
      """
    ) { $0["other"] },
    .text(
      "spaces mended", [.spaced], "remove the superfluous spaces",
      """
      Remove the superfluous spaces. | Fix the spacing. | One space between words. | Too many spaces: mend it.
      normalise spaces | Could you take out the extra spaces? | Leave single spaces only.
      Rewrite the sentence so that exactly one space stands between two words.
      Clean up the white space, please. | Delete spaces that are too many. | Single spaces throughout.
      Correct the spaces. | Squeeze runs of spaces into one.
      """
    ) { $0["other"] },
    .text(
      "article mended", [.wrongArticle], "correct the article",
      """
      Correct the article. | Fix a or an. | The article is wrong: mend it. | Use the right one of a and an.
      a or an? fix it | Could you correct the use of a and an? | Correct the mistake with a and an.
      The sentence has a where it should have an, or the other way round; write it correctly.
      Repair the article, please. | Check a and an and write the sentence correctly. | Mend the grammar of the article.
      Write it with the article that fits. | Put the proper indefinite article.
      """
    ) { $0["other"] },
    .text(
      "agreement mended", [.wrongAgreement], "correct the verb",
      """
      Correct the verb. | Fix the grammar. | The verb does not agree: mend it. | Make the verb agree.
      fix the verb | Could you correct the grammatical mistake? | Correct the form of the verb.
      The verb does not fit its subject; write the whole sentence with the verb in the right form.
      Repair the agreement, please. | Check subject and verb, and write it correctly. | Mend the verb form.
      Write it in correct English. | Put the verb form that fits the subject.
      """
    ) { $0["other"] },
  ]

  /// Questions, statements, exclamations and commands, told apart.
  static let remarkFamilies: [Family] = [
    .text(
      "type of sentence", [.remark],
      "say whether it is a question, a statement, an exclamation or a command",
      """
      Is it a question, a statement, an exclamation or a command? | question, statement, exclamation or command?
      Classify the sentence as question, statement, exclamation or command. | Name the type of sentence.
      Could you tell me what type of sentence this is: question, statement, exclamation or command?
      Decide between question, statement, exclamation and command, and answer with that one word.
      Label it: question, statement, exclamation, command. | What sort of sentence is it? One word.
      Which is it, please: a statement, a question, a command or an exclamation? | Give the sentence type.
      Say which of the four types of sentence this is. | Sort it into question, statement, exclamation or command.
      """
    ) { $0["type"] },
    .text(
      "question or not", [.remark], "say yes if it is a question and no if it is not",
      """
      Is it a question? Yes or no. | Say yes if it is a question and no if it is not. | Question? yes/no
      Answer yes for a question, otherwise no. | Could you tell whether this asks something? Yes or no.
      Check whether the text is a question, and answer with yes or no only.
      Yes or no: does it ask something? | Does the writer ask for something to be told? Yes or no, please.
      Is this asked or not: yes or no? | Tell me yes or no: question. | Would it end in a question mark? Yes or no.
      Decide if it is a question (yes or no).
      """
    ) { $0["type"] == "question" ? "yes" : "no" },
    .found(
      "two answers", [.remark], "answer {a} if it is a question, otherwise answer {b}",
      """
      If it is a question, answer {a}, otherwise {b}. | Question: {a}. Anything else: {b}.
      Say {a} to a question and {b} to everything else. | Reply {a} when asked something, else {b}.
      Could you answer {a} if this is a question and {b} if not? | Write {a} for questions, {b} for the rest.
      When the text asks something, the answer is {a}; in every other case the answer is {b}.
      {a} if it asks, {b} if it does not. | Use {a} for a question, please, and {b} otherwise.
      To questions say {a}, to all else {b}. | Unless it is a question, when you say {a}, say {b}.
      Answer {b} unless it is a question; then answer {a}.
      """,
      { _, random in
        random.element([
          ["ask", "tell"], ["maybe", "okay"], ["I do not know.", "I see."], ["one", "two"],
          ["Let me think.", "Thank you."], ["Q", "S"],
        ])
      },
      rule: { m, p in m["type"] == "question" ? p[0] : p[1] }),
    .text(
      "refuse questions", [.remark], "if it is a question, say I do not know. Otherwise repeat it",
      """
      If it is a question, say: I do not know. Otherwise repeat it. | Question? Say I do not know. Else copy it.
      Repeat what is no question; to a question say I do not know.
      Could you answer questions with I do not know. and repeat everything else?
      When a question comes, the answer is: I do not know. Everything else is to be copied unchanged.
      Copy it, but if it asks something write I do not know. instead. | To questions: I do not know. Else: an echo.
      Answer I do not know. to questions, and echo the rest. | Echo it, please, unless it is a question: I do not know.
      Unless it is a question, repeat it; if it is one, write I do not know.
      Say it again if it is not a question, otherwise say I do not know.
      Questions get the answer I do not know. Anything else is repeated. | Repeat statements; for questions: I do not know.
      """
    ) { $0["type"] == "question" ? "I do not know." : $0.text },
    .text(
      "obey or note", [.remark], "if it is a command, say Done. Otherwise say Noted",
      """
      If it is a command, say: Done. Otherwise say: Noted. | Command: Done. Anything else: Noted.
      Say Done. to a command and Noted. to all else. | Reply Done. when told to do something, else Noted.
      Could you answer Done. if this is a command and Noted. if it is not? | Orders: Done. The rest: Noted.
      When the text tells you to do something, the answer is Done. and in every other case it is Noted.
      Done. for orders, Noted. otherwise. | Use Done. for commands, please, and Noted. for what is none.
      To orders say Done. and to everything else Noted. | Is it an order? Then Done. If not, Noted.
      Answer Noted. unless it is a command; then answer Done.
      """
    ) { $0["type"] == "command" ? "Done." : "Noted." },
    .choice(
      "end mark changed", [.remark], "change the mark at the end to {a}",
      oneOf: ["three dots", "two exclamation marks", "a semicolon", "a dash"],
      """
      Change the mark at the end to {a}. | End with {a} instead. | Replace the last mark by {a}.
      {a} at the end instead | Could you replace the final mark by {a}? | Use {a} as the last mark.
      Take away the punctuation mark at the end and put {a} there instead.
      The last mark should be {a}. | Swap the end mark for {a}, please. | Let it end with {a}, not as it does.
      Put {a} in the place of the final mark. | Instead of its end mark, {a}.
      """
    ) { m, mark in
      let marks = [
        "three dots": "...", "two exclamation marks": "!!", "a semicolon": ";", "a dash": " -",
      ]
      return m.text.dropLast() + marks[mark]!
    },
  ]
}
