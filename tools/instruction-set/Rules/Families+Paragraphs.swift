extension Family {
  /// Three sentences or four.
  static let paragraphFamilies: [Family] = [
    .text(
      "first sentence", [.paragraph], "keep only the first sentence",
      """
      Keep only the first sentence. | First sentence. | Give the first sentence. | Only the opening sentence. | 1st sentence
      Could you copy just the first sentence? | Drop everything after the first sentence. | The sentence at the start.
      Copy the first sentence word for word and leave out all that follows it.
      The first sentence, please. | Stop after one sentence. | Cut the text after its first full stop.
      What does the text open with? Copy that sentence.
      """
    ) { $0.items[0] },
    .text(
      "last sentence", [.paragraph], "keep only the last sentence",
      """
      Keep only the last sentence. | Last sentence. | Give the last sentence. | Only the final sentence. | final sentence
      Could you copy just the last sentence? | Drop everything before the last sentence. | The sentence at the end.
      Copy the last sentence word for word and leave out all that comes before it.
      The last sentence, please. | How does the text end? Copy that sentence. | Skip to the last sentence.
      Return the closing sentence.
      """
    ) { $0.items.last! },
    .text(
      "second sentence", [.paragraph], "keep only the second sentence",
      """
      Keep only the second sentence. | Second sentence. | Give the second sentence. | Only sentence two. | sentence 2
      Could you copy just the second sentence? | The sentence after the first, and no other. | Copy sentence number two.
      Copy the second sentence word for word and leave out the others.
      The second sentence, please. | What comes after the first sentence? Only that one. | Return sentence two.
      Pick the sentence that stands second.
      """
    ) { $0.items[1] },
    .text(
      "number of sentences", [.paragraph], "count the sentences",
      """
      Count the sentences. | How many sentences are there? | Number of sentences? | Give the number of sentences.
      how many sentences | Could you count the sentences? | Answer with how many sentences it has.
      Count the sentences of the text and answer with the number alone.
      The number of sentences, please. | Of how many sentences does it consist? | State how many sentences you see.
      Tell me the count of sentences.
      """
    ) { "\($0.items.count)" },
    .text(
      "sentences on lines", [.paragraph], "put each sentence on a line of its own",
      """
      Put each sentence on a line of its own. | One sentence a line. | Start a new line for each sentence.
      sentence per line | Could you break the line after every sentence? | A line for each sentence.
      Write the text with a line break after every sentence and no other change.
      Each sentence on its own line, please. | Split the text into lines by sentence. | New sentence, new line.
      Separate the sentences by line breaks. | Do not put two sentences on one line.
      """
    ) { $0.items.joined(separator: "\n") },
    .text(
      "sentences numbered", [.paragraph], "number the sentences, each on its own line",
      """
      Number the sentences, each on its own line. | Numbered sentences. | 1., 2., 3. before the sentences, one a line.
      number them | Could you number the sentences, one a line? | A numbered list of the sentences.
      Write every sentence on a line of its own with its number and a full stop before it.
      Numbers in front of the sentences, please, one a line. | Make a numbered list of the sentences.
      Give every sentence a number and a line. | Turn the text into numbered lines, one for each sentence. | Sentence by sentence, with numbers in front.
      """
    ) { m in m.items.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n") },
    .text(
      "sentences as bullets", [.paragraph], "make a bulleted list of the sentences",
      """
      Make a bulleted list of the sentences. | Bullets, one for each sentence. | A dash before every sentence, one a line.
      bullets | Could you make bullet points of the sentences? | One bullet a sentence. | List the sentences with dashes.
      Write every sentence on a line of its own behind a dash and a space.
      Bullet points, please, one for each sentence. | Turn the text into bullet points. | Sentences as bullets.
      Format each sentence as a bullet.
      """
    ) { m in m.items.map { "- \($0)" }.joined(separator: "\n") },
    .text(
      "sentences reversed", [.paragraph], "write the sentences in the opposite order",
      """
      Write the sentences in the opposite order. | Last sentence first. | Reverse the order of the sentences.
      reverse the sentences | Could you turn the order of the sentences around? | From the last sentence to the first.
      Write the sentences, each unchanged, beginning with the last and ending with the first.
      The other way round, please, sentence by sentence. | Start with the last sentence and end with the first.
      Flip the order of the sentences. | Tell it backwards, sentence by sentence. | End with what it starts with.
      """
    ) { $0.items.reversed().joined(separator: " ") },
    .text(
      "first sentence dropped", [.paragraph], "leave out the first sentence",
      """
      Leave out the first sentence. | Without the first sentence. | Remove the first sentence. | Skip the first sentence.
      drop the first sentence | Could you take out the first sentence? | Begin with the second sentence.
      Write the text from its second sentence on and leave out the first.
      No first sentence, please. | Delete the opening sentence. | Everything after the first sentence.
      Start where the second sentence starts.
      """
    ) { $0.items.dropFirst().joined(separator: " ") },
    .text(
      "last sentence dropped", [.paragraph], "leave out the last sentence",
      """
      Leave out the last sentence. | Without the last sentence. | Remove the last sentence. | Drop the final sentence.
      no last sentence | Could you take out the last sentence? | Stop before the last sentence.
      Write the text up to its last sentence, which you leave out.
      Not the last sentence, please. | Delete the closing sentence. | Everything before the last sentence.
      End one sentence earlier.
      """
    ) { $0.items.dropLast().joined(separator: " ") },
    .found(
      "sentence about a person", [.paragraph], "copy the sentence about {a}",
      """
      Copy the sentence about {a}. | Which sentence mentions {a}? Copy it. | The sentence with {a}. | {a}: which sentence?
      Could you find the sentence that names {a}? | Only what is said of {a}. | Give the sentence on {a}.
      Find the one sentence in which {a} appears and copy it word for word.
      The sentence on {a}, please. | What is said about {a}? Copy that sentence. | Extract the sentence with the name {a}.
      Return the sentence that has {a} in it.
      """,
      { m, random in [random.element(m.fields["names"]!.split(separator: " ").map(String.init))] },
      rule: { m, p in m.items.first { $0.hasPrefix(p[0] + " ") }! }),
    .text(
      "names listed", [.paragraph], "list the names of the people",
      """
      List the names of the people. | Which people are named? | Names only, with commas. | Who appears? Names with commas.
      names | Could you list everybody who is named? | Extract the names. | All the names, in order.
      Write the names of the people in the order in which they appear, separated by commas.
      The names, please, with commas. | Who is mentioned? Just the names. | Pull out the names. | Enumerate the persons.
      """
    ) { $0["names"].replacing(" ", with: ", ") },
    .choice(
      "title above", [.paragraph, .sentence], "put the title {a} on a line above it",
      oneOf: ["News", "A Short Story", "Yesterday", "What Happened", "Report", "Diary"],
      """
      Put the title {a} on a line above it. | Title: {a}, on its own line. | Add the title {a} above. | {a} as a title
      Could you give it the title {a}, on the line before? | Head it with {a}. | First line: {a}.
      Write the title {a} on the first line and the text, unchanged, below it.
      With the title {a}, please, on a line of its own. | Call it {a}: title above, text below.
      Let a line with {a} precede the text. | Set the title {a} over the text.
      """
    ) { m, title in "\(title)\n\(m.text)" },
    .choice(
      "sentence added", [.paragraph, .sentence], "add the sentence {a} at the end",
      oneOf: [
        "That is all.", "Nobody knew why.", "It was a long day.", "Then it rained.", "The end.",
      ],
      """
      Add the sentence {a} at the end. | End with the sentence: {a} | Append this sentence: {a}
      Could you finish the text with this: {a} | Last sentence: {a} | Close with: {a}
      Write the text, unchanged, and after it this further sentence: {a}
      At the end, please: {a} | Put this after the text: {a} | The text should end like this: {a}
      Let it be followed by: {a} | Conclude it with these words: {a} | Add to it: {a}
      """
    ) { m, sentence in "\(m.text) \(sentence)" },
  ]
}
