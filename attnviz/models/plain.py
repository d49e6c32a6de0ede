"""Plain sentences over the everyday words, so that every piece has met its neighbours."""

import random

from attnviz.models.examples import Example, pick, plain
from attnviz.models.words import WORDS

_TEMPLATES = (
    "the {relative} {person_verb} in the {place}",
    "my {relative} {thing_verb} the {thing}",
    "his {relative} {thing_verb} a {quality} {thing} from the {place}",
    "{name} {motion_verb} to the {place}",
    "{name} {motion_verb} from the {place} to the {place}",
    "the {quality} {animal} {animal_verb} in the {place}",
    "the {animal} {animal_verb} under the {thing}",
    "we {food_verb} the {quality} {food}",
    "she {food_verb} {food} with {food} in the {time}",
    "they {text_verb} the {text} in the {place}",
    "he {text_verb} a {quality} {text} about the {idea}",
    "the {vehicle} {motion_verb} past the {place}",
    "they took the {vehicle} to {name}",
    "she wore a {quality} {clothes} and a {quality} {clothes}",
    "her {clothes} was {quality} and her {clothes} was {quality}",
    "the {relative} was {feeling} because the {thing} was {quality}",
    "i am {feeling} and you are {feeling}",
    "the {people} were {feeling} in the {time}",
    "the {people} {say_verb} that the {place} was {quality}",
    "{name} {say_verb} that {name} was {feeling}",
    "{name} {person_person_verb} {name} in the {place}",
    "the {people} {person_person_verb} the {people}",
    "the {nature} and the {nature} were {quality}",
    "the {nature} was {quality} in the {time}",
    "do you {base_verb} the {thing}",
    "i want to {base_verb} with you in the {place}",
    "we can not {base_verb} without the {people}",
    "will they {base_verb} or {base_verb} {time}",
    "she {s_verb} and he {s_verb} every {time}",
    "the {relative} {s_verb} {adverb} in the {place}",
    "he is {ing_verb} and she is {ing_verb}",
    "they were {ing_verb} {adverb} near the {place}",
    "it {past_verb} and then it {past_verb}",
    "the {thing} {past_verb} {adverb} on the {thing}",
    "the {idea} of the {people} is {quality}",
    "a {quality} {idea} needs a {quality} {idea}",
    "my {body} and your {body}",
    "the {relative} washed her {body}",
    "there is a {quality} {thing} on the {thing}",
    "{function} {function} {function} {function}",
    "what is the {idea} of the {text}",
    "who {thing_verb} the {food} and the {thing}",
    "don 't {base_verb} the {animal}",
    "it 's {quality} and i 'm {feeling}",
    "we 're {ing_verb} and they 've {past_verb}",
    "i 'll {base_verb} if you 'd {base_verb}",
    "the {relative} 's {thing} is in the {place}",
    "in {name} the {nature} is {quality}",
)
_LIST_SHARE = 0.15
_ENDINGS = ("", "", "", ".", ".", "?", "!")


def sample_plain(rng: random.Random) -> Example:
    """Draw a plain sentence.

    Parameters
    ----------
    rng
        The source of chance.

    Returns
    -------
    Example
        A sentence without links; now and then a list of words of one kind, so that no word
        is left out.
    """
    if rng.random() < _LIST_SHARE:
        kind = rng.choices(tuple(WORDS), weights=[len(words) for words in WORDS.values()])[0]
        first, second, third = (pick(rng, WORDS[kind]) for _ in range(3))
        words = f"{first} , {second} and {third}"
    else:
        words = " ".join(
            pick(rng, WORDS[part[1:-1]]) if part.startswith("{") else part
            for part in pick(rng, _TEMPLATES).split()
        )
    return plain(f"{words} {pick(rng, _ENDINGS)}")
