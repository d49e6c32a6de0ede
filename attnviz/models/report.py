"""The measured properties of a model, and how they are printed.

``python -m attnviz.models.report reader`` prints the table of its README.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from attnviz.models import TRANSLATOR, check_name, load, load_translator, measures
from attnviz.models.measures import Head, Pointing, Relations, Separation
from attnviz.models.readings import held_out, read
from attnviz.models.saved import HeadChoice
from attnviz.models.threads import one_thread
from attnviz.models.transformer import Transformer
from attnviz.models.translator.report import Report as TranslatorReport
from attnviz.models.translator.report import measure as measure_translator

_STANDS_OUT = 0.5
"""A mean weight on one place above this names what a head does."""


@dataclass(frozen=True)
class Report:
    """What a model measurably does on sentences that training never saw.

    Parameters
    ----------
    name
        The model's name.
    seconds
        How long training took; None where it was not trained now.
    parameters
        How many numbers it has.
    asking
        Asking word to its best head.
    switches
        Share of held-out pairs of trades where the head of *she* follows the verb.
    senses
        *bank* and *apple* to their separation.
    told
        Share of the senses that the logits tell right; None for a causal model.
    relations
        Head to what it looks at by place.
    """

    name: str
    seconds: float | None
    parameters: int
    asking: Mapping[str, Pointing]
    switches: float
    senses: Mapping[str, Separation]
    told: float | None
    relations: Mapping[Head, Relations]

    def choices(self) -> dict[str, HeadChoice]:
        """Give the head worth looking at for each asking word, with the reason.

        Returns
        -------
        dict
            Asking word to its head.
        """
        return {
            word: HeadChoice(
                *best.head,
                f"at {word!r} this head finds the telling word, with a weight over 0.5,"
                f" in {best.share:.3f} of the held-out sentences",
            )
            for word, best in self.asking.items()
        }

    def general(self) -> HeadChoice:
        """Give the head for sentences without an asking word: the best of any of them.

        Returns
        -------
        HeadChoice
            The head, with the reason.
        """
        word, best = max(self.asking.items(), key=lambda item: item[1].share)
        return HeadChoice(
            *best.head,
            f"this head is the clearest of the model, at {word!r}",
        )

    def lines(self) -> list[str]:
        """Print the report as Markdown tables.

        Returns
        -------
        list of str
            The lines; the seconds are not among them, for they change from run to run.
        """
        lines = [
            f"{self.parameters:,} parameters, float32.",
            "",
            "| at the word | head (layer.head) | finds the telling word, weight > 0.5"
            " | some head does | mean weight on it | demonstrations |",
            "|---|---|---|---|---|---|",
        ]
        for word, best in self.asking.items():
            lines.append(
                f"| {word} | {best.head[0]}.{best.head[1]} | {best.share:.3f}"
                f" | {best.any_head:.3f} | {best.weight:.2f} | {best.shown} of {best.of} |"
            )
        lines += [
            "",
            f"The head of *she* changes its antecedent with the verb in {self.switches:.3f} of the"
            " held-out pairs of trades.",
        ]
        if self.told is not None:
            lines.append(f"The logits tell the sense right in {self.told:.3f} of held-out words.")
        lines += ["", "| cosine of the last hidden states | one sense | different senses |"]
        lines.append("|---|---|---|")
        for word, cosines in self.senses.items():
            lines.append(f"| {word} | {cosines.within:.2f} | {cosines.across:.2f} |")
        lines += ["", "| head | previous | itself | next | first | stands out |"]
        lines.append("|---|---|---|---|---|---|")
        for (layer, head), means in self.relations.items():
            lines.append(
                f"| {layer}.{head} | {means.previous:.2f} | {means.itself:.2f}"
                f" | {means.next_:.2f} | {means.first:.2f} | {_name(means)} |"
            )
        return lines


@one_thread()
def measure(name: str, model: Transformer, seconds: float | None = None) -> Report:
    """Measure a model on held-out sentences.

    Parameters
    ----------
    name
        The model's name.
    model
        The model.
    seconds
        How long training took, where it was.

    Returns
    -------
    Report
        Always the same for the same numbers in the model.
    """
    kinds = {
        kind: read(model, examples) for kind, examples in held_out(model.config.causal).items()
    }
    linked = [reading for readings in kinds.values() for reading in readings]
    asking = {word: heads[0] for word, heads in measures.pointing(model, linked).items()}
    return Report(
        name=name,
        seconds=seconds,
        parameters=sum(p.numel() for p in model.parameters()),
        asking=MappingProxyType(asking),
        switches=measures.verb_switches(model, asking["she"].head),
        senses=MappingProxyType(
            {word: measures.separation(kinds[word], word) for word in ("bank", "apple")}
        ),
        told=None if model.config.causal else measures.told(linked),
        relations=MappingProxyType(measures.relations(model, linked)),
    )


def _name(means: Relations) -> str:
    named = {
        "previous word": means.previous,
        "itself": means.itself,
        "next word": means.next_,
        "first word": means.first,
    }
    best = max(named, key=lambda name: named[name])
    return best if named[best] > _STANDS_OUT else ""


def shipped(name: str) -> Report | TranslatorReport:
    """Measure a model as it ships.

    Parameters
    ----------
    name
        One of :func:`attnviz.models.names`.

    Returns
    -------
    Report
        The translator has its own kind.

    Raises
    ------
    UserError
        If there is no such model.
    AttnvizError
        If its checkpoint cannot be read.
    """
    if check_name(name) == TRANSLATOR:
        return measure_translator(load_translator().checkpoint.model)
    return measure(name, load(name).checkpoint.model)


if __name__ == "__main__":
    for model_name in sys.argv[1:]:
        print("\n".join(shipped(model_name).lines()))
