"""What takes the frames of a film besides its H.264 file, a file each."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image
from PIL.PngImagePlugin import PngInfo

from attnviz.errors import AttnvizError
from attnviz.render.encoding import Reel
from attnviz.render.output import Output
from attnviz.render.streams import AV1, VideoStream, converted

LONGEST_SIDE = 640
"""Pixels of an animated picture: it is looked at inside a page."""

TICK = 80
"""Milliseconds that a frame of an animated picture stands at least: GIF counts hundredths."""

_COLOURS = 256
_SAMPLED = 24
_WEBP_QUALITY = 80
_WEBP_METHOD = 4
_MILLISECONDS = 1000


def reels(files: Mapping[str, Path], output: Output, metadata: Mapping[str, str]) -> list[Reel]:
    """Open what writes further formats.

    Parameters
    ----------
    files
        Name of the format to the file that is written.
    output
        Size and frame rate of the film.
    metadata
        Tags of the files, as each kind can hold them.
    """
    made: dict[str, Callable[[Path], Reel]] = {
        "webm": lambda path: VideoReel(path, output, metadata),
        "webp": lambda path: WebpReel(path, output, metadata),
        "gif": lambda path: GifReel(path, output, metadata),
        "frames": lambda path: FramesReel(path, metadata),
        "still": lambda path: StillReel(path, metadata),
    }
    return [made[name](path) for name, path in files.items()]


class VideoReel:
    """A second video of the same frames."""

    def __init__(self, path: Path, output: Output, metadata: Mapping[str, str]) -> None:
        self._stream = VideoStream(path, output, AV1, metadata)

    def begin_beat(self) -> None:
        """Let the next frame be a key frame."""
        self._stream.begin_beat()

    def take(self, pixels: np.ndarray, repeat: int) -> None:
        """Encode a frame."""
        self._stream.write(converted(pixels), repeat)

    def finish(self) -> None:
        """Write what the encoder still holds."""
        self._stream.finish()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


class StillReel:
    """The last frame, every pixel of it."""

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        self._path, self._metadata = path, metadata
        self._last: np.ndarray | None = None

    def begin_beat(self) -> None:
        """Note nothing."""

    def take(self, pixels: np.ndarray, repeat: int) -> None:
        """Remember the frame."""
        self._last = pixels

    def finish(self) -> None:
        """Write the last one."""
        if self._last is not None:
            self._path.write_bytes(_png(self._last, self._metadata))

    def close(self) -> None:
        """Let go of the frame."""
        self._last = None


class FramesReel:
    """Every frame as a PNG, numbered from 0, in an archive."""

    def __init__(self, path: Path, metadata: Mapping[str, str]) -> None:
        self._metadata = metadata
        self._archive = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._count = 0

    def begin_beat(self) -> None:
        """Note nothing."""

    def take(self, pixels: np.ndarray, repeat: int) -> None:
        """Write the frame under as many numbers as it is shown for."""
        content = _png(pixels, self._metadata)
        for _ in range(repeat):
            # The date is the archive format's first: the same frames give the same bytes.
            self._archive.writestr(zipfile.ZipInfo(f"{self._count:05}.png"), content)
            self._count += 1

    def finish(self) -> None:
        """Have nothing left to write."""

    def close(self) -> None:
        """Close the archive."""
        self._archive.close()


class PictureReel:
    """The frames of an animated picture: small, and at most 12.5 a second.

    They are kept compressed until the film ends, for a palette wants to have seen them all.
    """

    def __init__(self, path: Path, output: Output, metadata: Mapping[str, str]) -> None:
        self._path, self._metadata = path, metadata
        self._ticks_per_frame = _MILLISECONDS / output.quality.fps / TICK
        scale = min(1.0, LONGEST_SIDE / max(output.width, output.height))
        self._size = round(output.width * scale), round(output.height * scale)
        self._shown = 0
        self._kept: list[tuple[bytes, int]] = []

    def begin_beat(self) -> None:
        """Note nothing."""

    def take(self, pixels: np.ndarray, repeat: int) -> None:
        """Keep the frame, if the picture shows it."""
        first = int(np.ceil(self._shown * self._ticks_per_frame))
        self._shown += repeat
        ticks = int(np.ceil(self._shown * self._ticks_per_frame)) - first
        if ticks:
            image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
            small = image.resize(self._size, Image.Resampling.LANCZOS).tobytes()
            content = zlib.compress(small, 1)
            if self._kept and self._kept[-1][0] == content:
                ticks += self._kept.pop()[1]
            self._kept.append((content, ticks))

    def close(self) -> None:
        """Let go of the frames."""
        self._kept.clear()

    def _durations(self) -> list[int]:
        return [ticks * TICK for _, ticks in self._kept]

    def _images(self, step: int = 1) -> Iterator[Image.Image]:
        for content, _ in self._kept[::step]:
            yield Image.frombytes("RGB", self._size, zlib.decompress(content))

    def _comment(self) -> str:
        return self._metadata.get("comment", "")


class WebpReel(PictureReel):
    """An animated WebP."""

    def finish(self) -> None:
        """Write the picture; it runs for ever."""
        first, *others = self._images()
        first.save(
            self._path,
            "WEBP",
            save_all=True,
            append_images=others,
            duration=self._durations(),
            loop=0,
            quality=_WEBP_QUALITY,
            method=_WEBP_METHOD,
            minimize_size=True,
            exif=_exif(self._metadata),
        )


class GifReel(PictureReel):
    """An animated GIF with one palette, chosen from frames of the whole film."""

    def finish(self) -> None:
        """Write the picture; it runs for ever."""
        palette = self._palette()
        first, *others = (
            image.quantize(palette=palette, dither=Image.Dither.NONE) for image in self._images()
        )
        first.save(
            self._path,
            "GIF",
            save_all=True,
            append_images=others,
            duration=self._durations(),
            loop=0,
            optimize=False,  # else each frame gets a palette of its own
            comment=self._comment().encode("utf-8"),
        )

    def _palette(self) -> Image.Image:
        """Return a palette of all the frames; dithering would be noise on flat colour."""
        step = max(1, len(self._kept) // _SAMPLED)
        sampled = [np.asarray(image) for image in self._images(step)]
        return Image.fromarray(np.concatenate(sampled)).quantize(
            _COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )


def require_pictures(files: Mapping[str, Path]) -> None:
    """Open what was written, every frame of it.

    Raises
    ------
    AttnvizError
        If a file cannot be read again.
    """
    for name, path in files.items():
        try:
            if name == "frames":
                with zipfile.ZipFile(path) as archive:
                    broken = archive.testzip()
                if broken:
                    raise OSError(f"{broken} is damaged")
            elif name != "webm":
                with Image.open(path) as image:
                    for index in range(getattr(image, "n_frames", 1)):
                        image.seek(index)
                        image.load()
        except (OSError, zipfile.BadZipFile) as error:
            raise AttnvizError(f"{path.name}: the file does not decode ({error})") from error


def _png(pixels: np.ndarray, metadata: Mapping[str, str]) -> bytes:
    told, buffer = PngInfo(), BytesIO()
    for name, value in metadata.items():
        told.add_itxt(name.capitalize(), value)
    image = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    image.save(buffer, "PNG", pnginfo=told, compress_level=6)
    return buffer.getvalue()


def _exif(metadata: Mapping[str, str]) -> bytes:
    """Return the tags as a photograph has them: WebP knows no others that name no vocabulary."""
    exif = Image.Exif()
    names = {"title": ExifTags.Base.DocumentName, "comment": ExifTags.Base.ImageDescription}
    for name, tag in names.items():
        if name in metadata:
            exif[tag] = metadata[name].encode("utf-8")
    return exif.tobytes()
