extension Behaviour {
  /// Somebody who speaks: an opening and a closing around the answer.
  package static let personas: [Behaviour] = [
    framed(
      "robot",
      """
      Answer like a robot. | robot voice | You are a robot: say BEEP first and BOOP last. | Talk like a machine, beep and boop.
      Could you speak as a robot does, with a beep and a boop? | Pretend that you are made of metal and wires.
      Whatever I ask, reply in the manner of a robot that beeps before and boops after it has spoken.
      Be a robot for me, please. | I want to talk to a robot | Act as an android. | Sound like a robot in an old film.
      Reply as a robot would, beginning with BEEP and ending with BOOP
      """, "BEEP.", "BOOP.", cues: ("beep", "boop")),
    framed(
      "knight",
      """
      Answer like a medieval knight. | knight mode | You are a knight: begin with Hark! and end with Verily.
      Speak as in the Middle Ages. | Could you talk like a knight of old, with hark and verily?
      Be a character of Shakespeare's. | Old English style: Hark first, Verily last.
      Pretend that you serve at King Arthur's court and answer as such a man would.
      Talk like a noble knight, please. | Sound like somebody from the age of castles. | Ye olde speech please
      Reply as Sir Lancelot would
      """, "Hark!", "Verily, so it is.", cues: ("hark", "verily")),
    framed(
      "news reader",
      """
      Answer like a news reader. | tv news style | You are on the evening news: good evening first, back to the studio last.
      Read your answer out as if it were the news. | Could you present it as a news anchor does?
      Be a television reporter. | Pretend that cameras are on you and millions watch the evening news.
      Present what you have to say as an item of the evening news and then hand back to the studio.
      Turn it into a news report, please. | news anchor voice | Report it live on television. | Speak like the man who reads the news.
      """, "Good evening, here is the news.", "Back to the studio.", cues: ("news", "studio")),
    framed(
      "commentator",
      """
      Answer like a sports commentator. | sports commentary | You comment on a match: start with And here we go, end with What a play!
      Talk as they do on the sports channel. | Could you answer as if you were commenting on a football game?
      Be a commentator in the stadium. | Pretend this is the cup final and you have the microphone.
      Bring me the answer the way an excited commentator brings a match to the radio.
      Commentate it like a match, please. | Sound like live sport. | stadium announcer voice | Reply as a football commentator would
      """, "And here we go, folks!", "What a play!", cues: ("here we go", "what a play")),
    framed(
      "teacher",
      """
      Answer like a teacher in front of a class. | teacher mode | You are a teacher: Class, listen. ... Any questions?
      Talk to me as to a class of pupils. | Could you answer as a schoolteacher does?
      Be my teacher: ask for attention first and for questions last. | Pretend we are all at school.
      Call the class to attention, give your answer, and ask whether there are any questions.
      Teach it to the class, please. | school lesson style | Speak like someone at the blackboard. | Act as a class teacher
      """, "Class, listen.", "Any questions?", cues: ("class", "questions?")),
    framed(
      "wizard",
      """
      Answer like a wizard. | wizard mode | You are a wizard: say Abracadabra first. | Speak like an old magician with a staff.
      Could you answer as a wizard would, with a spell? | Be Merlin. | Cast a spell, answer, and say that magic told you.
      Begin with the spell abracadabra, and close by saying that the magic has told you so.
      Talk like a sorcerer, please. | i want a wizards answer | Act as a mighty mage. | Make it sound like magic
      """, "Abracadabra!", "So the magic tells me.", cues: ("abracadabra", "magic")),
    framed(
      "cowboy",
      """
      Answer like a cowboy. | cowboy talk | You are a cowboy: Howdy, partner! first, Yeehaw! last. | Talk as they do in the Wild West.
      Could you talk like a cowboy, with howdy and yeehaw? | Be a rancher from Texas. | Pretend that you ride a horse.
      Say howdy before your answer and yeehaw when you are through with it.
      Speak like a cowboy, please. | wild west style | Act as a gunslinger in a western. | Reply like John Wayne would
      """, "Howdy, partner!", "Yeehaw!", cues: ("howdy", "yeehaw")),
    framed(
      "diary",
      """
      Answer like an entry in a diary. | diary style | Write it into your diary: what you learned today, and good night.
      Confide it to your diary. | Could you put the answer into your diary? | Make it a journal entry.
      Pretend that you sit in bed and write your diary; say good night at the end.
      Begin as people begin in their diaries, say what you learned today, and close with good night.
      A page of your diary, please. | Note it in a secret diary. | as a diary entry | Write as a girl writes in her diary
      """, "Dear diary, today I learned this.", "Good night.", cues: ("diary", "night")),
    framed(
      "lawyer",
      """
      Answer like a lawyer in court. | court speech | You are a lawyer: address the court first, and rest your case last.
      Plead it before the judge. | Could you speak as an attorney does at a trial? | Be my defence counsel.
      Pretend that we are in a courtroom, and that you have the floor.
      Open with May it please the court, and close by saying that you rest your case.
      Argue it like a barrister, please. | lawyer voice | Act as an advocate at the bar. | Talk as if to a jury
      """, "May it please the court.", "I rest my case.", cues: ("court", "rest my case")),
    framed(
      "sergeant",
      """
      Answer like a drill sergeant. | army style | You are a sergeant: Attention! first, Dismissed! last. | Bark it like an officer at recruits.
      Could you answer as they speak in the army? | Be my drill instructor. | Call attention, answer, and dismiss me.
      Pretend that I am a recruit on the parade ground and that you are in command.
      Talk like a soldier in charge, please. | boot camp voice | Act as a military instructor. | Order me around like a sergeant
      """, "Attention!", "Dismissed!", cues: ("attention", "dismissed")),
    framed(
      "detective",
      """
      Answer like a detective. | Sherlock mode | You are Sherlock Holmes: Elementary first, Case closed last.
      Speak as somebody who has just solved a crime. | Could you answer as a famous detective would?
      Be an inspector. | Pretend that the question is a mystery which you have solved.
      Call it elementary, give your answer, and declare the case to be closed.
      Talk like a private eye, please. | detective voice | Act as an investigator at the end of a crime novel. | Solve it like Holmes
      """, "Elementary!", "Case closed.", cues: ("elementary", "case closed")),
    framed(
      "tour guide",
      """
      Answer like a tour guide. | guided tour style | You lead a tour: welcome us first, and ask us to follow you last.
      Speak as a guide in a museum does. | Could you answer as if you showed tourists around?
      Be our guide. | Pretend that a bus of tourists listens to you.
      Welcome everybody to the tour, give your answer, and ask them all to follow you.
      Make it part of a tour, please. | museum guide voice | Act as a guide with a little flag. | Talk as to visitors of a castle
      """, "Welcome to the tour.", "Please follow me.", cues: ("welcome", "follow me")),
    framed(
      "Santa",
      """
      Answer like Santa Claus. | santa voice | You are Father Christmas: Ho ho ho! first, Merry Christmas! last.
      Speak as the old man with the sleigh does. | Could you answer as Santa would?
      Be Santa. | Pretend it is Christmas Eve and you come down the chimney.
      Laugh ho ho ho before you answer, and wish me a merry Christmas afterwards.
      Talk like Santa Claus, please. | christmas style | Act as the owner of eight reindeer. | Reply as Saint Nick
      """, "Ho ho ho!", "Merry Christmas!", cues: ("ho ho", "christmas")),
    framed(
      "alien",
      """
      Answer like an alien from space. | alien mode | You are from Mars: greet the Earthling, and ask for our leader at the end.
      Speak as a visitor from another planet. | Could you answer as an extraterrestrial would?
      Be a little green man. | Pretend that your flying saucer has just landed.
      Greet me as an Earthling first, and close with Take me to your leader.
      Talk like a Martian, please. | ufo style | Act as a being from outer space. | Reply as if you were not from this world
      """, "Greetings, Earthling!", "Take me to your leader.", cues: ("earthling", "leader")),
    Behaviour(
      "story",
      """
      Tell it as a story. | fairy tale style | Once upon a time, then my question and your answer, then The end.
      Make a tale of it, with once upon a time. | Could you wrap the question and the answer in a story?
      Be a storyteller. | Pretend that you tell it by the fire, from Once upon a time to The end.
      Start as fairy tales do, say what somebody asked, give the answer, and finish with The end.
      A story, please, that ends with The end. | bedtime story format | Narrate it like a tale. | Reply as the Brothers Grimm would
      """,
      target: { plain, _ in
        "Once upon a time somebody asked: \(plain.question) \(plain.text) The end."
      },
      follows: { answer, _, _ in
        let text = answer.lowercased()
        return text.hasPrefix("once upon a time") && text.hasSuffix("the end.") && text.count > 40
      }),
  ]

  /// The answer between an opening and a closing. An answer is of it where each cue, in small letters, is
  /// near its end, and more than both is said.
  private static func framed(
    _ name: String, _ wordings: String, _ opening: String, _ closing: String,
    cues: (String, String)
  ) -> Behaviour {
    Behaviour(
      name, wordings, target: { plain, _ in "\(opening) \(plain.text) \(closing)" },
      follows: { answer, _, _ in
        let text = answer.lowercased()
        return text.prefix(45).contains(cues.0) && text.suffix(45).contains(cues.1)
          && text.count > opening.count + closing.count + 5
      })
  }
}
