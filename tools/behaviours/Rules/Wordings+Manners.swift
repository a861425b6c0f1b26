/// More wordings to train on, written by somebody who did not know those that are kept.
extension Behaviour.TrainingWordings {
  static let manners: [String: String] = [
    "label": """
    {a}: then the answer | prefix it with {a}: pls
    Please open your reply with the word {a}, a colon and a space.
    My script looks for lines that start with {a}: so yours has to.
    From now on everything you say comes after {a}: at the front.
    An answer labelled {a}, with a colon after the label. | Would you write {a}: before the answer itself?
    The reply starts with {a} and a colon, and then your answer comes on the same line.
    You are a character in a script whose lines are marked {a}: at the start. | Format: {a}: your answer
    Don't begin with anything other than {a}: please. | Mark the beginning of your reply with {a} and a colon.
    put {a}: at the beginning of ur answer | Your first characters are {a}: and a space.
    Let {a}: introduce what you say.
    So that I can tell it apart from the rest, mark your answer with {a}: in front.
    Can it start with {a}: please? | As in a dialogue, write {a}: and then your words.
    As a standing order, {a}: goes before each reply.
    Tag the front of your reply with {a}: and carry on from there. | begin withe {a}: and then say it
    Type {a}, type a colon, leave a space, answer. | The tag {a}: should precede your answer.
    Lead with {a}: and follow it up by your answer. | Head your answer with {a}: on the same line.
    No reply without {a}: at its start. | Insert {a}: ahead of the text of your answer.
    Your answer carries the prefix {a}: (with the colon).
    First write {a} with a colon behind it, next your answer.
    I sort my notes by label, and this one's label is {a}: so put it first.
    """,
    "sentences cited": """
    [1] [2] [3] behind the sentences | number in [ ] after each sentence pls
    Please mark the end of each sentence with its number in square brackets.
    I have to refer to your sentences one by one; write [1] after the first, [2] after the second, and so forth.
    From now on every sentence you write is followed by [1], [2], [3] and so on.
    An answer with a running number in square brackets behind each sentence.
    Would you add [1] behind your first sentence, [2] behind your second and so on to the end?
    Format: Sentence. [1] Sentence. [2] | No sentence without its number in square brackets after it.
    You are a scholar who puts a numbered reference such as [1] after each sentence.
    Like in Wikipedia, a bracketed number should come after each of your sentences, counting up from [1].
    Count your sentences for me with square brackets: [1] goes after the first one, and on it goes.
    put a number like [1] after evry sentence, going up
    The end of sentence one is marked [1], that of sentence two [2], etc.
    Tag your sentences at their ends with [1], [2], [3] in order.
    Square brackets with rising numbers, please, one after each sentence.
    Can all your sentences have their number behind them, in square brackets?
    Behind the full stop of each sentence comes its number, square-bracketed.
    As a standing order, follow up every sentence with its ordinal in square brackets, starting at [1].
    I'm going to add the references myself, so leave [1], [2] and so on behind the sentences.
    Bracketed citation numbers after all sentences, in rising order.
    Append [1] to the first sentence, [2] to the next, until the last.
    sentence then [1], next sentence then [2], like a paper
    Reference marks such as [1] and [2] belong at the close of your sentences.
    Have every sentence end with a square-bracketed count.
    Use numbered citations in square brackets, one for each sentence, at its end. | After sentence k write [k].
    In academic fashion, let [1], [2] etc. trail your sentences.
    Give each sentence a tail: its number between [ and ].
    Whenever you finish a sentence, note its number like [1].
    """,
    "stars between sentences": """
    *** pls between each two sentences | Please insert *** between one sentence and the one after it.
    My script splits your text at ***, so put that between the sentences.
    From now on three stars stand between your sentences. | An answer whose sentences are parted by ***.
    Would you put *** as a divider between your sentences?
    Where one sentence ends and another begins, write ***.
    You are a typesetter who places three asterisks in the gap between any two sentences.
    Format: first sentence *** second sentence *** third sentence
    No two sentences may touch without *** in the middle. | Use three stars as the separator of your sentences.
    between all the sentances put *** | The gap between sentences gets filled with ***.
    Let *** part each sentence from its neighbour. | Write several sentences with three asterisks in each gap.
    Can I have three stars in between the sentences?
    As a standing order, *** goes between sentences, though not before the first or after the last.
    Split up your sentences by means of ***. | Every time you move on to another sentence, type *** first.
    three asterisks as a divider, one divider in each gap between sentences
    Set off your sentences from each other with ***.
    Put a row of three asterisks where the space between two sentences would be.
    Sentence, three stars, sentence, three stars, sentence.
    *** is the only thing I want to see between sentences.
    Starry gaps, please: *** after each sentence that has another one following it.
    Keep your sentences apart by ***. | i want *** in between, so that i see where sentences end
    Have three asterisks stand guard between each sentence and the next.
    Mark each boundary between sentences by ***.
    """,
    "ends with a question": """
    question at the end! | finish w/ a question pls | Please round your reply off with a question.
    I like conversations, so answer me and then ask me something in return.
    From now on your replies end in a question. | An answer that closes with a question to the reader.
    Would you throw a question back at me once you have answered?
    The last character of your reply is a question mark.
    You are a talk-show host: give your answer and then put a question to me.
    Format: the answer, then one question. | Don't end on a full stop; end on a question for me.
    When you've answered, ask in return. | answer and then ask me smth back
    Let your final sentence be a question. | Leave me with a question when you have given the answer.
    First tell me, then ask me. | Can your reply finish with a question that I can answer?
    Your reply has two parts: the answer itself, and a question to me as its close.
    As a rule, the last thing you write is a question. | To keep me thinking, conclude with a question.
    Hand the ball back: after the answer comes a question. | finish of with a question to me
    Give the answer and follow it up with a question.
    Be a curious partner: answer, and after that inquire something of me.
    A question must be the very last thing in your reply, after the answer.
    I'm practising small talk, so after replying ask me something. | Sign off by asking a question.
    Answer me, but have a question ready for the end.
    The end of the answer should be an invitation in the form of a question.
    No reply without a closing question.
    """,
    "each sentence begins": """
    {a}, {a}, {a}: every sentence! | start all sentences w/ {a},
    Please let {a} and a comma come first in each of your sentences.
    My game forbids a sentence that doesn't open with {a} and a comma, so open all of them so.
    From now on you can't start a sentence except with {a}, and a comma after it.
    An answer in which each sentence has {a} and a comma at its front.
    Would you put {a}, at the head of every sentence?
    The first word of each sentence is {a}, followed by a comma.
    You are a man with a verbal tic: {a}, comes before each sentence you utter.
    Format: {a}, first sentence. {a}, second sentence.
    No sentence may begin otherwise than with {a} and a comma.
    Say {a}, at the beginning of each sentence, not just the first.
    put {a} and a comma infront of every sentence | Each time you start a sentence, start it with {a} and a comma.
    Let every one of your sentences be introduced by {a} with a comma behind it.
    You have the habit of opening sentence after sentence with {a} and a comma; show it.
    Can each sentence have {a}, in front? | Whatever a sentence says, its opening is {a} plus a comma.
    As a standing order, {a} and a comma lead off each sentence. | Prefix each sentence with {a}, please.
    Sentence one: {a}, and so on. Sentence two: {a}, and so on. All alike.
    The word {a} and a comma must be found at the start of every sentence.
    i want {a}, first in all of your sentences, no exceptions
    Use {a} with a comma as the opener of all the sentences in your answer.
    Write as if {a}, were the only way to start a sentence. | Not a sentence without {a} and a comma at its start.
    Make {a} the lead word, with a comma, sentence for sentence.
    Your sentences share one opening: {a} and a comma.
    Introduce each and every sentence by the word {a}, set off with a comma.
    Repeat {a} and a comma at the outset of each sentence.
    """,
    "sign-off": """
    best wishes at the end pls | last line: Best wishes
    Please finish with the words Best wishes, alone on the final line.
    It's for a letter, so put Best wishes under the answer.
    From now on each reply closes with Best wishes on a separate line. | An answer with Best wishes beneath it.
    Would you add a last line that says Best wishes? | Below the answer, go to a new line and write Best wishes.
    You are a polite pen friend who puts Best wishes under every letter, on its own line.
    Format: answer, line break, Best wishes | No reply without Best wishes as its last line.
    Sign it with Best wishes, on a line by itself. | end it like a letter, with best wishes on the last line
    The final line consists of the two words Best wishes. | Take your leave with Best wishes, below your answer.
    When you're done, start a new line and put Best wishes there. | Can the reply end with Best wishes on its own?
    Let Best wishes stand by itself at the bottom.
    As a standing order, the bottom line of all your answers is Best wishes.
    Send your best wishes at the foot of the reply, in a line of their own.
    Wrap up with the closing Best wishes on its own line and add no name. | best wishs in the last line please
    Write it as you would an email, closing with Best wishes on a fresh line.
    Append a new line with the words Best wishes. | Answer first; underneath, all alone, Best wishes.
    My grandmother likes manners: leave her Best wishes on the last line.
    Under your last sentence there should be a line saying Best wishes.
    Close the way letters close: new line, Best wishes. | At the very bottom, Best wishes and nothing more.
    Part from me with a Best wishes on a separate final line.
    """,
    "unsure": """
    doubt it first | say ur not sure, then answer | Please start by admitting that you might be wrong.
    I distrust know-it-alls, so tell me first that you're not certain.
    From now on you open every answer by saying you aren't sure.
    An answer that begins with an admission that you could be wrong.
    Would you let me know up front that you're not certain about it?
    Open with I'm not sure, and then say what you think.
    You are a shy pupil who always says I might be wrong before giving the answer.
    Format: first a remark that you are not sure, then the answer.
    Don't sound certain: begin with a word that you could be wrong.
    Warn me at the beginning that what you say may be wrong.
    Preface your answer with the remark that you're not certain. | start with i might be wrong but
    Before the answer itself, concede that you are not sure of it. | Let your first words be that you're not sure.
    Hedge right at the start: say you may be wrong, then go on. | Can you begin by telling me you're not certain?
    You doubt your own knowledge; say so in your opening words and then answer.
    As a rule, the answer comes after a confession that you aren't certain.
    A disclaimer first, please, saying that you could be wrong, and then the answer.
    say youre not shure before you answer | Give me your answer only after you have stated that you are not sure.
    The reply opens with your doubt, for example I'm not certain, and continues with the answer.
    Humble yourself at the outset: you might be wrong, and you tell me so.
    No claim of certainty; lead with I could be wrong.
    Put I may be wrong, or words like that, in front of your answer.
    Own up to being unsure, then give your answer all the same.
    So that no one sues me, start with a note that you may be wrong.
    I'd like you to voice uncertainty first (I am not certain, say) and answer afterwards.
    """,
    "source": """
    source in brackets pls, at the end | (Source: ...) last
    Please close with the source, written as (Source: ...).
    My teacher wants references, so finish the answer with (Source: ...).
    From now on each reply ends with where it comes from, in the form (Source: ...).
    An answer with its source behind it in round brackets, introduced by Source:.
    Would you tell me where that's from, at the end, as (Source: ...)?
    The last thing in your reply is a bracket that starts with Source: and names where you got it.
    You are a journalist, so every answer ends with (Source: ...). | Format: answer (Source: where it is from)
    No answer without a bracketed source, (Source: ...), at its end.
    Cite what you rely on at the very end, in the shape (Source: ...).
    put where u got it from at the end like (Source: xyz)
    Behind the last sentence add a round bracket with Source: and the source.
    I don't believe anything without a source; add yours as (Source: ...) after the answer.
    State your source last, in parentheses and after the word Source with a colon.
    Can you append (Source: ...) to it?
    After the answer, credit where it's from in parentheses that open with Source:.
    As a standing order, close with parentheses that hold Source: and the origin of what you said.
    Where did you learn that? Tell me in a closing (Source: ...).
    Reveal your source in a final bracket: (Source: ...). | add the sorce at the end, so: (Source: ...)
    Finish by crediting somebody or something: (Source: ...).
    Parenthetical source note at the end, beginning with Source:, please.
    Let (Source: ...) be the tail of your answer, filled in.
    Attach the origin of your knowledge in round brackets, labelled Source:.
    An answer, and after it in parentheses Source: and what it's based on.
    Each claim needs backing, so your reply closes with (Source: such and such).
    Do as quotations do, giving (Source: ...) behind the text.
    At the close, in round brackets, write Source: and then name it.
    """,
    "hashtag": """
    1 sentence + #topic | one sentence n a hashtag pls
    Please reply in a single sentence and tack a hashtag of the topic on at the end.
    I post your replies online: one sentence each, closing with a hashtag for the subject.
    From now on an answer is one sentence plus a hashtag. | A one-sentence post ending in a hashtag.
    Would you write one sentence and tag it with the topic, as in #topic? | Format: One sentence. #subject
    You are on social media: write a sentence and, after its full stop, a hashtag naming the subject.
    Just a sentence, but with a hashtag behind it.
    No more than one sentence, and no sentence without its hashtag at the end.
    The last word of your reply is a hashtag, and before it stands one sentence.
    sum it up in 1 sentence and add a #hashtag of what its about
    Write it the way people post: a sentence, then the topic with # before it.
    Finish your lone sentence off with a # word that names what it's about.
    Say it in one sentence. Then add the keyword as a hashtag. | Can I have it in a sentence plus one hashtag?
    Tag your single sentence with # and the thing I asked about.
    As a standing order, one sentence, followed by a hashtag of the subject, is how you reply.
    Behind your one and only sentence put the sign # with the topic attached.
    A status update, please: a single sentence with the topic hashtagged at its end.
    Act as an influencer who gets one sentence and one closing hashtag. | one sentance, then hashtag
    Sentence, full stop, hashtag, done.
    Two things only: a sentence, and after it a hashtag made from the subject.
    For my feed I need a sentence with a hashtag after it.
    Conclude your one-sentence answer by #whatever-it-is-about, written as one word.
    Make a short post of it, a sentence long, and let a hashtag come last.
    Your whole reply: a sentence and the subject as a hashtag.
    Give the answer in one sentence and label it with a hashtag on the end.
    """,
    "subject in capitals": """
    KEY WORDS from my question in capitals | caps for the words i asked about
    Please set those words of your answer that also occur in my question in capital letters, small words like the aside.
    I scan for my own terms, so print them in capitals wherever your answer has them.
    From now on the main words I use in a question appear in CAPITALS in your answer.
    An answer with the topic words of my question in upper case.
    Would you capitalise fully, LIKE THIS, the main words you take over from my question?
    Whenever you use a key word of mine, put it in upper case.
    You are a highlighter: the words that my question turns on come out in CAPITALS.
    Format: normal text, with my question's key words in ALL CAPS.
    Leave the rest in normal letters, but the words I asked about go in capitals.
    Make the terms from my question stand out by writing them all in capitals.
    write the importnat words of my question in caps when you use them
    My subject should shout, the rest should not: capitals for its words.
    If a main word is in my question and in your answer, upper-case it in the answer.
    The subject I ask about is to be typed in capital letters each time you mention it.
    Can the words I asked about be in all caps in what you write?
    Mark the matching words: what is a key word in my question is IN CAPITALS in your answer.
    As a standing order, echo my question's main words in upper-case letters.
    Uppercase for the topic, ordinary letters for everything else.
    Don't put all of it in capitals, just the chief words from my question.
    Emphasise my search terms by putting them in full capitals in your reply.
    The thing I'm asking about deserves capital letters wherever it turns up.
    like a search engine that highlights, but with CAPS, my key words in your answer
    I'd like to spot my topic at once, so spell its words with capitals alone.
    Key terms taken from the question: capitals. All other words: as usual.
    Reuse the main words of my question and give them in block capitals.
    Whatever my question is about, let its name be in capitals in the answer.
    Give my keywords the caps-lock treatment whenever you mention them.
    Only the words I brought up, the meaningful ones, should appear in uppercase.
    """,
    "count of sentences": """
    N sentences: ... first | say how many sentences then the sentences
    Please start with the count of your sentences, as in 3 sentences: and continue from there.
    I need to know how much is coming, so first say how many sentences it is, e.g. 2 sentences: and go on.
    From now on each reply is headed by its number of sentences and a colon, like 3 sentences:.
    An answer that announces its number of sentences at the front, such as 1 sentence: or 2 sentences:.
    Would you state at the start how many sentences follow, in the form 2 sentences: ?
    Count your sentences beforehand and begin with that count, the word sentences and a colon.
    You are a newsreader who says, before reading, 3 sentences: or whatever number it is.
    Format: N sentences: followed by exactly N sentences.
    No answer without its sentence count in front, as in 4 sentences:.
    The first thing in your reply is how many sentences it has, written like 2 sentences:.
    begin with the nr of sentences, like 3 sentences: then go
    Warn me how long it gets: N sentences: and then those N sentences.
    Tell me up front the number of sentences I'm about to read, with a colon after it, as in 2 sentences:.
    How many sentences will it be? Put that first, as in 3 sentences: and then write them.
    Can it begin with its own sentence count, e.g. 2 sentences: ?
    Preface your answer by its number of sentences (1 sentence:, 2 sentences: and so on).
    As a standing order, open with a count, in figures, of the sentences to come, then sentences and a colon.
    In front of the answer, put the total of its sentences, like so: 3 sentences:
    My reader program expects 2 sentences: (or the right number) before the text.
    anounce the number of sentences at the start, e.g. 2 sentences:
    Lead off with a figure, the word sentences and a colon, the figure being how many sentences come after.
    Declare the sentence total before you start, in the manner of 3 sentences:.
    Number of sentences, colon, sentences.
    Give the tally of your sentences ahead of them: 2 sentences: and so forth.
    Let the reply begin 1 sentence: or 2 sentences: or 3 sentences:, whichever is true of it.
    Think how many sentences you need, say so first with N sentences:, and then use just as many.
    A sentence count as a heading in the same line, such as 3 sentences: and then the text.
    Before you tell me, tell me how many sentences it takes, like 2 sentences: and on.
    """,
    "rhyme": """
    rhyme it! two lines | 2 lines that rhyme pls | Please put your answer into a pair of rhyming lines.
    It's for a birthday card, so two lines with a rhyme, please.
    From now on you answer in rhymed pairs of lines, one pair an answer.
    A two-line poem with a rhyme at the ends. | Would you make a little rhyme of it, two lines long?
    Line one and line two have to rhyme, and there's no line three.
    You are a bard who replies in couplets, one couplet per question. | Format: two lines whose ends rhyme.
    No prose; a rhymed couplet instead. | Tell me in verse, two lines, with end rhyme.
    make it ryhme, only two lines
    The end of your second line rhymes with the end of your first, and that's the whole reply.
    Turn the answer into a rhyming two-liner. | My daughter only listens to rhymes, so give her two rhyming lines.
    Can you say it as a couplet? | Speak like a nursery rhyme of just two lines.
    As a standing order, all replies take the form of two rhymed lines.
    Rhyme your first line with your second and stop. | Compose a distich that rhymes.
    I'd love a short rhyme: one line, then another that rhymes with it.
    Answer me in poetry: two verses, rhymed at the end. | Two rhymed lines are all I want.
    Give me a pair of lines that chime at their ends. | i need it as a rhyme with two lines for a song
    Let line two end in a rhyme on line one. | Not plain sentences but two lines in rhyme.
    A jingle for my shop, please: two lines, rhyming. | Break your answer into two lines with rhyming last words.
    """,
    "haiku": """
    as a haiku pls | Please reply by way of a haiku. | I'm collecting haiku, so let your answer be one.
    From now on you speak in haiku. | A three-line poem of the Japanese sort, 5-7-5.
    Would you turn your answer into a haiku? | Three lines of five, seven and five syllables.
    You are Basho: answer as he would, in a haiku. | Format: haiku, one verse to a line.
    No prose; give me a haiku instead. | Put it in the form of a haiku. | write me a hiaku as the answer
    Tell it in seventeen syllables over three lines.
    My wall calendar has a haiku on each page; write such a one for this.
    Answer as a Japanese poet would, with three brief lines of verse. | Can your answer be a haiku?
    Compose a haiku in reply. | As a standing order, each answer is a haiku. | Let your reply be a poem in 5-7-5.
    Just a haiku, nothing before it and nothing after it. | Make a haiku of what you have to say.
    Say it like a haiku master, in three little lines. | I would love to read a haiku on that.
    Five syllables, then seven, then five, each on its own line. | haiku form only thanks
    Give the answer the shape of a haiku. | Reply with a small poem: three lines, 5-7-5, no rhyme needed.
    In place of an explanation I'd like a haiku. | Condense your answer to a haiku.
    """,
  ]

  /// Of languages; `{name}` stands for one.
  static let languages = """
    {name}! | in {name} pls | Please reply to me in {name}.
    My grandmother reads nothing but {name}, so write it in {name}.
    From now on, everything you write is in {name}. | An answer in {name}, please.
    Would you mind replying in {name}? | I'm learning {name}, so don't answer in any other language.
    You are a native speaker of {name} and know no other tongue. | Output language: {name}.
    No English, please; {name} only. | Give me your reply in {name} and not in English. | answer me in {name} ok
    The whole reply should be in {name}. | Switch to {name} when you answer.
    i dont understand english well, {name} would be better | Can we do this in {name}?
    Whatever you have to say, put it into {name}. | As a standing order, your language is {name}.
    My English is weak; {name} is what I understand, so use that. | Let me have the answer in {name}.
    The people I forward your reply to know only {name}. | Not one English sentence: all of it in {name}.
    Your answer, every sentence of it, has to be {name}. | How would you answer that in {name}? Write just that.
    {name} from start to finish. | Respond using the {name} language. | writte it in {name} please
    Kindly phrase your reply in {name}. | Pretend English doesn't exist, and speak {name}.
    """
}
