"""AttentionScene: the one joint where a trace meets pictures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from manim import (
    LEFT,
    Animation,
    ApplyMethod,
    FadeIn,
    FadeOut,
    Group,
    LaggedStart,
    Mobject,
    ReplacementTransform,
    VGroup,
    VMobject,
)

from attnviz.animations import EASE_MOVE, appear, travel, travel_copy
from attnviz.mobjects.cells import Fill
from attnviz.mobjects.face import GridFace
from attnviz.mobjects.grid import AttentionGrid
from attnviz.mobjects.links import width_legend
from attnviz.mobjects.matrices import shape_title
from attnviz.mobjects.pair import TokenPair
from attnviz.stage.subject import SubjectScene
from attnviz.text import Line, Number
from attnviz.zones import Zone

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


class AttentionScene(SubjectScene):
    """A scene whose every number is a value of a recorded trace.

    Subclasses give ``spec`` (the default subject), ``tokens`` (how many tokens they can show) and
    ``construct``, and may name in ``loop`` consecutive beats for the gallery's picture (none: the
    last beat); they do not override ``__init__``. ``setup`` has already put the trace on
    ``self.trace``, the filmed layer on ``self.attention`` and the pen on ``self.pen``.
    """

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

    def matrix_title(self, name: str, address: str, colour: str, matrix: Mobject) -> Line:
        """Return a matrix's name with its shape, above it."""
        title = shape_title(self.pen, name, address, colour).align_to(matrix, LEFT)
        return title.stand_on(float(matrix.get_top()[1]) + self.theme.space.gap)

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
