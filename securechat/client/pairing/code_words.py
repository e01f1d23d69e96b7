"""The 1,296 words of a pairing code (`7-otter-lime-sofa`).

Common words of 4 to 7 ASCII letters, sorted; the first three letters of each are its own, so
three typed letters say which word is meant. Three words drawn of them are 31 bits.
"""

_TEXT = """
abacus abbey abdomen ability about abrupt absent academy accent achieve acid acorn acrobat
active acute adapt address adjust admiral adobe adult advice aerial affair afoot after agate
agent agile agree ahead ahoy aiming airport ajar alarm album alcove alert alfalfa algebra alike
allow almond aloft alpha also altar always amber amend amino amplify amuse analog anchor anemone
angular animal ankle annual another answer antenna anvil anyway apart apex aplomb apology apple
apricot aptly aqua arbor arch arena argue army aroma arrow artist ascend ashore aside asleep
aspen astound athlete atlas atom atrium attic auburn auction audio august aura autumn avenue
aviator avocado awake awesome awning axis axle azalea azure baboon bacon badge bagel bakery
balcony bamboo banana barrel basket bath bauble bazaar beaver become bedroom beetle before begin
behave beige bellows bemused bench bestow bevel beyond bicycle bidder bifocal bigger bingo
biology birch bishop blanket blend blink blossom bluff boat bobcat body boiler bolster bonfire
book border boss bottle bounce bowl boxer boyhood bracket bread bridge broom brush bubble bucket
budget buffalo bugle builder bulb bundle burger bushel butter buyer buzzer bygone bypass cabin
cactus caddy cake calm camel candle captain carpet castle catfish caution cavern cedar celery
cement century ceramic chalk cherry chimney chorus chrome chunk cider cinema circle cistern city
civic clay clever cliff cloud clue coach cobalt cocoa codfish coffee cogent coin column comet
concert cookie copper coral cosmic cotton cousin cover cowboy coyote crane creek cricket crown
crust crystal cubic cuckoo cuff culprit cupcake curtain custom cutlery cyan cycle cypress dabble
dahlia daisy dancer dapper dart dash date dawdle daytime dazzle dealer debate decade deduct deep
defend degree delta demand denim depth derby desk detail device dewdrop diamond diesel differ
digit dilute dimmer dinner diploma direct disco ditch divide dizzy doctor dogma dolphin domino
donate door dormant dosage dotted double down dozen dragon dream drift droplet drum dryer
dubious duck dugout dungeon during dustpan duty duvet dwell dynamo eagle earth easel eatery
ebony echo eclipse economy edging editor educate effort eggcup egret elastic elbow elder elegant
elfin elope else email emblem emerald emotion empire enamel encore endless energy engine enhance
enigma enjoy enough enrich ensure enter enzyme epic epoch equal eraser ermine erode errand erupt
escape essay estate eternal euro evade evening evident evolve example excite exempt exhale exit
exotic expert extra eyebrow fabric factor faith falcon family fancy farmer fashion fathom faucet
feather federal felt femur fence fern festive fetch feudal fever fiction fiddle fierce figure
film finish firefly fish fitting fixture fizzle flag fleece flint float flute flyer foam focus
foggy folder fondue foot forest fossil foundry foxtail frame freedom friend frost fruit fuel
fulcrum funny furnace fusion future fuzzy gabled gadget gain galaxy game garden gateway gavel
gazelle gear gecko gelato gemini gentle geology gerbil gesture getaway ghost giant giddy gift
giggle gilded ginger giraffe given glacier gleam glitter globe glucose gnome goal goblet golden
gondola goose gopher gorilla gospel gotten gourmet govern grape green grill grove grumpy guard
guest guitar gulf gumdrop guru gusto gymnast habit hacksaw haddock haiku halo hammer handbag
happy harvest haste hawk hayloft hazel heavy hectare hedge height helmet hemline heron hexagon
hiccup hidden highway hill hinge hippo history hobby hockey hoist holiday home honey hoof
hopeful horizon hostess hotel house however hubcap huddle huge human hunter hurry husky hybrid
hydrant hyena hyphen ibex iceberg icicle idea igloo ignite iguana illegal image imitate immune
impact inch indigo infant ingot inherit initial inkwell inlet innings input inquiry insect
intact invite inward iodine iris iron island isotope italic item itself ivory jacket jade jaguar
jamming janitor jargon jasmine javelin jawbone jazz jeans jelly jester jetty jewel jiffy jigsaw
jocular jogger joinery joker jolt journal jovial joyful jubilee judge juice jukebox jumbo jungle
jupiter jury just kale karate kayak kazoo kebab keeper kelp kennel kettle keyhole kickoff kidney
kilo kimono kingdom kiosk kitchen kiwi knee knife knock knuckle koala label lactose ladder
lagoon lamp lantern laptop large lasso lattice laundry lava lawyer lazy leaf lecture ledger
leeway legend lemon lentil leopard letter lexicon library lichen lift light lilac lime linen
lion liquid listen little lively lizard llama lobster locker lodge logic long lookout lorry
lotus lounge lowland loyalty lozenge lucky luggage lullaby lumber lunch lupin luxury lynx lyric
machine magnet mailbox majesty makeup mallet mammoth mango maple marble mask match maximum mayor
maze meadow medium meeting megaton melon memory menu mermaid message metal micro midday migrate
milk mimic mint mirror mission mitten mixer mobile mocha model mohair molten moment monkey moon
moped morsel mosaic motor mound movie muddy muffin mulch mural music mutual myriad mystery myth
nacho nanny napkin narrate nasal nature navy nearby nebula nectar needle neglect neon neptune
nerve nest network neutral news nibble nickel nifty ninja noble noise nomad noodle north nostril
notice noun novel nowhere nozzle nuance nuclear nugget nurse nutmeg nylon oarsman oasis oatmeal
obey object oblong oboe observe obtain obvious occupy ocean octopus oddity office often ogre
oily okra olive olympic omega omit onion online onto onyx opaque opera opinion oppose optic
orange orbit orchid orderly oregano organ origami ornate osprey ostrich otter outdoor oval oven
owner oxide oxygen oyster ozone package padlock pageant paint palace panda paper parrot pasta
patrol paving payment pearl pebble pecan pelican pencil people pepper perfume pesto pewter
phantom phone phrase physics piano picnic pigeon pilot pine pioneer pirate pitcher pivot pixel
pizza planet plenty plotter plum plywood pocket podium poem pointer polite pompom pony poppy
porch poster potato poultry powder praise present prince promise prune public pudding pulley
pumpkin puppet purple putty puzzle pyramid python quartz queen quilt quote rabbit racing radio
raft rainbow rally rampart ranch rapid rascal raven razor ready rebuild record reduce reef
reflect region reject relax remote renew reply require rescue return review reward rhino ribbon
rice rigid ring ripple risk ritual river roadway robin rockery rodeo roller romance rooster rope
rosette rotate routine rowboat royal rudder ruffle rugby ruler rummage runner rustic sacred
saddle safari sage sailor salad sample sandal sapling sardine satin sauce savings sawdust scarf
scenic school science scooter screen sculpt season secret sedan seesaw segment select seminar
senior sepia sequel serene sesame setback shadow shelf ship shovel shrimp shuttle sibling
sidecar siesta signal silver similar sincere siren sister sitar size sketch skill skunk skyline
slate sleeve slipper slope small smile smooth smudge snail sneeze snippet snow snuggle sober
social sofa soil solar someone sonnet soothe soprano sorbet soup soybean spark speaker sphere
spider splash spoon spring sputter square station steam sticker stone street studio style subway
sudden suffix sugar suit sultan summer sunset support surf sushi swan sweater swing sword symbol
syntax syrup system table taco tadpole taffy talent tangle tapir target tasty tawny taxi teacup
techno teddy teller temple tennis tepid terrace textile thank theory thimble thorn thread
thunder ticket tidal tiger tile timber tinsel tiptoe tissue toast toddler tofu token tomato
tonight tooth topaz tornado total tourist tower toyshop train treaty trident trophy trumpet tuba
tugboat tulip tumble tunnel turtle tusk tutor tuxedo tweed twist tycoon typist ultra umbrage
unable unbend uncle under uneven unfold unhook unicorn unknown unlock unmask unpack unreal
unscrew until unveil unwrap upbeat update upgrade uphill upkeep uplift upon upright upside
uptown upward uranium urban urchin urgent useful usher usual utensil utility utopia vacant
valley vampire vanilla varnish vase vault vector vegan vehicle velvet vendor verse vessel
veteran viaduct vibrant victory video viewer vigil village vinegar violin virtue visitor vitamin
vivid vixen vocal voice volcano vortex voter vowel voyage vulture waffle wagon walnut wand
warbler washer water wave waxwork wayward wealth website wedding weekend welcome western whale
wheel whisker wicker widget wigwam willow window wiper wire wisdom witness wolf wombat wonder
wool worker wreath wrist yard yeast yellow yeti yield yodel yoga young zebra zenith zigzag zinc
zipper zodiac zombie zoology
"""

WORDS: tuple[str, ...] = tuple(_TEXT.split())
