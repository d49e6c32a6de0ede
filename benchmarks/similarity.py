"""How alike two films are: SSIM, frame by frame, of what a viewer sees (RGB).

Structural similarity (Wang, Bovik, Sheikh, Simoncelli 2004) as ffmpeg's filter ``ssim`` computes
it: 1 for equal pictures, less for any difference. Films are decoded and turned to RGB first, each
by the matrix that it was made with: the stock command's files name none and are BT.601, as
swscale takes what is not named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from statistics import fmean

import av
import av.filter
from av.filter.context import FilterContext

_RGB = "gbrp"
# swscale's short cuts round dark colours down, and leave out columns of widths like 854.
_EXACT = "bicubic+accurate_rnd+full_chroma_int+full_chroma_inp"
_MATRICES = {1: "bt709", 2: "bt601", 5: "bt601", 6: "bt601"}  # AVCOL_SPC_*; 2 names none
_SCORE = "lavfi.ssim.All"
_TICK = Fraction(1, 60)  # any will do: the two films' frames are paired by their index

Pair = tuple[av.VideoFrame, av.VideoFrame]


@dataclass(frozen=True, slots=True)
class Similarity:
    """How alike two films are.

    Parameters
    ----------
    frames
        How many each has.
    mean, worst
        SSIM of all frames, and of the pair that is least alike.
    worst_frame
        The index of that pair.
    """

    frames: int
    mean: float
    worst: float
    worst_frame: int


def compare(one: Path, other: Path) -> Similarity:
    """Compare two films of one length.

    Raises
    ------
    ValueError
        If their frames are not equal in number or size, or there are none.
    """
    try:
        values = list(ssim(zip(_frames(one), _frames(other), strict=True)))
    except ValueError as error:
        raise ValueError(f"{one.name} and {other.name} are no pair: {error}") from error
    worst = min(range(len(values)), key=values.__getitem__)
    return Similarity(len(values), fmean(values), values[worst], worst)


def ssim(pairs: Iterable[Pair]) -> Iterator[float]:
    """Yield the SSIM of each pair of frames as RGB: the mean of red's, green's and blue's."""
    graph: _Comparison | None = None
    for pair in pairs:
        graph = graph or _Comparison(pair)
        yield from graph.take(pair)
    if graph is None:
        raise ValueError("there are no frames")
    yield from graph.rest()


def _frames(path: Path) -> Iterator[av.VideoFrame]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        yield from container.decode(stream)


class _Comparison:
    """ffmpeg's filter ``ssim`` between two films, each turned to RGB by its own matrix."""

    def __init__(self, first: Pair) -> None:
        graph = av.filter.Graph()
        self._shapes = [_shape(frame) for frame in first]
        self._inputs = [_input(graph, frame) for frame in first]
        score, self._sink = graph.add("ssim"), graph.add("buffersink")
        for place, source in enumerate(self._inputs):
            _as_rgb(graph, source, first[place]).link_to(score, 0, place)
        score.link_to(self._sink)
        graph.configure()
        self._graph = graph  # its parts live as long as it does
        self._taken = 0

    def take(self, pair: Pair) -> Iterator[float]:
        """Take a pair; yield what has become known."""
        for source, frame, wanted in zip(self._inputs, pair, self._shapes, strict=True):
            if _shape(frame) != wanted:
                raise ValueError(f"frame {self._taken} is {_shape(frame)}, the first {wanted}")
            frame.pts, frame.time_base = self._taken, _TICK
            source.push(frame)
        self._taken += 1
        return self._known()

    def rest(self) -> Iterator[float]:
        """Yield what the filter still holds."""
        for source in self._inputs:
            source.push(None)
        return self._known()

    def _known(self) -> Iterator[float]:
        try:
            while True:
                yield float(self._sink.pull().metadata[_SCORE])
        except (av.EOFError, av.BlockingIOError):
            return


def _shape(frame: av.VideoFrame) -> tuple[int, int, str, int]:
    return frame.width, frame.height, frame.format.name, int(frame.colorspace)


def _input(graph: av.filter.Graph, frame: av.VideoFrame) -> FilterContext:
    return graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=_TICK
    )


def _as_rgb(graph: av.filter.Graph, source: FilterContext, frame: av.VideoFrame) -> FilterContext:
    """Turn what a source gives to planar RGB of full range."""
    if frame.format.is_rgb:
        matrix = ""
    else:
        matrix = f":in_color_matrix={_MATRICES[int(frame.colorspace)]}:in_range=tv:out_range=pc"
    scale = graph.add("scale", f"flags={_EXACT}{matrix}")
    planar = graph.add("format", f"pix_fmts={_RGB}")
    source.link_to(scale)
    scale.link_to(planar)
    return planar
