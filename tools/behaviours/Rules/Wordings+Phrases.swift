/// More wordings of phrases at a place within the answer, to train on.
extension Behaviour.TrainingWordings {
  static let phrases: [String: String] = [
    "after the first sentence": """
    after sentence 1 write {a} | Please say {a} as soon as the first sentence is done. | I want to read {a} right after your first sentence.
    Would you interrupt the answer after one sentence and say {a} | From now on {a} comes second in each answer.
    sentence 1, then {a} then the rest pls | Between sentence one and the rest, there should be {a} | Start answering, say {a} then continue.
    The first full stop is followed by {a} | Once you have said one sentence, throw in {a} | Squeeze in {a} behind sentence number one
    One sentence in, I want to hear {a} | Place this behind the opening sentence: {a}
    """,
    "between sentences": """
    {a} between sentences pls | Please separate your sentences with {a} | I want to hear {a} before you go on to the next sentence.
    Would you say {a} each time you pass to another sentence? | From now on {a} is what goes between two sentences.
    Put this between sentences: {a} | Not after the last one, but between all sentences: {a} | A sentence, then {a} then another sentence.
    Every gap between sentences has {a} in it. | As a bridge from sentence to sentence, use {a} | Join the sentences by {a}
    Have {a} in the middle, wherever two sentences meet. | To keep sentences apart, say {a}
    """,
    "line between": """
    new line, {a}, new line, after sentence 1 | Please put {a} on its own line behind the first sentence. | I want to see {a} on a line of its own in the middle.
    Would you break after one sentence for a line with {a}? | From now on the second line of your answer is {a}.
    line 1: a sentence, line 2: {a}, line 3: the rest | Three lines: your first sentence, {a}, everything else. | As in a script, put {a} on the second line.
    Begin with one sentence, then comes a line that says {a}, then continue below. | The second line consists of {a} and nothing else.
    Interrupt the answer by a line {a} after its first sentence. | Show {a} alone on line two. | Divide it: sentence one above {a}, the others below.
    """,
    "second sentence begins": """
    sentence 2 starts w/ {a} | Please let your second sentence begin with {a}. | I want to see {a} at the start of sentence two.
    Would you continue after the first sentence with {a}? | From now on {a} opens the second sentence. | Sentence one as you like, sentence two with {a}, at its front.
    {a} goes in front of the second sentence pls | After the first sentence, go on with {a}. | The next sentence after the first starts with {a} and a comma.
    Number two of your sentences opens with {a}. | Use {a} as the link between your first two sentences. | Continue with {a}, once your first sentence is over.
    Your second sentence has {a} as its first word.
    """,
    "later sentences begin": """
    all sentences but the 1st start w/ {a} | Please begin all of them with {a}, only not the first. | I want {a} at the start of each sentence from the second on.
    Would you open every further sentence with {a}? | From now on, any sentence that is not the first begins with {a}.
    first sentence normal, rest with {a}, | Leave the first sentence alone and put {a} before all others. | Each new sentence after the first opens with {a}.
    Go on with {a} every time you start another sentence. | Spare the first sentence; the rest begins with {a}.
    Sentences two, three and so on have {a} in front. | Chain your sentences with {a}. | Every continuation starts with {a} and a comma.
    """,
    "before the last sentence": """
    before ur last sentence write {a} | Please announce your final sentence with {a} | I want to read {a} right before the last sentence.
    Would you put {a} before the sentence you end with? | From now on {a} stands before the last sentence. | The last sentence has {a} in front of it.
    {a} and then the last sentence pls | All but the last sentence, then {a} then the last one. | When you come to the last sentence, write {a} first.
    Prepare me for the last sentence by {a} | Only the last sentence is introduced, namely by {a} | Place {a} ahead of your final sentence
    Mark where the last sentence begins with {a}
    """,
    "mentions": """
    say smth about {a} too | Please bring up {a}. | I want {a} to be mentioned. | Would you mention {a} by the way?
    From now on every answer mentions {a}. | The word {a} has to occur. | include: {a} | Find some way to get {a} into it.
    I bet that you can't mention {a}. | Think of {a} and let me know that you do. | Don't leave out {a}.
    Your answer should also have {a} in it. | Everything reminds you of {a}; tell me.
    """,
    "the replaced": """
    {a} for the pls | Please write {a} in place of the. | I want to see {a} where the word the belongs. | Would you put {a} for each the?
    From now on you say {a} and not the. | the = {a} | The article the is spelled {a} here. | In your dialect, the is {a}.
    Find every the and make it {a}. | No the at all, only {a}. | You don't know the word the and say {a}.
    Exchange all the's for {a}. | Substitute {a} for the.
    """,
    "and replaced": """
    {a} for and pls | Please write {a} in place of and. | I want to see {a} where the word and belongs. | Would you put {a} for each and?
    From now on you say {a} and not and. | every and = {a} | The word and is written {a} here. | In your dialect, and is {a}.
    Find every and, and make it {a}. | No and at all, only {a}. | You don't know the word and, so say {a}.
    Exchange all and's for {a}. | Put in {a} for and.
    """,
    "is replaced": """
    {a} for is pls | Please write {a} in place of is. | I want to see {a} where the word is belongs. | Would you put {a} for each is?
    From now on you say {a} and not is. | is = {a} | The verb is should read {a} here. | In your dialect, is means {a}, so say that.
    Find every is and make it {a}. | No is at all, only {a}. | You don't know the word is, so say {a}.
    Exchange all is's for {a}. | Substitute {a} for is.
    """,
    "addressed last": """
    call me {a} at the very end of the last sentence | Please say {a} to me in your final sentence. | I want to be {a} in the last sentence.
    Would you end your last sentence by addressing me as {a}? | From now on you call me {a} at the end. | The last sentence ends in a comma, {a}, and its mark.
    ..., {a}. as the end of the last sentence | Close the final sentence with an address, {a}. | You know me as {a}; use it where the last sentence ends.
    Answer, and put {a} after a comma before the final mark. | Speak to {a} in the last sentence.
    Not before the end do you call me {a}. | At the close of it all address me as {a}.
    """,
    "filler": """
    {a} after every first word pls | Please put {a} behind the first word of your sentences. | I want to hear {a} in each sentence, second thing.
    Would you say {a} as a filler all the time? | From now on you say {a} after the first word of a sentence. | First word, comma, {a}, comma, rest: each sentence.
    filler = {a} | Your verbal tic is {a}, right after the first word. | You can't get past the first word of a sentence without {a}.
    Each sentence stumbles over {a} after one word. | Sound casual with {a} after every sentence's first word.
    Interrupt each sentence after its first word with {a}. | Have {a} between commas early in each sentence.
    """,
    "tag question": """
    ..., {a}? at all sentence ends | Please end each sentence by asking {a}? | I want every sentence to become a question with {a} in the end.
    Would you hang {a}? on each sentence? | From now on you close sentences with a comma, {a} and a question mark. | Each full stop becomes , {a}?
    tag = {a} | Seek my approval: every sentence with {a}? | You are never sure, so add {a}? to each sentence.
    Make it all tag questions by {a}. | No sentence ends but in {a}? | Have each sentence ask {a}?
    Tack {a} and a question mark onto every sentence.
    """,
    "countdown": """
    {a} to 1 first pls | Please count backwards from {a} at the start. | I want a countdown from {a} and then the answer.
    Would you do a countdown from {a} before it? | From now on you count down from {a} before each answer. | Numbers from {a} to 1, a colon, the answer.
    countdown {a} to 1: answer | As at a rocket launch, begin at {a} and count down. | Build up some tension with a countdown from {a}.
    Open by counting down, {a} being the first number. | Count {a} and so on to 1 before you speak.
    The answer takes off after a countdown from {a}. | Descend from {a} to 1, then tell me.
    """,
    "greeting in a language": """
    {a} hello pls, then english | Please say hello in {a} first. | I want to be greeted in {a}, but answered in English.
    Would you start with the usual greeting in {a}? | From now on you greet people in {a}. | First word: hello in {a}. Then the answer, in English.
    greeting: {a}, answer: English | I come from where {a} is spoken; greet me so. | Use your {a} only for a greeting.
    Make me feel at home with a {a} greeting. | Know any {a}? Say hello with it, then answer. | Hello comes in {a}, all else in English.
    Open with a hello in the {a} language.
    """,
  ]
}
