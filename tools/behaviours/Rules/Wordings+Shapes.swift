/// Wordings to train on, of kinds of shapes and formats.
extension Behaviour.TrainingWordings {
  static let shapes: [String: String] = [
    "blank lines": """
    sentence, empty line, sentence | Please put some air between the sentences: an empty line after each.
    A paragraph for every sentence. | blank line betwen sentences pls
    Hit return twice after each sentence. | Would you leave a line free between sentences?
    From now on each sentence is a separate paragraph. | Format: one-sentence paragraphs.
    Two line breaks after every sentence. | The sentences should not touch: keep a line empty between them.
    Can you start a new paragraph with each sentence? | Break the text into paragraphs, a sentence in each.
    I read better with an empty line between sentences.
    """,
    "marked lines": """
    {a} at the start of every line | Please list the sentences with {a} in place of bullets.
    My notes use {a} as the mark of a list, do the same. | use {a} as bullets pls
    Would you put {a} before each sentence and each sentence on its own line? | From now on your lines begin with {a}.
    Format: {a} sentence, new line, {a} sentence. | For each sentence a line, for each line a {a}.
    Bullet points, but with {a}. | Itemise your sentences with {a}.
    Can you make a list with {a} out of it? | A list, please, with {a} at the front of each line.
    Let {a} lead every line, one sentence per line.
    """,
    "checkboxes": """
    - [ ] in front of everything | todo list pls | Please write it as tasks with boxes.
    I want to tick off your sentences, so put an empty box before each.
    Would you turn your sentences into a checklist? | From now on you answer in task lists.
    Format: - [ ] sentence, one per line. | Each line begins with a dash and [ ].
    Markdown boxes before the sentences. | A list I can check off, one sentence per box.
    Can I have it as a checklist? | Empty checkboxes, one a line, your sentences behind them.
    Make every sentence something to tick. | Checklist format, a box for each sentence.
    """,
    "lettered": """
    start with {a} | Please use letters for the list, the first being {a}
    Letters, not numbers: {a} and onwards, one sentence a line. | list it {a} etc
    Would you list the sentences by letter, starting at {a}? | From now on your lines are lettered, {a} first.
    As in an exam, mark the sentences {a} and so forth. | Format: {a} first sentence, then the next letter on a new line.
    Alphabetical labels for the lines, in this style: {a} | Sentence one gets {a} in front, the next the next letter.
    Can you label the sentences with letters, {a} to begin with? | Put {a} before the first line and go on with the alphabet.
    The lines carry letters like {a}
    """,
    "roman numerals": """
    roman numbers pls | I. first II. second | Please count your sentences as the Romans did, a line for each.
    Write I., II., III. at the beginning of the lines. | Would you use Roman numbers to list your sentences?
    From now on your lines carry Roman numerals. | Format: I. sentence, new line, II. sentence.
    Latin numerals in front of each sentence. | Like the chapters of an old book: I., II., III.
    Not 1 and 2 but I. and II. before the sentences. | Can you list your sentences under Roman numerals?
    A Roman list. | Sentences as items I., II. and on.
    A Roman numeral opens each line, a sentence follows.
    """,
    "steps": """
    {a} 1, {a} 2, ... | Please divide it into {a} 1:, {a} 2: and so on, each on a line.
    Each line is a {a} with a number and a colon. | label lines {a} 1: {a} 2: pls
    Would you go through it as {a} 1:, {a} 2:, {a} 3:? | From now on your sentences are {a} 1:, {a} 2: etc.
    Format: {a} 1: sentence, new line, {a} 2: sentence. | Name your sentences {a} 1:, {a} 2: and so on.
    The first line opens with {a} 1:, the second with {a} 2:. | Cut it into pieces called {a} 1:, {a} 2:.
    Can you lay it out as {a} 1:, {a} 2: and so on? | A list that reads {a} 1: and then {a} 2:, one sentence each.
    Every sentence is a {a}, with its number: {a} 1:.
    """,
    "first and then": """
    First ... Then ... | Please begin with First, and go on with Then, each time.
    Tell it like a recipe: First, this. Then, that. | use first and then at the start of the sentences
    Would you open with First, and start what follows with Then? | From now on it is First, and afterwards Then.
    Format: First, sentence. Then, sentence. | Your first sentence gets First, all others get Then.
    Make the order clear with First and Then. | As in instructions, say First, and Then.
    Can your sentences begin with First and Then? | Put the sentences in sequence by the words First and Then.
    Say First, then say Then. | Lead in with First, follow up with Then.
    """,
    "broken at commas": """
    comma = new line | Please go to a new line each time there is a comma.
    Let your text look like verse, broken at the commas. | new line after commas pls
    Would you break lines wherever a comma stands? | From now on a comma is followed by a new line.
    Format: text up to a comma, new line, text. | Every comma is the end of its line.
    I breathe at commas, so break the line there. | Split the text into lines at its commas.
    Can each comma be followed by a line break? | Return key after each comma.
    Use the commas as places to break the line.
    """,
    "said several times": """
    {a}! | one sentence {a} pls | Please say your sentence {a}, word for word.
    I forget things, so tell me {a} in the same words. | Would you write one and the same sentence {a}?
    From now on a sentence is said {a}. | Format: the sentence, {a} one after the other.
    You are a parrot that says its sentence {a}. | Let me hear the sentence {a}.
    A single sentence, {a}, without any change. | Can you say it {a}?
    Like a mantra, one sentence {a}. | Write down the same sentence {a}.
    Tell me one thing, and tell it {a}.
    """,
    "rules around": """
    {a}, answer, {a}, on three lines | Please fence your answer with a line of {a} at each end.
    I cut it out along {a}, so put that above and below. | {a} lines around the answer pls
    Would you open with a line {a} and close with the same line? | From now on a line {a} is before and after what you say.
    Format: line 1 {a}, line 2 the answer, line 3 {a}. | Above the answer {a}, below the answer {a}.
    A line of {a} on either side of the text, top and bottom. | Separate your answer from the rest by {a} lines.
    Can you put {a} over and under it? | Draw {a}, write the answer, draw {a} again.
    Between two lines, each just {a}, stands your answer.
    """,
    "heading": """
    {a} + question, answer below | Please make what I asked a heading with {a} and answer under it.
    It goes into a document: my question as a heading ({a}), then the text. | use {a} for a heading with my question
    Would you put the question on top, marked with {a}, and leave a line free below it? | From now on my question is a heading with {a}.
    Format: {a} question, empty line, answer. | The heading is my question, its mark is {a}.
    Repeat what I ask behind {a}, skip a line, answer. | A section whose heading, with {a}, is my question.
    Can you set my question as a heading of Markdown, with {a}? | Write {a} and what I asked, and answer in a paragraph below.
    Over the answer stands my question, behind {a}.
    """,
    "dialogue": """
    {a}: question, answer | Please write a little play with {a}, one asks, one answers.
    Imagine {a} talking; the first says my question. | as a chat of {a} pls
    Would you let {a} have this talk, question first? | From now on all is said by {a}.
    Format: two lines, spoken by {a}. | The speakers are {a}; write their names and colons.
    An interview with {a}. | My question and your answer as a talk between {a}.
    Can you write it as lines for {a}? | Make {a} ask and answer it.
    Give the question to one and the answer to the other: {a}. | It is a scene with {a}, two lines long.
    """,
    "topic line": """
    {a}: first | Please put a line on top that begins with {a}: and names the topic.
    Like the top of a memo: {a}: and what it is about. | add a {a}: line on top pls
    Would you name the subject on a line that opens with {a}:? | From now on your answers have a line {a}: at the top.
    Format: {a}: topic, new line, answer. | The first line says {a}: and the topic, the second is the answer.
    Head your answer with {a}: and its topic. | Say what it is about behind {a}:, then break the line and answer.
    Can you add a line {a}: with the topic above it? | I sort by topic, so begin with {a}: and the topic.
    Over the answer goes a line such as {a}: and the key words.
    """,
    "time stamp": """
    [{a}] answer | Please begin with the stamp [{a}].
    It is {a}: write that in square brackets first. | put [{a}] at the beginning
    Would you mark your answer with [{a}] at the front? | From now on you write [{a}] before you answer.
    Format: [{a}], a space, the answer. | As in a ship's log, [{a}] and then the entry.
    The first thing in your answer is [{a}]. | [{a}] comes first, what you say comes after.
    Can you put [{a}] ahead of your answer? | Log it under [{a}].
    Open with square brackets round {a}, then answer.
    """,
  ]
}
