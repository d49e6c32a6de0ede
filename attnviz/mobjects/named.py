"""Queries and keys with their names: what stands beside a vector, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.derived import root_scales
from attnviz.mobjects.pen import Pen
from attnviz.records import AttentionTrace
from attnviz.text import Line, Run


@dataclass(frozen=True)
class NamedVector:
    """One vector of a dot product.

    Parameters
    ----------
    address
        The vector ``[d]``, e.g. ``layers[1].q[3, 6]``.
    name
        What it is called: ``"query"``.
    symbol
        Its letter: ``"q"``.
    token
        The text of the token that it belongs to; none for a vector of the model's own.
    colour
        Hex colour of its name.
    """

    address: str
    name: str
    symbol: str
    token: str
    colour: str

    def title(self, pen: Pen) -> Line:
        """Return what it is called, with its token if it has one."""
        if not self.token:
            return pen.words(self.name, colour=self.colour)
        token = {"token": Run(self.token, "token", strong=True)}
        return pen.phrase(f"{self.name} of {{token}}", token, colour=self.colour)


def query_and_key(
    pen: Pen, layer: AttentionTrace, address: str, head: int, pair: tuple[int, int]
) -> tuple[NamedVector, NamedVector]:
    """Return one query and one key of a head.

    Parameters
    ----------
    pen
        Gives the colours.
    layer, address
        The layer and its address, e.g. ``layers[1]``.
    head
        Whose.
    pair
        Which query and which key.
    """
    palette, (query, key) = pen.theme.palette, pair
    asking, answering = layer.query_tokens[query], layer.key_tokens[key]
    return (
        NamedVector(f"{address}.q[{head}, {query}]", "query", "q", asking, palette.query),
        NamedVector(f"{address}.k[{head}, {key}]", "key", "k", answering, palette.key),
    )


def score_formula(layer: AttentionTrace) -> str:
    """Return the formula of a layer's scores, as that layer scales them and with its bias.

    Parameters
    ----------
    layer
        Most divide by √d_k, the term ``scale``; T5 (Raffel et al., 2020) does not scale, and adds
        a bias, the term ``bias``.
    """
    products = "{{Q : query}} {{K^top : key}}"
    if root_scales(layer.scale, layer.q.shape[2]):
        products = f"({products}) / {{{{sqrt(d_k) : scale}}}}"
    elif layer.scale != 1:
        products = f"{{{{s : scale}}}} thin {products}"
    return products if layer.bias is None else f"{products} {{{{+ B : bias}}}}"


def unscaled_logits(layer: AttentionTrace, address: str, head: int) -> str:
    """Return the address of what the softmax of a head would take, were the scores not scaled.

    Parameters
    ----------
    layer, address
        The layer and its address.
    head
        Whose; a bias is added and a mask applied as the layer does.
    """
    logits = f"dot_products({address}.q[{head}], {address}.k[{head}])"
    if layer.bias is not None:
        logits = f"add({logits}, {address}.bias[{head if len(layer.bias) > 1 else 0}])"
    if not layer.mask.all():
        logits = f"masked({logits}, {address}.mask[{head if len(layer.mask) > 1 else 0}])"
    return logits
