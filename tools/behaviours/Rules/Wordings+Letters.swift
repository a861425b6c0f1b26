/// More wordings to train on, written by somebody who did not know those that are kept.
extension Behaviour.TrainingWordings {
  static let letters: [String: String] = [
    "capitals": """
    caps! | CAPS LOCK ON, and leave it on until you are done. | Not a single small letter in what you write back.
    my screen has no lower case so pls write only big letters
    An answer in block capitals, if you would be so kind. | Big letters from the first word to the last.
    You are an old teletype machine that owns nothing but capital letters; print your answer with them.
    My eyesight is poor and small letters blur, so set the entire reply in capitals. | i want it ALL UPPERCASE ok
    Please see to it that a to z never appear in your reply, only A to Z.
    Would you mind typing your reply with caps lock switched on?
    As a standing rule, everything you tell me comes in capital letters.
    Format of the reply: uppercase throughout.
    The form I have to fill in accepts capitals only; give me something I can copy into it.
    Every single character that can be a capital should be one. | write it in capitol letters, all of it
    LIKE THIS, EVERYTHING IN BIG LETTERS. | Pretend the lower-case half of your alphabet has been stolen.
    No lowercase whatsoever. | It's for a poster, so the complete text must be in upper case.
    Can I have that in full caps? | Turn every letter you use into its upper-case form.
    Henceforth speak to me in capitals alone.
    Your response must be unchanged in content but typed entirely in uppercase characters. | all-caps reply wanted
    Keep your finger on shift for the entire answer. | Type as though your keyboard knew only ABC and no abc.
    Be loud. Nothing but capital letters will do. | uppercase everything you say plese
    The whole response, names and little words alike, belongs in capitals.
    """,
    "no capitals": """
    no caps | small letters only, even for i and for names
    Don't capitalise anything, not even the first word of a sentence.
    My shift key is broken, so match me and type in lower case. | An answer in lower-case letters, please.
    type like a teenager who never presses shift: lower case only | Not one big letter anywhere in the reply.
    From today on, all your messages to me are to be lowercase.
    I'd be grateful if you kept every letter small, including those of proper names.
    can you type it without any uppercase
    You are a poet who refuses capital letters; answer as that poet would type, with every letter small.
    Capitals hurt my eyes. Leave them out entirely. | Format: lowercase text from beginning to end.
    lower case throughout, thx
    The system that reads your reply rejects A to Z and takes only a to z, so use small letters for everything.
    Would you please refrain from using upper case altogether?
    Sentences start small, names start small, everything is small. | lowecase only please, the whole thing
    Whatever ordinarily gets a capital should get a small letter here.
    Keep it all down in lower case, first letters too. | Imagine capital letters were never invented.
    zero uppercase letters | Please convert your entire reply to lower case before you send it.
    A reply set wholly in minuscules is what I want. | Take your finger off the shift key and leave it off.
    Is it possible to get this in small letters only? Not even names in capitals, please.
    i like it quiet: little letters and nothing else | As a rule for this chat, upper-case letters do not exist.
    Uncapitalised text only, please; that goes for the beginnings of sentences as well.
    write the way e. e. cummings signed his name: no capitals
    """,
    "title case": """
    headline caps on every word | Every Word Like This, Please.
    Let each word in your reply open with a capital letter. | capitalize the first letter of all the words
    No word may begin with a small letter.
    I'm printing your answer as a heading, so give every single word an initial capital.
    From now on, each word you write to me starts big.
    Would you please put a capital at the front of each and every word?
    An answer in which all words are capitalised, the little ones included.
    You are a newspaper's headline writer: whatever you say, each word gets its capital.
    Initial capitals throughout. | Format of the reply: Title Case, With No Exceptions For Short Words.
    start case pls, every word | Even of, the and and should start with an upper-case letter in your answer.
    cap the first letter of evry word
    Make it look like a book title from beginning to end, each word with a capital.
    Type Your Reply The Way I Am Typing This.
    My style guide wants Initial Caps On All Words; stick to it in your reply.
    Can each word of the response carry a leading capital?
    Treat every word as though it were a name and capitalise it. | All of your words must begin in upper case.
    Press shift for the first letter of each word, not only of the sentence.
    Not one word without its opening capital.
    Please use the casing of film posters, where every word starts with a capital letter.
    Your answer gets the Every-Word-Starts-Big treatment. | Uppercase initials for all words, however short.
    i want capital letters at the start of all words in ur answer
    As a standing order: word by word, the first letter is a capital.
    Write your whole reply as if it were one long title, all words capitalised.
    Big first letter, every word, whole answer.
    """,
    "no punctuation": """
    zero punctuation | no dots no commas no nothing just words
    My punctuation keys are stuck, so please don't use any either.
    Not a single punctuation mark, not even at the end. | A reply consisting of letters and spaces only.
    From now on your messages carry no punctuation marks of any sort.
    Please omit every comma, period, apostrophe and dash.
    type it like a text from my nephew: no full stops, no commas, no marks at all
    Would you kindly do without punctuation in your reply?
    The text goes to a speech engine that chokes on punctuation, so strip all of it.
    leave out al the punctuation
    Write as the ancient Romans carved, with no marks between the words, but do keep the spaces.
    Format: bare words separated by spaces, with no symbols.
    I can't stand commas and full stops; spare me all such marks.
    Punctuation marks of any kind have no place in your answer. | Could your reply come unpunctuated?
    Strip your answer of dots, commas, dashes, quotes and everything like them. | unpunctuated text please
    You are a writer of unbroken streams of words who has never heard of punctuation.
    Make do without periods, commas, colons, hyphens and apostrophes.
    just plain words thanks nothing in between and nothing at the end
    Say it with no marks in or around the words.
    I want to be able to search your reply for . , ; : ! ? ' - and find none of them.
    An answer free of punctuation is what I need. | As a rule of this chat, punctuation is not used.
    Remove each and every punctuation mark from what you are about to say.
    Do not type any sign that isn't a letter, a number or a space.
    Let the words stand alone, without a full stop after them or a comma among them. | Don't punctuate.
    no punctuation marks anywhere in the anwser
    """,
    "exclamation marks": """
    exclaim everything! | ! after every sentence | Each sentence ought to finish with a !, without exception.
    You are a sports announcer, so every one of your sentences ends with an exclamation mark!
    My full stop key is broken. Use the exclamation mark to close all sentences.
    exclamation point at the end of all ur sentences pls
    From now on, no sentence of yours ends in anything but an exclamation mark.
    Please close all of your sentences with exclamation points.
    Wherever you'd normally put a period, put a ! there. | A reply in which every sentence is an exclamation.
    I love energy! Give each of your sentences an exclamation mark at its end!
    Not one sentence may end with a dot; each takes a !.
    Would you swap all your full stops for exclamation marks? | Format: sentence! sentence! sentence!
    end evry sentence with a ! | Talk like a cheerleader, with an exclamation mark closing each sentence.
    Periods are banned; finish your sentences with exclamation points.
    Exclamation marks at the ends of all sentences, thank you!
    Sound thrilled: let an exclamation mark follow each sentence.
    Let no sentence go without its closing exclamation mark. | i want ! not . at the end of your sentences
    The last character of each sentence you write is to be an exclamation mark.
    Can you be so excited that all your sentences end with an exclamation point?
    As a standing order, replace the full stop by ! in all you write to me.
    Every sentence is a shout, and has the ! to show it.
    Speak as though everything amazed you: each sentence closes with !.
    Whether it's exciting or not, put an exclamation mark behind each sentence.
    A ! ends sentence one, a ! ends sentence two, and so on to the last.
    Trade each full stop for an exclamation point. | Nothing but exclamation marks to end your sentences, please!
    """,
    "no articles": """
    no a, no an, no the | articles out! | drop the articles pls (a an the)
    Please omit the definite and the indefinite article throughout.
    You're a robot whose language has no words for the, a and an. | From now on speak to me without articles.
    My native language has no articles and they confuse me, so leave them away.
    An answer that contains neither the nor a nor an.
    Speak as many Russians speak English, with all articles missing.
    Would you skip all the articles when you reply? | Not one a, an or the in your answer.
    Format: normal sentences, minus the words a, an and the.
    Delete each a, each an and each the from your reply before sending it. | dont use the or a or an
    Pretend that a, an and the were never part of English. | I pay by the word, so save me every the, a and an.
    Do without articles, definite or indefinite. | A reply free of articles, please.
    Cut these three words wherever they'd occur: the, a, an. | Can you manage to answer with no articles in it?
    Three banned words: a, an, the. | Strip the articles from your sentences and leave everything else as it is.
    answer with no artcles | Write like a headline editor who strikes out every the, a and an.
    As a rule, nouns in your answers stand without an article.
    i hate the word the. also a and an. never use them | Nouns only without a, an or the in front of them, please.
    If a, an or the wants to slip in, keep it out. | Your vocabulary today excludes the words the, an and a.
    Please avoid articles entirely, however odd it may sound.
    """,
    "no digits": """
    words not figures | 0 digits please | My number keys don't work, so write numbers out in letters.
    Instead of 7 write seven, and likewise for every other number.
    From now on all numbers in your replies are written as words. | No numerals; any number gets spelled out.
    Please refrain from using figures such as 1, 2 or 3. | Write each number, year or date in letters.
    An answer with every number in words, thank you.
    i dont want to see any number signs like 1 2 3, write them as words
    You are a novelist of the old school who writes out all numbers.
    Would you mind putting all your numbers into words?
    The voice program reading your reply stumbles over digits; avoid them and use number words.
    Not one numeral from 0 to 9 may show up. | Format: letters only for numbers, never figures.
    Years and quantities too should be written out in words. | If a number comes up, spell it.
    twelve, not 12: that is how I want numbers | Numbers should be readable as words, without a single digit.
    Can you keep digits out of it and write out the numbers? | Ban all digits from your reply.
    spell the numbers out plase | Express all amounts, years and counts by words alone.
    As a standing rule: digits never, number words always.
    Let every number appear in letters, as one would write it on a cheque.
    Avoid Arabic numerals and write number words in their place. | a reply free of digits
    Numbers must be worded, e.g. forty-two rather than 42. | Nothing in your answer may be a digit.
    Say all numbers as you'd read them aloud, in words.
    """,
    "hyphenated": """
    hyphens for spaces! | glue-all-the-words-with-hyphens
    my space bar is broken so put - between words and do the same in your answer
    Replace each space in your reply by a hyphen. | Not a single space: a - goes between the words.
    From now on you link all your words with hyphens, leaving no spaces.
    An answer strung together with hyphens in place of spaces, please.
    Would you write your reply as one long chain of words with hyphens in between?
    I need the answer as a file name, so hyphens must stand where the spaces were.
    Format: word-word-word, no blanks at all.
    The field does not accept spaces, so join your words with the minus sign.
    Make it one string: every gap between two words is filled by a hyphen.
    use dashes (-) insted of spaces in your whole answer | Type - whenever you'd hit the space bar.
    Let a hyphen sit between each word and the next, with no blank left over.
    You are a machine whose space key types hyphens; answer on it.
    Write-your-reply-the-way-this-line-is-written.
    Could the whole answer be hyphenated into a single string with no spaces?
    Please turn all spaces in your answer into hyphens. | like a web address slug: words joined by - and no spaces
    No blanks allowed; the only thing between words is a hyphen.
    One unbroken line of hyphen-joined words is what I'm after.
    As a rule, your words hold hands by hyphens and never stand apart by spaces.
    Chain the words of your answer together, hyphen after hyphen, without spaces.
    hyphenate the complete answer so that no space remains
    Your reply must not contain any space character; use - in its stead.
    Treat your answer as one giant compound word, hyphenated throughout.
    I'd like it spaceless, with hyphens linking the words. | Swap space for hyphen everywhere.
    All words hyphen-linked, zero spaces.
    """,
    "contractions": """
    contract it! | it's, don't, we're: write that way
    Please prefer I'm, you're, isn't and so on over the full forms.
    use short forms like isnt -> isn't wherever you can
    Talk the way people really talk: it's, that's, can't, won't.
    From now on contract whatever can be contracted. | A relaxed answer with contractions, please.
    You're chatting with a mate, so say isn't and they're rather than is not and they are.
    Would you use the contracted forms, such as doesn't and that's?
    No stiff is not or do not: write isn't and don't.
    My teacher wants examples of contractions, so use them wherever possible in your answer.
    Wherever an apostrophe can shorten two words into one, let it. | Contracted verbs throughout, please.
    Format: everyday spoken English with it's, there's, aren't and the rest.
    i like it casual, use contactions like it's and can't | Don't write do not; don't write it is.
    Full forms sound robotic to me. Contract them: it's, they're, doesn't.
    Make use of apostrophe forms (it's, isn't, they've) at every chance.
    Can your answer have contractions in it instead of the long forms?
    If it can be shortened with an apostrophe, as in that's or won't, shorten it.
    As a standing order, it is becomes it's, cannot becomes can't, and so forth.
    Every is not turns into isn't, every they are into they're.
    Say it's rather than it is, and do likewise with all such pairs.
    Loosen up: you'll, it's, don't, not the long versions.
    Pull together verb and not, as in isn't or don't, and pronoun and verb, as in it's or they're.
    An answer with contracted forms is what I want, nothing stiff.
    short verb forms wherever english has them (it's, can't, we've)
    Let your reply have the apostrophes of spoken English: it's, that's, aren't.
    You never say cannot or it is in full; you say can't and it's.
    Please choose the contracted form whenever there's one.
    """,
    "no contractions": """
    never contract | no it's, no don't, no can't | Please write all verbs in full, as in do not and it is.
    use long forms (is not, they are), nothing shortened with an apostrophe
    It's a legal document, where isn't, don't and the like are out of place, so use the full forms.
    From now on you say cannot, will not and it is, and never their short forms.
    An answer without contracted words, please.
    You are a Victorian butler who would never dream of saying isn't or can't.
    Would you kindly write out what others contract, for instance it is for it's?
    Not one contraction in your reply.
    I'm learning English and short forms confuse me; give me the full ones, such as we are and did not.
    Format: formal English, uncontracted throughout. | Each isn't becomes is not, each they're becomes they are.
    dont shorten words like it's or can't, write them out plz
    Contractions are for chatting; do without them here.
    Write as one would in a thesis: is not, has not, they are.
    Expand all contractions before you send your reply.
    Can you answer in full forms only, with no can't or it's?
    Say do not rather than don't, and do likewise with all such words. | Uncontracted forms only, thank you.
    As a rule, no word of yours is shortened by an apostrophe.
    Keep verb and not apart: are not, does not, cannot. | The style sheet forbids contractions, so obey it.
    Never pull two words together with an apostrophe, as won't and that's do.
    I want it is and you are, I don't want it's and you're. | no contracions in the answer please
    Speak like Data from Star Trek, who does not use contractions.
    Refrain from forms like we've, she'll and wasn't.
    Every verb in its complete form, every not spelled in full.
    A reply that spells out is not, will not, they have and so on.
    """,
    "one sentence": """
    just one sentence | a single sentence and that's it | One sentence, then full stop, then nothing.
    I've got no time: give me a sentence, just one. | Please confine yourself to one sentence.
    From now on, each of your answers is one sentence. | A one-sentence answer, if you please.
    Would one sentence do? Then leave it at that. | No second sentence.
    You are an oracle that speaks exactly one sentence to each visitor. | Format of the reply: one sentence.
    in one sentance pls | Not two sentences, not three: one. | Put the whole thing into a single sentence for me.
    My display shows one sentence at a time, so write just that many. | Sum it up for me in one sentence.
    Can you say it in one sentence and no more? | After your first full stop, be silent.
    One full stop in total, at the end of your only sentence. | Limit yourself to a lone sentence.
    Squeeze your answer into one sentence. | i only read the first sentence anyway so write only one
    The reply should consist of a single sentence. | Short, please: a sentence and no more than a sentence.
    As a standing order: one question, one sentence back. | Tell me in a sentence.
    Everything you have to say must fit in one sentence, and one only. | I want a sentence, not a paragraph.
    Write a sentence; don't add another. | Single-sentence reply.
    """,
    "at most some words": """
    {a} words tops | Please don't go beyond {a} words.
    I pay by the word and can afford {a}, so stay within that.
    From now on your answers may not be longer than {a} words. | keep it to {a} words or less
    An answer of {a} words at the very most. | The box on the form holds {a} words; make it fit.
    Would you stay within {a} words? | Maximum length: {a} words.
    You've a budget of {a} words; don't overspend it. | Word number {a} is the last one you may use.
    no longer then {a} words please | Say it within {a} words. | Is it possible to put that in {a} words or under?
    Your reply must not exceed {a} words. | Format: a short text, upper bound {a} words.
    I stop reading after {a} words, so be done by then. | Be concise. Your answer mustn't run past {a} words.
    {a} words is the ceiling. | You are a telegraph clerk who refuses messages of more than {a} words.
    As a standing rule, {a} words is all you get per answer; fewer is fine.
    Fit your answer into {a} words, fewer if you can. | Anything above {a} words is too long.
    Stop at {a} words at the latest, with your thought complete. | word limit {a}
    Count as you write: the total may not be over {a} words. | Make do with {a} words or fewer.
    A short answer, please, by which I mean {a} words at most. | Do not let it grow longer than {a} words.
    """,
    "first words": """
    {a} words and ... | stop dead after {a} words and put ...
    Give me the first {a} words of your reply and end them with three dots.
    My display cuts everything after {a} words, so write that many and then ... right away.
    Please write no more than the opening {a} words, with an ellipsis after the last one.
    A teaser: the first {a} words of the answer and then ...
    From now on show me just the beginning of each answer, {a} words long, followed by three dots.
    Would you give me the first {a} words and let the rest be three dots?
    Let your answer be interrupted after {a} words; mark the break with ...
    You are a radio that goes dead after {a} words, leaving just three dots.
    Format: {a} words followed directly by ... | The rest should be left unsaid: {a} words, then an ellipsis.
    Not the whole answer, just its first {a} words and three dots.
    only the first {a} words pls and then dot dot dot
    Start answering, and once you've written {a} words, put three dots and say no more.
    I'd like a preview of your answer: its first {a} words, ending in an ellipsis.
    Fall silent after {a} words, with three dots where the rest would be.
    Write an ellipsis in place of everything after word number {a}.
    Can you cut yourself off at {a} words and end on three dots?
    Shorten the answer to its first {a} words and write ... behind them.
    Truncate your reply after {a} words and show that with three dots. | Pretend you doze off after {a} words ...
    The opening {a} words, an ellipsis, and nothing further.
    Exactly {a} words of the beginning, closed off by three full stops.
    i want to guess the rest, so give me the first {a} words and ...
    As a rule, your answers end unfinished: {a} words, three dots.
    Leave me hanging after {a} words, with three dots. | {a} words in, quit and leave three dots.
    An unfinished answer: the first {a} words with ... at the end.
    Break your reply of after {a} words and put three dots there.
    """,
    "last sentence first": """
    reverse sentence order! | sentences last to first
    Please put your final sentence at the top and your opening sentence at the bottom.
    write it like normal but with the sentences in backwards order
    I read from the bottom up, so give me the sentences in reverse.
    From now on your answers run from the last sentence to the first.
    An answer with its sentences turned round, the last one coming first.
    Would you arrange the sentences so that the closing one opens the reply?
    Imagine a film in reverse: what would be your last sentence comes first and your first comes last.
    Format: sentence three, sentence two, sentence one. | Not the usual order of sentences, but the opposite.
    Begin where you would have ended and, sentence by sentence, end where you would have begun.
    Flip the order of the sentences, keep each sentence itself as it is.
    revers the sentences please, last one at the start
    You are a storyteller who tells everything from the last sentence backwards to the first.
    Take the sentences you'd normally write and list them in reverse sequence.
    The sentence that belongs at the end should stand at the front, and so on down to the first.
    Turn your reply upside down, sentence-wise. | Can I get the sentences back to front?
    Your opening sentence goes to the very end and your closing sentence to the very beginning.
    Compose your reply, then output its sentences in descending order.
    Upside-down answer: last sentence on top, first sentence at the bottom.
    My puzzle needs the sentences the wrong way round, last before first. | Let your sentences march in reverse.
    As a standing order, sentences come in inverted order in all your replies.
    the ending goes first, the beginning goes last
    Write several sentences, but in the reverse of their natural order.
    Each sentence should stand before the one it would normally follow. | Sentences in inverse sequence, please.
    Count your sentences down rather than up: the final one leads and the first one finishes.
    """,
  ]
}
