/// More wordings to train on, written by somebody who did not know those that are kept.
extension Behaviour.TrainingWordings {
  static let layouts: [String: String] = [
    "word count": """
    one sentence + (number of words) | a sentence with its word count in brackets pls
    Please append the count of words to your one sentence, as in (12 words).
    My editor pays me by length, so write one sentence and note behind it how many words it contains, e.g. (11 words).
    From now on each answer is a single sentence with its word total in parentheses after it.
    A sentence, and then in parentheses its length in words.
    Would you write a single sentence and tell me in round brackets how many words are in it?
    Format: Sentence. (N words) | Don't forget to tally: one sentence, then the tally as (N words).
    Answer with a sentence; behind it, in parentheses, comes the number of words you used.
    You are a careful clerk who writes one sentence and notes its word count in brackets behind it.
    Say it in a sentence and count its words for me: (N words).
    put how many words your sentence has at the end like (10 words)
    One sentence. Then the count, like this: (14 words).
    How many words does your sentence have? Write a sentence and add that in brackets.
    Finish your one-sentence reply with its word count in parentheses.
    I collect statistics, so after your single sentence state its number of words in the form (N words).
    No sentence without its count: write one and put (N words) after it.
    The reply is made of one sentence and, in round brackets, the number of words in that sentence.
    Tag your sentence with its length in words, in parentheses.
    As a standing order, close your one-sentence answers with (N words), N being the true count.
    Add up the words of your single sentence and show the sum in brackets at the end.
    one sentense, then (how many words) | A single sentence followed by a bracket that gives its word count.
    Measure your sentence: after it comes (N words).
    Can I have one sentence and its length in words, in parentheses?
    Behind your sentence, in brackets, I want the number of words it took.
    Write a sentence, count it, and report the count like (8 words) at the very end.
    Sentence first, (so-and-so many words) second, nothing else.
    Please supply one sentence with an exact word count in parentheses at its end.
    """,
    "said twice": """
    say it 2x | one sentence, and the same again
    Please give me a sentence and then the identical sentence a second time.
    I'm hard of hearing: say one sentence and repeat it exactly.
    From now on you answer in one sentence and always say it twice. | A sentence and its exact double.
    Would you say your sentence two times over? | Write a sentence. Write that very sentence again. Stop.
    You are a parrot: say one sentence and then the very same one.
    Format: S S, where S is your one-sentence answer.
    Not once but twice: one sentence, unchanged the second time. | double it: same sentence two times pls
    Copy your single sentence and paste it right after itself.
    The announcement is always read twice, so write your one sentence and then the same one again.
    Like an echo, let your only sentence come back word for word. | Your reply is one sentence, duplicated.
    Give a one-sentence answer in two identical copies.
    Can you say one sentence and then say it once again without changing a word?
    repeat your one sentense exactly | One sentence is enough, but I want to read it two times.
    Be a station announcer: a single sentence, spoken twice over.
    As a rule of this chat, one sentence is said and said again, exactly alike.
    Two sentences that are the same in every letter are what I expect.
    First the sentence, then the same sentence.
    The second sentence of your answer must be a copy of the first, and there is no third.
    Answer in a sentence and immediately reiterate it verbatim.
    Once for me and once for my brother: the same sentence both times.
    say a sentence, then say exactly that again, then nothing | A twofold answer: one sentence and its repetition.
    I write things down slowly, so dictate one sentence and then dictate it again unaltered.
    """,
    "bullets": """
    bullet list! | as bullets | Please list your answer point by point, each line beginning with a dash.
    I skim, so hand it to me as bullet points. | From now on everything comes as a bulleted list.
    A bulleted answer, please. | Would you set your reply out as a list with bullets?
    each line starts with - please | Nothing but bullet points. | It goes on a slide, so make it bullets.
    Format: lines that begin with a dash and a space.
    You are a maker of slides: all you ever write is bullet points.
    No running text, only a list with a bullet on every line. | Let each line be a bullet.
    Turn your sentences into bullets, one under the other. | can u do it in bulletpoints
    Break it up into points with a dash before each. | Every line of the reply opens with - and a space.
    I'd rather have a list of bullets than a paragraph.
    Split your answer into items, one per line, with a bullet in front of every item.
    As a standing order, reply to me in bullets and not in paragraphs.
    List form: dash, sentence, new line, dash, sentence. | Don't write a paragraph, write bullet points.
    Present it as an unordered list. | I want dots or dashes at the start of all lines, as in a list.
    bulets only, no paragraph | An unnumbered list with a marker at the beginning of each line.
    Itemise your answer with bullets. | Could I get a Markdown list with hyphens as bullets?
    Points, please, with a bullet before each.
    """,
    "lines": """
    line break after every sentence | each sentence new line pls | Please hit return after each sentence.
    My screen is narrow, so start every sentence on a fresh line. | From now on no two sentences share a line.
    An answer with one sentence to a line. | Would you go to the next line whenever a sentence ends?
    Not two sentences in the same line. | Format: sentence, newline, sentence, newline.
    Lay your sentences one beneath the other.
    You are a subtitler: a line holds a single sentence, and the next sentence goes below it.
    After every full stop press Enter. | Stack the sentences: each gets a line to itself.
    I read one line at a time, so let each line be a sentence. | put evry sentence on its own line
    Use a fresh line for every sentence, with nothing else added. | Line by line, sentence by sentence.
    Can the sentences stand under each other, each in a separate line?
    Don't run the sentences together in a paragraph; give each its own line.
    Write several sentences and put a line break between any two.
    As a rule, a sentence ends and so does the line. | A line per sentence, a sentence per line.
    Let a newline follow each sentence you write. | Sentences below one another, without bullets or numbers.
    my program reads the file by line and wants one sentence in each
    Please split your reply into lines, so that no line has more than one sentence.
    Every time a sentence is finished, move down a line.
    Insert a line break wherever one sentence stops and another starts.
    Do me the favour of giving every sentence a row of its own.
    Arrange it like verse, with each row being exactly one sentence.
    """,
    "json": """
    {a} key, JSON value | json pls with just {a} in it
    Please wrap your answer in a JSON object whose single field is called {a}.
    My parser reads the field {a}, so send me a JSON object with that and nothing else.
    From now on you output JSON with one field, {a}.
    An object in JSON notation, with {a} as its only key and your answer as the string.
    Would you send it as JSON, with the text in the field {a}?
    You are a web service that returns JSON objects with the one key {a}.
    No prose outside JSON: an object, the key {a}, your answer as its value.
    Format: a JSON object that maps {a} to your answer.
    Emit one JSON object; {a} is the key, the answer is the value. | i need valid json, key should be {a}
    Serialise your answer as JSON under the name {a}.
    Curly braces, the key {a}, a colon, your answer as a string: JSON, in short.
    Nothing before and nothing after the JSON object with its key {a}.
    The only thing I can read is JSON; put what you say in {a}.
    Can I get a JSON response where {a} holds the text?
    Return an object in JSON with your words as the value of {a}.
    As a standing order, reply with JSON that has the property {a}.
    Your output is parsed with JSON.parse, and then {a} is read from it; write accordingly.
    give it as jsn object with {a} as key | JSON format, with your text stored in {a}.
    Encode the reply in JSON; name the field {a}. | A machine reads this: JSON only, one string, called {a}.
    Fill the {a} property of a JSON object with your answer and give me that object.
    A JSON reply with the sole member {a}, please.
    Act as an API endpoint and respond with JSON, the field being {a}.
    Just the JSON, please: one pair, {a} and your answer.
    Plain text breaks my script. It wants JSON with {a} in it.
    Deliver your answer as the string value of {a} in JSON.
    """,
    "html paragraph": """
    <p>...</p> | p tag pls | Please enclose your reply in <p> and </p>.
    My site needs markup, so put the text inside a p element. | From now on start with <p> and finish with </p>.
    A paragraph in HTML, please, with its opening and closing tag. | Would you wrap your answer in paragraph tags?
    Begin with the tag <p> and close with the tag </p>. | You are a web server that sends a single HTML paragraph.
    Format: <p>your answer</p> | No bare text; it belongs in an HTML p element.
    Mark your answer up as a paragraph for a web page. | wrap it in html paragaph tags
    The first characters are <p>, the last ones </p>. | Opening p tag, answer, closing p tag.
    I paste your reply straight into my web page's source: make it a p element.
    Can you write it as a paragraph element in HTML? | Surround the whole reply by the tags for an HTML paragraph.
    As a standing order, all you write comes inside one pair of p tags.
    Give me HTML I can paste: a single p with your answer in it. | Put <p> in front and </p> behind.
    i need it as html, one <p> is enough | Send it as a p element and nothing around it.
    The browser should show your answer as one paragraph; write the HTML for it, just the p.
    Your reply sits between an opening and a closing paragraph tag in HTML. | Tag your text as an HTML paragraph.
    Write source code for a web page's paragraph, in which your answer is the text.
    HTML markup, one paragraph element, nothing outside of it.
    Deliver the answer p-tagged, from <p> through </p>.
    Use HTML's element for paragraphs to hold your entire answer.
    """,
    "in brackets": """
    (everything) | parentheses around the whole thing pls | Please enclose your entire reply in parentheses.
    It's just an aside in a play, so put all of it in round brackets.
    From now on you speak in parentheses, from ( to ).
    An answer with a round bracket at its beginning and one at its end.
    Would you put parentheses round all that you say? | The first character is ( and the last is ).
    You are an actor whose every line is an aside, printed in round brackets. | Format: (text of your answer)
    Nothing may stand outside the parentheses. | Wrap it all up in ( and ).
    start with an open bracket ( and close it ) at the very end
    Treat your whole reply as a parenthetical remark, brackets included.
    Bracket your reply, using the round sort. | Can it be all inside round brackets?
    I file side remarks in parentheses; make yours one, from the first word to the last.
    Open a parenthesis, answer, close the parenthesis.
    As a standing order, your replies are put between round brackets.
    Let a ( come before your first word and a ) after your last full stop.
    rond brackets around your answer please | Round brackets on the outside, your answer on the inside.
    Your reply should look like a note in parentheses.
    Not a word before the opening parenthesis, not a word after the closing one.
    Embrace your answer with round brackets. | Parenthesise the whole reply.
    I'd like your full answer bracketed like (this). | Put the lot in parens.
    Say it under your breath, which is to say in one pair of parentheses from start to finish.
    A parenthesised answer, please.
    """,
    "bold": """
    **everything** | bold it all | Please set your complete reply in Markdown's bold type.
    I can hardly read thin letters; make all of it bold with **.
    From now on everything you write is in bold (Markdown).
    An answer in bold letters, marked up with double asterisks.
    Would you wrap the entire reply in double asterisks, so that it shows up bold?
    You are a printer with nothing but bold type; use Markdown for it. | Format: **your answer**
    No thin text: the whole reply is bold, by way of Markdown.
    Use the Markdown for strong emphasis on your whole answer.
    put ** at the start and ** at the end of the answer
    The reply should render in bold from its first word to its last. | Enclose everything you say in ** and **.
    My chat window shows Markdown. Let me see your answer in bold there.
    Can all of it be bold, please, in Markdown? | Double asterisks open your reply, double asterisks close it.
    As a standing order, answer me in boldface, done with two asterisks on each side.
    Boldface throughout, in Markdown notation. | Make the entire text strong in the Markdown sense.
    make it bold in markdwon, the whole reply | Surround your reply by a pair of ** marks.
    Every word should be inside one bold span of Markdown.
    I want thick letters all the way, which Markdown writes as **...**.
    Nothing outside the two double asterisks, please.
    Type two stars, your answer, and two stars again, with no space after the first pair or before the last.
    Emphasise all of your answer strongly, as Markdown's ** does. | Embolden your reply with Markdown.
    Bold formatting (**) for the complete answer.
    """,
    "block quote": """
    > in front pls | markdown quote | Please format the reply as a Markdown quotation, with > at the start.
    My notes keep others' words as block quotes, so begin yours with > and a space.
    From now on every answer starts with > as quoted text does in Markdown.
    A Markdown blockquote, please, and nothing else.
    Would you start your answer with the greater-than sign and a space?
    The first two characters of your reply are > and a space.
    You are someone quoted in a Markdown document: your words come after >. | Format: > your answer
    Not plain text but a Markdown blockquote. | Let your answer look like quoted mail, with a > before it.
    Begin each line you write with > and a space. | use > like when you quote someone in an email
    Show it indented as a quote, the way Markdown does with >. | Mark your entire reply as quoted, in Markdown.
    Can it be a blockquote, with the > sign? | A greater-than sign, a space, your answer.
    As a standing order, quote-format your answers with a leading >.
    I paste your reply into a README as a quotation; put the > there for me. | blockqoute please (the one with >)
    Prefix your reply with > and a blank.
    Write everything as a Markdown quote block, so no line goes without its >.
    Set your answer off as a block quotation using Markdown syntax.
    Use Markdown's quoting sign at the front of your reply.
    Your text shall appear as a quote when rendered: lead with >.
    Every line opens with a greater-than sign followed by a space. | Have your reply quoted Markdown-style.
    Put the quote marker > first, then speak. | What you say should be in block-quote style, as Markdown knows it.
    """,
    "code block": """
    ``` around it | backtick fence pls
    Please place your reply inside a fenced block, with three backticks on the lines above and below.
    I copy your replies with the copy button that code blocks have, so put it in one.
    From now on your answers are wrapped in code fences.
    An answer in a Markdown code block and nothing outside it.
    Would you fence off your reply with triple backticks? | Open with ``` and close with ``` on the last line.
    You are a terminal, whose output is always shown between code fences.
    Format: triple backticks, line break, your answer, line break, triple backticks.
    Nothing may stand before the opening fence or after the closing one.
    Show your answer in monospaced type, by means of a Markdown code block.
    put the answer in tripple backticks, as a block
    The first line is ```, the last line is ```, and your answer is between them.
    Treat the text of your answer as code and fence it. | Can I have that inside a code fence?
    Triple backticks above, your reply, triple backticks below.
    My viewer reflows everything but code blocks; use one for your reply.
    As a standing order, keep all you say within a fenced block of code. | Make a code block of it.
    Preformatted, please: a Markdown fence before and after.
    Let ``` stand on a line above your answer and on a line below it.
    Wrap the reply as if it were source code in Markdown. | Fenced block, whole answer, no words outside.
    i need it as a codeblock so i can copy it | Your entire response goes between two lines of ```.
    Enclose the answer in the fences that Markdown uses for code.
    Give me your reply as the content of a fenced block.
    Use three backticks to open a block, give the answer, and use three to close it.
    Present your answer just as you'd present a piece of code in Markdown.
    """,
    "question first": """
    my question, then your answer | repeat what i asked 1st
    Please copy out my question before you go on to answer it.
    I forget what I've asked; put my question at the top, then your answer.
    From now on each reply opens with the question I asked, word for word.
    The question once more, and below it the answer, please.
    Would you write down what I asked and then reply to it?
    Line one is my question as I put it; line two is your answer.
    You are a quizmaster who reads the question out again before giving the answer.
    Format: my question, new line, your answer. | Don't answer straight away: restate the question exactly first.
    Begin by copying my words exactly, then answer under them.
    start with my exact question and then give ur answer
    Let the question head the reply, unchanged, with the answer after it.
    I print only your replies, so each should have my question on top.
    Say back what I've asked, word for word, and then answer.
    Can the question come again at the beginning of your reply?
    Your reply opens with a verbatim copy of the question.
    As a rule, the question is read out before it is answered.
    Put what I asked at the head, without changing a letter, and your answer beneath.
    No answer without the question above it. | repeat the queston before answering
    Like a schoolbook, print the question and then the answer below it.
    Mirror my question on the first line; the answer follows on the second.
    Reproduce my question, then respond to it.
    First reiterate what I want to know in my own words, then tell me.
    Paste my question in at the start and continue with your answer on a new line.
    Show me the question again and only then the answer.
    Before anything else, type out my question just as it stands.
    Two parts, please: the question as I asked it, and your answer.
    """,
    "question and answer": """
    Q: mine, A: yours | q and a format pls, with Q: and A:
    Please lay it out as an FAQ entry: Q: and my question, below it A: and your answer.
    My flash cards have two lines, Q: with the question and A: with the answer; make me one.
    From now on you reply in two lines, the first with Q: and my question, the second with A: and your answer.
    A Q: line with what I asked and an A: line with what you say.
    Would you set it out with Q: before my question and A: before your answer?
    Line one: Q: plus my question. Line two: A: plus your answer.
    You are the editor of an FAQ page; print my question after Q: and your answer after A:.
    Format your reply like this: Q: what I asked, next line A: what you answer.
    Not just the answer: a line Q: with my question has to precede it, and A: stands before the answer.
    Mark my question with Q: and your answer with A:, each on its own line.
    do it like an faq. Q: my question, A: ur answer | Label the question Q: and the answer A:, and give both.
    I'm compiling a list of Q: and A: pairs, so write my question and your reply that way.
    As a transcript: my words behind Q:, yours behind A:.
    Can you put it in the Q: / A: style, with my question repeated?
    The letter Q, a colon and the question; below, the letter A, a colon and the answer.
    As a standing order, copy my question behind Q: and answer behind A: on the line after.
    Make it a Q and A: first Q: with exactly what I asked, then A:. | Show both sides: Q: for me, A: for you.
    Two labelled lines, Q: (my question, unchanged) and A: (your answer).
    question goes after Q: and anwser after A: on the next line
    Write it up as for a help page, with Q: and A: lines.
    Begin with Q: and repeat my question; go to the next line and begin with A:. | Give me a Q:/A: pair.
    Set my question behind a Q: and underneath it your answer behind an A:.
    Put a Q: to my question and an A: to your answer, one below the other.
    An exam sheet, please: Q: the question as asked, A: the solution.
    Reply in catechism form, that is Q: and the question, then A: and the answer.
    """,
    "title": """
    heading first! | title on top pls, then text | Please head your answer with a title, alone on its line.
    I collect your answers in a binder, so give each a title line above the text.
    From now on your first line is a title and the answer starts below it. | A titled answer, please.
    Would you come up with a title and put it on the line above your answer?
    The top line is a short title in capitalised words without a full stop.
    You are an encyclopedia: print the name of the entry as a title line, then the entry.
    Format: Title, line break, answer. | No answer without a title over it.
    Name your answer: a title on line one, the text from line two on.
    start with a title on its own line and then the answer
    Put a heading, as newspapers do, over the text of your answer.
    Before the answer proper, I want a line with a title and nothing else.
    What would you call your answer? Write that above it as a title. | Can I have a title line over it?
    Your reply has two parts: a short title on the first line and, below, the answer.
    As a standing order, entitle your answers, the title having a line to itself.
    Treat it as a small essay with its title at the top.
    Add a capitalised heading on a separate line before the answer. | give it a tittle on the first line
    My blog needs a title for each post, so let the first line be one.
    A few capitalised words as a title, then a new line and your answer. | Let a title stand over your reply.
    Above your answer, on a separate line, write what it is about as a title. | Title line, answer below.
    Crown your answer with a title line.
    Think of a fitting title, set it on the first line, and carry on with the answer underneath.
    Open with the topic as a heading on its own line, words capitalised, no full stop.
    """,
  ]
}
