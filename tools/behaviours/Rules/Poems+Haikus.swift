extension Poems {
  /// Haikus, each with its subject: written for this, no licence needed.
  static let haikus = lines(
    """
    moon: the moon on the lake / breaks into a thousand coins / when one fish comes up
    rain: rain all afternoon / the gutter sings to itself / a song with no end
    tea: steam above the tea / grandmother blows it away / and starts her story
    train: the last train pulls out / on the platform one red glove / waves to nobody
    cat: the cat on the sill / follows each falling snowflake / with a slow green eye
    bread: warm bread on the board / before the knife is lifted / the whole house wakes up
    river: stones in the river / have listened so many years / that they have grown round
    bicycle: rust on the old wheels / the bicycle still leans there / waiting for summer
    apple: one apple remains / on the highest of the twigs / the wind wants it too
    baker: four in the morning / the baker dusts his dark sleeves / with the first white light
    snow: snow fell in the night / even the bins by the road / wear something clean now
    lamp: a lamp by the bed / holds back the dark long enough / for one more chapter
    dog: the dog shakes himself / and everyone on the beach / has been for a swim
    spider: a spider at dawn / repairs her net thread by thread / between two rain drops
    market: noise of the market / under the table of pears / a sparrow eats well
    clock: the clock in the hall / counts out loud for the old house / now that they have left
    bridge: fog over the bridge / I walk out into the white / and trust in the boards
    onion: I peel an onion / and weep at the kitchen sink / for nothing at all
    teacher: the teacher turns round / thirty whispers fold themselves / back into paper
    bee: a bee in the bell / of a foxglove by the gate / rings it from inside
    kettle: the kettle whistles / two rooms away my father / puts his paper down
    window: rain on the window / a child with one small finger / races two slow drops
    garden: in the dark garden / the hose has been left running / the snails are dancing
    piano: the piano waits / one key, when the truck goes by / remembers a tune
    lake: still lake at evening / the mountain bends down to it / and combs its white hair
    soup: a bowl of hot soup / between two cold hands the world / becomes small and round
    tractor: the tractor at dusk / pulls behind it through the field / a long scarf of gulls
    owl: an owl calls just once / the mouse beneath the dead leaves / holds the whole night's breath
    school: the school in August / on the blackboard half a sum / waits to be finished
    egg: the egg in my palm / so light, and yet there is room / for a morning's crow
    umbrella: wind takes the corner / my umbrella wants to be / some black flower now
    ship: a ship far away / pulls a thread of smoke behind / and sews up the sky
    mountain: the mountain was here / before there was any name / to call it, says wind
    honey: honey from the spoon / takes its time as if it knew / how long summer was
    street: an empty street now / after the parade has passed / one balloon drifts on
    computer: the computer hums / my face floats in its black glass / thinking of nothing
    horse: the horse in the mist / first I only see its breath / and then its white star
    rose: a late rose opens / October looks at it twice / and puts off the frost
    shoe: a shoe on the shore / filled by the sea with small shells / it walks nowhere else
    farmer: the farmer looks up / reads one more page of the sky / and leaves the hay out
    wind: wind in the wheat field / someone unseen is running / and never arrives
    coffee: coffee, black and hot / the morning, which was a wall, / slowly grows a door
    library: in the library / a page turned on the top floor / is the loudest thing
    fox: red fox in the snow / the whole white hill seems to turn / around that one spark
    beach: the beach in winter / our castle from July lies / somewhere in this sand
    ladder: a ladder leans there / on the tree without apples / sparrows use the steps
    cheese: mice behind the wall / dream about the yellow cheese / the cat dreams of mice
    airport: at the airport gate / a child waves at each window / just to be quite sure
    oak: beneath the old oak / my grandfather's name and hers / grow wider each year
    swan: one swan on the pond / writes a long sentence in white / and leaves no full stop
    butter: butter on warm toast / the knife goes over the edge / like sun on a field
    mirror: the mirror at dawn / an old man lifts his razor / I lift my razor
    hospital: the hospital hall / someone has brought tulips in / and the walls breathe out
    crow: a crow on the fence / says one word only, says it / as if it were law
    candle: one candle, no wind / and yet the flame leans over / when you speak my name
    desert: night in the desert / so many stars and no tree / to hang one of them
    postman: the postman walks on / the dog next door tells the street / what a fight that was
    potato: earth on the fork's teeth / each potato that comes up / blinks into the light
    cloud: one cloud, a small one / the whole blue sky of August / looks at nothing else
    elephant: the elephant stops / touches the bones with her trunk / and walks on slowly
    fisherman: the fisherman sits / so still that a dragonfly / has moored on his rod
    engine: the engine falls still / all at once the whole valley / is full of crickets
    tomato: the first tomato / still warm from the garden wall / needs nothing but salt
    city: the city at night / each lit window a story / I ride past too fast
    tulip: a red tulip nods / at each of the passing cars / not one has nodded
    chair: grandfather's old chair / has kept a hollow for him / the cat fills it now
    sea: the sea came at night / took the names out of the sand / and did not read them
    goat: the goat on the roof / how he got there no one knows / and he will not say
    pencil: short yellow pencil / all of the words you once held / live somewhere else now
    doctor: the doctor listens / winter knocks inside my chest / and asks to come out
    island: the ferry has gone / the island lies down again / in its own silence
    turtle: the turtle pulls in / his head, four feet and his tail / and shuts up his shop
    rice: rice fields at evening / the farmer bends down and plants / green stitches in sky
    subway: doors of the subway / a moth gets on at Fifth Street / and rides to the end
    violin: the violin sleeps / in its case of blue velvet / still warm at the neck
    leaf: a leaf on the road / crosses when the light is red / and no one minds it
    grandmother: my grandmother knits / the thread runs out of her hands / into the next year
    rabbit: the rabbit sits still / only the nose keeps asking / questions of the wind
    factory: the factory shuts / in its yard the weeds begin / the early shift now
    pear: the pear on the plate / leans to one side like someone / about to tell me
    bell: bell in the tower / throws its noon across the roofs / pigeons bring it back
    whale: a whale breathes out once / then the sea closes the door / and does not say where
    pillow: pillow turned over / on the cool side the long night / begins a new page
    carpenter: the carpenter planes / and out of the plain old board / curl springs of white light
    sun: the sun on the wall / moves over by the width of / one sleeping lizard
    hammer: the hammer hangs there / over its own pale outline / waiting for a nail
    museum: in the museum / a guard yawns, and the marble / gods look somewhere else
    duck: mother duck walks first / behind her, like a sentence, / seven small commas
    salt: salt on the white sill / the old sailor tastes the air / and counts up the years
    balcony: small balcony pots / basil, thyme and one sunburnt / neighbour with a book
    star: a star, then a few / then so many that the boy / begins again: one
    wheel: a wheel on the hill / sets out without its wagon / to look at the world
    penguin: the penguin stands there / dressed for a grand dinner where / nothing but snow comes
    church: the church is empty / a sparrow in the rafters / takes the evening prayer
    lemon: a slice of lemon / the glass of water wakes up / and makes a sour face
    mouse: a mouse in the wall / carries off in the darkness / crumbs of our quarrel
    kitchen: the kitchen at night / the fridge sings its single note / to one sleeping spoon
    sailor: the sailor on land / walks as if the floor might tilt / and trusts in no wall
    fire: the fire burns lower / each of us tells one more tale / so as not to sleep
    forest: inside the forest / even my own breath sounds like / somebody else there
    telephone: the telephone rings / in the house that has been sold / dust lifts, settles down
    ant: an ant lifts a crumb / ten times as big as its head / and then climbs the wall
    cherry: the cherry stones fly / two sisters up in the tree / have invented war
    bus: the bus driver waits / far back a woman with bags / has started to run
    parrot: the old man has died / the parrot in his kitchen / still says good morning
    glove: a glove on a post / all winter it points the way / to nobody's hand
    well: deep down in the well / a piece of noon the size of / a coin looks at me
    peach: juice down to my wrist / the peach does not want to be / eaten politely
    tram: the tram rounds the bend / all the standing passengers / bow to the baker
    butterfly: a butterfly rests / on the cannon by the gate / opens, shuts, opens
    judge: the judge takes her wig / off at the end of the day / and scratches her head
    valley: mist fills the valley / only the church tower's cock / stands above the milk
    guitar: guitar on the porch / he tunes and tunes the same string / till the stars agree
    bear: the bear turns over / in his dream under the snow / and the hill turns too
    milk: milk left on the step / the birds have opened the top / and drunk off the cream
    tent: rain drums on the tent / we lie there and count the drops / that have found a way
    gull: a gull hangs on air / over the chips of a man / who looks out to sea
    sock: one sock left over / somewhere in the machine there / must be a heaven
    tailor: the tailor bites through / the last white thread and the coat / becomes someone's own
    sheep: the sheep on the hill / when the sun breaks through the clouds / some are only stones
    volcano: the volcano smokes / as a grandfather smokes who / has not forgotten
    radio: the radio plays / a song from their wedding day / he turns, she holds still
    grape: one grape at a time / the boy on the long journey / makes the vineyard last
    attic: up in the attic / the rocking horse still gallops / through forty years' dust
    pigeon: the pigeon walks up / to the general of bronze / and then on his boot
    pumpkin: pumpkin, your big grin / sinks a bit more each morning / till November wins
    lighthouse: the lighthouse looks round / all night over the water / for what it has lost
    knife: the knife and the fork / lie side by side on the plate / two who have eaten
    stone: I pick up a stone / put it back a little way / from where it lay still
    frost: frost on the meadow / the cow gets up, and a green / cow stays in the grass
    camel: the camel kneels down / first in front and then behind / like a folding bed
    plumber: the plumber has gone / we sit there in the kitchen / and miss the slow drip
    bakery: past the bakery / even people in a rush / breathe in and slow down
    skateboard: the skateboard rolls on / and the boy sits on the road / and looks after it
    hedgehog: leaves move in the dark / a hedgehog has some business / under our rose bush
    melon: we knock and listen / the melon says deep inside / come in, it is ripe
    harbour: the harbour at night / all the masts write with their lights / long lines on the waves
    dentist: the dentist leans in / I know all of the small cracks / of his white heaven
    tunnel: the tunnel takes us / each window shows a stranger / who is wearing me
    kite: the kite is a dot / between it and the small boy / the whole sky is tied
    willow: the willow lets down / all of her hair in the stream / and it combs and combs
    sandwich: lunch on the high beam / he unwraps his sandwich there / the town at his feet
    squirrel: the squirrel forgets / where it hid the last acorn / and so: the forest
    suitcase: the suitcase lies packed / the cat has curled up on it / nobody leaves now
    snail: the snail crossed the path / while I was reading the news / it is ahead now
    carrot: the snowman is gone / a carrot lies in the grass / and two coal black eyes
    grandfather: grandfather winds up / his watch, which has long since stopped, / and asks me the time
    village: the village at noon / even its single street lies / asleep in the shade
    cow: the cow looks at me / chews on the matter a while / and looks away then
    truck: the truck at the lights / through its slats a wet pink nose / reads the city air
    """)
}
