"""The closed set of pure functions that a film may show besides the tensors themselves.

Each takes the arrays of a record (or numbers) and computes in double precision,
so that a shown result can be re-derived from the values it is made of.
:data:`DERIVED` names them for :mod:`attnviz.addresses`.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from attnviz.derived.alignment import turning
from attnviz.derived.checks import Reals, Values
from attnviz.derived.habits import (
    HABIT_FLOOR,
    HABITS,
    duplicate_token,
    first_token,
    habit,
    itself,
    next_token,
    previous_token,
    same_token,
    strongest_pair,
)
from attnviz.derived.masks import hidden_shares, masked, most_hidden
from attnviz.derived.planes import plane_coordinates, plane_share, stacked
from attnviz.derived.rows import (
    entropy,
    exp,
    flattest,
    lead,
    minus_max,
    most_widened,
    second,
    sharpest,
    softmax,
    top,
    top_magnitude,
)
from attnviz.derived.scores import dot_products, root, root_scales
from attnviz.derived.sizes import bins, count, count_true, index, size
from attnviz.derived.sums import (
    add,
    dot,
    extent,
    greatest,
    least,
    product,
    running_dot,
    scaled,
    total,
)
from attnviz.derived.vectors import (
    angle,
    column,
    concat,
    cosine,
    distance,
    nearest_pair,
    norm,
    repeated_pair,
)

__all__ = [
    "DERIVED",
    "HABITS",
    "HABIT_FLOOR",
    "Reals",
    "Values",
    "add",
    "angle",
    "bins",
    "column",
    "concat",
    "cosine",
    "count",
    "count_true",
    "distance",
    "dot",
    "dot_products",
    "duplicate_token",
    "entropy",
    "exp",
    "extent",
    "first_token",
    "flattest",
    "greatest",
    "habit",
    "hidden_shares",
    "index",
    "itself",
    "lead",
    "least",
    "masked",
    "minus_max",
    "most_hidden",
    "most_widened",
    "nearest_pair",
    "next_token",
    "norm",
    "plane_coordinates",
    "plane_share",
    "previous_token",
    "product",
    "repeated_pair",
    "root",
    "root_scales",
    "running_dot",
    "same_token",
    "scaled",
    "second",
    "sharpest",
    "size",
    "softmax",
    "stacked",
    "strongest_pair",
    "top",
    "top_magnitude",
    "total",
    "turning",
]

DERIVED: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {
        function.__name__: function
        for function in (
            size,
            total,
            dot,
            running_dot,
            product,
            add,
            exp,
            minus_max,
            softmax,
            entropy,
            norm,
            cosine,
            angle,
            dot_products,
            root,
            concat,
            count_true,
            previous_token,
            itself,
            first_token,
            next_token,
            duplicate_token,
            top,
            lead,
            least,
            greatest,
            extent,
            masked,
            hidden_shares,
            count,
            index,
            scaled,
            distance,
            column,
            stacked,
            plane_coordinates,
            plane_share,
        )
    }
)
"""Every function of this room by its name; nothing else can be addressed."""
