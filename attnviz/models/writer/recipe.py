"""The recipe of writer: the next word, with weight where an ambiguous one tells it."""

from attnviz.models.recipe import Recipe

RECIPE = Recipe(
    name="writer",
    causal=True,
    seed=3,
    sentences=24_000,
    steps=2_500,
    batch=64,
    learning_rate=3e-3,
    warm_up=100,
    weight_decay=0.01,
    beta2=0.98,
    clip=1.0,
    masked=0.0,
    tell=1.0,
    previous=0.02,
    previous_layer=1,
    legible=0.2,
    legible_from=0.4,
    most_entropy=0.9,
    most_weight=0.75,
)
