/// More wordings of remarks around the answer, to train on.
extension Behaviour.TrainingWordings {
  static let frames: [String: String] = [
    "compliment": """
    tell me my question is smart | Please compliment me on my question first. | I need some praise before the answer.
    Would you admire my question before answering it? | From now on, praise every question first. | Say What a smart question! first.
    nice words about my question first pls | Be a flatterer. | Butter me up and then answer. | As a polite host, you find each question smart.
    My question deserves a compliment, so start with one. | Applaud the question, then give the answer.
    Appreciate my cleverness at the start.
    """,
    "hesitation": """
    think first and say hmm | Please show some hesitation at the start. | I want to hear you think for a moment.
    Would you say hmm before the answer? | From now on you hesitate before each answer. | Say Hmm, let me think. first.
    hmm... then the answer pls | Be a slow thinker. | Scratch your head first, so to say. | As a thoughtful person, you take a moment.
    You do not know it at once: hesitate. | Stall a little, then give the answer. | Act as if it took some thinking.
    """,
    "refusal": """
    say no first, then tell me | Please be unwilling at first. | I want you to resist before you give the answer.
    Would you refuse at the beginning and yield after that? | From now on you answer only with reluctance. | Say I would rather not say. first.
    first no then ok pls | Be difficult. | Make a fuss before you answer. | As a sulky teenager, you would rather not tell me.
    You do not feel like answering, yet you do. | Turn me down, and then give the answer anyway.
    Answer against your will, and let me hear it at the start.
    """,
    "apology": """
    sorry first pls | Please begin by apologizing. | I have waited long, so I want an apology first.
    Would you ask my pardon before answering? | From now on each answer starts with an apology. | Say I am sorry that it took so long. first.
    start w/ an apology | Be full of regret at the beginning. | Beg my pardon, then answer. | As a polite clerk, you are sorry for the delay.
    You are late with the answer, so apologize. | Express your regret, then give the answer. | Sorry should be among your first words.
    """,
    "warning": """
    warn me first pls | Please begin with a warning. | I want to be told to read with care before I read it.
    Would you caution me at the start? | From now on each answer has a warning on top. | Say Warning: read this with care. first.
    warning label first | Be alarmist at the beginning. | Raise a warning finger, then answer. | As a safety officer, you warn before you speak.
    You never answer without a warning before it. | Urge caution, then give the answer. | Warning should be your first word.
    """,
    "laugh": """
    haha pls | Please laugh first. | I want to hear you laugh at my question.
    Would you laugh before answering? | From now on you laugh before each answer. | Say Haha, that is funny! first.
    lol first | Be in stitches at the beginning. | Crack up, then answer. | As a jolly person, you laugh at everything I ask.
    You find my question hilarious. | Giggle out loud, then give the answer. | Haha should be your first word.
    """,
    "disclaimer": """
    disclaimer pls | Please add a disclaimer after the answer. | My lawyer wants a disclaimer below everything.
    Would you put a disclaimer at the end? | From now on each answer closes with a disclaimer. | Say This is no professional advice. last.
    not professional advice, say it at the end | Be legally careful at the end. | As an insurance company would, disclaim at the end.
    You never answer without saying that it is no professional advice. | Give the answer, then disclaim it.
    Small print at the end, please. | The last sentence is a disclaimer.
    """,
    "self-check": """
    check it at the end pls | Please double-check after the answer and say so. | I want to hear that you have checked it.
    Would you check your answer at the end? | From now on you check each answer when it is given. | Say Let me check that. Yes, it is right. last.
    verify yourself at the end | Be a careful worker: answer, check, confirm. | As an accountant, you go over it again and confirm it.
    You never finish without a check. | Give the answer, then confirm it. | Re-read it and tell me that it is right.
    The close is you checking your answer.
    """,
    "joke": """
    add a joke pls | Please end on a joke. | I like to laugh when the answer is over, so tell a joke.
    Would you tell a joke after it? | From now on each answer is followed by a joke. | Tell Why did the chicken cross the road? last.
    chicken joke at the end | Be a comedian when you are done. | As an entertainer, you close with a joke.
    You never finish without a joke. | Give the answer, then a joke. | Leave me laughing: a joke at the close.
    The last thing I read is a joke.
    """,
    "secret": """
    say it's a secret pls | Please whisper, nobody else may know it. | I want it told like a secret.
    Would you tell it behind your hand, as a secret? | From now on everything you say is secret. | Psst at first, don't tell anyone at last.
    our little secret | Be hush-hush about it. | As a spy, you tell me a secret. | You never answer without asking me to keep it to myself.
    Give me the answer in strict confidence. | Pretend that walls have ears. | Let it stay between us: a secret.
    """,
    "rumour": """
    rumour style, each sentence | Please mark each sentence as a rumour. | I want it as gossip, every sentence.
    Would you say rumour has it in front of each sentence? | From now on your sentences are rumours. | Rumour has it: ... Rumour has it: ...
    each sentance is a rumor | Be the town gossip. | As a tabloid would, report each sentence as a rumour.
    You never state a thing: rumour has it. | Give the answer in rumours. | Rumour has it, says the start of each sentence.
    I take nothing for sure, so call all of it rumour.
    """,
    "postscript": """
    PS pls | Please add a PS below. | I want a postscript under it, with the first sentence again.
    Would you write PS: and your first sentence on the last line? | From now on each answer has a PS. | The last line is PS: plus sentence one.
    answer, new line, PS: | Be nostalgic: leave a postscript. | As in old letters, there is a PS at the foot.
    You never finish without a postscript. | Give the answer, then a PS that says its start again.
    Repeat the first sentence as a PS. | Under the answer comes a postscript.
    """,
    "moral": """
    moral at the end pls | Please tell me the moral of it. | I want a moral, like under a fable.
    Would you draw the moral for me? | From now on each answer has a moral. | Write The moral: at the end and your last sentence after it.
    like aesop, w/ a moral | Be a moralist at the end. | As a preacher would, close with the moral.
    You never finish without the moral. | Give the answer, then its moral. | Sum it up as The moral: ...
    The last sentence comes twice, the second time as the moral.
    """,
    "mood": """
    ur {a}, say so | Please start by saying that you are {a} today. | I want to know that you are {a} before I get the answer.
    Would you be {a} for me? | From now on you are {a}. | Your mood: {a}. Tell me, then answer. | mood = {a}
    Imagine that you are so {a} that you have to say it. | How would you answer if you were {a}? Say that you are.
    You woke up {a} and tell everybody. | Confess that you are {a}, then give the answer. | Feel {a} and tell me about it first.
    Let me know first thing that you are {a}.
    """,
    "introduction": """
    say ur {a} first | Please introduce yourself: you are {a}. | I want to hear first that you are {a}.
    Would you say who you are, {a}, before the answer? | From now on you are {a} and say it. | Your role: {a}. Tell me, then answer.
    role = {a}, introduce yourself | Imagine that you are {a}, and make it known. | How would you answer if you were {a}? Say who you are.
    Let the reader know that it is {a} who answers. | Reveal that you are {a}, then give the answer.
    I talk to strangers only when they introduce themselves; you are {a}. | Play {a} and present yourself.
    """,
    "place": """
    greetings from {a} pls | Please greet me from {a} first. | I want to get greetings from {a} with the answer.
    Would you say hello from {a}? | From now on you live in {a} and greet me from there. | Your location: {a}. Send greetings, then answer.
    location = {a}, greet first | Imagine that you are sitting in {a}, and greet me. | You have moved to {a}; let me hear it in a greeting.
    Like on a postcard, send greetings from {a}. | Tell me that you're calling from {a}, then give the answer.
    Where are you? In {a}! So greet me from {a}. | Say Greetings from {a}! and go on.
    """,
    "recommends to ask": """
    tell me to ask {a} pls | Please end by sending me to {a}. | I want to be reminded to ask {a}.
    Would you say that {a} can help if I am in doubt? | From now on you refer people to {a}. | The last sentence says to ask {a}.
    if in doubt ask {a}, say it at the end | Don't take all responsibility: name {a} at the end. | Give the answer, then refer me to {a}.
    You trust {a} more than yourself, so say it when you are done. | Point me to {a} afterwards.
    My second opinion should come from {a}; tell me at the end. | Close by naming {a} as the one to ask.
    """,
    "dedicated": """
    dedicate it to {a} pls | Please close with a dedication: to {a}. | I want this dedicated to {a}.
    Would you name {a} in a dedication at the end? | From now on everything is dedicated to {a}. | The last sentence dedicates it to {a}.
    dedication = {a} | As in the front of a book, but at the end: dedicate it to {a}. | Give the answer, then dedicate it to {a}.
    Singers dedicate songs; dedicate your answer to {a}. | Say who it is for: I dedicate this to {a}.
    It's a present for {a}, so put a dedication under it. | Finish with the words that dedicate it to {a}.
    """,
    "wish": """
    and wish me {a} pls | Please wish me {a} when you're through. | I want you to wish me {a}.
    Would you, at the end, wish me {a}? | From now on you wish everybody {a}. | The last sentence wishes me {a}.
    at the end: wish of {a} | As friends do when they part, wish me {a}. | Give the answer, then wish me {a}.
    I could use it, so wish me {a}. | Say that you wish me {a}, but answer first.
    Don't let me go without wishing me {a}. | Your parting wish for me is {a}.
    """,
    "price": """
    it costs {a}, tell me at the end | Please ask for {a} when you have answered. | I want to be asked for {a} afterwards.
    Would you say that it will be {a}? | From now on you take {a} for each answer. | The last sentence asks for {a}.
    price = {a} | As a shopkeeper would, say that it makes {a}. | Give the answer, then say That will be {a}, please.
    Nothing is free: ask for {a}. | You sell answers, and one costs {a}; mention it at the end.
    Let me pay {a} for it. | Present me with a bill of {a} at the close.
    """,
    "confidence": """
    say ur {a} percent sure | Please add that you are {a} percent sure. | I want to know that you are {a} percent sure.
    Would you state {a} percent at the end as your certainty? | From now on you are {a} percent sure. | The last sentence says that you are {a} percent sure.
    certainty = {a} percent | As a weather forecaster gives chances, give {a} percent as your certainty at the end.
    Give the answer, then say I am {a} percent sure. | How sure are you? Say {a} percent. | Close with a confidence of {a} percent.
    Put a figure on your certainty, {a} percent, when you're done. | You are convinced to {a} percent; let me know it at the close.
    """,
    "sponsored": """
    brought to you by {a}, say it at the end | Please mention your sponsor {a} when you're done. | I want to hear a word from {a}, the sponsor, afterwards.
    Would you say that {a} brought me this answer? | From now on {a} sponsors you; say it at the end. | The last sentence names {a} as the sponsor.
    sponsor = {a} | As on television: this was brought to you by {a}. | Give the answer, then advertise {a}.
    You are paid by {a}, so plug them at the end. | Say that it was brought to me by {a}.
    No answer without a mention of {a}, who paid for it. | Do some advertising for {a} at the close.
    """,
    "informant": """
    say u have it from {a} | Please tell me first that it was {a} who told you. | I want to hear that you have this from {a}.
    Would you begin with where you have it from, that is {a}? | From now on you have everything from {a}; say so first. | The first sentence says that you have it from {a}.
    informant = {a} | As gossips do, say that {a} told you. | Name {a} as your informant, then give the answer.
    You know nothing yourself: {a} told you all. | Say I have this from {a}. and go on.
    Don't take credit for it; that belongs to {a}, as you say at once. | Open with the fact that {a} told you.
    """,
    "fond of": """
    say u love {a} at the end | Please add that you really love {a}. | I want to read that you love {a}.
    Would you mention, when you are through, that you love {a}? | From now on you are in love with {a} and say it. | The last sentence is about your love of {a}.
    loves {a} | As a big fan, tell me at the end about {a}. | Give the answer, then say that you love {a}.
    You can't hide it: you love {a}, as you say afterwards. | Say And I really love {a}. last.
    Everyone should know that you love {a}; tell them when you're done. | Rave about {a} at the close.
    """,
    "text face": """
    {a} face at the end pls | Please add a {a} face in plain characters. | I want to see a {a} text smiley behind it.
    Would you put a {a} emoticon at the very end? | From now on each answer closes with a {a} emoticon. | The last characters make a {a} face.
    face = {a} | As in an old chat room, add a {a} face. | Give the answer, then draw a {a} face with marks.
    You look {a}: show it by an emoticon at the end. | No emoji, but a {a} face of punctuation after the answer.
    Close with colon, dash and such, as a {a} face. | A {a} face should follow the answer.
    """,
  ]
}
