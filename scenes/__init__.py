"""The scenes, in the order a reader meets them; read without importing manim or torch."""

SCENES: tuple[tuple[str, str], ...] = (
    ("embeddings", "Embeddings"),
    ("self_attention", "SelfAttention"),
    ("projections", "Projections"),
    ("score_grid", "ScoreGrid"),
    ("softmax", "Softmax"),
    ("causal_mask", "CausalMask"),
    ("weighted_sum", "WeightedSum"),
    ("multi_head", "MultiHead"),
    ("cross_attention", "CrossAttention"),
)
"""Module and class of every scene; the command-line name is the class name in kebab-case."""
