"""The measured properties of translator, and how they are printed.

``python -m attnviz.models.report translator`` prints the tables of its README.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from types import MappingProxyType

from attnviz.models.saved import HeadChoice
from attnviz.models.threads import one_thread
from attnviz.models.translator.corpus import DIRECTIONS, held_out_set
from attnviz.models.translator.demonstrations import DEMONSTRATIONS
from attnviz.models.translator.measures import (
    LENGTHS,
    Alignment,
    Translated,
    alignments,
    exact,
    translated,
)
from attnviz.models.translator.model import EncoderDecoder
from attnviz.models.translator.tokenizer import Direction, Words, joined, load_words
from attnviz.models.translator.translating import translate

SAMPLE = 300
"""Held-out phrases of each direction."""

_SEED = 20_011
"""Of the held-out sample; no recipe trains with it."""


@dataclass(frozen=True)
class Shown:
    """A demonstration and what the model makes of it.

    Parameters
    ----------
    text
        The source.
    count
        Its tokens.
    target, written
        The right translation and the model's own.
    """

    text: str
    count: int
    target: str
    written: str

    @property
    def is_exact(self) -> bool:
        """Whether every word is right."""
        return self.target == self.written


@dataclass(frozen=True)
class Report:
    """What the model measurably does on phrases that training never saw.

    Parameters
    ----------
    seconds
        How long training took; None where it was not trained now.
    parameters
        How many numbers it has.
    results
        Direction to what became of its held-out phrases.
    alignments
        Direction to one measurement a head.
    first_cross
        The place of the first cross-attention among the layers of a trace.
    shown
        The demonstrations.
    words
        What it reads and writes.
    """

    seconds: float | None
    parameters: int
    results: Mapping[str, Sequence[Translated]]
    alignments: Mapping[str, Sequence[Alignment]]
    first_cross: int
    shown: Sequence[Shown]
    words: Words

    def best(self) -> HeadChoice:
        """Choose the head to film: the one that aligns most content words, both ways together.

        Returns
        -------
        HeadChoice
            The head, with the reason.
        """
        by_head = list(zip(*self.alignments.values(), strict=True))
        best = max(by_head, key=lambda found: sum(a.share for a in found))
        shares = " and ".join(
            f"{found.share:.3f} ({name})" for name, found in zip(self.alignments, best, strict=True)
        )
        layer, head = best[0].layer, best[0].head
        # A decoder layer runs its self-attention, then its cross-attention.
        return HeadChoice(
            self.first_cross + 2 * layer,
            head,
            "over both directions no head of the cross-attention finds the source word of more"
            f" content words: {shares} of those in held-out phrases",
        )

    def lines(self) -> list[str]:
        """Print the report as Markdown tables.

        Returns
        -------
        list of str
            The lines; the seconds are not among them, for they change from run to run.
        """
        return [
            f"{self.parameters:,} parameters, float32.",
            "",
            *self._exact_lines(),
            "",
            *self._alignment_lines(),
            "",
            *self._demonstration_lines(),
            *chain.from_iterable(
                _word_lines(d) for d in (self.words.from_english, self.words.from_korean)
            ),
        ]

    def _exact_lines(self) -> list[str]:
        names = [f"{low}–{high} tokens" for low, high in LENGTHS]
        lines = [
            f"| every word right | all | {' | '.join(names)} |",
            f"|---|---|{'---|' * len(names)}",
        ]
        for name, results in self.results.items():
            cells = [_share(results)]
            for low, high in LENGTHS:
                cells.append(_share([r for r in results if low <= len(r.pair.source) <= high]))
            lines.append(f"| {name} | {' | '.join(cells)} |")
        return lines

    def _alignment_lines(self) -> list[str]:
        lines = [
            "| head (layer.head) | direction | content words aligned | mean weight there"
            " | word order turned | mean largest weight |",
            "|---|---|---|---|---|---|",
        ]
        for name, heads in self.alignments.items():
            for found in heads:
                layer = self.first_cross + 2 * found.layer
                lines.append(
                    f"| {layer}.{found.head} | {name} | {found.share:.3f} | {found.weight:.2f}"
                    f" | {found.turned:.3f} | {found.largest:.2f} |"
                )
        best = self.best()
        lines += ["", f"Filmed: layer {best.layer}, head {best.head}; {best.reason}."]
        return lines

    def _demonstration_lines(self) -> list[str]:
        right = sum(show.is_exact for show in self.shown)
        lines = [
            f"Demonstrations, {right} of {len(self.shown)} right; training has seen none of them,"
            " nor a longer phrase that holds one:",
            "",
            "| source | tokens | translation |",
            "|---|---|---|",
        ]
        for show in self.shown:
            wrong = "" if show.is_exact else f" (wrong; wanted: {show.target})"
            lines.append(f"| {show.text} | {show.count} | {show.written}{wrong} |")
        return lines


@one_thread()
def measure(model: EncoderDecoder, seconds: float | None = None) -> Report:
    """Measure the model on held-out phrases.

    Parameters
    ----------
    model
        The model.
    seconds
        How long training took, where it was.

    Returns
    -------
    Report
        Always the same for the same numbers in the model.
    """
    words = load_words()
    results = {
        name: translated(model, words, held_out_set(_SEED, SAMPLE, name)) for name in DIRECTIONS
    }
    return Report(
        seconds=seconds,
        parameters=sum(p.numel() for p in model.parameters()),
        results=MappingProxyType(results),
        alignments=MappingProxyType({name: alignments(own) for name, own in results.items()}),
        first_cross=model.config.n_encoder_layers + 1,
        shown=tuple(_show(model, words, show.text, show.target) for show in DEMONSTRATIONS),
        words=words,
    )


def _show(model: EncoderDecoder, words: Words, text: str, target: str) -> Shown:
    source, _ = words.source(text)
    written = [words.vocabulary[i] for i in translate(model, words, [source.ids])[0]]
    return Shown(text, len(source.ids), joined(target.split()), joined(written))


def _share(results: Sequence[Translated]) -> str:
    return f"{exact(results):.3f} of {len(results)}" if results else "–"


def _word_lines(direction: Direction) -> list[str]:
    return [
        "",
        f"{direction.source} words that it reads ({len(direction.source_words)}):"
        f" {' '.join(direction.source_words)}",
    ]
