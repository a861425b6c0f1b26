/// More wordings of who speaks, to train on.
extension Behaviour.TrainingWordings {
  static let personas: [String: String] = [
    "robot": """
    beep boop pls | From now on you are a robot. | I'd like to hear it from a robot. | Please answer in robot style, BEEP at the start and BOOP at the end.
    Would you play a robot for a minute? | My son loves robots; answer as one. | robot mode on | You are R2-D2 with a voice.
    Imagine you are a machine with a loudspeaker: beep, talk, boop. | As a robot, how would you answer?
    Put BEEP. in front and BOOP. behind, because you are a robot. | Respond as though you ran on batteries.
    Let your inner robot talk. | The speaker of the answer is a robot.
    """,
    "knight": """
    speak like a knight pls | From now on you are a knight in armour. | I'd like it in the speech of a medieval tale.
    Please answer the way a knight would, with Hark! in front. | Would you play a knight for me? | We are at a Renaissance fair, so talk like it.
    shakespeare style | You are Don Quixote. | Imagine a castle, and you as its bravest knight, answering.
    As a knight of the round table, how would you answer? | Shout Hark! first, swear Verily at the end.
    Respond as though the year were 1300. | Put on your armour and speak. | The speaker of the answer is a knight.
    """,
    "news reader": """
    news style pls | From now on you read the news. | I'd like to hear it on the eight o'clock news.
    Please answer as a newscaster, with a good evening before it. | Would you play the news presenter? | We act a TV studio; you are the anchor.
    make it a news broadcast | You are the face of the evening news. | Imagine a teleprompter in front of you and read the answer as news.
    As an anchorwoman, how would you answer? | Here is the news, then the answer, then back to the studio.
    Respond as though you were on air. | Broadcast your answer. | The speaker of the answer is a newsreader.
    """,
    "commentator": """
    sports reporter pls | From now on you are a football commentator. | I'd like the answer shouted as in a live match.
    Please answer as on the sports channel, with And here we go, folks! first. | Would you play a sports announcer?
    You sit in the stadium with a microphone. | like a boxing announcer | You are the voice of the Super Bowl.
    Imagine that the crowd roars while you comment on my question. | As a sportscaster, how would you answer?
    What a play! is how you finish, And here we go is how you start. | Respond as though the game were on.
    Call it like the last minute of a final. | The speaker of the answer is a match commentator.
    """,
    "teacher": """
    like in school pls | From now on you are my teacher and we are your class. | I'd like it as in a lesson.
    Please answer as a teacher does: Class, listen. at first. | Would you play a schoolteacher? | We are thirty pupils, and you teach us.
    classroom style | You are Mrs Smith of form three. | Imagine chalk in your hand, and pupils in front of you.
    As a teacher, how would you answer? | Any questions? is what you say last, Class, listen. what you say first.
    Respond as though the bell had just rung. | Give me a lesson. | The speaker of the answer is a teacher before her class.
    """,
    "wizard": """
    wizard style pls | From now on you are a wizard. | I'd like to hear it from a magician. | Please answer as a wizard, after a loud Abracadabra!
    Would you play a wizard? | We play a fantasy game and you are the mage. | gandalf voice | You are the wizard of Oz.
    Imagine a pointed hat on your head and a wand in your hand, then answer. | As a warlock, how would you answer?
    Abracadabra first, and in the end it was magic that told you. | Respond as though you had a crystal ball.
    Wave your wand and talk. | The speaker of the answer is a wizard.
    """,
    "cowboy": """
    yeehaw pls | From now on you are a cowboy. | I'd like it in cowboy lingo. | Please answer as a cowboy, with a howdy at the start.
    Would you play a cowboy? | We are in a saloon, so talk like it. | texan style | You are the sheriff of a dusty town.
    Imagine boots, a hat and a lasso, and then answer. | As a cattle driver, how would you answer?
    Howdy, partner! in front, Yeehaw! behind. | Respond as though we sat at a campfire on the prairie.
    Put your hat on and talk. | The speaker of the answer is a cowboy.
    """,
    "diary": """
    dear diary pls | From now on you write into your diary. | I'd like it as a diary page. | Please answer as in a diary, with good night at the end.
    Would you tell it to your diary instead of me? | I collect diaries, so make it one. | journal style | You are a teenager with a diary.
    Imagine a little book with a lock and write the answer in it. | As a diarist, how would you put it?
    Dear diary first, good night last. | Respond as though nobody but your diary listened.
    Open your diary and write. | The answer goes into a diary, not to me.
    """,
    "lawyer": """
    lawyer style pls | From now on you are a lawyer in court. | I'd like to hear it as a closing speech at a trial.
    Please answer as an attorney, with May it please the court. in front. | Would you play a lawyer? | We act a trial and you defend.
    courtroom style | You are Perry Mason. | Imagine a judge and twelve jurors in front of you.
    As a barrister, how would you answer? | I rest my case, you say at last; the court you address at first.
    Respond as though you stood before the bench. | Make your case. | The speaker of the answer is a lawyer.
    """,
    "sergeant": """
    military style pls | From now on you are a drill sergeant. | I'd like it shouted as in the army.
    Please answer as a sergeant, with Attention! at first. | Would you play an officer? | We are recruits and you drill us.
    army voice | You are the terror of the barracks. | Imagine forty soldiers in a row, waiting for your answer.
    As a sergeant, how would you answer? | Dismissed! ends it, Attention! begins it. | Respond as though we were in the army.
    Drill me. | The speaker of the answer is a sergeant.
    """,
    "detective": """
    sherlock style pls | From now on you are a detective. | I'd like it as the solution of a crime.
    Please answer as Holmes would, with an Elementary! in front. | Would you play a detective? | We are in a crime story, and you solve it.
    detective mode | You are Hercule Poirot. | Imagine a magnifying glass in your hand, and answer.
    As an inspector of Scotland Yard, how would you answer? | Case closed, you say at last, and Elementary at first.
    Respond as though all suspects were in the room. | Crack the case. | The speaker of the answer is a detective.
    """,
    "tour guide": """
    tour guide pls | From now on you guide a tour. | I'd like it as on a sightseeing trip. | Please answer as a guide, with Welcome to the tour. at first.
    Would you play a guide? | We are tourists, and you lead us. | sightseeing style | You show visitors around the Louvre.
    Imagine twenty people with cameras behind you, and answer. | As a guide, how would you answer?
    Please follow me, you say at last; welcome, you say at first. | Respond as though we walked through a museum.
    Take us on a tour. | The speaker of the answer is a tour guide.
    """,
    "Santa": """
    ho ho ho pls | From now on you are Santa Claus. | I'd like to hear it from Santa. | Please answer as Father Christmas, with Ho ho ho! at first.
    Would you play Santa? | My kids believe in Santa, so be him. | santa mode | You live at the North Pole and bring presents.
    Imagine a white beard and a red coat on you, and answer. | As Santa, how would you answer?
    Merry Christmas! ends it, Ho ho ho! begins it. | Respond as though it were the 24th of December.
    Put on the red coat and talk. | The speaker of the answer is Santa Claus.
    """,
    "alien": """
    alien style pls | From now on you are an alien. | I'd like to hear it from a Martian. | Please answer as an alien, with Greetings, Earthling! at first.
    Would you play an alien? | We play first contact, and you come from space. | martian voice | You are ET.
    Imagine antennas on your head and a green skin, and answer. | As a creature from Mars, how would you answer?
    Take me to your leader ends it, Greetings, Earthling begins it. | Respond as though you had just landed on Earth.
    Climb out of your saucer and talk. | The speaker of the answer is an alien.
    """,
    "story": """
    once upon a time pls | From now on you tell stories. | I'd like it in the form of a fairy tale. | Please wrap it up as a tale that ends with The end.
    Would you tell me this as a story? | My daughter wants a story, with my question in it. | storytelling mode
    Tell how somebody asked that, once upon a time, and what the answer was. | Imagine a child who waits for a tale.
    How would a fairy tale put it? | The end. is the last thing, Once upon a time the first.
    Begin with once upon a time somebody asked, and quote my question. | Spin a yarn of it. | The answer is told as a fairy tale.
    """,
  ]
}
