"""What encoder settings cost and keep: `python -m benchmarks.encoders self-attention`.

A scene is played once. Its first frames are encoded with each setting on one thread; the table
shows the encoder's CPU time a frame, the size, and how near the decoded frames are to those drawn:
PSNR of luma and of chroma, and SSIM of luma in its worst frame. The first row is what films are
encoded with; further settings are given as `--try "preset=veryfast crf=24"`.
"""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np

from attnviz.render import catalogue
from attnviz.render.boxes import Box
from attnviz.render.camera import FrugalRenderer
from attnviz.render.conversion import Converter
from attnviz.render.encoding import SilentWriter
from attnviz.render.output import QUALITIES, Output
from attnviz.render.running import run
from attnviz.render.streams import H264, PIXEL_FORMAT
from benchmarks.similarity import ssim
from benchmarks.tables import table

OFFERED = (
    "preset=medium crf=23",  # manim's own
    "preset=medium tune=animation crf=28 x264-params=chroma-qp-offset=-8",
    "preset=veryfast tune=animation crf=25 x264-params=chroma-qp-offset=-8",
    "preset=superfast crf=29 x264-params=chroma-qp-offset=-8",
)
_COMPARED_EVERY = 5


class EnoughError(Exception):
    """As many frames as wanted have been drawn."""


class Frames(SilentWriter):
    """Keeps converted frames."""

    def __init__(self, wanted: int) -> None:
        super().__init__()
        self.kept: list[av.VideoFrame] = []
        self._wanted, self._converter = wanted, Converter()

    def write_frame(
        self, pixels: np.ndarray, *, repeat: int = 1, changed: Sequence[Box] | None = None
    ) -> None:
        if len(self.kept) >= self._wanted:
            raise EnoughError
        # The converter's frame is overwritten by the next one.
        frame = self._converter.convert(pixels, changed)
        self.kept.extend([copied(frame)] * repeat)


@dataclass(frozen=True, slots=True)
class Result:
    """What a setting gave: CPU milliseconds and bytes a frame, decibels, and the least SSIM."""

    milliseconds: float
    size: float
    luma: float
    chroma: float
    least: float


def copied(frame: av.VideoFrame) -> av.VideoFrame:
    """Return a frame of its own memory."""
    return av.VideoFrame.from_ndarray(frame.to_ndarray(), format=PIXEL_FORMAT)


def drawn(scene: str, output: Output, count: int) -> list[av.VideoFrame]:
    """Play a scene and return its first frames."""
    ref = catalogue.find(scene)
    frames = Frames(count)
    with tempfile.TemporaryDirectory() as scratch, contextlib.suppress(EnoughError):
        run(
            catalogue.load_class(ref),
            catalogue.default_spec(ref),
            output,
            lambda: FrugalRenderer(file_writer_class=frames.as_class()),
            Path(scratch),
        )
    return frames.kept[:count]


def measured(frames: Sequence[av.VideoFrame], options: Mapping[str, str], fps: int) -> Result:
    """Encode frames on one thread, decode them, and compare."""
    content = BytesIO()
    spent = 0.0
    with av.open(content, "w", "mp4") as container:
        stream = container.add_stream("libx264", rate=fps, options=dict(options))
        stream.width, stream.height = frames[0].width, frames[0].height
        stream.pix_fmt = PIXEL_FORMAT
        stream.codec_context.thread_count = 1
        for index, frame in enumerate([*frames, None]):
            if frame is not None:
                frame.pts, frame.time_base = index, Fraction(1, fps)
            begin = time.thread_time()
            packets = stream.encode(frame)
            spent += time.thread_time() - begin
            container.mux(packets)
    size = content.tell()
    content.seek(0)
    pairs = list(compared(frames, content))
    luma, chroma = (decibels(pairs, planes) for planes in ((0,), (1, 2)))
    return Result(1e3 * spent / len(frames), size / len(frames), luma, chroma, min(ssim(pairs)))


def compared(
    frames: Sequence[av.VideoFrame], content: BytesIO
) -> Iterator[tuple[av.VideoFrame, av.VideoFrame]]:
    """Yield some of the frames, each with what a decoder makes of it."""
    with av.open(content, "r") as container:
        for index, found in enumerate(container.decode(video=0)):
            if index % _COMPARED_EVERY == 0:
                yield frames[index], found


def decibels(pairs: Sequence[tuple[av.VideoFrame, av.VideoFrame]], planes: Sequence[int]) -> float:
    """Return the PSNR of some planes over all pairs."""
    errors = [
        ((plane(wanted, index) - plane(found, index)) ** 2).mean()
        for wanted, found in pairs
        for index in planes
    ]
    return float(10 * np.log10(255**2 / max(np.mean(errors), 1e-9)))


def plane(frame: av.VideoFrame, index: int) -> np.ndarray:
    """Return luma or a chroma of a frame."""
    content = frame.planes[index]
    rows = np.frombuffer(memoryview(content), np.uint8).reshape(content.height, -1)
    return rows[:, : content.width].astype(np.float32)


def settings(text: str) -> dict[str, str]:
    """Read ``"preset=fast crf=20 x264-params=mbtree=1"``."""
    return dict(pair.split("=", 1) for pair in text.split())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scene")
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--quality", default="hd", choices=QUALITIES)
    parser.add_argument("--theme", default="dark", choices=["dark", "light"])
    parser.add_argument("--try", dest="offered", action="append", help="a setting; may be repeated")
    asked = parser.parse_args()
    output = Output(QUALITIES[asked.quality], theme=asked.theme)
    frames = drawn(asked.scene, output, asked.frames)
    own = " ".join(f"{name}={value}" for name, value in H264.options.items())
    rows = []
    for text in [own, *(asked.offered or OFFERED)]:
        found = measured(frames, settings(text), output.quality.fps)
        numbers = (found.milliseconds, found.size, found.luma, found.chroma)
        rows.append([text, *(f"{number:.1f}" for number in numbers), f"{found.least:.4f}"])
    head = ["setting", "ms/frame", "bytes/frame", "luma dB", "chroma dB", "least SSIM"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
