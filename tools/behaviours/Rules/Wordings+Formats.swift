/// Wordings to train on, of marked-up text, data and code.
extension Behaviour.TrainingWordings {
  static let formats: [String: String] = [
    "italic": """
    italic pls | *like this* | Please slant the whole reply with Markdown.
    In Markdown, an asterisk at each end makes italics: do that. | everything in italics
    Would you put the reply into Markdown italics? | From now on you write in italics.
    Format: asterisk, answer, asterisk. | Emphasis for the whole answer, with single asterisks.
    My viewer shows Markdown; let me see the answer in italics. | A single star before and after your answer.
    Can I have it in italic Markdown? | Wrap it all in single asterisks.
    Use Markdown emphasis, one asterisk each side.
    """,
    "strikethrough": """
    ~~like this~~ | cross it out pls | Please strike the whole reply through with ~~.
    In Markdown, two tildes at each end cross a text out: do that. | everything crossed out
    Would you put the reply into strikethrough? | From now on you write everything struck out.
    Format: two tildes, answer, two tildes. | Pretend you take it back: cross your answer out with ~~.
    Delete your answer visibly, as Markdown does with ~~. | Double tildes before and after your answer.
    Can I have it with a line through it, in Markdown? | Use strikethrough for all of it.
    Let your answer look deleted: ~~ around it.
    """,
    "monospaced": """
    `like this` | code font pls | Please set the reply in inline code.
    In Markdown, a backtick at each end makes code: do that. | everything in a code span
    Would you wrap the reply in single backticks? | From now on you answer within single backticks.
    Format: backtick, answer, backtick. | Monospace for the whole answer, on one line.
    Make it look typed: one backtick before and one after. | A code span with your answer.
    Can I have it in monospace? | Use inline code for all of it.
    A single backtick stands at the start and at the end.
    """,
    "tag": """
    <{a}> pls | Please write <{a}>, the answer, </{a}>.
    My parser takes the text out of <{a}>, so put your answer there. | put it in {a} tags
    Would you enclose the reply in a {a} element? | From now on you speak inside <{a}> and </{a}>.
    Format: <{a}>text</{a}>. | The reply is the content of an element named {a}.
    An opening {a} tag, what you say, a closing {a} tag. | Markup: {a} around the whole answer.
    Can I have the answer within <{a}></{a}>? | Use angle-bracket tags named {a} around your answer.
    Tag the answer: {a}. | Everything belongs inside {a} tags.
    """,
    "html list": """
    <{a}><li>... | Please write HTML: a {a} whose li are your sentences.
    I paste it into a page, so give me a {a} with li. | {a} list in html pls
    Would you code your sentences as an HTML {a}? | From now on you answer as a {a} in HTML.
    Format: <{a}>, a line of li for each sentence, </{a}>. | Markup of a list, {a}, with an li per sentence.
    Each sentence is an li, and the {a} holds them all. | Lines: <{a}>, the li, </{a}>.
    Can I have HTML list code, {a}? | Web list: {a} outside, li inside.
    Code a {a}, one li a line.
    """,
    "yaml list": """
    {a}: - ... | Please write YAML with the list {a}.
    I load it as YAML and read {a}, so give me a list there. | yaml list called {a} pls
    Would you put the sentences as items under {a} in YAML? | From now on you answer in YAML, under {a}.
    Format: {a}:, then the sentences as items. | A YAML document: {a} and its dashes.
    Under the key {a}, one dash per sentence, as YAML. | A config file with the list {a}.
    Can I have it as YAML with {a} as the list? | First line {a}:, then a dash and a sentence on each line.
    YAML sequence {a}, your sentences as its entries.
    """,
    "assignment": """
    {a} = ? | Please give me code that sets {a} to your answer.
    I paste it into a script: {a} = and the answer as a string. | put it in a variable {a}
    Would you write your answer as a string constant {a}? | From now on your answers are assigned to {a}.
    Format: {a} = "text". | The name is {a}, the value your answer in double quotes.
    A single assignment to {a}. | Let {a} equal the answer, as a string in quotes.
    Can I have it as {a} = "..."? | On the left {a}, on the right your answer in quotes.
    As code: the string {a} has your answer as its value.
    """,
    "csv": """
    {a} as csv | Please write two lines of CSV, the first being {a}.
    I open it in a spreadsheet with the columns {a}. | csv file, header {a} pls
    Would you give question and answer as values under {a}, in CSV? | From now on you answer in CSV ({a}).
    Format: {a}, new line, "question","answer". | Header line {a}, then one record in double quotes.
    Data please: {a} and a row of CSV. | The columns are {a}; fill in a row with my question and your answer.
    Can I have it in CSV with {a} on top? | First line {a}, second line the two quoted values.
    One record of CSV, fields {a}.
    """,
    "table": """
    table: {a} | Please draw a Markdown table with {a} as the columns.
    It goes on a wiki: a table with {a}, one row. | md table with {a} pls
    Would you set question and answer in a table under {a}? | From now on you answer in a table, {a}.
    Format: a Markdown table, head {a}, one row. | Bars and dashes: a table with {a}.
    The head of the table is {a}, its row what I asked and your answer. | A small table, {a}.
    Can I have a table whose columns are {a}? | Tabulate it under {a}.
    In a two-column table ({a}), give my question and your answer.
    """,
    "json list": """
    ["...", "..."] | json list pls | Please return an array of sentences in JSON.
    My code calls JSON.parse and expects an array of strings. | as an array, each sentence quoted
    Would you list your sentences as strings in a JSON array? | From now on you answer with JSON arrays of sentences.
    Format: [ "sentence", "sentence" ] as JSON. | Array of strings, nothing around it.
    Every sentence is an element of a JSON array. | A JSON array in which each sentence is quoted.
    Can I have the sentences as a JSON array? | Output a list in JSON, with a string for each sentence.
    Serialise your sentences as a JSON list.
    """,
    "json pair": """
    {a} in json | Please return a JSON object with {a}.
    I collect data as JSON: {a}, one for what I ask, one for what you say. | json with keys {a} pls
    Would you give me question and answer as JSON under {a}? | From now on you answer in JSON, keys {a}.
    Format: a JSON object, fields {a}. | An object whose two keys are {a}.
    JSON: my question under the first and your answer under the second of {a}. | A data set's line in JSON, {a}.
    Can I have it as JSON with {a}? | Serialise question and answer as {a} in JSON.
    Make a JSON record with {a}.
    """,
    "latex": """
    {a} pls | Please give me TeX: {a} around the answer.
    I compile it, so put the answer in {a} with braces. | wrap in {a} (latex)
    Would you set the answer with {a}, as in LaTeX? | From now on you answer inside {a} and braces.
    Format: {a}, brace, answer, brace. | LaTeX code with {a} and your answer as its argument.
    My thesis needs it in {a}. | The command {a}, and in its braces what you say.
    Can I have it as the argument of {a}? | In LaTeX, the whole of your answer goes into {a}.
    Typeset it with {a}.
    """,
    "comment": """
    comment, {a} | Please make it a comment in the style of {a}.
    It stands in a {a} file, so the compiler must ignore it. | {a} style comment pls
    Would you write your reply as a one-line comment in {a}? | From now on you speak in comments of {a}.
    Format: a comment of {a} on a single line. | Begin with what opens a comment in {a}.
    I program in {a}; comment your answer out. | What you say is a comment, as {a} has them.
    Can I have that as a comment for {a}? | Put it behind the comment sign of {a}.
    Write as one comments code in {a}.
    """,
    "printed": """
    print in {a} | Please give me {a} code that prints it.
    I learn {a}: let a line of it print your answer. | {a} code that outputs the answer pls
    Would you answer by a print statement in {a}? | From now on you answer in {a} that prints.
    Format: one statement of {a} that writes the answer out. | You can only speak {a}: print what you want to say.
    A {a} program of one line whose output is the answer. | The answer as a string that {a} prints.
    Can I have it as printing code in {a}? | Use the print function of {a} on your answer.
    How would {a} print your answer? Write just that line.
    """,
  ]
}
