"""A saved trace as a source: its text is its own."""

from pathlib import Path

from attnviz.errors import UserError, quoted
from attnviz.records import ModelTrace
from attnviz.spec import Spec


def read_saved(spec: Spec) -> ModelTrace:
    """Read the saved trace that a Spec names as its model.

    Parameters
    ----------
    spec
        What the user chose.

    Returns
    -------
    ModelTrace
        The trace as it was saved.

    Raises
    ------
    UserError
        If the file is no trace, or the user gave another text than the trace's own.
    """
    trace = ModelTrace.load(Path(spec.model))
    # A Spec always has a text; only one that somebody typed can contradict the trace.
    if spec.text not in (trace.text, Spec().text):
        raise UserError(
            f"{spec.model} is a saved trace of {quoted(trace.text)}; it cannot read"
            f" {quoted(spec.text)}"
        )
    return trace
