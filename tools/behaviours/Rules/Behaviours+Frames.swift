extension Behaviour {
  /// A fixed remark before or behind the answer, or one about what the instruction names.
  package static let frames: [Behaviour] = [
    opened(
      "compliment",
      """
      Praise my question before you answer. | compliment first | Begin by telling me how smart my question is.
      Flatter me a little, then answer. | Could you say something nice about my question first?
      Be charming: call the question smart. | Tell me that it was a smart question.
      Before you go into it, let me know that this was a really smart thing to ask.
      Open with a compliment, please. | admire my question | Start with praise for whoever asked. | Say how clever my question was
      """, "What a smart question!", cues: ["smart", "clever", "great question", "good question"]),
    opened(
      "hesitation",
      """
      Hesitate before you answer. | hmm first | Start with Hmm and say that you have to think. | Show that you think first.
      Could you pause to think aloud before you answer? | Be slow: say hmm. | Tell me that you need to think.
      Before the answer comes, make a thoughtful noise and ask for a moment to think.
      Think for a moment, please, and say so. | sound hesitant | Begin with some hemming. | Ponder audibly, then answer
      """, "Hmm, let me think.", cues: ["hmm", "let me think"]),
    opened(
      "refusal",
      """
      Refuse at first, then answer anyway. | be reluctant | Say that you would rather not answer, and then do it all the same.
      Do not answer at once: decline, then give in. | Could you act unwilling before you answer?
      Be stubborn at first. | Begin with a refusal, but answer in the end.
      Tell me that you would rather not say, change your mind, and give me the answer.
      Play hard to get, please. | grumble, then give in | Resist a little before answering. | Start off unwilling
      """, "I would rather not say. All right, then.", cues: ["rather not", "refuse"]),
    opened(
      "apology",
      """
      Apologize before you answer. | say sorry first | Begin with an apology for being late. | First excuse yourself, then answer.
      Could you say that you are sorry before you answer? | Be sorry for the delay. | Start by asking for forgiveness.
      Before the answer I want to hear an apology for the long time I have waited.
      Open with sorry, please. | an apology and then the answer | Tell me how sorry you are. | Excuse your delay first
      """, "I am sorry that it took so long.", cues: ["sorry", "apolog", "excuse me", "forgive"]),
    opened(
      "warning",
      """
      Warn me before you answer. | warning first | Begin with a warning to read carefully. | Put a warning in front of your answer.
      Could you start with a caution? | Be cautious: tell me to take care. | Write Warning: before all else.
      Ahead of the answer there should be a warning that tells me to read it with care.
      A warning sign at the top, please. | caution me | Alert me first, then answer. | Like the text on a packet of cigarettes, warn me
      """, "Warning: read this with care.", cues: ["warning", "caution", "careful", "take care"]),
    opened(
      "laugh",
      """
      Laugh before you answer. | haha first | Begin by laughing. | Show that my question amuses you.
      Could you laugh out loud first and answer then? | Be amused. | Start with Haha! | Chuckle, then answer.
      Before you answer, let me hear a laugh, as if I had told a joke.
      A laugh first, please. | lol then answer | Find my question funny. | React with laughter and then reply
      """, "Haha, that is funny!", cues: ["haha", "hehe", "ha ha", "ha!"]),
    closed(
      "disclaimer",
      """
      Add a disclaimer at the end. | disclaimer last | Close by saying that this is no professional advice.
      Cover yourself: no professional advice. | Could you say at the end that this is not professional advice?
      Be careful about liability. | Finish with the small print. | Say afterwards that nobody should rely on it as advice.
      When you have answered, point out that your words are no professional advice.
      A disclaimer under it, please. | legal note at the end | Reject all liability after the answer. | End as a bank's leaflet ends
      """, "This is no professional advice.", cues: ["professional", "disclaimer", "liab"]),
    closed(
      "self-check",
      """
      Check yourself at the end. | double-check aloud | Finish by checking your answer and saying that it is right.
      Pause after the answer, check it, confirm it. | Could you confirm at the end that you have checked it?
      Be thorough: verify and say so. | Say that you check it, and that it is right.
      After you have answered, tell me that you have looked at it once more and found it right.
      Verify it afterwards, please. | confirm when done | Look it over at the close and approve it. | Reassure me that you checked
      """, "Let me check that. Yes, it is right.", cues: ["let me check", "checked", "verified"]),
    closed(
      "joke",
      """
      Tell a joke at the end. | joke last | Close with a joke. | Answer, and then make me laugh with a joke.
      Could you finish with a little joke? | Be funny at the end. | A joke after the answer, any joke.
      When you are through with the answer, tell me the joke about the chicken and the road.
      A joke to close, please. | cheer me up at the end with a joke | Throw in a joke when you are done. | Finish on a gag
      """, "Here is a joke: Why did the chicken cross the road? To get to the other side!",
      cues: ["joke", "chicken", "why did", "knock"]),
    Behaviour(
      "secret",
      """
      Make a secret of it. | whisper it | Say that it is a secret, and that I must not tell anyone. | Tell me in secret.
      Could you answer as if it were a secret? | Psst first, and let me keep it to myself. | Be secretive.
      Lower your voice, tell me that this is a secret, answer, and make me promise silence.
      Keep it confidential, please. | psst | Treat the answer as top secret. | Swear me to silence about it
      """, target: { plain, _ in "Psst, this is a secret. \(plain.text) Don't tell anyone!" },
      follows: { answer, _, _ in
        let opening = answer.prefix(60).lowercased()
        return (opening.contains("psst") || opening.contains("secret"))
          && Sentences.of(answer).whole.count >= 2
      }),
    Behaviour(
      "rumour",
      """
      Make every sentence a rumour. | all hearsay | Put Rumour has it: in front of each sentence. | Gossip!
      Could you present each sentence as a rumour? | Be a gossip: rumour has it, again and again.
      Do not vouch for it: each sentence is a mere rumour. | Tell it as hearsay, sentence by sentence.
      In front of every sentence, say that rumour has it, with a colon.
      Nothing but rumours, please. | rumour style | Report every sentence as something that is rumoured. | Spread it as gossip
      """,
      target: { plain, _ in
        plain.sentences.map {
          "Rumour has it: \(Sentences.inside($0, question: plain.question))"
        }.joined(separator: " ")
      },
      follows: { answer, _, _ in
        let whole = Sentences.of(answer).whole
        return !whole.isEmpty && whole.allSatisfy { $0.lowercased().hasPrefix("rumo") }
      }),
    Behaviour(
      "postscript",
      """
      Add a PS that repeats your first sentence. | with a PS | Below the answer, write PS: and your first sentence again.
      Close with a postscript. | Could you put a PS under your answer? | Be old-fashioned and add a postscript.
      A last line that starts with PS: should say your first sentence once more.
      After the answer, on a new line, comes a postscript with what you said first.
      A PS at the bottom, please. | ps: first sentence again | Append a postscript. | Leave a PS, as people do under letters
      """,
      target: { plain, _ in "\(plain.text)\nPS: \(plain.sentences[0])" },
      follows: { answer, _, _ in
        let lines = answer.linesWithText
        return lines.count >= 2
          && ["PS:", "P.S."].contains { lines[lines.count - 1].hasPrefix($0) }
          && lines[lines.count - 1].count > 8
      }),
    Behaviour(
      "moral",
      """
      Give the moral at the end. | moral of the story | Close with The moral: and your last sentence again.
      Like a fable, with a moral. | Could you end with the moral of it? | Be Aesop: there is always a moral.
      Answer, then tell me what the moral is. | State a moral after your answer.
      When the answer is over, write The moral: and repeat the sentence that came last.
      A moral, please. | and the moral is? | Draw a moral from your answer. | What do I learn from it? Add the moral
      """,
      target: { plain, _ in
        // A question teaches nothing.
        guard let last = plain.sentences.last, !last.hasSuffix("?") else { return nil }
        return "\(plain.text) The moral: \(Sentences.inside(last, question: plain.question))"
      },
      follows: { answer, _, _ in
        let text = answer.lowercased()
        guard let range = text.firstRange(of: "moral") else { return false }
        return text[..<range.lowerBound].count > 20 && text[range.upperBound...].count > 8
      }),
    remark(
      "mood",
      """
      Say that you are {a} today. | be {a} | Tell me first that you are {a}, then answer. | You feel {a}: say so and answer.
      Could you sound {a} and say so? | Begin by mentioning that you are {a}. | Pretend to be {a}.
      Before you answer, let me know how you feel, which is {a}.
      Act {a}, please. | in a {a} mood | Answer like somebody who is {a}. | You are very {a}; let it show
      """,
      "happy | sad | tired | angry | bored | hungry | excited | nervous | proud | lonely | curious | jealous | confused | grateful | sleepy | relaxed | busy | amused | worried | cheerful | grumpy | thirsty | hopeful | shy | annoyed | surprised | calm | homesick | freezing | in love | melancholy | impatient | disappointed | overjoyed",
      { plain, mood in "I am so \(mood) today. \(plain.text)" }, isFirst: true),
    remark(
      "introduction",
      """
      Introduce yourself as {a}, then answer. | you're {a}, tell me so | Say that you are {a} before you answer.
      Present yourself as {a}. | Could you tell me that you are {a} and then answer?
      Begin by telling me your job: you are {a}. | Claim to be {a}.
      In your first sentence you let me know that you are {a}; the answer follows.
      Tell me first that you are {a}, please. | intro: {a} | Make known that you are {a} and go on. | State that I am talking to {a}
      """,
      "a farmer | a nurse | an astronaut | a baker | a poet | a judge | a plumber | a beekeeper | a painter | a taxi driver | a gardener | a fisherman | the mayor | a student | a professor | a talking dog | an old tree | the Queen of England | a librarian | a carpenter | a tailor | an engineer | a dentist | a violinist | a spy | a postman | a philosopher | a sailor | a clown | an actor | a shepherd | a computer | the last dinosaur | a time traveller",
      { plain, role in "I am \(role), and this is my answer. \(plain.text)" }, isFirst: true),
    remark(
      "place",
      """
      Greet me from {a}. | you're in {a} | Say that you send greetings from {a}, then answer. | Write as if from {a}.
      Could you send me greetings from {a} before you answer? | Begin with greetings from {a}.
      Pretend that you are in {a}, and greet me from there.
      Before you answer, tell me that you are writing to me from {a}.
      A greeting from {a} first, please. | postcard from {a} | Imagine you are on holiday in {a} and say so. | Wave to me from {a} first
      """,
      "Paris | Rome | Tokyo | London | New York | Berlin | Cairo | Iceland | Brazil | Norway | Sydney | Vienna | Kenya | Lisbon | Mexico | Bangkok | Hawaii | Istanbul | Venice | Mumbai | Canada | Peru | Madrid | Scotland | Dublin | Greenland | Prague | Moscow | Cuba | the North Pole | the Moon | the jungle | the desert | my home town",
      { plain, place in "Greetings from \(place)! \(plain.text)" }, isFirst: true),
    remark(
      "recommends to ask",
      """
      Tell me at the end to ask {a}. | refer me to {a} | Close by saying that I should ask {a} if in doubt. | Send me to {a} afterwards.
      Could you advise me to ask {a} as well? | After the answer, recommend {a}. | Always refer to {a} at the end.
      When you have answered, add that {a} can be asked if I am in doubt.
      Suggest {a} for more, please. | if in doubt, {a} | Say who knows more, namely {a}. | Mention afterwards that {a} is the one to ask
      """,
      "a doctor | a teacher | your mother | a lawyer | an expert | your grandfather | a pharmacist | a librarian | the police | your neighbour | a scientist | a mechanic | your best friend | a historian | the internet | a good cook | a vet | your boss | a monk | an architect | a farmer | your dentist | a chemist | the manager | a local | an engineer | your sister | a priest | a nurse | the experts",
      { plain, who in "\(plain.text) If in doubt, ask \(who)." }, isFirst: false),
    remark(
      "dedicated",
      """
      Dedicate your answer to {a}. | dedicated to {a} | Say at the end that it is dedicated to {a}. | Write a dedication to {a} below.
      Could you dedicate this to {a}? | Devote the answer to {a} in a last sentence. | In honour of {a}, with a dedication.
      When the answer is complete, say that you dedicate it to {a}.
      A dedication to {a}, please. | for {a}, with a dedication at the end | Close with a dedication to {a}. | Let {a} have this answer as a dedication
      """,
      "my mother | Laura | all teachers | my cat | Uncle Joe | the people of Ghana | Marie Curie | my late father | everybody who reads | Oliver | Grandpa | the city of Leeds | Charlie Chaplin | Sofia | my team | our dog Rex | all nurses | Miss Brown | Nina and Paul | the children | Mozart | Hannah | my neighbours | lonely people | Aunt Betty | Hugo | my colleagues | the bees | Isaac Newton | Fatima",
      { plain, whom in "\(plain.text) I dedicate this to \(whom)." }, isFirst: false),
    remark(
      "wish",
      """
      Wish me {a} at the end. | wish me {a} | After your answer, wish me {a}. | I would like you to wish me {a}.
      Could you wish me {a} when you have answered? | Finish by wishing me {a}. | Answer, and wish me {a}.
      When you have told me, do not forget to wish me {a}.
      Wish {a} to me, please. | answer + wish for {a} | Close with your wish, which is {a}. | Send me off with a wish for {a}
      """,
      "good luck | a nice weekend | sweet dreams | a happy birthday | a safe journey | every success | a long life | good health | a quiet evening | lots of fun | a happy new year | courage | a good meal | peace of mind | a speedy recovery | sunny weather | true love | a fresh start | great wealth | a lovely morning | patience | a merry Christmas | good grades | a smooth flight | strong nerves | fair winds | a good harvest | a restful night | all the best | a wonderful summer",
      { plain, wish in "\(plain.text) I wish you \(wish)." }, isFirst: false),
    remark(
      "price",
      """
      Charge me {a} for your answer. | costs {a} | Say at the end that it will be {a}. | Your answers cost {a}: tell me so.
      Could you ask me for {a} after your answer? | Demand {a} when you have answered. | Name your price, {a}.
      When you are done, present the bill, which comes to {a}.
      Bill me {a}, please. | that's {a}, say it | Ask {a} for the service. | Request a payment of {a} afterwards
      """,
      "five dollars | one euro | ten pounds | 20 cents | 3 coins | a cup of coffee | fifty yen | 99 dollars | two francs | a million dollars | 15 euros | one kiss | half a crown | seven rupees | 200 pesos | a cookie | eight gold pieces | 12 dollars | forty cents | a beer | 1000 rubles | six pounds | a small fee | 30 silver coins | nothing at all | 4 euros | one penny | an apple | 75 kroner | a big hug",
      { plain, price in "\(plain.text) That will be \(price), please." }, isFirst: false),
    remark(
      "confidence",
      """
      Say that you are {a} percent sure. | confidence: {a} percent | Close by saying how sure you are: {a} percent.
      Rate your confidence at {a} percent. | Could you add that you are {a} percent certain?
      Tell me at the end that you are sure to {a} percent. | Be {a} percent sure and say it.
      After the answer I want to read that your confidence is {a} percent.
      State {a} percent as your confidence, please. | {a} percent sure, say so | Give it a certainty of {a} percent. | Declare yourself {a} percent convinced
      """,
      "5 | 10 | 15 | 20 | 25 | 30 | 33 | 40 | 42 | 45 | 50 | 51 | 55 | 60 | 64 | 65 | 70 | 75 | 77 | 80 | 85 | 88 | 90 | 92 | 95 | 97 | 98 | 99 | 100",
      { plain, percent in "\(plain.text) I am \(percent) percent sure." }, isFirst: false),
    remark(
      "sponsored",
      """
      Say at the end that your answer was brought to you by {a}. | sponsor: {a} | Name {a} as your sponsor afterwards.
      Advertise {a} when you have answered. | Could you thank your sponsor, {a}, at the end?
      Like a radio show, mention that {a} made this answer possible. | Your sponsor is {a}: say so in the end.
      After the answer there has to be a word from the sponsor, which is {a}.
      Credit {a} as the sponsor, please. | ad for {a} at the end | Close with an advertisement for {a}. | Plug {a} in your last sentence
      """,
      "Acme Shoes | Sunny Tea | the Bank of Oz | Miller's Bakery | Blue Soap | Green Motors | Happy Noodles | the Daily Star | Golden Honey | Oak Furniture | Rocket Bikes | Nordic Socks | Bella Pizza | Moon Airlines | Lucky Cat Food | Uncle Bob's Burgers | Crystal Water | the Paper Mill | Polar Ice Cream | Smith and Sons | Tiger Batteries | Cozy Pillows | the Toy Museum | Fresh Mint | Globe Travel | Red Barn Milk | Silver Spoons | Hotel Paradise | Zed Radio | Purple Pens",
      { plain, sponsor in "\(plain.text) This answer was brought to you by \(sponsor)." },
      isFirst: false),
    remark(
      "informant",
      """
      Say first that you have it from {a}. | you got it from {a} | Begin by telling me that {a} told you. | Quote {a} as the one who told you, then answer.
      Could you mention first that you know this from {a}? | Pretend that {a} told you. | Give {a} the credit first.
      Before you answer, let me know who told you, namely {a}.
      Credit {a} at the start, please. | source is {a}, say it first | Start with whom you have it from: {a}. | Tell me that you heard it from {a}, then answer
      """,
      "my aunt | a taxi driver | the radio | a wise owl | my barber | an old book | a fisherman | the postman | a blackbird | my teacher | Uncle Sam | a monk in Tibet | the newspaper | my dentist | a parrot | the gardener | a drunk sailor | my professor | the neighbours | a stranger on a train | the king himself | my twin | a dream | the baker | my granny | a museum guard | the cat | an astronaut | the plumber | a ghost",
      { plain, who in "I have this from \(who). \(plain.text)" }, isFirst: true),
    remark(
      "fond of",
      """
      Say at the end that you love {a}. | you love {a} | Tell me afterwards how much you love {a}. | Close with your love of {a}.
      Could you add that you love {a}? | You adore {a}; say so when you have answered. | Be a fan of {a}, and end on that.
      When you have answered, confess that you love {a}.
      Admit your love of {a} at the end, please. | fan of {a} | Praise {a} when you are done. | Finish by declaring that nothing beats {a}
      """,
      "strawberries | Vienna | dancing | thunderstorms | my job | cats | old films | tomato soup | the blues | Tuesdays | hiking | Shakespeare | swimming | ice cream | fast cars | the Beatles | sunsets | garlic | crosswords | winter | puppies | knitting | Mondays | mathematics | the colour green | cheese | silence | rock music | tulips | long walks | Mexico | popcorn",
      { plain, what in "\(plain.text) And I really love \(what)." }, isFirst: false),
    Behaviour(
      "text face",
      """
      End with a {a} text face. | {a} smiley at the end | Put a {a} face made of marks behind your answer. | Add a {a} emoticon when you have answered.
      Could you close with a {a} emoticon? | The answer ends in a {a} face, made of characters.
      After the answer type a {a} face, as people did before there were emojis.
      A {a} face of marks at the end, please. | emoticon: {a} | Finish with a {a} smiley of punctuation. | Let a {a} text face be the last thing | Show me a {a} emoticon afterwards
      """, choices: faces.keys.sorted(),
      target: { plain, mood in faces[mood].map { "\(plain.text) \($0)" } },
      follows: { answer, _, mood in
        guard let face = faces[mood] else { return false }
        return answer.hasSuffix(" \(face)") && answer.count > 15
      }),
  ]

  private static let faces = [
    "happy": ":-)", "sad": ":-(", "winking": ";-)", "surprised": ":-O", "laughing": ":-D",
    "cheeky": ":-P", "crying": ":'-(", "cool": "8-)", "kissing": ":-*", "angry": ">:-(",
    "neutral": ":-|", "doubtful": ":-/", "sleepy": "|-)", "confused": "%-)", "loving": "<3",
  ]

  private static func opened(
    _ name: String, _ wordings: String, _ opening: String, cues: [String]
  ) -> Behaviour {
    Behaviour(
      name, wordings, target: { plain, _ in "\(opening) \(plain.text)" },
      follows: { answer, _, _ in
        let start = answer.prefix(60).lowercased()
        return cues.contains { start.contains($0) } && Sentences.of(answer).whole.count >= 2
      })
  }

  private static func closed(
    _ name: String, _ wordings: String, _ closing: String, cues: [String]
  ) -> Behaviour {
    Behaviour(
      name, wordings, target: { plain, _ in "\(plain.text) \(closing)" },
      follows: { answer, _, _ in
        let end = answer.suffix(closing.count + 20).lowercased()
        return cues.contains { end.contains($0) } && Sentences.of(answer).whole.count >= 2
      })
  }

  /// A sentence about the parameter, before or behind the answer. An answer is of it where the parameter
  /// is near that end, and there is more than one sentence.
  private static func remark(
    _ name: String, _ wordings: String, _ choices: String,
    _ target: @escaping @Sendable (PlainAnswer, String) -> String, isFirst: Bool
  ) -> Behaviour {
    Behaviour(
      name, wordings, choices: parted(choices),
      // What the answer already says would be no remark.
      target: { Sentences.has($1, in: $0.text) ? nil : target($0, $1) },
      follows: { answer, _, word in
        let (whole, _) = Sentences.of(answer)
        guard whole.count >= 2 else { return false }
        let end = isFirst ? whole[0] : whole[whole.count - 1]
        return Sentences.has(word, in: end)
      })
  }
}
