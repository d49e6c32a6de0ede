"""The attention grid: rows ask (queries), columns answer (keys)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from manim import Group, Mobject, VGroup

from attnviz.mobjects.cells import Fill
from attnviz.mobjects.face import GridFace
from attnviz.mobjects.grid_plan import GridPlan, plan_grid
from attnviz.mobjects.lens import LensFrame, lens_height
from attnviz.mobjects.pen import Pen, element
from attnviz.text import Line
from attnviz.theme import Theme
from attnviz.zones import Zone

DIGITS_UP_TO = 12


class AttentionGrid(Group):
    """A face with the tokens beside it: queries at the left, keys on top, both titled.

    Above 12 tokens the cells lose their digits, which a lens below shows for one row; above 16
    only the focused labels show; above 32 the cells are one image.

    Parameters
    ----------
    pen
        Draws labels and digits.
    address
        The matrix, e.g. ``layers[1].weights[2]``.
    queries, keys
        Token texts of the rows and of the columns.
    width, height
        The room for everything, in frame units.
    fill
        From a value to the colour of its cell.
    places
        Decimal places of the digits.
    small
        Draw neither digits nor tokens, only the cells and the titles.
    digits
        Whether the cells carry their digits, where they have room.
    focused
        Rows, and columns, that keep their label above 16 tokens, the most important first.
    lens
        A query and its keys, the most important first, to magnify where the cells have no digits.
    image
        Whether the cells are one image; above 32 tokens they always are.
    """

    def __init__(
        self,
        pen: Pen,
        address: str,
        queries: Sequence[str],
        keys: Sequence[str],
        *,
        width: float,
        height: float,
        fill: Fill,
        places: int = 2,
        small: bool = False,
        focused: tuple[Sequence[int], Sequence[int]] = ((), ()),
        lens: tuple[int, Sequence[int]] | None = None,
        image: bool = False,
        digits: bool = True,
    ) -> None:
        self.theme: Theme = pen.theme
        self.address = address
        self._fill = fill
        self._digits = digits and not small and max(len(queries), len(keys)) <= DIGITS_UP_TO
        self._image = image
        magnified = None if self._digits or small else lens
        plan = plan_grid(
            pen,
            queries,
            keys,
            width=width,
            height=height - (lens_height(pen) if magnified else 0.0),
            focused=focused,
            digits=self._digits_width(pen, places) if self._digits else None,
            small=small,
        )
        self.pitch, self._tiers = plan.pitch, plan.tiers
        self._frame: LensFrame | None = None
        if magnified is not None:
            self._frame = LensFrame(
                pen,
                address,
                *magnified,
                asking=queries[magnified[0]],
                answering=keys,
                width=width,
                places=places,
            )
        self.face = self._face(pen, address, fill, places)
        self._label(plan, small=small)
        super().__init__(self.face, self.labels)
        if self._frame is not None:
            self._place_lens(self._frame)
            self.add(self._frame)
        self.center()

    def _digits_width(self, pen: Pen, places: int) -> float:
        """Return how wide the widest digits of a cell are."""
        pairs = np.ndindex(pen.array(self.address).shape)
        return max(pen.number_width(element(self.address, *pair), places) for pair in pairs)

    def _label(self, plan: GridPlan, *, small: bool) -> None:
        """Put the planned labels beside and above the face, and title both sides."""
        self.query_labels = VGroup(*(self._beside(q, line) for q, line in plan.queries.items()))
        self.key_labels = VGroup(*(self._above(k, line) for k, line in plan.keys.items()))
        self.titles = VGroup(*self._entitled(*plan.titles, small=small))
        self.labels = VGroup(self.query_labels, self.key_labels, self.titles)

    def _face(self, pen: Pen, address: str, fill: Fill, places: int) -> GridFace:
        lens = None
        if self._frame is not None:
            lens = self._frame.patch(pen, address, fill=fill, places=places)
        return GridFace(
            pen,
            address,
            self.pitch,
            fill=fill,
            digits=self._digits,
            places=places,
            image=self._image,
            lens=lens,
        )

    def _place_lens(self, frame: LensFrame) -> None:
        """Put the lens below the cells, its left end under that of the labels."""
        # The face was given the lens's patch with the frame.
        assert self.face.lens is not None
        magnified = Group(frame, self.face.lens)
        top = float(self.face.cells.get_bottom()[1]) - self.theme.sizes.lens
        left = min(float(self.labels.get_left()[0]), float(self.face.cells.get_left()[0]))
        magnified.shift((left - magnified.get_left()[0], top - magnified.get_top()[1], 0.0))

    @property
    def around(self) -> VGroup:
        """Everything but the face: the labels, and those of the lens."""
        return VGroup(self.labels, *self.magnifier)

    @property
    def side_words(self) -> tuple[VGroup, VGroup]:
        """What says who asks, and who answers: the tokens, or the titles where there are none."""
        query, key = self.titles
        return self.query_labels or VGroup(query), self.key_labels or VGroup(key)

    @property
    def trimmings(self) -> Group:
        """Everything but the cells and the titles: digits, tokens, the lens."""
        return Group(*self.magnified, *self.words)

    @property
    def words(self) -> tuple[VGroup, VGroup]:
        """The tokens that ask, and those that answer; none where there is no room for them."""
        return self.query_labels, self.key_labels

    @property
    def magnified(self) -> list[Mobject]:
        """The digits, in the cells or in the lens with its labels."""
        lens = [self.face.lens] if self.face.lens else []
        return [self.face.digits, *self.magnifier, *lens]

    @property
    def magnifier(self) -> list[LensFrame]:
        """The labels of the lens, if there is one."""
        return [] if self._frame is None else [self._frame]

    def shrunken(self, pen: Pen, zone: Zone) -> AttentionGrid:
        """Return the same matrix in the middle of a zone, without digits and tokens."""
        rows, columns = self.face.shape
        return AttentionGrid(
            pen,
            self.address,
            [""] * rows,
            [""] * columns,
            width=zone.width,
            height=zone.height,
            fill=self._fill,
            small=True,
        ).move_to(zone.centre)

    def adopt(self, face: GridFace) -> None:
        """Take a redrawn face in the place of the present one."""
        self.remove(self.face)
        self.face, self.address, self._fill = face, face.address, face.fill
        self.add(face)

    def redrawn(self, pen: Pen, address: str, *, fill: Fill, places: int = 2) -> GridFace:
        """Return a face of another matrix, cell on cell with this grid's."""
        face = self._face(pen, address, fill, places)
        pairs = zip(self.face.patches, face.patches, strict=True)
        for here, there in pairs:
            target: Mobject = there if there is face.lens else Group(there.cells, there.digits)
            target.shift(here.middle - there.middle)
        return face

    def _beside(self, query: int, line: Line) -> Line:
        y = float(self.pitch.place(query, 0)[1])
        return line.end_at(self._left_edge).stand_on(y - line.cap_height / 2)

    def _above(self, key: int, line: Line) -> Line:
        level = 2 * self.theme.sizes.label * (key % self._tiers)
        return line.set_x(self.pitch.place(0, key)[0]).stand_on(self._header + level)

    @property
    def _left_edge(self) -> float:
        return float(self.face.cells.get_left()[0]) - self.theme.space.gap

    @property
    def _header(self) -> float:
        return float(self.face.cells.get_top()[1]) + 0.7 * self.theme.sizes.label

    def _entitled(self, query: Line, key: Line, *, small: bool) -> list[Line]:
        query.end_at(self._left_edge)
        key.set_x(self.face.cells.get_x())
        if small:
            query.set_y(float(self.face.cells.get_y()))
            key.stand_on(self._header)
        else:
            above = self._header + 2 * self._tiers * self.theme.sizes.label
            # A wide first key reaches over the title's place beside it.
            end = float(query.get_right()[0]) + self.theme.space.cell_gap
            crowded = any(label.get_left()[0] < end for label in self.key_labels)
            query.stand_on(above if crowded else self._header)
            key.stand_on(above)
        return [query, key]
