extension Behaviour {
  /// Lists, lines and formats.
  static let layouts: [Behaviour] = [
    Behaviour(
      "bullets",
      """
      Answer with bullet points. | bullets please | Give your answer as a bulleted list. | A dash before each of your sentences, one a line.
      Could you answer in bullet points? | Use bullets, one for each sentence. | I want a list with dashes.
      Put each sentence of your answer on a line of its own behind a dash.
      Reply in bullet points. | List what you have to say with dashes. | As bullet points, please. | Format the answer as bullets.
      """, target: { plain, _ in plain.sentences.map { "- \($0)" }.joined(separator: "\n") },
      follows: { answer, _, _ in
        answer.linesWithText.allSatisfy { line in
          ["- ", "* ", "• "].contains { line.hasPrefix($0) }
        }
      }),
    Behaviour(
      "numbered",
      """
      Answer with a numbered list. | numbered list please | Number your sentences. | Put 1., 2. and so on before your sentences, one a line.
      Could you answer with a numbered list? | Use numbers, one for each sentence. | I want a list with numbers.
      Put each sentence of your answer on a line of its own behind its number.
      Reply as a numbered list. | List what you have to say by numbers. | With numbers, please. | Format the answer as an ordered list.
      """,
      target: { plain, _ in
        plain.sentences.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n")
      },
      follows: { answer, _, _ in
        answer.linesWithText.enumerated().allSatisfy { $1.hasPrefix("\($0 + 1). ") }
      }),
    Behaviour(
      "lines",
      """
      Put every sentence on a line of its own. | one sentence per line | Start a new line after each sentence.
      Break the line after every sentence of your answer. | Could you write each sentence on its own line?
      Write your answer with a line break after each sentence and no other marks.
      New sentence, new line. | Each sentence on a separate line, please. | Separate your sentences by line breaks.
      One line for each sentence. | Use a fresh line for every sentence. | Do not put two sentences on one line.
      """,
      target: { plain, _ in
        plain.sentences.count < 2 ? nil : plain.sentences.joined(separator: "\n")
      },
      follows: { answer, _, _ in
        let lines = answer.linesWithText
        return lines.count >= 2
          && lines.allSatisfy { line in
            let (whole, rest) = Sentences.of(line)
            return whole.count + (rest.isEmpty ? 0 : 1) == 1
          }
      }),
    Behaviour(
      "json",
      """
      Answer as JSON with the key {a}. | json, key {a} | Give your answer as a JSON object with the key {a}.
      Return JSON: the answer under {a}. | Could you answer in JSON, under the key {a}? | A JSON object with one key, {a}.
      Your answer is a program's input: one JSON object whose only key is {a}.
      Reply in JSON ({a}). | Put your answer in JSON, as {a}. | As JSON, please, with {a} as the key.
      Format the answer as JSON whose key is {a}. | Only JSON with the field {a}.
      """, choices: ["answer", "text", "reply", "response"],
      target: { plain, key in
        plain.text.contains { "\"\\".contains($0) } ? nil : "{\"\(key)\": \"\(plain.text)\"}"
      },
      follows: { answer, _, key in
        answer.hasPrefix("{\"\(key)\": \"") && answer.hasSuffix("\"}")
          && !answer.dropFirst(key.count + 6).dropLast(2).contains("\"")
      }),
    Behaviour(
      "html paragraph",
      """
      Answer as an HTML paragraph. | html paragraph | Put your answer in the HTML tag p. | Write the answer between <p> and </p>.
      Could you give the answer as HTML, in a p? | HTML only: one paragraph. | Use the p tag for your answer.
      Your answer will be put on a web page: write it as one HTML paragraph.
      Reply in HTML (p). | Wrap what you say in <p>. | As an HTML p element, please. | Begin with <p> and end with </p>.
      """, target: { plain, _ in "<p>\(plain.text)</p>" },
      follows: { answer, _, _ in answer.hasPrefix("<p>") && answer.hasSuffix("</p>") }),
    Behaviour(
      "quoted",
      """
      Put your answer in quotation marks. | quotes please | Answer between quotation marks. | Your whole answer in double quotes.
      Could you put your answer in quotation marks? | Start and end with a quotation mark. | Quote your own answer.
      Write a quotation mark before the first word of your answer and another after the last.
      Reply in quotes. | Wrap your answer in quotation marks. | In quotation marks, please. | Enclose what you say in double quotes.
      """,
      target: { plain, _ in plain.text.contains("\"") ? nil : "\"\(plain.text)\"" },
      follows: { answer, _, _ in
        answer.count > 2 && answer.hasPrefix("\"") && answer.hasSuffix("\"")
      }),
    Behaviour(
      "in brackets",
      """
      Put your answer in round brackets. | (answer like this) | Answer in parentheses. | Your whole answer in brackets.
      Could you write your answer in round brackets? | Start with ( and end with ). | Whisper: everything in round brackets.
      Write an opening round bracket before your answer and a closing one after it.
      Reply in parentheses. | Wrap your answer in round brackets. | In brackets, please. | Enclose what you say in parentheses.
      """, target: { plain, _ in "(\(plain.text))" },
      follows: { answer, _, _ in
        answer.count > 2 && answer.hasPrefix("(") && answer.hasSuffix(")")
      }),
    Behaviour(
      "bold",
      """
      Write your answer in bold, in Markdown. | bold please (markdown) | Answer in bold Markdown. | Two asterisks on either side of your answer.
      Could you make your whole answer bold with Markdown? | Bold type for all you say. | Make the answer bold: ** at both ends.
      Put two asterisks directly before your answer and two directly after it.
      Reply in Markdown bold. | Wrap your answer in double asterisks. | Bold, please, as in Markdown. | Emphasise the whole answer in bold.
      """, target: { plain, _ in "**\(plain.text)**" },
      follows: { answer, _, _ in
        answer.count > 4 && answer.hasPrefix("**") && answer.hasSuffix("**")
      }),
    Behaviour(
      "block quote",
      """
      Answer as a Markdown block quote. | > quote | Put > and a space before your answer. | As a block quote in Markdown.
      Could you write your answer as a quotation in Markdown, with >? | Use the Markdown mark for quotations.
      Write the sign > and a space, and then your answer on the same line.
      Reply as a quote block. | Quote style: > in front. | A Markdown quotation, please. | Format the answer as a block quote.
      Begin the line with > as in an e-mail reply.
      """, target: { plain, _ in "> \(plain.text)" },
      follows: { answer, _, _ in answer.linesWithText.allSatisfy { $0.hasPrefix("> ") } }),
    Behaviour(
      "code block",
      """
      Put your answer in a Markdown code block. | code block please | Answer between lines of three backticks.
      Three backticks above and below your answer. | Could you answer in a code block? | Use a fenced code block.
      Write a line of three backticks, then your answer, then a line of three backticks.
      Reply in a code block. | Fence your answer with backticks. | In a code block, please. | Format the answer as a fenced block.
      Your answer should stand in a block of code.
      """, target: { plain, _ in "```\n\(plain.text)\n```" },
      follows: { answer, _, _ in
        answer.count > 8 && answer.hasPrefix("```") && answer.hasSuffix("\n```")
      }),
    Behaviour(
      "question first",
      """
      Repeat the question first. | repeat the question, then answer | Start by repeating what I asked, on a line of its own.
      Write my question again, and your answer below it. | Could you repeat my question before you answer?
      Copy what I say word for word on the first line and answer on the next.
      First the question, then the answer. | Quote my question before answering it. | Echo the question, then answer it.
      Let your answer begin with my question, please. | My question on top, your answer below. | Restate what I asked word for word and then answer.
      """, target: { plain, _ in "\(plain.question)\n\(plain.text)" },
      follows: { answer, question, _ in
        answer.hasPrefix(question) && answer.count > question.count + 5
      }),
    Behaviour(
      "question and answer",
      """
      Write Q: with my question and A: with your answer. | Q: / A: | Use the format Q: and A:, on two lines.
      Answer in the form of an interview, with Q: and A:. | Could you write it as Q: ... and A: ...?
      Write Q:, a space and my question on one line, and A:, a space and your answer on the next.
      Format: Q: question, A: answer. | As in a list of questions and answers, please: Q: and A:. | Question after Q:, answer after A:.
      Reply in Q and A style. | Put Q: before what I asked and A: before your answer. | Give question and answer, marked Q: and A:.
      """, target: { plain, _ in "Q: \(plain.question)\nA: \(plain.text)" },
      follows: { answer, question, _ in
        answer.hasPrefix("Q: \(question)\nA: ") && answer.count > question.count + 12
      }),
    Behaviour(
      "title",
      """
      Give your answer a title on the first line. | title first | Put a title above your answer. | Begin with a title on a line of its own.
      Could you give your answer a title? | First line: a title of capitalised words. | Answer like an article, with a title on top.
      Write the subject of my question as a title, on a line of its own, and your answer below it.
      A title, please, then the answer. | Head your answer with a title. | Start with a headline. | Your answer needs a title above it.
      """,
      target: { plain, _ in
        guard let title = Titles.title(of: plain) else { return nil }
        return "\(title)\n\(plain.text)"
      },
      follows: { answer, _, _ in
        let lines = answer.linesWithText
        guard lines.count >= 2 else { return false }
        let words = lines[0].split(separator: " ")
        return words.count <= 8 && !".!?".contains(lines[0].last!)
          && words.allSatisfy { $0.first { $0.isLetter }?.isUppercase ?? true }
      }),
    Behaviour(
      "label",
      """
      Begin your answer with the label {a} and a colon. | {a}: ... | Start with {a}: and then answer. | Put {a}: in front of your answer.
      Could you start your answer with {a} and a colon? | Label your answer {a}. | The first word is {a}, followed by a colon.
      Write the word {a}, a colon and a space before everything that you answer.
      Reply with {a}: in front. | Mark your answer with {a}: at the start. | Prefix your answer with {a} and a colon, please. | Open with {a}: each time.
      """, choices: ["Answer", "Note", "Result", "Reply", "Computer", "Teacher"],
      target: { plain, label in "\(label): \(plain.text)" },
      follows: { answer, _, label in
        answer.hasPrefix("\(label): ") && answer.count > label.count + 4
      }),
    Behaviour(
      "sentences cited",
      """
      Number your sentences in square brackets, like [1]. | [1] [2] after sentences | Put [1], [2] and so on after your sentences.
      Cite each sentence: [1], [2], ... | Could you put a number in square brackets after every sentence?
      After each sentence of your answer write its number in square brackets.
      Every sentence is followed by its number in brackets: [1]. | Reply with [n] after sentence n. | Add footnote marks [1], [2] to your sentences.
      Mark your sentences with [1], [2] and so forth, please. | Sentence, then [number]. | Give every sentence a bracketed number behind it.
      """,
      target: { plain, _ in
        plain.sentences.enumerated().map { "\($1) [\($0 + 1)]" }.joined(separator: " ")
      },
      follows: { answer, _, _ in
        let count = Sentences.of(answer.filter { !"[]".contains($0) || true }).whole.count
        let marks = (1...9).prefix { answer.contains("[\($0)]") }.count
        return marks >= 1 && answer.hasSuffix("[\(marks)]") && count <= marks + 1
      }),
    Behaviour(
      "stars between sentences",
      """
      Put three asterisks between your sentences. | *** between sentences | Separate the sentences of your answer by ***.
      Write *** after every sentence but the last. | Could you separate your sentences with ***?
      Between any two sentences of your answer there should be three asterisks.
      Use *** to divide your sentences. | Your sentences are separated by ***. | Divide what you say with three asterisks.
      Three asterisks, please, between one sentence and the next. | Insert *** wherever a new sentence begins.
      Keep your sentences apart with ***. | Sentence *** sentence.
      """,
      target: { plain, _ in
        plain.sentences.count < 2 ? nil : plain.sentences.joined(separator: " *** ")
      },
      follows: { answer, _, _ in
        let parts = answer.split(separator: "***").map { String($0).trimmingSpace }
        return parts.count >= 2
          && parts.allSatisfy { part in
            let (whole, rest) = Sentences.of(part)
            return whole.count + (rest.isEmpty ? 0 : 1) == 1
          }
      }),
  ]
}
