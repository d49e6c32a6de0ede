"""The words by which notes ask for scenes: the one table of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

KEYWORDS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "embeddings": (
            "embedding", "word embedding", "token embedding", "word vector", "token vector",
            "word position embedding", "word positional embedding", "token position embedding",
            "token positional embedding", "positional", "positional encoding", "position encoding",
            "positional embedding", "position embedding", "position vector", "embedding table",
            "word to vector", "word into vector", "token to vector", "token into vector",
            "tokenizer", "tokenizing", "tokenization", "token id", "sentence into token",
            "split into token",
        ),
        "self-attention": (
            "selfattention", "same sentence", "same sentence attention", "one sentence",
            "in one sentence", "single sentence", "within sentence", "within one sentence",
            "inside sentence",
            "intra attention", "intra sentence", "attention between word", "attention among word",
            "every word look at every word", "every word look at every other word",
            "each word look at every other word", "word look at each other",
            "word attending to each other", "every word attends to every other word",
            "attention", "attention weight", "attention map", "attention grid",
            "attention matrix", "scaled dot product attention",
        ),
        "projections": (
            "projection", "projecting", "linear projection", "qkv", "q k v", "query key value",
            "query vector", "key vector", "query key", "key value", "query", "w q", "w k", "w v",
            "wq", "wk", "wv", "query projection", "key projection", "value projection",
            "three question",
        ),
        "score-grid": (
            "attention score", "score matrix", "matrix of score", "grid of score", "score",
            "raw score", "dot product", "dot product of query key", "dot product of all pair",
            "query key dot product", "query key product", "query times key",
            "key answer query", "each key answer each query", "similarity matrix",
            "query key score", "scaling factor", "scaling by square root", "square root",
            "sqrt", "qk", "qkt", "q k t", "qk t", "attention grid", "attention matrix",
            "attention map", "query key", "scaled dot product", "scaled dot product attention",
        ),
        "softmax": (
            "softmax", "soft max", "score into weight", "score to weight", "score into share",
            "score to share", "score into probability", "score to probability",
            "weight from score", "adds up to one", "add up to 1", "sum to one", "sum to 1",
            "normalising score", "normalise score", "normalising row", "exponential",
            "attention weight",
        ),
        "causal-mask": (
            "causal", "causal attention", "causal self attention", "causal masking", "mask",
            "masking", "masked", "masked attention", "masked self attention", "attention mask",
            "look ahead", "look ahead mask", "peek ahead", "peek at next word", "future word",
            "future token", "see future", "look into future", "hiding future", "hide future",
            "autoregressive", "lower triangular", "triangular mask", "minus infinity",
            "triangle mask", "attention",
        ),
        "weighted-sum": (
            "weighted value", "weighted average", "weighted mean", "weighted blend",
            "weighted sum of value", "blending value", "blend of value", "blend value",
            "mixing value", "mix of value", "mixture of value", "averaging value",
            "average of value", "sum of value", "adding up value", "combining value",
            "weight times value", "attention output", "attention weight",
        ),
        "multi-head": (
            "multihead", "multi head attention", "multihead attention", "multiple head",
            "many head", "several head", "all head", "attention head", "different head",
            "multi head self attention", "multihead self attention", "parallel head",
            "head in parallel", "head side by side", "concatenating head", "concat head",
            "concatenation of head", "concatenate head", "concat of head", "merging head",
            "joining head", "output projection", "w o", "wo", "eight head", "four head", "two head",
            "split into head", "attention",
        ),
        "cross-attention": (
            "crossattention", "two sentence", "two sentence attention", "two different sentence",
            "between two sentence", "between sentence", "across sentence", "both sentence",
            "second sentence", "one sentence to other", "one sentence and other", "one sentence",
            "attention between word", "attention among word", "different sentence",
            "different sentence attention",
            "another sentence", "other sentence", "one sentence to another",
            "one sentence and another", "from one sentence to another", "pair of sentence",
            "sentence pair", "encoder decoder", "encoder decoder attention", "decoder encoder",
            "encoder to decoder", "decoder to encoder", "decoder looking at encoder",
            "decoder attending to encoder", "decoder and encoder", "source and target sentence",
            "source and target", "translation", "translating", "translator",
            "word alignment", "alignment", "attention", "attention map", "attention weight",
        ),
    }
)  # fmt: skip
"""The words by which a note asks for a scene, besides its name and its title.

Articles are left out. Words that stand with several scenes settle nothing by themselves.
"""

KNOWN = """
transformer model language llm gpt bert network neural layer matrix number row column step example
mechanism calculation computation work happen explain compute calculate turn become get made make
go move add together full whole simple single head token word sentence decoder encoder vector
attention
"""
"""Further words of the subject, which ask for nothing but are no sign of another one."""

NOTHING_HERE: tuple[str, ...] = (
    "layer normalisation",
    "batch normalisation",
    "cross entropy",
    "masked language",
    "mask language",
    "feed forward",
    "linear attention",
    "sparse attention",
    "flash attention",
    "attention sink",
    "beam search",
)
"""Terms of the field that no scene shows, though some of their words stand above."""

LEFT_OUT = """
a an the our your my their its his her this that these those some here there please now
manim attnviz video videos film films clip clips animation animations scene scenes
short small little nice quick new looping
"""
"""Words of a note that are passed over."""

BETWEEN = """
of over in inside within on for with from using across through during by at between after applied
before to into as
"""
"""Words that put one thing under another: the one before them is what is asked for."""

EMPTY = """
is are be it how why what which when where so we i you do does can not no them they show shows
showing about explain explains explaining each every all one two other another same next
"""
"""Words that tell nothing of what is asked for, besides those of `BETWEEN`."""
