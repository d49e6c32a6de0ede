"""The pieces of a film, beat by beat, as the file of one format; and each file read again."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from attnviz.errors import AttnvizError
from attnviz.render.checking import FilmFacts, decode, require
from attnviz.render.output import Output
from attnviz.render.reels import ENCODINGS, TICK, Piece, picture_size
from attnviz.render.splicing import splice
from attnviz.render.streams import PIXEL_FORMAT

_COLOURS = 256
_SAMPLED = 24
_WEBP_QUALITY = 80
_WEBP_METHOD = 4


def assemble(
    beats: Sequence[Mapping[str, Piece]],
    files: Mapping[str, Path],
    output: Output,
    metadata: Mapping[str, str],
) -> None:
    """Write the files of a film, and read each of them again.

    Parameters
    ----------
    beats
        In order: each beat's piece of every format.
    files
        Name of the format to the file that is written.
    output
        Size and frame rate of the film.
    metadata
        Tags of the files, as each kind can hold them.

    Raises
    ------
    AttnvizError
        If a file does not come out as it was meant to be.
    """
    writers: dict[str, Callable[[Piece, Path], None]] = {
        "webp": lambda piece, path: _write_webp(_Pictures(piece, output), path, metadata),
        "gif": lambda piece, path: _write_gif(_Pictures(piece, output), path, metadata),
        "frames": _write_archive,
        "still": lambda piece, path: _write_last(piece, path),
    }
    for name, path in files.items():
        pieces = [part for beat in beats for part in beat[name]]
        if name in ENCODINGS:
            _write_video(pieces, path, name, output, metadata)
        else:
            writers[name](tuple(pieces), path)
            require_picture(name, path)


def _write_video(
    pieces: Iterable[tuple[bytes, int]],
    path: Path,
    name: str,
    output: Output,
    metadata: Mapping[str, str],
) -> None:
    encoding, fps = ENCODINGS[name], output.quality.fps
    films, counts = zip(*pieces, strict=True)
    splice(films, counts, path, encoding, fps, metadata)
    size = output.width, output.height
    index_first = encoding.container == "mp4"  # a thing of MP4
    wanted = FilmFacts(encoding.decoded, PIXEL_FORMAT, *size, fps, sum(counts), index_first)
    require(decode(path), wanted)


def _write_archive(piece: Piece, path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        shown = (content for content, repeat in piece for _ in range(repeat))
        for number, content in enumerate(shown):
            # The date is the archive format's first: the same frames give the same bytes.
            archive.writestr(zipfile.ZipInfo(f"{number:05}.png"), content)


def _write_last(piece: Piece, path: Path) -> None:
    path.write_bytes(piece[-1][0])


class _Pictures:
    """The frames of an animated picture, neighbours that are equal as one."""

    def __init__(self, piece: Piece, output: Output) -> None:
        self._size = picture_size(output)
        self._kept: list[tuple[bytes, int]] = []
        for content, ticks in piece:
            if self._kept and self._kept[-1][0] == content:
                ticks += self._kept.pop()[1]
            self._kept.append((content, ticks))

    def durations(self) -> list[int]:
        """Return the milliseconds of each."""
        return [ticks * TICK for _, ticks in self._kept]

    def images(self, step: int = 1) -> Iterator[Image.Image]:
        """Yield every one, or every so many."""
        for content, _ in self._kept[::step]:
            yield Image.frombytes("RGB", self._size, zlib.decompress(content))

    def palette(self) -> Image.Image:
        """Return a palette of all the frames; dithering would be noise on flat colour."""
        step = max(1, len(self._kept) // _SAMPLED)
        sampled = [np.asarray(image) for image in self.images(step)]
        return Image.fromarray(np.concatenate(sampled)).quantize(
            _COLOURS, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
        )


def _write_webp(pictures: _Pictures, path: Path, metadata: Mapping[str, str]) -> None:
    """Write an animated WebP; it runs for ever."""
    first, *others = pictures.images()
    first.save(
        path,
        "WEBP",
        save_all=True,
        append_images=others,
        duration=pictures.durations(),
        loop=0,
        quality=_WEBP_QUALITY,
        method=_WEBP_METHOD,
        minimize_size=True,
        exif=_exif(metadata),
    )


def _write_gif(pictures: _Pictures, path: Path, metadata: Mapping[str, str]) -> None:
    """Write an animated GIF with one palette, chosen from frames of the whole film."""
    palette = pictures.palette()
    first, *others = (
        image.quantize(palette=palette, dither=Image.Dither.NONE) for image in pictures.images()
    )
    first.save(
        path,
        "GIF",
        save_all=True,
        append_images=others,
        duration=pictures.durations(),
        loop=0,
        optimize=False,  # else each frame gets a palette of its own
        comment=metadata.get("comment", "").encode("utf-8"),
    )


def require_picture(name: str, path: Path) -> None:
    """Open what was written, every frame of it.

    Parameters
    ----------
    name
        Of the format, one that is no video.
    path
        The file.

    Raises
    ------
    AttnvizError
        If the file cannot be read again.
    """
    try:
        if name == "frames":
            with zipfile.ZipFile(path) as archive:
                broken = archive.testzip()
            if broken:
                raise OSError(f"{broken} is damaged")
        else:
            with Image.open(path) as image:
                for index in range(getattr(image, "n_frames", 1)):
                    image.seek(index)
                    image.load()
    except (OSError, zipfile.BadZipFile) as error:
        raise AttnvizError(f"{path.name}: the file does not decode ({error})") from error


def _exif(metadata: Mapping[str, str]) -> bytes:
    """Return the tags as a photograph has them: WebP knows no others that name no vocabulary."""
    exif = Image.Exif()
    names = {"title": ExifTags.Base.DocumentName, "comment": ExifTags.Base.ImageDescription}
    for name, tag in names.items():
        if name in metadata:
            exif[tag] = metadata[name].encode("utf-8")
    return exif.tobytes()
