"""Write down the words of translator: ``python -m attnviz.models.translator.vocabulary``."""

import json
from collections.abc import Sequence

from attnviz.models.translator.corpus import DIRECTIONS, training_set
from attnviz.models.translator.pairs import Pair
from attnviz.models.translator.recipe import RECIPE
from attnviz.models.translator.tokenizer import WORDS_PATH


def word_lists(pairs: Sequence[Pair]) -> str:
    """Collect the words that training meets: what it has not met it cannot translate.

    Parameters
    ----------
    pairs
        What :func:`attnviz.models.translator.corpus.training_set` drew.

    Returns
    -------
    str
        The content of ``words.json``.
    """
    data = []
    for i, name in enumerate(DIRECTIONS):
        source, _, target = name.partition(" to ")
        own = pairs[i :: len(DIRECTIONS)]
        data.append(
            {
                "source": source.capitalize(),
                "target": target.capitalize(),
                "source_words": sorted({word for pair in own for word in pair.source}),
                "target_words": sorted({word for pair in own for word in pair.target}),
            }
        )
    return json.dumps(data, ensure_ascii=False, indent=1) + "\n"


if __name__ == "__main__":
    met = training_set(RECIPE.seed, RECIPE.phrases)
    WORDS_PATH.write_text(word_lists(met), encoding="utf-8")
    print(f"written: {WORDS_PATH}")
