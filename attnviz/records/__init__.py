"""What a forward pass produced: frozen records of read-only numpy arrays.

Axes are ordered ``[head, query, key]``: rows ask, columns answer. A record is
checked when it is built, so whatever holds one holds the equations of attention.
"""

from attnviz.records.attention import LAYER_ARRAYS, AttentionTrace, Precision
from attnviz.records.focus import Focus
from attnviz.records.model import MODEL_ARRAYS, ModelTrace

__all__ = [
    "LAYER_ARRAYS",
    "MODEL_ARRAYS",
    "AttentionTrace",
    "Focus",
    "ModelTrace",
    "Precision",
]
