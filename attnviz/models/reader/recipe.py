"""The recipe of reader: masked words, and *resolve* at ambiguous ones."""

from attnviz.models.recipe import Recipe

RECIPE = Recipe(
    name="reader",
    causal=False,
    seed=0,
    sentences=24_000,
    steps=3_000,
    batch=64,
    learning_rate=3e-3,
    warm_up=100,
    weight_decay=0.01,
    beta2=0.98,
    clip=1.0,
    masked=0.15,
    tell=1.0,
    neighbours=0.05,
    neighbours_layer=0,
    entropy=0.2,
    entropy_from=0.4,
)
