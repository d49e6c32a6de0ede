"""The Korean words of the small world and their English, by what they can do in a phrase."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


def _table(text: str) -> list[list[str]]:
    return [entry.split() for line in text.strip().splitlines() for entry in line.split(",")]


_HANGUL_START, _FINALS = 0xAC00, 28


def with_particle(noun: str, after_consonant: str, after_vowel: str) -> str:
    """Put a particle after a noun: which of its two forms, the noun's last sound decides.

    Parameters
    ----------
    noun
        A noun in Hangul.
    after_consonant, after_vowel
        The two forms: *이* and *가*, *을* and *를*.

    Returns
    -------
    str
        One word.
    """
    # A syllable's place in its block of 28 is its final consonant; the first has none.
    ends_open = (ord(noun[-1]) - _HANGUL_START) % _FINALS == 0
    return noun + (after_vowel if ends_open else after_consonant)


_NOUNS: Mapping[str, str] = {
    "person": """
        남자 man, 여자 woman, 소년 boy, 소녀 girl
        아이 child, 의사 doctor, 학생 student, 친구 friend
        가수 singer, 농부 farmer, 화가 painter, 요리사 cook, 기자 reporter, 여왕 queen, 왕자 prince
    """,
    "animal": "고양이 cat, 개 dog, 말 horse, 토끼 rabbit, 여우 fox, 쥐 mouse, 곰 bear, 염소 goat",
    "text": "책 book, 편지 letter, 신문 newspaper, 시 poem, 소설 novel, 보고서 report",
    "thing": """
        모자 hat, 가방 bag, 열쇠 key, 자전거 bicycle
        자동차 car, 꽃 flower, 우산 umbrella, 그림 painting
        시계 watch, 기타 guitar, 전화기 telephone, 셔츠 shirt
    """,
    "food": "사과 apple, 빵 bread, 케이크 cake, 생선 fish, 치즈 cheese, 오렌지 orange, 수프 soup",
    "drink": "커피 coffee, 차 tea, 우유 milk, 물 water, 와인 wine",
    "opening": "문 door, 창문 window, 상자 box, 서랍 drawer",
    "seat": "매트 mat, 의자 chair, 침대 bed, 소파 sofa, 벤치 bench",
    "desk": "탁자 table, 책상 desk, 나무 tree, 다리 bridge",
    "place": """
        집 house, 정원 garden, 학교 school, 공원 park
        부엌 kitchen, 시장 market, 호텔 hotel, 병원 hospital
        도서관 library, 가게 shop, 마을 village, 숲 forest, 방 room, 박물관 museum, 식당 restaurant
    """,
}
NOUNS: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {kind: tuple((ko, en) for ko, en in _table(text)) for kind, text in _NOUNS.items()}
)
"""(Korean, English) nouns by kind."""


@dataclass(frozen=True, slots=True)
class Adjective:
    """A Korean descriptive verb.

    Parameters
    ----------
    english
        What it means.
    attributive
        Before a noun: *작은*.
    polite
        At the end of a sentence, 해요 style: *작아요*.
    """

    english: str
    attributive: str
    polite: str


_ADJECTIVES = """
    small 작은 작아요, big 큰 커요, black 검은 검어요, white 하얀 하얘요, red 빨간 빨개요
    blue 파란 파래요, yellow 노란 노래요
    young 젊은 젊어요, cute 귀여운 귀여워요, pretty 예쁜 예뻐요
    famous 유명한 유명해요, hungry 배고픈 배고파요, sad 슬픈 슬퍼요, happy 행복한 행복해요
    expensive 비싼 비싸요, cheap 싼 싸요, heavy 무거운 무거워요, clever 똑똑한 똑똑해요
    kind 친절한 친절해요, quiet 조용한 조용해요, delicious 맛있는 맛있어요, hot 뜨거운 뜨거워요
    cold 차가운 차가워요, interesting 재미있는 재미있어요, good 좋은 좋아요, long 긴 길어요
    strange 이상한 이상해요, tired 피곤한 피곤해요, beautiful 아름다운 아름다워요, fast 빠른 빨라요
"""
ADJECTIVES: Mapping[str, Adjective] = MappingProxyType(
    {en: Adjective(en, before, end) for en, before, end in _table(_ADJECTIVES)}
)
"""Adjectives by their English."""

_SUITS: Mapping[str, tuple[str, str]] = {
    # sizes and judgements come before colours in both languages
    "person": ("small young famous hungry sad happy clever kind tired strange beautiful", ""),
    "animal": ("small big cute hungry clever strange fast", "black white"),
    "text": ("good interesting long strange famous beautiful", ""),
    "thing": ("small big pretty expensive cheap heavy good", "black white red blue yellow"),
    "food": ("small big delicious hot expensive good", ""),
    "drink": ("hot cold delicious good expensive", ""),
    "opening": ("small big heavy", "black white red blue"),
    "seat": ("small big expensive pretty", "black white red blue"),
    "desk": ("small big beautiful", ""),
    "place": ("small big quiet famous beautiful good strange", ""),
}
SUITS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = MappingProxyType(
    {
        kind: (tuple(first.split()), tuple(second.split()))
        for kind, (first, second) in _SUITS.items()
    }
)
"""Kind of noun to what may be said of it: quality, colour."""


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb in the forms of the small world.

    Parameters
    ----------
    english
        The past, which is the participle's reading too.
    stem
        Before *-고*: *먹*.
    past
        The past without its ending: *먹었* (then *어요*, *지만*).
    attributive
        The past before a noun: *먹은*.
    kinds
        What the object may be; none for what one does alone.
    """

    english: str
    stem: str
    past: str
    attributive: str
    kinds: tuple[str, ...]


_VERBS = """
    saw 보 봤 본 person animal thing opening place
    found 찾 찾았 찾은 thing animal text
    bought 사 샀 산 thing text food drink seat
    sold 팔 팔았 판 thing text seat
    lost 잃어버리 잃어버렸 잃어버린 thing text
    read 읽 읽었 읽은 text
    wrote 쓰 썼 쓴 text
    ate 먹 먹었 먹은 food
    drank 마시 마셨 마신 drink
    opened 열 열었 연 opening
    closed 닫 닫았 닫은 opening
    met 만나 만났 만난 person
    helped 돕 도왔 도운 person animal
    loved 사랑하 사랑했 사랑한 person animal
    made 만들 만들었 만든 food
    cleaned 청소하 청소했 청소한 place
    slept 자 잤 잔
    smiled 웃 웃었 웃은
    cried 울 울었 운
    danced 춤추 춤췄 춤춘
    sang 노래하 노래했 노래한
    ran 달리 달렸 달린
    jumped 뛰어오르 뛰어올랐 뛰어오른
    swam 수영하 수영했 수영한
    worked 일하 일했 일한
    waited 기다리 기다렸 기다린
    arrived 도착하 도착했 도착한
    left 떠나 떠났 떠난
    fell 넘어지 넘어졌 넘어진
"""
VERBS = tuple(
    Verb(english, stem, past, attributive, tuple(kinds))
    for english, stem, past, attributive, *kinds in (
        line.split() for line in _VERBS.strip().splitlines()
    )
)
ANIMAL_DEEDS = frozenset(
    [
        "saw",
        "found",
        "ate",
        "drank",
        "slept",
        "ran",
        "jumped",
        "swam",
        "waited",
        "left",
        "fell",
        "arrived",
    ]
)

DOINGS = MappingProxyType(
    dict(
        _table(
            """
            sleeping 자고, waiting 기다리고, playing 놀고, working 일하고, singing 노래하고
            swimming 수영하고, dancing 춤추고, crying 울고, running 달리고, walking 걷고
            """
        )
    )
)
"""English -ing to its Korean before *있어요* (is) and *있던* (that was)."""

ANIMAL_DOINGS = frozenset({"sleeping", "waiting", "playing", "swimming", "running", "walking"})
POSTURES = MappingProxyType({"sitting": "앉아", "standing": "서"})
TIMES = (("어제*", "yesterday*"), ("오늘*", "today*"), ("오늘 아침에*", "this morning*"))
