"""An author's note to self, such as "insert manim of same sentence attention", to scenes."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence

from attnviz.embed import keywords
from attnviz.embed.phrases import (
    AND,
    Match,
    empty_words,
    known_words,
    matches_in,
    phrases,
    scene_of_title,
    words_of,
)
from attnviz.errors import UserError, quoted
from attnviz.render import catalogue

MOST_CHARACTERS = 300
"""A longer text is no note."""

MEDIA = re.compile(
    r"(?<![a-z])(?:manim|attnviz|videos?|films?|clips?|animations?)(?![a-z])", re.IGNORECASE
)
"""The words of which a note has one at least."""

_OURS = re.compile(r"\b(?:manim|attnviz)\b", re.IGNORECASE)
_WORDS_OF_REMINDER = r"\[?(?:todo|fixme|tbd|note to self)\b\]?(?:\([^()]*\))?[\s:*_–—-]*"
_REMINDER = re.compile(
    rf"[\s*_]*(?:\[ ?\]\s*(?:{_WORDS_OF_REMINDER})?|{_WORDS_OF_REMINDER})", re.IGNORECASE
)
_VERB = re.compile(
    r"[\s\"'“‘]*(?:please\s+)?(?:insert|add|put|show|include|embed|place)\b", re.IGNORECASE
)
_MEDIUM = r"(?:videos?|films?|clips?|animations?|scenes?)"
_ABOUT = r"(?:of|for|about|on|showing|explaining|that\s+(?:shows|explains)|:|–|—)"
# "manim of …": after these words comes what is asked for, and nothing else can be meant.
_CERTAIN = re.compile(
    rf"\b(?:manim|attnviz)\b(?:\W+{_MEDIUM})?(?:\s+here)?\s*{_ABOUT}(?=\W)"
    rf"|\b{_MEDIUM}\s+(?:in|with|by|from|using)\s+(?:manim|attnviz)\s*{_ABOUT}(?=\W)"
    rf"|\b(?:manim|attnviz)(?:\W+{_MEDIUM})?(?:\s+here)?\W*\Z",
    re.IGNORECASE,
)
_FIRST = re.compile(
    rf"\W*(?:an?\s+)?(?:manim|attnviz)\b(?:\W+{_MEDIUM})?\s*{_ABOUT}(?=\W)", re.IGNORECASE
)

_BETWEEN = frozenset(keywords.BETWEEN.split())

# Which share of the words must be known for a match to count.
_ANY, _HALF, _MOST = 0.0, 0.5, 0.75
_NEAR = 0.75  # how like a phrase a misspelt one must be
_MORE_THAN_HALF = 0.51
_LONGEST_QUOTE = 80
_MOST_NEAR = 3  # scenes that an error names as the closest

# Of the same sentence or of another: the one can be no part of the other.
_RIVALS = frozenset({"self-attention", "cross-attention"})
_SENTENCE = re.compile('["“„]([^"“”]*?\\s[^"“”]*)["“”]')


class _UnknownError(Exception):
    """No scene fits, or too little speaks for it."""


class _AmbiguousError(Exception):
    """Several scenes fit alike."""

    def __init__(self, scenes: frozenset[str], *, is_general: bool) -> None:
        super().__init__()
        self.scenes = scenes
        self.is_general = is_general


def is_reminder(sentence: str) -> bool:
    """Tell whether a text begins with TODO, an open box of a task list or the like."""
    return _REMINDER.match(sentence) is not None


def scenes_for(sentence: str, *, is_marked: bool) -> tuple[str, ...] | None:
    """Return the scenes that a note asks for; None for a text that is no note.

    Parameters
    ----------
    sentence
        The text, without the signs of emphasis around it.
    is_marked
        Whether it stands in emphasis or brackets. One that does not must be plainer.

    Returns
    -------
    tuple of str or None
        Names of listed scenes, in the order in which the note has them.

    Raises
    ------
    UserError
        If it is a note, and what it asks for is unknown or ambiguous.
    """
    if len(sentence) > MOST_CHARACTERS or not MEDIA.search(sentence):
        return None
    reminder = _REMINDER.match(sentence)
    rest = sentence[reminder.end() :] if reminder else sentence
    verb = _VERB.match(rest)
    is_marked = is_marked or reminder is not None
    is_ours = _OURS.search(rest) is not None
    if not (verb or reminder or (is_ours and is_marked and _FIRST.match(rest))):
        return None
    is_certain = is_ours and _CERTAIN.search(rest) is not None
    subject = rest[verb.end() :] if verb else rest
    words = words_of(subject)
    try:
        scenes = _read(words, is_marked=is_marked, is_certain=is_certain)
        _refuse_sentences(subject, scenes[0])
        return scenes
    except _AmbiguousError as error:
        if is_ours or not error.is_general:
            raise UserError(_ambiguous(sentence, error.scenes)) from None
    except _UnknownError:
        if is_certain and (verb or reminder):
            raise UserError(_unknown(sentence, words)) from None
    return None


def _refuse_sentences(subject: str, scene: str) -> None:
    """Refuse a note that says of which sentence: only a directive keeps what was meant."""
    quote = _SENTENCE.search(subject)
    if quote and not any(matches_in(words_of(quote[1]))):
        raise UserError(
            f"the note gives a sentence, {quoted(quote[1], _LONGEST_QUOTE)}; write a directive "
            f'in its place: <!-- attnviz: {scene} text="…" -->'
        )


def _read(words: Sequence[str], *, is_marked: bool, is_certain: bool) -> tuple[str, ...]:
    words = _spelled_out(words)
    matches = list(matches_in(words))
    asked: list[str] = []
    for start, end in _asks(words, matches):
        here = [match for match in matches if start <= match.start < end]
        content = [w for w in words[start:end] if w not in empty_words() and w != AND]
        is_known = known_words().issuperset(content)
        if not here and (titled := scene_of_title(content)):
            asked.append(titled)
            continue
        if not here and is_known:
            continue
        scene = _one_scene(words, here, is_known=is_known)
        share = sum(word in known_words() for word in content) / max(len(content), 1)
        if share < _needed(here, is_marked=is_marked, is_certain=is_certain):
            raise _UnknownError
        asked.append(scene)
    if not asked:
        raise _UnknownError
    return tuple(dict.fromkeys(asked))


def _spelled_out(words: Sequence[str]) -> list[str]:
    """Write "self and cross attention" as "self attention and cross attention"."""
    spelled = list(words)
    for i in range(len(words) - 4, -1, -1):
        first, joint, second, noun = words[i : i + 4]
        both = (first, noun) in phrases() and (second, noun) in phrases()
        if joint == AND and both:
            spelled.insert(i + 1, noun)
    return spelled


def _asks(words: Sequence[str], matches: Sequence[Match]) -> Iterator[tuple[int, int]]:
    """Yield the spans of the single things asked for: "and" parts them where no phrase has it."""
    inside = {place for match in matches for place in range(match.start, match.end)}
    start = 0
    for place, word in enumerate(words):
        if word == AND and place not in inside:
            yield start, place
            start = place + 1
    yield start, len(words)


def _one_scene(words: Sequence[str], matches: Sequence[Match], *, is_known: bool) -> str:
    """Return the scene that all matches of one ask agree on.

    Where two do not, the first is what is asked for if a preposition parts them, as
    in "the softmax of the scores".
    """
    if not matches:
        raise _UnknownError
    first, *others = matches
    scenes, end = first.scenes, first.end
    for match in others:
        common = scenes & match.scenes
        if common:
            scenes = common
        elif match.scenes | scenes == _RIVALS or _BETWEEN.isdisjoint(words[end : match.start]):
            raise _AmbiguousError(scenes | match.scenes, is_general=False)
        end = match.end
    # A word that settles nothing settles no more beside one that is not known.
    if not scenes or (len(scenes) > 1 and not is_known):
        raise _UnknownError
    if len(scenes) > 1:
        raise _AmbiguousError(scenes, is_general=True)
    return next(iter(scenes))


def _needed(matches: Sequence[Match], *, is_marked: bool, is_certain: bool) -> float:
    """Return which share of an ask's words must be known, for its matches to be trusted."""
    if not is_marked:
        return _MOST
    if not all(match.is_one_word for match in matches):
        return _ANY if is_certain else _HALF
    has_name = any(match.is_name for match in matches)
    return _ANY if is_certain and has_name else _MORE_THAN_HALF


def _in_order(scenes: frozenset[str]) -> list[str]:
    return [ref.name for ref in catalogue.listed() if ref.name in scenes]


def _ambiguous(sentence: str, scenes: frozenset[str]) -> str:
    names = _in_order(scenes)
    return (
        f"the note {quoted(sentence, _LONGEST_QUOTE)} may mean {' or '.join(names)}; "
        f"write the one you want in its place: <!-- attnviz: {names[0]} -->"
    )


def _unknown(sentence: str, words: Sequence[str]) -> str:
    near = _closest_scenes(words)
    closest = f"the closest are {', '.join(near)}" if near else "none is close"
    names = ", ".join(ref.name for ref in catalogue.listed())
    return (
        f"no scene for the note {quoted(sentence, _LONGEST_QUOTE)}: {closest} (there are {names}); "
        f"write one in its place: <!-- attnviz: {near[0] if near else 'self-attention'} -->"
    )


def _closest_scenes(words: Sequence[str]) -> list[str]:
    """Return the scenes whose words look most like those of a note, a few at most."""
    found: list[str] = []
    singles = {" ".join(phrase): scenes for phrase, scenes in phrases().items() if scenes}
    for asked in (" ".join(words), *(w for w in words if w not in empty_words())):
        for phrase in difflib.get_close_matches(asked, singles, n=_MOST_NEAR, cutoff=_NEAR):
            found += _in_order(singles[phrase])
    return list(dict.fromkeys(found))[:_MOST_NEAR]
