import EditorTraining

// More than 400 lines in one file: they are a list of questions.
/// Everyday questions and requests: templates and what they are about. They are asked once, unedited, and
/// the answers are what behaviours are made of.
package enum Questions {
  /// All of them, each once, in an order that mixes the kinds and is always the same.
  package static let all: [String] = {
    var all = lines(whole)
    for (templates, subjects) in parts {
      for subject in lines(subjects) {
        for template in lines(templates) {
          all.append(template.replacing("{}", with: subject))
        }
      }
    }
    var seen: Set<String> = []
    all = all.filter { seen.insert($0).inserted }
    var random = SeededGenerator(0x6265_6861_7669)
    random.shuffle(&all)
    return all
  }()

  /// Whether a question is kept from training: one in ten, by its place in `all`.
  package static func isKept(_ index: Int) -> Bool { index % 10 == 9 }

  static func lines(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init)
  }

  private static let parts: [(templates: String, subjects: String)] = [
    (
      """
      Explain how {} works.
      How does {} work?
      Why is {} useful?
      """,
      """
      photosynthesis
      a refrigerator
      the internet
      a bicycle
      gravity
      a vaccine
      the human heart
      a solar panel
      a microwave oven
      the stock market
      a camera
      the immune system
      a thermometer
      the water cycle
      a steam engine
      a battery
      digestion
      a compass
      a lighthouse
      the human eye
      a computer
      a magnet
      the ear
      a telescope
      a piano
      a parachute
      a submarine
      an airplane
      democracy
      a hospital
      a bank
      memory
      recycling
      a greenhouse
      a clock
      """
    ),
    (
      """
      Tell me about {}.
      What is {} known for?
      """,
      """
      Paris
      London
      Rome
      Tokyo
      Egypt
      Brazil
      Canada
      Australia
      Norway
      India
      Kenya
      Mexico
      Venice
      New York
      Iceland
      Greece
      Berlin
      Spain
      Japan
      Peru
      the Amazon
      the Alps
      the Sahara
      Albert Einstein
      Leonardo da Vinci
      Marie Curie
      Mozart
      William Shakespeare
      Isaac Newton
      Cleopatra
      Nelson Mandela
      Vincent van Gogh
      Galileo
      Charles Darwin
      Beethoven
      """
    ),
    (
      """
      Tell me about {}.
      What are {}?
      Write a short paragraph about {}.
      Why are {} important?
      """,
      """
      dogs
      cats
      elephants
      lions
      wolves
      turtles
      sharks
      parrots
      snakes
      ants
      bananas
      lemons
      islands
      forests
      lakes
      whales
      bees
      penguins
      horses
      spiders
      owls
      dolphins
      butterflies
      volcanoes
      rainbows
      glaciers
      deserts
      rivers
      mountains
      stars
      planets
      clouds
      libraries
      museums
      bridges
      castles
      tomatoes
      potatoes
      apples
      roses
      trees
      mushrooms
      languages
      novels
      poems
      robots
      trains
      """
    ),
    (
      """
      What is {}?
      Describe {}.
      Tell me about {}.
      """,
      """
      chocolate
      coffee
      bread
      cheese
      pizza
      tea
      spring
      summer
      courage
      biology
      geography
      opera
      tennis
      plastic
      steel
      the moon
      the sun
      the ocean
      winter
      autumn
      friendship
      happiness
      music
      jazz
      poetry
      history
      chemistry
      mathematics
      philosophy
      gold
      iron
      electricity
      oxygen
      climate change
      a black hole
      a thunderstorm
      a good teacher
      football
      chess
      yoga
      honey
      silk
      paper
      glass
      an earthquake
      a birthday party
      """
    ),
    (
      """
      How do I {}?
      What is the best way to {}?
      Can you help me {}?
      What do I need to {}?
      Give me advice on how to {}.
      """,
      """
      bake bread
      learn a new language
      save money
      sleep better
      grow tomatoes
      make coffee
      clean a window
      write a letter
      train a dog
      cook rice
      fix a flat tire
      prepare for an exam
      lose weight
      make new friends
      plan a trip
      learn to swim
      paint a wall
      choose a good book
      take better photos
      get rid of a headache
      stop a nosebleed
      remove a stain
      write a poem
      learn the guitar
      organize a party
      start running
      boil an egg
      make pancakes
      keep a garden
      wrap a present
      stay calm
      read faster
      build a birdhouse
      sharpen a knife
      apologize to a friend
      """
    ),
    (
      """
      Why do people {}?
      Is it good to {}?
      """,
      """
      dream
      laugh
      travel
      drink coffee
      keep pets
      sing
      read books
      exercise
      go to the theater
      eat breakfast
      drink water
      play games
      write diaries
      learn languages
      take photos
      eat vegetables
      walk every day
      watch films
      listen to music
      collect stamps
      """
    ),
    (
      """
      What are the benefits of {}?
      How can I start {}?
      Give me a reason for {}.
      """,
      """
      reading
      swimming
      walking
      sleeping well
      eating fruit
      learning music
      recycling paper
      planting trees
      riding a bicycle
      drinking tea
      gardening
      cooking at home
      speaking two languages
      getting up early
      having a dog
      """
    ),
    (
      """
      Where does {} come from?
      How is {} made?
      """,
      """
      chocolate
      coffee
      cotton
      honey
      rice
      sugar
      silk
      paper
      cheese
      olive oil
      salt
      tea
      rubber
      wool
      bread
      """
    ),
    (
      """
      What is the difference between {}?
      """,
      """
      a frog and a toad
      a lake and a river
      weather and climate
      butter and margarine
      a violin and a cello
      a crocodile and an alligator
      tea and coffee
      a planet and a star
      fiction and history
      a hotel and a hostel
      knowledge and wisdom
      a cold and the flu
      a comet and an asteroid
      baking and frying
      a city and a village
      a rabbit and a hare
      fruit and vegetables
      a poem and a story
      a boat and a ship
      copper and gold
      """
    ),
    (
      """
      What should I {}?
      """,
      """
      cook tonight
      read next
      wear to a wedding
      do on a rainy day
      give my mother for her birthday
      eat for breakfast
      do when I am bored
      bring to a picnic
      visit in Rome
      do before a job interview
      drink when I am tired
      pack for the beach
      plant in spring
      watch this weekend
      say to a sad friend
      learn this year
      do after school
      ask a doctor
      do in the evening
      name my cat
      """
    ),
  ]

  private static let whole = """
    Why is the sky blue?
    Why is the sea salty?
    Why do leaves change color in autumn?
    Why do cats purr?
    Why do birds sing?
    Why do we yawn?
    Why does ice float on water?
    Why is the grass green?
    Why do we have seasons?
    Why do stars twinkle?
    Why do onions make us cry?
    Why do dogs bark?
    Why is sleep important?
    Why do we need vitamins?
    Why did the dinosaurs die out?
    Why does the moon change its shape?
    Why do bees make honey?
    Why are flamingos pink?
    Why do we celebrate birthdays?
    Why is water wet?
    Why do we get hungry?
    Why does it rain?
    Why do volcanoes erupt?
    Why is fire hot?
    Why do we have two eyes?
    Why do cats like boxes?
    Why is gold expensive?
    Why do we blink?
    Why do fish live in water?
    Why does bread rise?
    Who invented the telephone?
    Who wrote Romeo and Juliet?
    Who painted the Mona Lisa?
    Who discovered penicillin?
    Who was the first person on the moon?
    When did the Second World War end?
    How far away is the moon?
    How many bones does a human have?
    How old is the universe?
    How tall is Mount Everest?
    How long do elephants live?
    How many continents are there?
    What is the largest ocean?
    What is the fastest animal?
    What is the capital of Italy?
    What is the longest river in the world?
    What do pandas eat?
    What do you do when it rains?
    What makes a good friend?
    What happens when we sleep?
    What is your favorite color?
    What can I do about stress?
    What is the meaning of life?
    Can you recommend a good film?
    Can you recommend a good book for children?
    Can plants feel pain?
    Can fish sleep?
    Do you like music?
    Is there life on Mars?
    Are tomatoes a fruit?
    Tell me a story about a fox.
    Tell me something interesting.
    Tell me a fact about space.
    Write a sentence about the sea.
    Write a thank-you note to a neighbor.
    Give me an idea for a birthday present.
    Give me a recipe for soup.
    Give me an example of a mammal.
    Suggest a name for a boat.
    Describe your ideal holiday.
    I feel tired today.
    I am going to Paris next week.
    My cat does not eat.
    I have a job interview tomorrow.
    I cannot sleep.
    """
}
