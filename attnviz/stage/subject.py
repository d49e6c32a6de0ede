"""What a scene is about: a trace, its filmed layer and head, and what can be said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

import numpy as np

from attnviz import models
from attnviz.derived import top
from attnviz.errors import UserError
from attnviz.mobjects.pen import Pen
from attnviz.naming import kebab
from attnviz.records import AttentionTrace, ModelTrace
from attnviz.sources import load_trace
from attnviz.spec import Spec
from attnviz.stage.playing import PlayedScene
from attnviz.text import Run

_KINDS = {"self": "attention within one sentence", "cross": "attention between two sentences"}


class SubjectScene(PlayedScene):
    """A scene about the attention of one trace.

    Attributes
    ----------
    trace
        What the model computed.
    """

    spec: ClassVar[Spec] = Spec()
    tokens: ClassVar[range] = range(2, 33)
    loop: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[Literal["self", "cross"] | None] = None
    """The attention that a scene films, within a sentence or between two; None: either."""

    def setup(self) -> None:
        """Load the trace, and refuse one that the scene cannot show."""
        super().setup()
        self._traces: dict[str, ModelTrace] = {}
        if self.spec.model in models.names():  # known before it runs
            self._refuse_target()
        self.trace = self.trace_for(self.spec)
        if self.trace.target_tokens is not None:
            self._refuse_target()
        self._check_kind()
        self._refuse_dropout()
        self._check_length()
        self.pen = Pen(self.theme, self._traces, hide_special=self.spec.hide_special)

    def trace_for(self, spec: Spec, prefix: str = "") -> ModelTrace:
        """Return the trace of a Spec; its addresses begin with ``prefix.`` (the main one: bare)."""
        if prefix not in self._traces:
            if isinstance(spec.head, str) and self._traces:
                # A head that was found by what it does in one sentence is the head to compare.
                spec = replace(spec, layer=self.layer, head=self.head)
            trace = load_trace(spec)
            self._traces[prefix] = trace
            self.film.notes.extend(f"{prefix}: {note}" if prefix else note for note in trace.notes)
        return self._traces[prefix]

    def _refuse_target(self) -> None:
        """Refuse a decoder's sentence where one sentence is filmed; an encoder reads two as one."""
        if self.kind == "self" and self.spec.target is not None:
            raise UserError(
                f"{self.name} shows {_KINDS['self']}: leave --target out, or film the pair with "
                "cross-attention"
            )

    def _refuse_dropout(self) -> None:
        """Refuse a pass in training, whose heads are not what its weights blend."""
        if self.attention.dropout is not None:
            raise UserError(
                f"{self.attention.name} was recorded in training, with dropout between weights and "
                "values; call model.eval() before it is recorded"
            )

    def _check_kind(self) -> None:
        """Refuse a layer of the other kind of attention, and name what can be filmed instead."""
        if self.kind is None or self.attention.kind == self.kind:
            return
        fitting = [i for i, layer in enumerate(self.trace.layers) if layer.kind == self.kind]
        # In an encoder–decoder rather the encoder's, which read the text itself.
        reading = [i for i in fitting if self.trace.layers[i].query_tokens == self.trace.tokens]
        fitting = reading or fitting
        layer = f", or give --layer {fitting[-1]}" if fitting else ""
        raise UserError(
            f"{self.name} shows {_KINDS[self.kind]}; layer {self.layer} of {self.trace.model} is "
            f"{_KINDS[self.attention.kind]}: film it with {self.attention.kind}-attention{layer}"
        )

    def _check_length(self) -> None:
        self._check_count(len(self.trace.tokens), self.tokens[0], "text")
        if self.trace.target_tokens is not None:
            self._check_count(len(self.trace.target_tokens), 1, "target")

    def _check_count(self, count: int, least: int, name: str) -> None:
        most = self.tokens[-1]
        if not least <= count <= most:
            raise UserError(
                f"{self.name} shows {least} to {most} tokens; this {name} has {count} "
                f"in model {self.trace.model}; "
                f"give a {'longer' if count < least else 'shorter'} {name}"
            )

    @property
    def name(self) -> str:
        """The scene's name on the command line."""
        return kebab(type(self).__name__)

    @property
    def layer(self) -> int:
        """The filmed layer."""
        return self._focus[0]

    @property
    def head(self) -> int:
        """The filmed head."""
        return self._focus[1]

    @property
    def query(self) -> int:
        """The query that is lit."""
        return self._focus[2]

    @property
    def _focus(self) -> tuple[int, int, int]:
        focus = self.trace.focus
        if focus is None:
            raise UserError(
                f"the trace of {self.trace.model} names no head to film; give --layer and --head"
            )
        return focus.layer, focus.head, focus.query

    @property
    def attention(self) -> AttentionTrace:
        """The filmed layer's attention."""
        return self.trace.layers[self.layer]

    @property
    def head_count(self) -> int:
        """How many heads the filmed layer has."""
        return len(self.attention.weights)

    def limit_heads(self, allowed: range) -> None:
        """Refuse a layer with fewer or more heads than a scene can show."""
        if self.head_count not in allowed:
            raise UserError(
                f"{self.name} shows {allowed[0]} to {allowed[-1]} heads; layer "
                f"{self.layer} of {self.trace.model} has {self.head_count}; choose another model, "
                "or let `render.py heads` draw all of them"
            )

    def require(self, *fields: str) -> None:
        """Refuse a trace that does not hold a field of the filmed layer."""
        missing = [name for name in fields if getattr(self.attention, name) is None]
        if missing:
            raise UserError(
                f"{self.name} shows {', '.join(missing)} of {self.attention.name}, "
                f"which the trace of {self.trace.model} does not hold; choose another model"
            )

    def require_of_trace(self, *fields: str) -> None:
        """Refuse a trace that does not hold one of its own arrays, its embeddings for instance."""
        missing = [name for name in fields if getattr(self.trace, name) is None]
        if missing:
            raise UserError(
                f"{self.name} shows {', '.join(missing)}, "
                f"which the trace of {self.trace.model} does not hold; choose another model"
            )

    def address(self, field: str, *index: int, prefix: str = "") -> str:
        """Return the address of a field of the filmed layer, e.g. ``layers[1].weights[2, 6]``."""
        place = f"[{', '.join(map(str, index))}]" if index else ""
        return f"{prefix}{'.' if prefix else ''}layers[{self.layer}].{field}{place}"

    @property
    def focused(self) -> tuple[list[int], list[int]]:
        """Queries and keys that keep their labels in long sentences, the most important first.

        They are the lit query and the key it looks at most; in one sentence each is both.
        """
        query, key = self.query, top(self.attention.weights[self.head, self.query])
        if self.attention.kind == "self":
            return [query, key], [key, query]
        return [query], [key]

    def lens(self, query: int) -> tuple[int, list[int]]:
        """Return a query for the lens of a large grid, and its keys, the highest score first.

        Where a mask hides some, the keys that are kept and those that are hidden take turns.
        """
        order = np.argsort(-self.attention.scores[self.head, query], kind="stable")
        kept = self.mask[query, order]
        turns = np.where(kept, kept.cumsum(), (~kept).cumsum())
        return query, order[np.lexsort((~kept, turns))].tolist()

    def query_word(self, query: int) -> Run:
        """Return a query's token for a phrase."""
        return Run(self.attention.query_tokens[query], "token", strong=True)

    def key_word(self, key: int) -> Run:
        """Return a key's token for a phrase."""
        return Run(self.attention.key_tokens[key], "token", strong=True)

    def claim(self, query: int) -> tuple[str, dict[str, str | Run]]:
        """Return the caption template, and its slots, that says where a query looks most."""
        key = top(self.attention.weights[self.head, query])
        where = "itself" if key == query and self.attention.kind == "self" else "{key}"
        slots: dict[str, str | Run] = {
            "query": self.query_word(query),
            "weight": self.address("weights", self.head, query, key),
        }
        if where == "{key}":
            slots["key"] = self.key_word(key)
        return f"{{query}} looks most at {where}: {{weight}} of its attention.", slots

    def looks_most(self) -> dict[str, object]:
        """Return, for the manifest, where the lit query looks most, and how the film prints it."""
        key = top(self.attention.weights[self.head, self.query])
        address = self.address("weights", self.head, self.query, key)
        return {
            "query": self.attention.query_tokens[self.query],
            "key": self.attention.key_tokens[key],
            "itself": key == self.query and self.attention.kind == "self",
            "layer": self.layer,
            "head": self.head,
            "address": address,
            "value": self.pen.value(address),
            "text": self.pen.printed_text(address),
        }

    @property
    def mask(self) -> np.ndarray:
        """The filmed head's mask ``[query, key]``, True where a query may attend."""
        return self.pen.array(self.mask_address())

    def mask_address(self, prefix: str = "") -> str:
        """Return the address of the filmed head's mask; one mask may serve all heads."""
        shared = len(self.attention.mask) == 1
        return self.address("mask", 0 if shared else self.head, prefix=prefix)
