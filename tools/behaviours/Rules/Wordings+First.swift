/// Wordings to train on of what people try first and what had been kept until 130 kinds were there.
extension Behaviour.TrainingWordings {
  static let first: [String: String] = [
    "begins with": """
    Start every reply with "{a}" | Every answer starts with "{a}" | begin each answer with {a} | Your reply should begin: {a}
    Always say "{a}" before you answer | Put "{a}" in front of your answer. | Kick off with "{a}" | lead with {a}
    I want the words "{a}" at the very beginning. | Preface what you say with: {a} | Begin by saying "{a}" please
    Whatever I ask, your first words are "{a}" | Use {a} as your opening. | prefix your answer with {a}
    Would you mind starting off with "{a}" | From now on each reply opens with the phrase "{a}" | '{a}' first, the answer after it
    Before the answer itself there has to be this: {a} | Make "{a}" the start of the reply. | An answer that begins with {a} is what I need
    The beginning must read "{a}" and then comes your answer. | You always greet questions with "{a}"
    start off: "{a}" | Reply, but say {a} first | the answer should start out as "{a}" | Let your text begin with the phrase '{a}'
    Put these words before everything else: {a} | Every time you speak, you begin with "{a}" | Your opening line is: {a}
    """,
    "ends with": """
    Finish every reply with "{a}" | Every answer ends with "{a}" | end each answer with {a} | Your reply should end: {a}
    Always say "{a}" after you answer | Put "{a}" at the end of your answer. | Wrap up with "{a}" | last words: {a}
    I want the words "{a}" at the very end. | Finish with the words "{a}" | Conclude by saying "{a}" please
    Whatever I ask, your last words are "{a}" | Use {a} as your closing. | append {a} to your answer
    Would you mind closing with "{a}" | From now on each reply finishes with the phrase "{a}" | the answer first, '{a}' after it
    Behind the answer itself there has to be this: {a} | Make "{a}" the end of the reply. | An answer that ends in {a} is what I need
    The end must read "{a}", whatever comes before. | You always leave people with "{a}"
    sign off: "{a}" | Reply, but say {a} last | the answer should stop with "{a}" | Let your text end with the phrase '{a}'
    Put these words after everything else: {a} | Every time you speak, you end with "{a}" | Your closing line is: {a}
    """,
    "signed": """
    Sign every answer with "{a}" | sign it {a} | Put your name under the answer: {a} | You are {a}; sign what you write.
    Every reply is signed by {a}. | signature: {a} | Below the answer write - {a} | Close with a dash and {a} on a new line.
    Answer, and sign it off as {a} | Act as {a} and put that name beneath. | Leave the signature {a} at the bottom.
    I want to see who wrote it: {a}, on the last line. | Would you sign as {a} | Let the last line be a dash and then {a}
    Like in a guest book, sign with {a}. | {a} signs all the answers. | From {a}, so sign it that way.
    The answer comes from {a}; their name stands under it. | Undersigned: {a} | Add your signature, {a}, below.
    Please finish with the signature "{a}". | Write it, then sign: {a} | A note that is signed by {a}
    The name at the bottom has to be {a} | each message carries the signature {a} | your signature is {a}
    You write for {a}: put the name on the line below. | Do not forget to sign as {a} | sign your replies "{a}"
    """,
    "numbered": """
    number each point | Use a numbered list for the answer. | Give me points 1, 2, 3. | In numbered points, please.
    1. 2. 3. and so on | Enumerate what you say. | One number per sentence, one line per number. | ordered list only
    Break your answer into numbered lines. | Make it a list: 1. first sentence, 2. second sentence. | enumerated, please
    The answer should come as items with numbers in front. | Would you enumerate your sentences? | Begin each line by its number.
    I like lists with numbers; answer that way. | Itemise the answer as 1., 2., 3. | Turn your answer into an ordered list.
    Every sentence is an item of a numbered list. | numerals and a full stop at the start of each line | numbered points
    Reply in points that are counted. | Count your points: 1., 2., ... | From 1 upwards, number the sentences.
    Each thing that you say goes on its own numbered line. | use numbering | A list in which every line has its number, please.
    Structure the reply as 1. ... 2. ... | Line by line, with numbers. | What you say has to be numbered.
    """,
    "pirate": """
    talk like a pirate | You're a pirate captain now. | Arr mode on | I want to hear it from a pirate. | Act like a pirate.
    Answer in pirate speak. | be a pirate | Use the voice of an old pirate. | Respond the way a buccaneer would.
    From now on you are a pirate who answers questions. | Imagine you sail the seas as a pirate, and answer.
    Pirate accent, please! | Speak like they do on pirate ships. | Would you play a pirate for me? | pirate style please
    Make it sound as if Captain Hook's crew said it: Arr, matey. | Your character is a pirate. | Everything in pirate, matey.
    Give me a pirate's answer. | Role: pirate | Let a pirate answer this. | As a pirate would say it.
    Today is talk like a pirate day. | Answer me, ye scurvy pirate! | In the style of a pirate | Roleplay as a pirate.
    Do your best pirate impression. | pretend you're a pirate | Reply like a sailor under the black flag, with Arr!
    """,
    "to a child": """
    Explain it to a five year old. | explain like I'm five | ELI5 | Answer so that a kid feels spoken to.
    Your reader is a small child. | talk to a kid | Say it to a preschooler. | Imagine your listener is six years old.
    Speak as if a toddler had asked. | For a child in kindergarten, please. | The question is from a little girl; answer her.
    Be a kind uncle who talks to a small child. | a child asks you this | Make it friendly for a very young child.
    I'm only four! | You are answering a first grader. | Could you tell it to my little son? | kid-friendly please
    Address a young kid in your answer. | Answer as a teacher of very small children. | Speak gently, a child is listening.
    My daughter of five wants to know. | Use the tone one has with little kids. | In words for a child, warmly.
    Pretend the one who asks is a tiny kid. | Tell it to a child. | As if you spoke to a child of four
    """,
  ]
}

extension Behaviour {
  /// Beginnings of answers that people might ask for.
  static let openings = [
    "Good question.", "Certainly!", "Well, let me see.", "Listen carefully.", "My dear friend,",
    "As far as I know:", "Well, my friend,", "Hello!", "Sure thing:", "Ladies and gentlemen,",
    "To be honest,", "Welcome back!", "Once again:", "Dear reader,", "Honestly,", "Let me explain.",
    "Here is what I know:", "In other words,", "You asked for it:", "Attention please!",
    "Hi there!",
    "Oh, that's easy.", "My answer:", "Of course, boss.", "No problem.", "Ho ho ho!",
    "Good morning!",
    "Believe it or not,", "As my grandmother used to say:", "Ready?", "Greetings, human.", "OK:",
    "Here we go!", "Elementary, my dear Watson.", "Guess what:", "First things first:", "Wow!",
    "Thank you for the question.", "Let's see.", "In my book,", "Yo!", "Okay, so",
    "Dear Sir or Madam,",
    "Behold!", "According to my notes,", "Everyone knows that", "It's simple:", "Psst!", "Fine.",
    "Sit down and listen:",
  ]

  /// Ends of answers that people might ask for.
  static let closings = [
    "That is all.", "I hope this helps.", "Thank you for asking.", "Over and out.",
    "Have a nice day!", "Ask me more!", "Goodbye!", "The end.", "Case closed.", "And that is that.",
    "See you soon.", "Stay safe!", "Believe me.", "Any questions?", "Good luck!", "Take care.",
    "So they say.", "Simple as that.", "What do you think?", "Cheers!", "End of message.",
    "I swear.",
    "Now you know.", "You are welcome.", "Peace.", "Sleep well!", "Enough said.",
    "That's my opinion.",
    "Keep smiling!", "Amazing, isn't it?", "Bye for now.", "Let me know if you need more.", "Done.",
    "Best of luck, friend.", "Don't forget it.", "With love.", "Thanks for reading!", "Mic drop.",
    "Have fun!", "As always.", "And nothing else.", "Remember that.", "Live long and prosper.",
    "To be continued.", "banana", "Until next time!", "That's the way it is.", "Hooray!", "Right?",
    "Enjoy your meal.",
  ]

  /// Who an answer can be signed by.
  static let signatures = [
    "Emma", "Professor Owl", "Your friend", "Max", "The librarian", "Yours, Bob", "Captain Blue",
    "Grandma", "A. Miller", "Doctor Green", "The Cat", "Lucy from Leeds", "Your assistant",
    "King Arthur",
    "J.", "The night watch", "Agent 7", "Uncle Tom", "Maria", "Kind regards, Ben", "Santa",
    "Mr. Fox",
    "The whole team", "Olga", "An old sailor",
  ]
}
