extension Poems {
  /// Couplets that rhyme, each with its subject: written for this, no licence needed.
  static let couplets = lines(
    """
    moon: The moon looks in on beggar and on king, / And asks them both to keep no other thing.
    rain: The rain came down and tapped upon the pane, / Then washed the dusty lilies in the lane.
    tea: Put on the pot and pour a cup of tea, / And tell your troubles to the cat and me.
    train: The train goes clacking on across the plain, / And brings the city children home again.
    cat: The cat has seen that someone left the mat, / And so of course that is where she has sat.
    bread: A loaf of bread still warm from where it bakes / Does more for hungry hearts than fancy cakes.
    river: A river never hurries, yet you see / That drop by drop it always finds the sea.
    bicycle: My bicycle has neither bell nor light, / And so I sing when I ride home at night.
    apple: An apple fell on Newton from a tree; / If it had been a cow, where would we be?
    baker: The baker kneads his dough while others dream, / And greets the dawn through little clouds of steam.
    snow: The snow has made the noisy village slow, / And every lamp now wears a ring of glow.
    lamp: The little lamp that burns beside my bed / Has heard each book that I have ever read.
    dog: A dog will wait for hours by the door, / Then love you just as much as long before.
    spider: A spider spun all night her silver thread, / And caught by dawn a drop of dew instead.
    market: The market wakes with shouting and with song, / And no one minds that all the weights are wrong.
    clock: The clock may tick as loudly as it can, / It never yet has hurried any man.
    bridge: A bridge is but a road that learned to fly / And hold its breath while boats are passing by.
    onion: An onion has more layers than the wise, / And brings the tears to even soldiers' eyes.
    teacher: A teacher plants a word and walks away; / It comes to flower on some distant day.
    bee: The bee that hums among the clover bloom / Brings home the summer to a waxen room.
    kettle: The kettle sings because it has no choice, / For boiling water gives to tin a voice.
    window: A window is a picture on the wall / In which the leaves can flutter and can fall.
    garden: Who keeps a garden keeps a bit of ground / Where patience, peas and quiet can be found.
    piano: The old piano, though it's out of tune, / Still gives us waltzes in the month of June.
    lake: The lake lay still until a jumping trout / Had put the stars, for half a minute, out.
    soup: A bowl of soup on such a day of sleet / Goes down and warms you to your very feet.
    tractor: The tractor coughs, the tractor starts to crawl, / And turns the summer over into fall.
    owl: The owl asks who, and asks it all night long, / And every answer that she gets is wrong.
    school: When school is out, the children run and shout, / And so do all the teachers, I don't doubt.
    egg: An egg is smooth and has no door or key, / Yet from inside a chick can wander free.
    umbrella: I take my big umbrella, and it's dry; / I leave it home, and rivers leave the sky.
    ship: The ship went down the river with the tide, / And all her painted flags were flying wide.
    nurse: The nurse goes softly on her nightly round, / And draws the blankets up without a sound.
    frog: The frog believed his pond to be the sea, / And I, who laughed, believed the world was me.
    mountain: The mountain does not care who claims its peak, / And lets the wind, and not the climbers, speak.
    honey: Spread honey on your bread and you will taste / A thousand flights in which there was no waste.
    street: The street is long, the lamps are far between, / And one grey cat is all that can be seen.
    computer: Computer, you can count and you can sort, / But have you ever felt that life is short?
    horse: The horse knows well the way back to the stall, / And needs no rider for the road at all.
    rose: The rose has thorns, as everybody knows, / But when you bleed you still forgive the rose.
    shoe: A shoe alone is of no use to you, / For feet, like friends, are better off as two.
    farmer: The farmer sows and looks up at the sky, / And does not ask the clouds the reason why.
    wind: The wind has neither fingers, arm nor hand, / But moves the heavy dunes across the land.
    coffee: Without my coffee I can hardly speak; / With two, I could go running for a week.
    library: The library is full of silent men / Who start to talk when books are read again.
    fox: The fox goes by in slippers made of red, / And counts the hens when farmers are in bed.
    beach: The beach remembers nothing that we write, / For all is wiped away again by night.
    ladder: A ladder only helps you to ascend / If someone holds it at the lower end.
    cheese: The cheese is gone, there's nothing but the rind; / The mice have left a thank-you note behind.
    airport: The airport never sleeps, for day and night / Somebody weeps and someone holds on tight.
    oak: The oak was once a nut a squirrel lost; / Now see it stand unmoved by storm and frost.
    swan: The swan glides by as white as any sail; / Below, her feet are working without fail.
    butter: The butter melts and runs across the toast, / And that's the part of breakfast I like most.
    mirror: The mirror shows me what I am today, / And will not lie, and will not look away.
    hospital: The hospital has windows full of light, / Where someone watches over us all night.
    crow: The crow, who wears a suit as black as coal, / Has hidden someone's earring in a hole.
    candle: One candle does not drive away the night, / But gives a hundred more of them their light.
    desert: The desert sleeps beneath a sheet of sand, / And dreams it was a green and rainy land.
    postman: The postman brings the bills and brings the mail, / And dodges dogs through sun and wind and hail.
    potato: Potato, you are humble, round and brown, / Yet wear in every pan a golden crown.
    cloud: A cloud went by and for a little while / It was a sheep, a dragon and a smile.
    elephant: The elephant forgets no friend or foe, / And knows the wells her mother used to know.
    fisherman: The fisherman has caught an ancient boot, / And swears it was a whale in hot pursuit.
    engine: The engine coughs and shudders, then it dies, / And suddenly you hear the larks and flies.
    tomato: A ripe tomato eaten in the sun / Has made you hungry for another one.
    city: The city has ten thousand window lights, / And no one knows the stars of former nights.
    tulip: A tulip stands as straight as it is able, / And bows when it gets thirsty on the table.
    chair: Nobody sits in my grandfather's chair, / And yet we often feel that he is there.
    sea: The sea gives back the bottle and the shoe, / But not the ring that I once threw for you.
    goat: The goat has eaten half my winter coat, / And now one button rattles in the goat.
    pencil: A pencil shrinks with every word it writes, / And spends itself on lists and lonely nights.
    doctor: The doctor said, Breathe in, and now breathe out; / I could have told him what it's all about.
    island: An island is a hill that likes to be / Alone with birds and wind and open sea.
    turtle: The turtle may be slow and late to start, / But no one hauls her house with braver heart.
    rice: A grain of rice is hardly worth a glance, / Yet feeds the ones who plough and those who dance.
    violin: The violin was once a forest tree, / And sings of birds that used to wander free.
    leaf: The leaf let go, and turning round and round / It took its only journey to the ground.
    grandmother: My grandmother has put her glasses on / To look for where her glasses might have gone.
    rabbit: The rabbit came to lunch at half past eight, / And took the lettuce right out through the gate.
    factory: The factory stands empty by the track, / And waits for whistles that will not come back.
    pear: The pear was green and hard for thirteen days, / Then ripe one hour, and we missed its phase.
    bell: The bell that hangs above the village square / Throws out its noon like pigeons in the air.
    whale: The whale sings slow and deep below the waves / To those who sleep in deep and silent caves.
    pillow: My pillow knows the things I never said, / And keeps them underneath my heavy head.
    carpenter: The carpenter who measures twice, then saws, / Has fewer boards to burn and fewer flaws.
    sun: The sun has never asked a single one / Of all the flowers what good deeds they've done.
    hammer: A hammer thinks that everything's a nail, / And that is where its finer feelings fail.
    museum: In the museum, when the guards have gone, / The marble ladies put their slippers on.
    duck: The duck goes out with seven in a row, / And stops the cars wherever she must go.
    salt: A pinch of salt is all it takes to make / A common bean as good as any steak.
    balcony: My balcony has room for one small chair, / A pot of mint, and lots of evening air.
    star: I wished upon a bright and early star; / It was a plane, but wishes travel far.
    wheel: Whoever carved the first round wooden wheel / Could not foresee the traffic jams we feel.
    penguin: The penguin wears his suit upon the ice, / Though no one comes to dinner. Still, it's nice.
    church: The church is cool and empty, but a bird / Sings from the beams a psalm without a word.
    lemon: The lemon has a sunny yellow face, / But bite it, and the sunshine leaves no trace.
    mouse: A mouse moved in last winter to our house, / And now the cat pays visits to the mouse.
    kitchen: The kitchen is the heart of any home, / And where the dog prefers to sit and roam.
    sailor: The sailor comes ashore with rolling feet, / And finds the land too still, the air too sweet.
    fire: The fire burned low, the tales grew strange and tall, / And shadows leaned to listen from the wall.
    forest: The forest keeps its secrets in the shade, / And tells them all at once in every glade.
    telephone: The telephone sat silent all day long, / Then rang at last, and then the call was wrong.
    ant: The ant goes by with burdens on its back, / And thousands more come marching down the track.
    cherry: One cherry hung too high for any hand, / And so the blackbirds thought it had been planned.
    bus: I ran and ran to catch the morning bus; / The driver closed the door and waved at us.
    parrot: The parrot says what he has heard before, / And so he likes to imitate the door.
    glove: I lost a glove, and as you might expect, / The other one has died of sheer neglect.
    peach: The sweetest peach is always out of reach, / And that is all the wisdom of the peach.
    butterfly: The butterfly has only one short June, / And dances through the whole of it at noon.
    judge: The judge has looked at both sides of the case, / With no expression written on her face.
    valley: The valley fills with shadow like a bowl, / And one by one the stars come out to stroll.
    guitar: He played on his guitar till it was late, / And all the dogs came listening at the gate.
    bear: The bear sleeps on while all the world is white, / And makes of winter one long single night.
    milk: The milk was poured, the kitten gave a purr, / And half of it was dripping from her fur.
    tent: We put the tent up where the ground was low, / And woke to find it swimming to and fro.
    gull: A gull sat watching as I ate my chips, / And took the last one almost from my lips.
    sock: I wash two socks and one sock comes out clean; / The other one is married to the machine.
    tailor: The tailor took my measure with his tape, / And kindly said that round is still a shape.
    sheep: I count them one by one, and still no sleep; / By now I know the names of all the sheep.
    volcano: Volcano, you have slept a hundred years; / Sleep on, and spare the village all its fears.
    radio: The radio plays something from the days / When we two danced in summer's golden haze.
    grape: The grape hangs on and ripens on the vine, / And has no notion that it will be wine.
    attic: The attic holds a trunk, a drum, a sled, / And all the letters no one ever read.
    pigeon: The pigeon sits upon the general's hat, / And thinks no more of glory than of that.
    pumpkin: The pumpkin grins with candles for a brain, / And scares the neighbour's children in the lane.
    lighthouse: The lighthouse turns and turns its single eye, / And counts the ships that safely travel by.
    knife: A careless cook who never minds the knife / Will own nine fingers for the rest of life.
    stone: A stone lay on the road and would not talk, / Until my toe had met it on a walk.
    frost: The frost has drawn a forest on the glass, / And put white needles on the blades of grass.
    camel: The camel drinks, then walks for seven days, / And chews, and does not hurry, does not graze.
    plumber: The plumber came and fixed the dripping tap, / And then at last we had a quiet nap.
    hedgehog: The hedgehog wears a coat of pins, and so / He's seldom hugged wherever he may go.
    harbour: The harbour holds the boats as in a hand, / And rocks them all to sleep beside the land.
    dentist: The dentist asks me how my summer went / With both hands in my mouth, and I'm content.
    tunnel: The tunnel has a dark and rumbling throat, / And at its end the light is but a mote.
    kite: The kite goes up and tugs upon its string, / And makes the boy below it half a king.
    willow: The willow hangs her hair above the stream, / And sees herself in it as in a dream.
    sandwich: He ate his sandwich sitting on a beam / So high the town below was like a dream.
    squirrel: The squirrel hid his nuts and lost the place, / And so the woods grew up around that space.
    suitcase: The suitcase would not close, and so I sat / On shirts and shoes, and (as it seems) the hat.
    snail: The snail has left behind a silver trail / That tells the lettuce patch a bitter tale.
    carrot: The carrot that was once the snowman's nose / Lies on the lawn beside the first red rose.
    grandfather: Grandfather winds his watch at half past ten, / Then falls asleep, and wakes, and winds again.
    village: The village has one shop, one pub, one street, / And that is where all rumours like to meet.
    cow: The cow looks up and chews and does not know / What hurry is, or where the people go.
    truck: The truck sank in, and there the truck was stuck, / And no one there but me and one old duck.
    door: I painted red the old and creaking door, / And now the neighbours visit me much more.
    book: I only meant to take a little look, / And it is three, and I have read the book.
    spoon: The spoon lay on the table all of June, / And every night it held a tiny moon.
    boat: My paper boat has beetles for a crew, / And sails across the puddle to Peru.
    """)
}
