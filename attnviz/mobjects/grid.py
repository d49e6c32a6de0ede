"""The attention grid: rows ask (queries), columns answer (keys)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from manim import PI, Group, Mobject, VGroup

from attnviz.mobjects.cells import Fill, Pitch
from attnviz.mobjects.face import GridFace
from attnviz.mobjects.lens import LensFrame, lens_height
from attnviz.mobjects.pen import Pen, element
from attnviz.mobjects.tokens import ALL_LABELS_UP_TO
from attnviz.text import Line
from attnviz.theme import Theme
from attnviz.zones import Zone

DIGITS_UP_TO = 12
_TALLEST_ROW = 0.85
_WIDEST_COLUMN = 1.15
_WIDEST_CELL = 1.5
"""How wide a cell without label and digits may be, of its height."""


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
        self._places = places
        self._digits = digits and not small and max(len(queries), len(keys)) <= DIGITS_UP_TO
        self._image = image
        palette = pen.theme.palette
        magnified = None if self._digits or small else lens
        height -= lens_height(pen) if magnified else 0.0
        query_labels = {} if small else self._labels(pen, queries, palette.query, focused[0])
        titles = (pen.words("Query", colour=palette.dim), pen.words("Key", colour=palette.dim))
        if small:
            titles[0].rotate(PI / 2)
        beside = max(line.width for line in (titles[0], *query_labels.values()))
        room = width - beside - pen.theme.space.gap
        named = () if small else keys
        widest = min(self._widest_column(pen, keys, named, focused[1], room), _WIDEST_COLUMN)
        self._tiers = self._count_tiers(pen, named, widest)
        above = (2 if small else 2 + 2 * self._tiers) * pen.theme.sizes.label
        tall = min((height - above) / len(queries), _TALLEST_ROW, widest)
        wanted = self._wanted_width(pen, named, tall)
        self.pitch = Pitch(x=min(widest, wanted), y=tall)
        slot = self._tiers * self.pitch.x
        key_labels = {} if small else self._labels(pen, keys, palette.key, focused[1], slot)
        lines = 1.5 * pen.theme.sizes.label
        sparse = max(len(queries), len(keys)) > ALL_LABELS_UP_TO
        if tall < lines and not self._digits:
            query_labels = {q: query_labels[q] for q in focused[0] if q in query_labels}
        if sparse or len(query_labels) < len(queries):
            query_labels = self._apart(query_labels, lambda _line: lines, self.pitch.y)
        if sparse:
            key_labels = self._apart(key_labels, lambda line: line.width, self.pitch.x)
        self._frame = (
            None
            if magnified is None
            else LensFrame(
                pen,
                address,
                *magnified,
                asking=queries[magnified[0]],
                answering=keys,
                width=width,
                places=places,
            )
        )
        self.face = self._face(pen, address, fill, places)
        self.query_labels = VGroup(*(self._beside(q, line) for q, line in query_labels.items()))
        self.key_labels = VGroup(*(self._above(k, line) for k, line in key_labels.items()))
        self.titles = VGroup(*self._entitled(*titles, small=small))
        self.labels = VGroup(self.query_labels, self.key_labels, self.titles)
        super().__init__(self.face, self.labels)
        if self._frame is not None:
            self._place_lens(self._frame)
            self.add(self._frame)
        self.center()

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

    def _labels(
        self,
        pen: Pen,
        tokens: Sequence[str],
        colour: str,
        focused: Sequence[int],
        slot: float | None = None,
    ) -> dict[int, Line]:
        sparse = len(tokens) > ALL_LABELS_UP_TO
        longest = None if sparse or slot is None else slot - pen.theme.space.cell_gap
        return {
            index: pen.token(
                tokens[index], colour=colour, cap=pen.theme.sizes.label, longest=longest
            )
            for index in (focused if sparse else range(len(tokens)))
        }

    @staticmethod
    def _widest_column(
        pen: Pen, keys: Sequence[str], named: Sequence[str], focused: Sequence[int], room: float
    ) -> float:
        """Return how wide a column may be, so that the labels end within the room."""
        count = len(keys)
        ends = [room / count]
        for key in focused if count > ALL_LABELS_UP_TO else [count - 1]:
            if named:
                half = pen.token(named[key], cap=pen.theme.sizes.label).width / 2
                # On two levels a label may be as wide as two columns.
                ends.append(max((room - half) / (key + 0.5), room / (count + 0.5)))
        return min(ends)

    @staticmethod
    def _count_tiers(pen: Pen, keys: Sequence[str], pitch: float) -> int:
        """Return 2 where the keys' labels must stand on two levels to have room, else 1."""
        if not keys or len(keys) > ALL_LABELS_UP_TO:
            return 1
        cap = pen.theme.sizes.label
        widest = max(pen.token(key, cap=cap).width for key in keys)
        return 1 if widest + pen.theme.space.cell_gap <= pitch else 2

    @staticmethod
    def _apart(
        labels: dict[int, Line], extent: Callable[[Line], float], pitch: float
    ) -> dict[int, Line]:
        """Drop every label that a more important one (it comes first) leaves no room for."""
        kept: dict[int, Line] = {}
        for index, line in labels.items():
            rooms = (abs(index - other) * pitch for other in kept)
            if all(room >= extent(line) for room in rooms):
                kept[index] = line
        return kept

    def _wanted_width(self, pen: Pen, keys: Sequence[str], height: float) -> float:
        space, sizes = pen.theme.space, pen.theme.sizes
        wanted = [height]
        if len(keys) > ALL_LABELS_UP_TO:
            wanted.append(_WIDEST_CELL * height)
        else:
            wanted += [pen.token(key, cap=sizes.label).width + 2 * space.gap for key in keys]
        if self._digits:
            digits = (
                pen.number_width(element(self.address, *pair), self._places)
                for pair in np.ndindex(pen.array(self.address).shape)
            )
            wanted.append(max(digits) + 2 * space.gap)
        return max(wanted)

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
