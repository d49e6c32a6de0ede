"""The English words of the small world and their French, by what they can do in a phrase."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

VOWELS = frozenset("aeiouyéèêàâîôûœh")
"""Letters before which French elides; every h of this world is mute."""


@dataclass(frozen=True, slots=True)
class Noun:
    """An English noun and its French.

    Parameters
    ----------
    english, french
        The words.
    feminine
        The gender of the French word.
    kind
        Which list of `NOUNS` it stands in.
    """

    english: str
    french: str
    feminine: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Adjective:
    """An English adjective and its French forms.

    Parameters
    ----------
    english
        The word.
    masculine, feminine
        The French forms.
    liaison
        The masculine before a vowel (*vieil homme*).
    before
        Whether it stands before its noun.
    """

    english: str
    masculine: str
    feminine: str
    liaison: str
    before: bool

    def form(self, feminine: bool) -> str:
        """Give the form that agrees with a noun apart from it."""
        return self.feminine if feminine else self.masculine


def _table(text: str) -> list[list[str]]:
    return [entry.split() for line in text.strip().splitlines() for entry in line.split(",")]


_NOUNS: Mapping[str, str] = {
    "person": """
        man homme m, woman femme f, boy garçon m, girl fille f, child enfant m, king roi m
        queen reine f, doctor médecin m
        student étudiant m, teacher professeur m, baker boulanger m
        nurse infirmière f, farmer fermier m, mother mère f, father père m, friend ami m
        brother frère m, sister sœur f, singer chanteur m, neighbour voisin m
    """,
    "animal": """
        cat chat m, dog chien m, bird oiseau m, horse cheval m, mouse souris f, rabbit lapin m
        fox renard m, cow vache f, sheep mouton m, goat chèvre f, lion lion m, turtle tortue f
    """,
    "text": "book livre m, letter lettre f, newspaper journal m, story histoire f, poem poème m",
    "thing": """
        hat chapeau m, key clé f, bicycle vélo m, car voiture f, flower fleur f, bag sac m
        cup tasse f, umbrella parapluie m, lamp lampe f, watch montre f, shirt chemise f
        guitar guitare f, telephone téléphone m, painting tableau m, dress robe f, plate assiette f
    """,
    "food": """
        apple pomme f, bread pain m, cake gâteau m
        fish poisson m, cheese fromage m, orange orange f
        egg œuf m, soup soupe f
    """,
    "drink": "coffee café m, tea thé m, milk lait m, water eau f, wine vin m",
    "opening": "door porte f, window fenêtre f, box boîte f, drawer tiroir m",
    "furniture": """
        mat tapis m, table table f, chair chaise f
        bed lit m, sofa canapé m, bench banc m, desk bureau m
    """,
    "place": """
        house maison f, garden jardin m, school école f
        church église f, park parc m, kitchen cuisine f
        street rue f, hotel hôtel m, hospital hôpital m, library bibliothèque f, shop magasin m
        village village m, town ville f, forest forêt f, castle château m, room chambre f
        museum musée m, restaurant restaurant m
    """,
    "ground": """
        bridge pont m, beach plage f, island île f
        roof toit m, hill colline f, square place f
    """,
    "landmark": """
        tree arbre m, river rivière f, lake lac m
        station gare f, tower tour f, sea mer f
    """,
    "paper": """
        agreement accord m, law loi f, report rapport m
        treaty traité m, plan plan m, budget budget m
    """,
    "body": """
        area zone f, union union f, market marché m
        bank banque f, policy politique f, system système m
        council conseil m, commission commission f
        crisis crise f, model modèle m, reform réforme f
        project projet m, community communauté f, government gouvernement m, research recherche f
    """,
}

NOUNS: Mapping[str, tuple[Noun, ...]] = MappingProxyType(
    {
        kind: tuple(Noun(en, fr, gender == "f", kind) for en, fr, gender in _table(text))
        for kind, text in _NOUNS.items()
    }
)
"""Nouns by kind."""

_BEFORE = """
    small petit petite, big grand grande, old vieux vieille vieil, young jeune jeune
    beautiful beau belle bel, new nouveau nouvelle nouvel, good bon bonne, pretty joli jolie
    bad mauvais mauvaise, long long longue
"""
_AFTER = """
    black noir noire, white blanc blanche, red rouge rouge, green vert verte, blue bleu bleue
    yellow jaune jaune, grey gris grise, brown brun brune
    happy heureux heureuse, tired fatigué fatiguée, sad triste triste, quiet calme calme
    fast rapide rapide, strange étrange étrange, famous célèbre célèbre, expensive cher chère
    empty vide vide, heavy lourd lourde, strong fort forte, clever intelligent intelligente
    curious curieux curieuse, hungry affamé affamée, hot chaud chaude, cold froid froide
    important important importante, open ouvert ouverte
    closed fermé fermée, modern moderne moderne
    european européen européenne, french français française, german allemand allemande
    american américain américaine, korean coréen coréenne, national national nationale
    international international internationale
    economic économique économique, social social sociale, political politique politique
    financial financier financière, monetary monétaire monétaire, public public publique
    scientific scientifique scientifique, agricultural agricole agricole
"""


def _adjectives(text: str, before: bool) -> dict[str, Adjective]:
    return {
        english: Adjective(english, masculine, feminine, (*liaison, masculine)[0], before)
        for english, masculine, feminine, *liaison in _table(text)
    }


ADJECTIVES: Mapping[str, Adjective] = MappingProxyType(
    {**_adjectives(_BEFORE, True), **_adjectives(_AFTER, False)}
)
"""Adjectives by their English."""

_COLOURS = "black white red green blue yellow grey brown"

_MAY_BE: Mapping[str, tuple[str, str]] = {
    "person": (
        "small old young beautiful",
        "happy tired sad famous strange strong clever curious hungry",
    ),
    "animal": (
        "small big old young beautiful",
        "black white grey brown tired happy strange fast hungry",
    ),
    "text": ("long old new beautiful good bad", "important strange famous expensive"),
    "thing": ("small big old new beautiful pretty", f"{_COLOURS} expensive heavy strange modern"),
    "food": ("small big good bad", "hot cold expensive french german korean"),
    "drink": ("good bad", "hot cold expensive french german korean"),
    "opening": ("small big old new", f"{_COLOURS} open closed heavy"),
    "furniture": ("small big old new pretty", f"{_COLOURS} heavy expensive empty"),
    "place": ("small big old new beautiful pretty", "white quiet empty cold famous modern closed"),
    "ground": ("small big beautiful old", "quiet empty cold famous"),
    "landmark": ("small big old beautiful", "famous quiet cold"),
    "paper": ("new old good bad long", "important strange"),
    "body": ("new old big", "important strong modern"),
}

SUITS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {kind: (tuple(b.split()), tuple(a.split())) for kind, (b, a) in _MAY_BE.items()}
)
"""Kind of noun to the adjectives that suit it: those before the French noun, those after."""

ORIGINS = ("european", "french", "german", "american", "korean", "national", "international")
TOPICS = (
    "economic",
    "social",
    "political",
    "financial",
    "monetary",
    "public",
    "scientific",
    "agricultural",
)
"""What stands before *area*, *agreement* and the like in English: whose, and about what."""

NO_ARTICLE_KINDS = frozenset({"drink"})
"""Kinds that take no *a*: one does not count them."""

# English past, French participle, and what the object may be.
_DEEDS = """
    saw vu person animal thing opening furniture place landmark
    found trouvé thing animal text food
    bought acheté thing text food drink furniture
    sold vendu thing text food furniture
    lost perdu thing text
    took pris thing text food
    read lu text paper
    wrote écrit text
    ate mangé food
    drank bu drink
    opened ouvert opening
    closed fermé opening
    called appelé person
    helped aidé person animal
    met rencontré person
    followed suivi person animal
    heard entendu person animal
    painted peint thing place furniture landmark
    washed lavé thing
    hid caché thing text
    broke cassé thing opening
    visited visité place
    made fait food
    drew dessiné animal place landmark
"""
DEEDS = MappingProxyType(
    {
        en: (fr, tuple(kinds))
        for en, fr, *kinds in (line.split() for line in _DEEDS.strip().splitlines())
    }
)
ANIMAL_DEEDS = frozenset({"saw", "found", "ate", "followed", "heard"})
OFFICIAL_DEEDS = MappingProxyType(
    {
        "signed": "signé",
        "adopted": "adopté",
        "accepted": "accepté",
        "published": "publié",
        "changed": "changé",
    }
)

ACTS = MappingProxyType(
    dict(
        entry
        for entry in _table(
            """
            slept dormi, smiled souri, cried pleuré, sang chanté, danced dansé, worked travaillé
            waited attendu, jumped sauté, ran couru, swam nagé, laughed ri, walked marché
            """
        )
    )
)
"""What one does alone, with *avoir*."""

MOVES = MappingProxyType(dict(_table("arrived arrivé, left parti, fell tombé, came venu")))
"""With *être*: the participle agrees with who moved."""

ANIMAL_ACTS = frozenset({"slept", "jumped", "ran", "swam", "waited", "walked"})

# English -ing, French imperfect, French present.
DOINGS = MappingProxyType(
    {
        en: (past, present)
        for en, past, present in _table(
            """
            sleeping dormait dort, waiting attendait attend, playing jouait joue
            working travaillait travaille, singing chantait chante, running courait court
            swimming nageait nage, dancing dansait danse, walking marchait marche
            """
        )
    }
)
ANIMAL_DOINGS = frozenset({"sleeping", "waiting", "playing", "running", "swimming", "walking"})
MONTHS = MappingProxyType(
    dict(
        _table(
            """
            january janvier, february février, march mars, april avril, may mai, june juin
            july juillet, august août, september septembre, october octobre, november novembre
            december décembre
            """
        )
    )
)
YEARS = tuple(str(year) for year in range(1990, 2000))
