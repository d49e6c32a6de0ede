"""A still of each scene: of the gallery's picture, or a plain card where there is none."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Final

from attnviz.render.imports import PROJECT

if TYPE_CHECKING:
    from PIL.Image import Image

GALLERY: Final = PROJECT / "media" / "gallery"
"""Where the gallery's pictures are."""

MEDIA_TYPE: Final = "image/webp"

_SIZE: Final = (320, 180)
_TYPE_SIZE: Final = 28
_FONT: Final = "SourceSansPro-Regular.ttf"
_QUALITY: Final = 80


class Thumbnails:
    """Makes the stills and keeps them, for as long as their pictures stay the same.

    Parameters
    ----------
    gallery
        The folder of the gallery's pictures.
    """

    def __init__(self, gallery: Path = GALLERY) -> None:
        self._gallery = gallery
        self._made: dict[str, tuple[int | None, bytes]] = {}

    def still(self, name: str) -> bytes:
        """Return a scene's still as WebP; `name` is one of a scene that there is."""
        picture = self._gallery / f"{name}.webp"
        try:
            changed: int | None = picture.stat().st_mtime_ns
        except OSError:
            changed = None
        made = self._made.get(name)
        if made is None or made[0] != changed:
            made = changed, _encoded(_card(name) if changed is None else _last_frame(picture))
            self._made[name] = made
        return made[1]


def _last_frame(picture: Path) -> Image:
    """Return the last frame of a moving picture: there everything has been shown."""
    from PIL import Image

    with Image.open(picture) as frames:
        frames.seek(getattr(frames, "n_frames", 1) - 1)
        frame = frames.convert("RGB")
    frame.thumbnail(_SIZE)
    return frame


def _card(name: str) -> Image:
    """Draw a name on an empty stage."""
    import font_source_sans_pro
    from PIL import Image, ImageDraw, ImageFont

    from attnviz.theme import DARK

    file = Path(font_source_sans_pro.__file__).parent / "files" / _FONT
    card = Image.new("RGB", _SIZE, DARK.palette.background)
    font = ImageFont.truetype(str(file), _TYPE_SIZE)
    middle = (_SIZE[0] / 2, _SIZE[1] / 2)
    ImageDraw.Draw(card).text(middle, name, DARK.palette.ink, font, anchor="mm")
    return card


def _encoded(still: Image) -> bytes:
    made = BytesIO()
    still.save(made, "WEBP", quality=_QUALITY)
    return made.getvalue()
