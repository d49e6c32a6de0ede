"""The recipe of reader: masked words, and *resolve* at ambiguous ones."""

from attnviz.models.recipe import Recipe

RECIPE = Recipe(
    name="reader",
    causal=False,
    seed=3,
    sentences=24_000,
    steps=4_000,
    batch=64,
    learning_rate=3e-3,
    warm_up=100,
    weight_decay=0.01,
    beta2=0.98,
    clip=1.0,
    masked=0.15,
    tell=2.0,
    previous=0.03,
    previous_layer=0,
    legible=0.2,
    legible_from=0.4,
    most_entropy=0.9,
    most_weight=0.8,
)
