/// Wordings to train on, of kinds of words and marks.
extension Behaviour.TrainingWordings {
  static let words: [String: String] = [
    "joined by": """
    use {a} for spaces | My system cannot store spaces, so put {a} between the words.
    Please join the words up with {a}. | From now on your space bar types {a}.
    The answer as one string, the words linked by {a}. | No blanks! Only {a} between the words.
    i want {a} insted of every space | Let {a} hold your words together.
    Would you kindly connect every word to the next with {a}? | Format: words, {a}, no spaces.
    Instead of a gap there should be {a} after each word but the last.
    Can you string the words together with {a}? | Chain the words with {a}, one sentence is enough.
    Turn spaces into {a}.
    """,
    "sign before words": """
    {a} before all the words | Stick {a} onto the front of each word.
    Please let every word carry {a} in front. | From now on all words you write start with {a}.
    I need to mark words, so prefix each one with {a}. | put a {a} at the start of every word pls
    No word may come without a leading {a}. | A {a} goes first in each word, then its letters.
    Format: {a}word {a}word {a}word. | Would you attach {a} to the beginning of every word?
    Each and every word of your reply is preceded by {a}, with no space after it.
    Can every word have {a} before it? | Lead each word with {a}.
    Treat every word as if it began with {a}.
    """,
    "words wrapped": """
    {a} on each word | Please set each word within {a}.
    Box in every word with {a}. | All words separately in {a}.
    i want every single word in {a} | Would you enclose the words one by one in {a}?
    From now on each word you write is in {a}. | Format: each word within {a}, spaces between.
    Words, each of them in {a}, make up your reply. | Put {a} round every word you say.
    Not the sentence but each word belongs in {a}.
    Can you write every word inside {a}? | For my parser, each word must be in {a}.
    Pack the words into {a}, one word at a time.
    """,
    "words on lines": """
    one word, new line, one word, new line | Hit return after every word.
    Please give each word a line to itself. | A vertical answer: a word on each line.
    My display is one word wide, so break after each word. | every word on a new line pls
    Would you list the words of your sentence below one another?
    Never two words on the same line. | Format: a column of words.
    From now on each line you write has a single word. | Make a tower of your words.
    Each word is its own line. | Can you write it as a column, word under word?
    No spaces between the words, line breaks instead.
    """,
    "words per line": """
    {a} words, then a new line | Please break your lines so that each has {a} words.
    My screen fits {a} words a line. | line break every {a} words pls
    Would you wrap the text after every {a} words? | Format: {a} words per row.
    From now on a line of yours has {a} words. | Hit return each time you have written {a} words.
    Cut the answer into lines of {a} words. | Only {a} words fit on a line.
    Arrange it in rows, {a} words in each. | Can you put just {a} words in a row before you break the line?
    Narrow text, please, {a} words wide. | Rows of {a} words.
    """,
    "words twice": """
    twice twice each each word word | Please double each word.
    Say each word, then say it again before going on. | every word 2 times
    You are an echo: each word is heard twice. | Would you write all words double?
    From now on each word is written two times in a row. | Format: word word, next next.
    I am hard of hearing, so say each word a second time. | No word stands alone, its twin follows it.
    Can you repeat each single word? | Duplicate every word in one sentence.
    Word by word, write everything two times. | Let each word be followed by itself.
    """,
    "every other word in capitals": """
    one small ONE big ONE small | caps on every 2nd word
    Please write word two, word four and so on in block letters. | Normal, CAPS, normal, CAPS.
    From now on each second word is in upper case. | Would you shout every other word?
    Skip a word, capitalise a word, and keep going like that. | Half of the words in caps, every second one.
    Format: word WORD word WORD. | alternating words in uppercase pls
    Let capitals come and go: one word without, one word with them.
    Can every second word be in block capitals? | Words in turn quiet and LOUD.
    Switch caps lock on and off after every word.
    """,
    "first words in capitals": """
    FIRST word caps, rest normal | Please let each sentence OPEN with a word in upper case, as its first word only.
    Caps for the opening word of each sentence. | i want the first word of evry sentence in big letters
    As in old books, set the opening word of a sentence in capitals.
    Would you put the beginning word of each sentence in block letters?
    Format: WORD and then the rest of the sentence as usual. | Sentence starts are shouted, the rest is spoken.
    From now on your sentences start with a word all in capitals.
    Uppercase the initial word of all your sentences. | Only initial words are capitalised in full.
    Can the word at the start of each sentence be all caps? | Big letters for first words.
    """,
    "last words in capitals": """
    end each sentence in CAPS | Please let the final word of each sentence be in upper case.
    Caps for the closing word of every sentence. | i want the last word of evry sentence in big LETTERS
    Raise your voice at the end: last words in capitals. | Would you put the final word of each sentence in block letters?
    Format: a normal sentence whose last word is in CAPITALS. | From now on each sentence finishes with a word all in capitals.
    Uppercase the final word of all your sentences. | Sentence ends are shouted, the rest is spoken.
    Just before the full stop there is always a word in CAPS.
    Can the word at the end of each sentence be all caps? | Big letters for last words.
    Stress the end of each sentence by capitals.
    """,
    "word in capitals": """
    {a} in caps every time | Please capitalise the whole word {a} wherever you use it.
    I am looking for the word {a}, so write it in big letters. | each {a} in uppercase pls
    Would you stress the word {a} by capitals? | From now on {a} is written in capitals.
    Format: normal text, but {a} in upper case. | All small, but {a} is big.
    The word {a} deserves capitals, the others do not. | Uppercase {a} throughout.
    Can you put {a} in block letters each time it comes? | Say {a} loudly, in capitals, and everything else quietly.
    Make the word {a} stand out in CAPS. | Emphasise each {a} with capital letters.
    """,
    "without a word": """
    no {a} | Please avoid the word {a} altogether. | {a} is taboo
    You have forgotten the word {a}. | i hate the word {a}, dont use it
    Would you get by without the word {a}? | From now on the word {a} does not exist.
    Format: text without {a}. | Take every {a} out. | Strike out the word {a} wherever it is.
    Erase {a} from your reply. | Can you leave the word {a} away?
    The word {a} must not come up in your reply, not even once. | Omit {a}.
    A reply in which {a} is missing.
    """,
    "word exchanged": """
    replace {a} pls | Please swap {a} all through your reply.
    A game: in all that you say, replace {a}. | From now on you exchange {a}.
    Would you substitute {a} throughout? | i want you to replace {a} everywhere
    Find and replace: {a}. | Exchange {a}, and leave the other words as they are.
    Can you swap {a} in your reply? | Swap {a}, no exceptions.
    You are a broken translator that replaces {a}. | Do a replacement in your text: {a}.
    Substitute {a} and change nothing else.
    """,
  ]

  static let marks: [String: String] = [
    "letters exchanged": """
    change {a} | Please write {a}, all through.
    leetspeak: {a} | From now on each {a}.
    A key of my keyboard is broken, so replace {a}. | Would you swap every {a}?
    Encode your reply: every {a}. | i want each {a} pls
    Rewrite what you say, replacing {a} in every word. | A little code: replace {a}.
    Can you answer me and replace every {a}? | Letters into signs: {a}.
    Substitute {a} in all words and leave the other letters alone.
    """,
    "no spaces": """
    WriteItLikeThis | camelcase pls | Please drop all spaces and capitalise each word instead.
    As a programmer names a variable: words joined, each with a capital.
    Join the words without anything between them, each starting with a capital.
    AllWordsTogether. | Would you write your sentence as a single word with inner capitals?
    From now on no spaces; capitals mark the words. | Format: WordWordWord.
    Squeeze the spaces out, but let each word have its capital.
    Can you put it in Pascal case? | My field takes no spaces, so use capitals to tell the words apart.
    One string, no gaps, a capital per word. | Delete the spaces, capitalise the words.
    """,
    "wide spaces": """
    {a} spaces please | Please make each gap {a} spaces wide.
    My eyes need wide gaps, so put {a} spaces between words. | use {a} spaces everywhere insted of one
    Would you put {a} blanks between every two words, that is {a} spaces? | From now on words are {a} spaces apart.
    Format: words with {a} spaces in between. | Type {a} spaces after each word.
    Stretch your text: {a} spaces for each gap. | Spread the words out, {a} spaces apart.
    Can you leave gaps of {a} spaces? | Space your words out by {a} spaces each.
    The words should stand {a} spaces away from each other.
    """,
    "no apostrophes": """
    no ' pls | Please leave the apostrophe key alone.
    Its, dont, cant: write them like that. | dont use apostrophes
    Would you drop each apostrophe? | My database chokes on apostrophes, so leave them away.
    From now on there are no apostrophes. | Format: text free of apostrophes.
    Omit the little hook in words like don't and it's. | Not one apostrophe, thank you.
    Can you type it without apostrophes? | Take out all apostrophes and nothing else.
    Words like isn't lose their apostrophe. | Erase every apostrophe from your reply.
    """,
    "ampersand": """
    and = {a} | Please use {a} for every and.
    Wherever there is an and, I want {a}. | put {a} insted of and
    Would you replace the word and by {a}? | From now on and is spelled {a}.
    Format: {a} in place of and. | To save room, shorten and to {a}.
    The word and is out, {a} is in. | Change every and into {a}.
    Can you use {a} each time you mean and? | No and, only {a}.
    Every time you want to say and, type {a}. | Substitute {a} for and.
    """,
    "text speak": """
    txt me the answer | sms style: u r gr8 | Please use text speak: u, r, ur, 2, 4, &.
    like on an old phone, short spellings such as u and ur
    You are a teenager with a phone: you is u, are is r, to is 2. | write 4 and 2 and u pls
    Would you abbreviate like in a chat: u, r, b4, gr8? | From now on you write u, r and &.
    Format: text message English. | Shorten you to u, are to r, for to 4, to to 2 and and to &.
    Can I have it in texting language? | Write as people did in text messages: w/, cuz, u.
    Chat spelling throughout. | Phone keyboard style, with u for you and 2 for to.
    """,
    "small beginnings": """
    start sentences small | please no capital in front of a sentence
    Let each sentence begin in lower case. | i never capitalize the first word, do the same
    Only names have capitals; sentences begin without one. | Would you start each sentence with a lower-case letter?
    From now on the letter that opens a sentence is small. | Format: sentences that begin in lower case.
    Leave off the capital that usually opens a sentence. | first letters of sentences are small
    Write as in a quick chat, with no capital after a full stop.
    Can your sentences open with a small letter? | Lower the first letter of each sentence.
    After a full stop, go on with a small letter.
    """,
    "other full stops": """
    {a} not . | Please let each sentence end in {a}.
    My full stop key is broken, so type {a} in its place. | use {a} at the end of evry sentence
    Would you finish all sentences with {a}? | From now on {a} is your full stop.
    Format: sentence{a} sentence{a} | Swap the full stops for {a}.
    Where a sentence stops, write {a} and no full stop. | Sentences close with {a}.
    Can you end sentences with {a}? | A sentence is over when {a} comes.
    Put {a} after each sentence, in place of the point. | Instead of periods use {a}.
    """,
    "sentences separated": """
    sentence, {a}, sentence | Please set {a} between one sentence and the next.
    My script splits at {a}, so put it between your sentences. | put {a} in between sentences pls
    Would you divide your sentences by {a}? | From now on {a} stands between your sentences.
    Format: first sentence {a} second sentence. | Use {a} as the separator of sentences.
    After a sentence, and before the next, write {a}. | Sentences with {a} in between.
    Can you write {a} each time you go on to a new sentence? | Let {a} keep the sentences apart.
    Mark the border between sentences with {a}.
    """,
    "sentences wrapped": """
    {a} on each sentence | Please set each sentence within {a}.
    Box in every sentence with {a}. | All sentences separately in {a}.
    i want every sentence in {a} | Would you enclose the sentences one by one in {a}?
    From now on each sentence you write is in {a}. | Format: a sentence in {a}, then the next in {a}.
    Not the whole answer but each sentence belongs in {a}. | Put {a} round every sentence you say.
    Can you write every sentence inside {a}? | For my parser, each sentence must be in {a}.
    Pack the sentences into {a}, one at a time.
    """,
    "wrapped": """
    {a} at both ends | Please set your whole reply within {a}.
    My program looks for {a} before and after the text. | put {a} round it all
    Would you enclose the entire reply in {a}? | From now on your replies stand between {a}.
    Format: {a}, text, {a}. | First {a}, then what you say, then {a} again.
    Everything you say is inside {a}. | Open and close with {a}.
    Can the answer be inside {a}? | Start with {a} and finish with {a}, the answer in between.
    Embrace the answer with {a}. | Let {a} surround the complete text.
    """,
    "first sentence marked": """
    sentence 1 in {a} | Please set the opening sentence in {a}, and only that one.
    Make your first sentence stand out by {a}. | i want the first sentence in {a}, the rest normal
    Would you write the sentence you begin with in {a}? | From now on each answer opens with a sentence in {a}.
    Format: one sentence in {a}, then normal text. | As in a newspaper, the first sentence is in {a}.
    Your opening line goes in {a}. | After a first sentence in {a}, write normally.
    Can the first sentence be in {a}? | Just the sentence at the top in {a}.
    Emphasise the first sentence with {a}.
    """,
    "first word marked": """
    word 1 in {a} | Please set the opening word in {a}, and only that one.
    Make the first word stand out by {a}. | i want just the first word in {a}
    Would you write the word you begin with in {a}? | From now on each answer opens with a word in {a}.
    Format: one word in {a}, then normal text. | As in a dictionary, the first word is in {a}.
    Your opening word goes in {a}. | After a first word in {a}, write normally.
    Can the very first word be in {a}? | Just the word at the start in {a}.
    Emphasise the first word with {a}.
    """,
  ]
}
