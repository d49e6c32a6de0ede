"""How much longer a forward pass takes while it is recorded: `python -m benchmarks.recording`.

A GPT-2 of its smallest published size (12 layers, 12 heads, width 768), its weights random, reads
128 tokens. Plain and recorded passes take turns, and medians are compared.
"""

import time
from collections.abc import Callable
from statistics import median

import torch
from transformers import GPT2Config, GPT2Model

from attnviz.recorder import record

TOKENS = 128
ROUNDS = 7


def seconds(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


@torch.no_grad()
def measured(rounds: int = ROUNDS) -> dict[str, float]:
    """Return the medians, in seconds: a plain pass, a recorded one, and with its records built."""
    torch.manual_seed(0)
    model = GPT2Model(GPT2Config()).eval()
    ids = torch.randint(0, model.config.vocab_size, (1, TOKENS))

    def recorded() -> None:
        with record() as seen:
            model(ids)
        assert len(seen) == 12

    def built() -> None:
        with record() as seen:
            model(ids)
        assert len(list(seen)) == 12

    runs = {"plain": lambda: model(ids), "recorded": recorded, "built": built}
    taken: dict[str, list[float]] = {name: [] for name in runs}
    for turn in range(rounds + 1):
        for name, run in runs.items():
            took = seconds(run)
            if turn:  # the first warms up
                taken[name].append(took)
    return {name: median(times) for name, times in taken.items()}


if __name__ == "__main__":
    found = measured()
    print(f"a plain pass takes {found['plain'] * 1000:.0f} ms on {torch.get_num_threads()} threads")
    print(f"recorded: {found['recorded'] / found['plain']:.2f} times as long")
    print(f"recorded, all records built and checked: {found['built'] / found['plain']:.2f} times")
