"""Everyday words, by what they can do in a sentence.

The tokenizer takes its whole-word pieces from here and the corpus its plain sentences, so that
every piece a user meets has been seen in training. The lists were written for this project.
"""

from collections.abc import Mapping
from types import MappingProxyType

_LISTS: dict[str, str] = {
    "function": """
        the a an this that these those my your his her its our their some any no every each
        all both many much few more most less least several enough such other another same
        own i you he she it we they me him us them myself himself herself itself themselves
        ours who whom whose which what when where why how and or but so because if although
        though while until since before after than as not never always often sometimes
        usually again still already also too very quite rather just only even almost really
        maybe perhaps soon now then here there once twice ever yet is are was were be been
        being am do does did done doing have has had having will would can could shall
        should may might must let of to in on at by for with from into onto about over under
        between through during without against across along behind beside near around up
        down out off inside outside above below beyond towards within among toward next yes
        please thanks hello sorry oh ok well one two three four five six seven eight nine
        ten eleven twelve twenty thirty fifty hundred thousand million first second third
        last half both either nothing something anything everything someone anyone everyone
        nobody else don away back together ahead instead however therefore otherwise anyway
        dr""",
    "name": """
        anna maria peter john paul james mary sarah tom lucy emma david michael george alice
        london paris england america france europe jack english french german monday tuesday
        wednesday thursday friday saturday sunday march""",
    "relative": """
        mother father sister brother son daughter friend uncle aunt cousin grandmother
        grandfather wife husband neighbour baby boy girl man woman child parent mum dad kid
        guy lady""",
    "people": """
        people children men women parents friends students kids boys girls teachers doctors
        family team class group police company government public couple leader manager
        worker student guest stranger visitor customer king queen player neighbours visitors
        guests workers prince soldier""",
    "food": """
        bread cheese soup rice cake fish meat chicken egg eggs pasta butter milk water tea
        coffee juice wine beer sugar salt honey chocolate lunch dinner breakfast meal fruit
        vegetables potatoes tomatoes onions lemon pizza sandwich sauce ice cream salad beans
        nuts""",
    "text": """
        book letter story newspaper message email note report article song list magazine
        page word name answer question sentence paper map sign books letters stories words
        names questions answers news language example""",
    "vehicle": """
        car bus train bicycle bike truck van taxi plane ship cars""",
    "clothes": """
        shirt coat hat shoes dress jacket trousers socks skirt gloves scarf boots jeans
        sweater suit clothes""",
    "thing": """
        table chair bed lamp clock mirror picture box bag bottle cup glass plate knife fork
        spoon key keys phone camera television radio computer pen pencil umbrella ball
        guitar piano ring watch gift ticket blanket pillow towel basket tool machine stone
        rock stick wheel engine battery soap card photo painting desk shelf drawer pot bowl
        suitcase thing things stuff piece pieces pair part parts present prize gold silver
        iron wood plastic metal fridge brush sofa flag needle toy bin rope""",
    "place": """
        house home room kitchen garden school office shop market park street road city town
        village station airport hospital church library museum restaurant cafe hotel farm
        forest beach mountain hill lake sea island bridge castle factory cinema university
        bathroom bedroom roof field valley desert world country corner square stairs floor
        wall door window gate fence path court club building place ocean area centre center
        side end bottom middle front left right north south east west store supermarket
        cellar tower theatre top shore""",
    "animal": """
        dog cat horse cow bird sheep pig mouse rabbit lion tiger fox monkey snake frog bee
        kitten animal animals fly dogs cats horses birds bees bear wolf""",
    "nature": """
        sun moon star stars sky cloud clouds rain snow wind storm weather fire smoke air
        earth ground grass tree trees flower flowers leaves plant light dark darkness sand
        mud wave spring summer winter autumn leaf plants heat""",
    "body": """
        head hair face eye eyes ear ears nose mouth hand hands arm arms leg legs foot feet
        heart back fingers tooth teeth neck blood brain body skin stomach knee""",
    "idea": """
        idea plan dream problem secret truth reason lesson game joke mistake promise chance
        choice change trip journey party wedding meeting holiday birthday job work business
        money price cost love hope fear joy luck peace war power energy time life death year
        health music art science history football tennis film movie show play dance race
        match test course system process result results data number numbers information
        internet website video law rule rules order help care attention model network memory
        sound voice noise colour shape size kind sort way line point case fact level rate
        effect form view difference subject matter state interest value service support
        research study training education future fight fun surprise trouble mind thought
        feeling decision advice experience accident past practice pain""",
    "time": """
        today yesterday tomorrow tonight morning afternoon evening night noon day week month
        weekend hour hours minute minutes moment days weeks months years seconds early late
        later ago midnight century""",
    "person_verb": """
        laughed smiled cried slept waited worked played talked sang danced swam ran walked
        sat stood jumped shouted whispered listened studied rested travelled arrived stopped
        fell lost died lived agreed failed""",
    "motion_verb": """
        went came ran walked drove moved returned travelled rode climbed""",
    "thing_verb": """
        found bought sold took gave left broke lost saw made used carried dropped opened
        closed cleaned repaired wanted needed liked loved hated kept brought stole hid moved
        threw caught picked pulled pushed held painted built sent showed put got watched
        chose forgot noticed borrowed shared ordered painted changed finished""",
    "food_verb": """
        ate cooked tasted baked made bought enjoyed ordered""",
    "text_verb": """
        read wrote heard understood remembered learned told explained repeated copied
        finished printed""",
    "say_verb": """
        said thought knew believed hoped felt guessed decided explained answered replied
        noticed discovered""",
    "person_person_verb": """
        met helped visited called asked told thanked followed loved hated married saw heard
        taught knew missed paid killed saved met invited hurt kissed surprised""",
    "animal_verb": """
        barked slept ran jumped ate sang swam hid flew drank""",
    "base_verb": """
        go come run walk drive move return ride fly climb eat cook drink read write hear
        understand remember learn tell explain say think know hope feel guess find buy sell
        take give leave break lose see make use carry drop open close clean repair want need
        like keep bring steal hide throw catch pick pull push hold touch build send put get
        watch choose forget meet visit call ask follow teach laugh smile cry sleep wait talk
        sing swim sit stand jump shout listen rest travel arrive stop start begin finish
        happen become seem look turn try grow pay speak stay win fall cut set add die live
        agree allow appear bring check consider continue count decide enjoy expect explain
        fix imagine kill lead mean miss notice offer pass prepare promise protect share shut
        spend thank trust wake wash wear wish wonder worry believe create describe draw
        improve include increase join hit fill bake fail marry prefer reach receive remove
        save search serve suggest solve warn""",
    "s_verb": """
        goes comes runs walks makes takes gives says thinks knows wants needs likes loves
        looks works plays reads writes eats drinks sleeps lives opens closes starts stops
        helps feels seems becomes means keeps tells asks gets sees finds turns moves uses
        shows""",
    "ing_verb": """
        going coming running walking making taking giving saying thinking looking working
        playing reading writing eating drinking sleeping living waiting talking singing
        dancing swimming sitting standing trying getting using building buying selling
        driving flying cooking learning teaching watching listening leaving raining snowing
        feeling growing speaking asking telling helping calling wearing holding falling""",
    "past_verb": """
        began became seemed looked turned tried grew wore spoke stayed happened started
        spent cut set meant led ended rained snowed woke fixed received passed offered known
        seen taken given written eaten broken gone spoken chosen forgotten driven born grown
        shown called named left asked tied cooked reached added filled joined touched
        promised worried washed created hidden worn""",
    "feeling": """
        happy sad angry tired hungry thirsty afraid proud bored excited busy late ready sick
        ill healthy brave kind clever lazy famous rich poor careful quiet sure glad serious
        free calm honest nervous lonely polite""",
    "quality": """
        big small large little long short tall high low old new young good bad great nice
        fine beautiful ugly pretty strange strong weak heavy fast slow quick loud soft hard
        easy difficult simple important different similar special cheap expensive empty full
        open clean dirty dry wet hot cold warm cool bright deep wide thin round sharp broken
        wrong true false real perfect strange dangerous safe interesting funny useful
        wonderful terrible lovely better best worse worst bigger smaller larger older
        younger possible impossible modern favourite popular whole main local national final
        common natural human social white black red blue green yellow brown sweet fresh main
        alone able available certain clear enormous tiny huge smart neural delicious flat
        gentle rare wild orange pink grey thick ancient""",
    "adverb": """
        slowly quickly quietly loudly happily sadly carefully suddenly finally easily early
        exactly certainly probably especially together alone actually directly clearly
        finally likely simply usually forever somewhere upstairs nearly completely recently
        everywhere mostly""",
}

WORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {kind: tuple(dict.fromkeys(text.split())) for kind, text in _LISTS.items()}
)
"""Word lists by kind, in writing order, without repeats inside a kind."""


def all_words() -> tuple[str, ...]:
    """Every word of every list, once, in order of first appearance.

    Returns
    -------
    tuple of str
        Lower-case words.
    """
    return tuple(dict.fromkeys(word for words in WORDS.values() for word in words))
