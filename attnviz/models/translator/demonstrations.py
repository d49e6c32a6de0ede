"""Phrases that films show, with their translations; training never sees them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demonstration:
    """A phrase to show.

    Parameters
    ----------
    text
        The source.
    target
        Its translation, as words separated by spaces (*l' homme*).
    """

    text: str
    target: str


def _read(text: str) -> tuple[Demonstration, ...]:
    entries = (entry.split("|") for entry in text.split("\n\n"))
    return tuple(Demonstration(" ".join(a.split()), " ".join(b.split())) for a, b in entries)


FROM_ENGLISH = _read(
    """
    the black cat | le chat noir

    the european economic area | la zone économique européenne

    my beautiful red bicycle | mon beau vélo rouge

    the new european agricultural policy | la nouvelle politique agricole européenne

    the small cat saw the black dog | le petit chat a vu le chien noir

    the old man bought a green umbrella yesterday
    | le vieil homme a acheté un parapluie vert hier

    she wants a hot soup | elle veut une soupe chaude

    i read the strange story | j' ai lu l' histoire étrange

    the white house is not very old | la maison blanche n' est pas très vieille

    where is the blue box ? | où est la boîte bleue ?

    the woman who was sitting in the garden saw the red bird
    | la femme qui était assise dans le jardin a vu l' oiseau rouge

    the queen said that the french wine was good | la reine a dit que le vin français était bon

    the law on the european social market was adopted in may 1994
    | la loi sur le marché social européen a été adoptée en mai 1994

    the cat that was sitting on the mat , which was next to the dog , jumped
    | le chat qui était assis sur le tapis , qui était à côté du chien , a sauté

    the old man who was sitting in the garden , which was behind the small white house ,
    saw the black dog and smiled
    | le vieil homme qui était assis dans le jardin , qui était derrière la petite maison
    blanche , a vu le chien noir et a souri
    """
)
FROM_KOREAN = _read(
    """
    고양이가 잤어요 | the cat slept

    안녕하세요 , 만나서 반가워요 | hey , good to know you

    안녕하세요 , 오랜만이에요 | hey , long time no see

    고양이가 생선을 먹었어요 | the cat ate the fish

    저는 어제 파란 모자를 샀어요 | i bought the blue hat yesterday

    우리는 공원에서 작은 토끼를 봤어요 | we saw the small rabbit in the park

    집이 아주 커요 | the house is very big

    고양이가 탁자 아래에 있어요 | the cat is under the table

    제 친구가 도서관에서 편지를 썼어요 | my friend wrote the letter in the library

    작은 아이가 우유를 마시고 잤어요 | the small child drank the milk and slept

    여자가 시장에 갔어요 | the woman went to the market

    책을 읽은 남자가 웃었어요 | the man who read the book smiled

    귀여운 토끼가 정원에서 자고 있어요 | the cute rabbit is sleeping in the garden

    매트 위에 앉아 있던 고양이가 뛰어올랐어요 | the cat that was sitting on the mat jumped

    남자는 부엌에서 빵을 만들었지만 여자는 정원에서 노래했어요
    | the man made the bread in the kitchen , but the woman sang in the garden
    """
)
DEMONSTRATIONS = FROM_ENGLISH + FROM_KOREAN
