"""AttentionScene: the one joint where a trace meets pictures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
from manim import (
    LEFT,
    UP,
    Animation,
    ApplyMethod,
    Camera,
    FadeIn,
    FadeOut,
    Group,
    LaggedStart,
    ManimColor,
    Mobject,
    ReplacementTransform,
    Scene,
    VGroup,
    VMobject,
    config,
)

from attnviz.animations import EASE_MOVE, appear, travel, travel_copy
from attnviz.derived import top
from attnviz.errors import UserError
from attnviz.film import Beat, Film, PrintedNumber
from attnviz.mobjects.cells import Fill
from attnviz.mobjects.face import GridFace
from attnviz.mobjects.grid import AttentionGrid
from attnviz.mobjects.links import width_legend
from attnviz.mobjects.matrices import shape_title
from attnviz.mobjects.pair import TokenPair
from attnviz.mobjects.pen import Pen
from attnviz.naming import kebab
from attnviz.records import AttentionTrace, ModelTrace
from attnviz.sources import load_trace
from attnviz.spec import Spec
from attnviz.text import Formula, Line, Number, Run
from attnviz.theme import DARK, Theme
from attnviz.zones import Zone, Zones

_KINDS = {"self": "attention within one sentence", "cross": "attention between two sentences"}

_RAGGED = 1.15

_WIDE = 1.8
"""A stage this many times as wide as tall has room beside a grid."""

_LEAST_ROOM = 0.6
"""A grid makes room as it is where that leaves this share of its own shorter side."""


@dataclass(frozen=True)
class Aside:
    """A grid that makes room: as it stands afterwards, and the moves that take it there."""

    grid: AttentionGrid
    outline: VMobject
    room: Zone
    moves: list[Animation]
    keeps_digits: bool


class AttentionScene(Scene):
    """A scene whose every number is a value of a recorded trace.

    Subclasses give ``spec`` (the default subject), ``tokens`` (how many tokens they can show) and
    ``construct``, and may name in ``loop`` consecutive beats for the gallery's picture (none: the
    last beat); they do not override ``__init__``. ``setup`` has already put the trace on
    ``self.trace``, the filmed layer on ``self.attention`` and the pen on ``self.pen``.
    """

    spec: ClassVar[Spec] = Spec()
    theme: Theme = DARK
    tokens: ClassVar[range] = range(2, 33)
    loop: ClassVar[tuple[str, ...]] = ()
    kind: ClassVar[Literal["self", "cross"] | None] = None
    """The attention that a scene films, within a sentence or between two; None: either."""

    def setup(self) -> None:
        """Load the trace and cut the frame into zones."""
        self.theme = type(self).theme.for_frame(config.frame_width, config.frame_height)
        camera = self.renderer.camera
        assert isinstance(camera, Camera)
        camera.background_color = ManimColor(self.theme.palette.background)
        self.zones = Zones.of_frame(config.frame_width, config.frame_height, self.theme.space)
        self.film = Film()
        self._numbers: dict[PrintedNumber, None] = {}
        self.beat_watchers: list[Callable[[AttentionScene, Beat], None]] = []
        self._traces: dict[str, ModelTrace] = {}
        self._caption: Line | None = None
        if self.kind == "self" and self.spec.target is not None:
            raise UserError(
                f"{self.name} shows {_KINDS['self']}: leave --target out, or film the pair with "
                "cross-attention"
            )
        self.trace = self.trace_for(self.spec)
        self._check_kind()
        self._check_length()
        self.pen = Pen(self.theme, self._traces)

    def trace_for(self, spec: Spec, prefix: str = "") -> ModelTrace:
        """Return the trace of a Spec; its addresses begin with ``prefix.`` (the main one: bare)."""
        if prefix not in self._traces:
            trace = load_trace(spec)
            self._traces[prefix] = trace
            self.film.notes.extend(f"{prefix}: {note}" if prefix else note for note in trace.notes)
        return self._traces[prefix]

    def _check_kind(self) -> None:
        """Refuse a layer of the other kind of attention, and name what can be filmed instead."""
        if self.kind is None or self.attention.kind == self.kind:
            return
        fitting = [i for i, layer in enumerate(self.trace.layers) if layer.kind == self.kind]
        layer = f", or give --layer {fitting[-1]}" if fitting else ""
        raise UserError(
            f"{self.name} shows {_KINDS[self.kind]}; layer {self.layer} of {self.trace.model} is "
            f"{_KINDS[self.attention.kind]}: film it with {self.attention.kind}-attention{layer}"
        )

    def _check_length(self) -> None:
        count = len(self.trace.tokens)
        if count not in self.tokens:
            least, most = self.tokens[0], self.tokens[-1]
            raise UserError(
                f"{self.name} shows {least} to {most} tokens; this text has {count} "
                f"in model {self.trace.model}; "
                f"give a {'longer' if count < least else 'shorter'} text"
            )

    # -- the subject -------------------------------------------------------------------------

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
                f"{self.layer} of {self.trace.model} has {self.head_count}; choose another model"
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

    # -- beats -------------------------------------------------------------------------------

    @contextmanager
    def beat(self, name: str, caption: str, **slots: str | Run) -> Iterator[None]:
        """Play one beat: its own section, its caption, and a hold long enough to read it.

        The first caption stands from the first frame on, so that a film opens on a still.

        Parameters
        ----------
        name
            A short slug.
        caption
            A template filled from addresses, as :meth:`Pen.phrase` takes it.
        **slots
            What fills the template.
        """
        self.next_section(name)
        self._numbers = {}
        start = self.time
        line = self.caption_line(caption, **slots)
        if self._caption is None:
            self._caption = line
            self.add(line)
            self.wait(self.theme.timing.step)
        else:
            self.play(self._swap_caption(line), run_time=self.theme.timing.caption)
        yield
        timing = self.theme.timing
        reading = max(timing.least_hold, timing.seconds_a_word * len(line.text.split()))
        shown = self.time - start
        self.wait(max(timing.least_hold, reading - shown))
        beat = Beat(name, line.text, start, self.time, tuple(self._numbers))
        self.film.beats.append(beat)
        for watch in self.beat_watchers:
            watch(self, beat)

    def play(self, *animations: Any, **options: Any) -> None:
        """Play animations, and note every number that they leave on screen."""
        super().play(*animations, **options)
        self._numbers.update(dict.fromkeys(self.drawn_numbers()))

    def drawn_lines(self) -> Iterator[Line]:
        """Yield every line of type on screen, in drawing order."""
        for mobject in self.mobjects:
            yield from (member for member in mobject.get_family() if isinstance(member, Line))

    def drawn_numbers(self) -> Iterator[PrintedNumber]:
        """Yield every number on screen with its address."""
        for line in self.drawn_lines():
            for run in line.runs:
                if run.address is not None and run.value is not None:
                    yield PrintedNumber(run.address, run.value, run.text)

    def caption_line(self, template: str, **slots: str | Run) -> Line:
        """Set a caption in the caption zone."""
        zone = self.zones.caption
        line = self.pen.phrase(template, slots, role="caption")
        if line.width > zone.width:
            # Lines of one length, with some play for the words that will not break.
            lines = math.ceil(line.width / zone.width)
            even = min(zone.width, _RAGGED * line.width / lines)
            line = self.pen.phrase(template, slots, role="caption", wrap=even)
            return line.move_to(zone.centre)
        return line.stand_in(zone)

    def _swap_caption(self, line: Line) -> Animation:
        """Let the new caption rise once the old one is gone: the two are never read together."""
        shift = self.theme.space.gap * UP
        leaving = [FadeOut(self._caption, shift=shift)] if self._caption else []
        self._caption = line
        return LaggedStart(*leaving, FadeIn(line, shift=shift), lag_ratio=1.0)

    # -- pictures of the subject -------------------------------------------------------------

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

    def token_pair(
        self, zone: Zone, colours: tuple[str, str], titles: tuple[str, str] = ("Query", "Key")
    ) -> TokenPair:
        """Return the sentences that ask and answer, facing each other in a zone."""
        return TokenPair(
            self.pen,
            self.attention.query_tokens,
            self.attention.key_tokens,
            zone,
            colours=colours,
            focused=(self.focused[0], self.focused[1]),
            titles=titles,
        )

    def link_legend(self, address: str) -> VGroup:
        """Return the legend of the links' width: a bar as wide as a whole row of attention."""
        bar = width_legend(self.theme, weight=1.0, length=3 * self.theme.sizes.label)
        words = self.pen.phrase(
            "a link this wide is {total}, all of a word's attention",
            {"total": f"total({address})"},
            colour=self.theme.palette.dim,
        )
        legend = VGroup(bar, words).arrange(buff=self.theme.space.gap)
        stage = self.zones.stage
        return legend.move_to((stage.centre[0], stage.bottom + legend.height / 2, 0.0))

    def head_grid(
        self,
        address: str,
        zone: Zone | None = None,
        *,
        fill: Fill,
        places: int = 2,
        lens: int | None = None,
    ) -> AttentionGrid:
        """Return a matrix ``[query, key]`` of the filmed head as a grid in the middle of a zone.

        Without a zone it is that of the stage which leaves the room that :meth:`step_aside` needs.
        A lens, where the grid is large, shows the row of the given query, or of the lit one.
        """
        if zone is None:
            zone = self.zones.stage
            if zone.width > zone.height * _WIDE:
                _left, zone, _right = zone.columns(1, 3, 1)
        return AttentionGrid(
            self.pen,
            address,
            self.attention.query_tokens,
            self.attention.key_tokens,
            width=zone.width,
            height=zone.height,
            fill=fill,
            places=places,
            focused=self.focused,
            lens=self.lens(self.query if lens is None else lens),
        ).move_to(zone.centre)

    def step_aside(
        self, grid: AttentionGrid, outline: VMobject, totals: VGroup | None = None
    ) -> Aside:
        """Make room beside a grid for what follows.

        The grid moves to the left or to the top of the stage; where that leaves too little room,
        a small one without digits takes its place.

        Parameters
        ----------
        grid
            A grid that stands in the scene.
        outline
            The frame around one of its rows, which goes with it.
        totals
            What stands at the ends of its rows: it goes with it too, or fades.
        """
        gap = 2 * self.theme.space.wide_gap
        group = Group(grid, *([totals] if totals else []))
        place, room = self.zones.stage.apart(group.width, group.height, gap)
        if min(room.width, room.height) > _LEAST_ROOM * min(place.width, place.height):
            way = place.centre - group.get_center()
            moves: list[Animation] = [
                ApplyMethod(part.shift, way, rate_func=EASE_MOVE) for part in (*group, outline)
            ]
            return Aside(grid, outline, room, moves, keeps_digits=True)
        place, room = self.zones.stage.split(4, 5, gap=gap)
        small = grid.shrunken(self.pen, place)
        frame = small.face.row_outline(grid.face.row_of(outline))
        moves = [
            ReplacementTransform(grid.face.cells, small.face.cells, rate_func=EASE_MOVE),
            ReplacementTransform(grid.titles, small.titles, rate_func=EASE_MOVE),
            ReplacementTransform(outline, frame, rate_func=EASE_MOVE),
            FadeOut(grid.trimmings, *group[1:]),
        ]
        return Aside(small, frame, room, moves, keeps_digits=False)

    def give_way(self, aside: Aside, face: GridFace, arriving: Mobject, numbers: VGroup) -> None:
        """Play a grid's stepping aside for what arrives, and hand over digits as its numbers.

        Digits that go with the grid are handed over when it stands again; those that are about to
        fade leave at once.
        """
        moves = [*aside.moves, FadeIn(arriving)]
        if aside.keeps_digits:
            self.play(*moves, run_time=self.theme.timing.slow)
            self.play(self.hand_over(face, numbers))
        else:
            self.play(*moves, self.hand_over(face, numbers), run_time=self.theme.timing.slow)

    def signed_fill(self, address: str) -> Fill:
        """Return the colours of signed numbers, scaled to an address's largest magnitude.

        A masked score, −∞, takes the colour of an empty cell.
        """
        extent, palette = self.pen.value(f"extent({address})"), self.theme.palette
        return lambda value: palette.signed(value / extent) if np.isfinite(value) else palette.cell

    @property
    def mask(self) -> np.ndarray:
        """The filmed head's mask ``[query, key]``, True where a query may attend."""
        return self.pen.array(self.mask_address())

    def mask_address(self, prefix: str = "") -> str:
        """Return the address of the filmed head's mask; one mask may serve all heads."""
        shared = len(self.attention.mask) == 1
        return self.address("mask", 0 if shared else self.head, prefix=prefix)

    def matrix_title(self, name: str, address: str, colour: str, matrix: Mobject) -> Line:
        """Return a matrix's name with its shape, above it."""
        title = shape_title(self.pen, name, address, colour).align_to(matrix, LEFT)
        return title.stand_on(float(matrix.get_top()[1]) + self.theme.space.gap)

    def formula(self, expression: str) -> Formula:
        """Return a formula in the formula zone, its terms in the colours of their meaning."""
        palette = self.theme.palette
        meanings = {
            "query": palette.query,
            "key": palette.key,
            "value": palette.value,
            "output": palette.output,
        }
        colours = {
            name: colour
            for name, colour in meanings.items()
            if f":{name}" in expression.replace(" ", "")
        }
        formula = self.pen.formula(expression, colours)
        formula.move_to(self.zones.formula.centre)
        return formula

    def bring_digits(self, face: GridFace, numbers: VGroup) -> list[Animation]:
        """Let a grid's digits appear; those that stand elsewhere as numbers travel in."""
        self.bring_to_front(numbers)
        places = {digit.address: digit for digit in face.numbers()}
        standing = {number.address: number for number in numbers if isinstance(number, Number)}
        moves = [
            travel(number, places[address]) if address in places else FadeOut(number)
            for address, number in standing.items()
        ]
        rows: dict[float, list[Number]] = {}
        for address, digit in places.items():
            if address not in standing:
                rows.setdefault(round(digit.baseline, 3), []).append(digit)
        lens = [FadeIn(face.lens.cells)] if face.lens else []
        return [*lens, *moves, appear([VGroup(*row) for row in rows.values()], self.theme)]

    def hand_over(self, face: GridFace, numbers: VGroup) -> Animation:
        """Send copies of a grid's digits to where they are used next, as numbers."""
        places = {digit.address: digit for digit in face.numbers()}
        return LaggedStart(
            *(
                travel_copy(places[number.address], number)
                if number.address in places
                else FadeIn(number)
                for number in numbers
                if isinstance(number, Number)
            ),
            lag_ratio=self.theme.timing.stagger,
        )
