"""The recipe of writer: the next word, with weight where an ambiguous one tells it."""

from attnviz.models.recipe import Recipe

RECIPE = Recipe(
    name="writer",
    causal=True,
    seed=0,
    sentences=24_000,
    steps=2_000,
    batch=64,
    learning_rate=3e-3,
    warm_up=100,
    weight_decay=0.01,
    beta2=0.98,
    clip=1.0,
    masked=0.0,
    tell=1.0,
    neighbours=0.05,
    neighbours_layer=1,
    entropy=0.2,
    entropy_from=0.4,
)
