"""Korean greetings and thanks, and what one says in English; they have no parts that match."""

import random

from attnviz.models.examples import pick
from attnviz.models.translator.pairs import Pair, arrange, piece

_OPENINGS = (
    ("안녕하세요", "hey"),
    ("여러분 안녕하세요", "hey everyone"),
    ("안녕", "hi"),
    ("좋은 아침이에요", "good morning"),
    ("어서 오세요", "welcome"),
    ("여보세요", "hello"),
    ("네", "yes"),
    ("아니요", "no"),
    ("실례합니다", "excuse me"),
    ("미안해요", "sorry"),
    ("죄송합니다", "i am sorry"),
    ("감사합니다", "thank you"),
    ("정말 감사합니다", "thank you very much"),
    ("괜찮아요", "it is okay"),
    ("축하해요", "congratulations"),
)
_FOLLOWING = (
    ("만나서 반가워요", "good to know you"),
    ("다시 만나서 반가워요", "good to see you again"),
    ("오랜만이에요", "long time no see"),
    ("잘 지냈어요 ?", "have you been well ?"),
    ("이름이 뭐예요 ?", "what is your name ?"),
    ("어디에 가요 ?", "where are you going ?"),
    ("지금 뭐 해요 ?", "what are you doing now ?"),
    ("내일 만나요", "see you tomorrow"),
    ("나중에 봐요", "see you later"),
    ("안녕히 가세요", "goodbye"),
    ("잘 자요", "good night"),
    ("맛있게 드세요", "enjoy your meal"),
    ("조심하세요", "be careful"),
    ("도와주세요", "please help me"),
    ("잠깐만 기다려 주세요", "please wait a moment"),
    ("천천히 말해 주세요", "please speak slowly"),
    ("괜찮아요", "it is okay"),
    ("감사합니다", "thank you"),
)
_ENDS = (".", "!")


def sample(rng: random.Random) -> Pair:
    """Draw one greeting, or two joined by a comma.

    Parameters
    ----------
    rng
        The source of chance.

    Returns
    -------
    Pair
        Korean and English.
    """
    first, second = piece(*pick(rng, _OPENINGS)), piece(*pick(rng, _FOLLOWING))
    draw = rng.random()
    if draw < 0.15:
        pair = first
    elif draw < 0.35:
        pair = second
    else:
        # Greetings hold no combination word by word: which two are said is what counts.
        whole = " ".join(first.source), " ".join(second.source)
        pair = arrange([first, piece(",", ","), second]).holding(*whole)
    if rng.random() < 0.15 and pair.source[-1] not in ("?", "!"):
        end = pick(rng, _ENDS)
        pair = arrange([pair, piece(end, end)])
    return pair
