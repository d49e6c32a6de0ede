"""The questions that `doctor` asks a machine; heavy packages are imported inside them alone."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType

from attnviz import models
from attnviz.errors import UserError
from attnviz.fonts import SCRIPTS, Script
from attnviz.render.doctor import Check, MachineError
from attnviz.render.imports import file_digest
from attnviz.render.requirements import (
    Requirement,
    install_command,
    package_requirements,
    python_requirement,
)
from attnviz.render.workspace import FolderError, workspace
from attnviz.spec import Spec

_MEGABYTE = 1_000_000
_GIGABYTE = 1000 * _MEGABYTE
# A film and its work take a few megabytes, at 4k some tens.
_LEAST_FREE = 100 * _MEGABYTE
_AMPLE_FREE = _GIGABYTE
_DIGEST_DIGITS = 12
_VENV = Path(models.__file__).resolve().parents[2] / ".venv"
_LFS_POINTER = b"oid sha256:"
_LFS_POINTER_BYTES = 200

_LIBRARIES = MappingProxyType(
    {
        "debian": "sudo apt install pkg-config gcc libcairo2-dev libpango1.0-dev python3-dev",
        "fedora": "sudo dnf install pkgconf-pkg-config gcc cairo-devel pango-devel python3-devel",
        "arch": "sudo pacman -S --needed base-devel pkgconf cairo pango",
        "macos": "brew install pkgconf cairo pango",
    }
)
_FONTS = MappingProxyType(
    {
        "debian": "sudo apt install {}",
        "fedora": "sudo dnf install 'google-noto-sans-*-fonts'",
        "arch": "sudo pacman -S noto-fonts noto-fonts-cjk",
    }
)


def checks(folder: Path) -> tuple[Check, ...]:
    """Return all checks, in the order in which to mend.

    Parameters
    ----------
    folder
        The output folder; it need not be there.
    """
    rebuilt = install_command("pycairo", "manimpango", again=True)
    libraries = f"{_for_system(_LIBRARIES)}, then {rebuilt}"
    return (
        Check("python", _python, "make setup PYTHON=python3.12"),
        *(
            Check(needed.name, partial(_package, needed), install_command(needed.name))
            for needed in package_requirements()
        ),
        Check("cairo draws", _cairo, libraries),
        Check("pango loads", _pango, libraries),
        Check(
            "typst sets type", _typst, install_command("typst", "font-source-sans-pro", again=True)
        ),
        Check("manim draws type", _manim, install_command("manim", again=True)),
        Check("torch reads", _torch, install_command("torch", again=True)),
        *(Check(f"model {name}", partial(_model, name), _restore(name)) for name in models.names()),
        Check("H.264", _h264, install_command("av", again=True)),
        *(
            Check(f"font: {script.name}", partial(_font, script), _font_mend(script), False)
            for script in SCRIPTS
        ),
        Check("output folder", partial(_output, folder), "give another folder with -o"),
        Check("temporary folder", _temporary, "set TMPDIR to a folder that can be written"),
        Check("processors", _processors, stops_films=False),
    )


def _python() -> str:
    needed, found = python_requirement(), platform.python_version()
    if not needed.allows(found):
        raise MachineError(f"{found}, wanted {needed.bounds}")
    if _VENV.is_dir() and Path(sys.prefix).resolve() != _VENV:
        told = f"{found} ({needed.bounds}), but not that of {_VENV}: {sys.executable}"
        raise MachineError(told, f"{_VENV}/bin/python render.py doctor", stops_films=False)
    return f"{found} ({needed.bounds}), {sys.executable}"


def _package(needed: Requirement) -> str:
    try:
        found = version(needed.name)
    except PackageNotFoundError as error:
        raise MachineError(f"not installed, wanted {needed.bounds or 'any version'}") from error
    if not needed.allows(found):
        raise MachineError(f"{found}, wanted {needed.bounds}")
    return f"{found} ({needed.bounds or 'any version'})"


def _cairo() -> str:
    try:
        import cairo
    except ImportError as error:
        raise MachineError(f"pycairo does not load: {error}") from error
    surface = cairo.ImageSurface(cairo.FORMAT_ARGB32, 1, 1)
    context = cairo.Context(surface)
    context.set_source_rgb(1, 1, 1)
    context.paint()
    if bytes(surface.get_data()) != b"\xff" * 4:
        raise MachineError("cairo does not paint a white pixel white")
    return f"cairo {cairo.cairo_version_string()}"


def _pango() -> str:
    try:
        import manimpango
    except ImportError as error:
        raise MachineError(f"manimpango does not load: {error}") from error
    return f"pango {manimpango.pango_version()}"


def _typst() -> str:
    import typst
    from font_source_sans_pro import __file__ as fonts

    own = typst.Fonts(include_system_fonts=False, font_paths=[Path(fonts).parent / "files"])
    source = b'#set text(font: ("Source Sans Pro",), fallback: false)\nH'
    if b"<path" not in typst.compile(source, format="svg", font_paths=own):
        raise MachineError("Source Sans Pro does not draw a letter")
    return "a letter in Source Sans Pro"


def _manim() -> str:
    import manim
    import numpy as np

    from attnviz.render.running import checked_config
    from attnviz.text import Typesetter
    from attnviz.theme import DARK

    with (
        tempfile.TemporaryDirectory() as scratch,
        checked_config({"media_dir": scratch, "verbosity": "WARNING"}),
    ):
        camera = manim.Camera(pixel_width=64, pixel_height=36)
        camera.capture_mobjects([Typesetter().line("H", 4.0, DARK.palette.ink)])
    if not np.any(camera.pixel_array[..., :3]):
        raise MachineError("manim draws nothing where a letter should be")
    return f"a letter with manim {manim.__version__}"


def _torch() -> str:
    from attnviz.sources import load_trace

    trace = load_trace(Spec())
    return f"torch {version('torch')} reads {len(trace.tokens)} tokens"


def _model(name: str) -> str:
    path = models.checkpoint_path(name)
    if not path.is_file():
        raise MachineError(f"{path} is missing")
    with path.open("rb") as file:
        if _LFS_POINTER in file.read(_LFS_POINTER_BYTES):
            raise MachineError(f"{path} is a pointer of Git LFS", "git lfs pull")
    model = models.load(name) if name in models.SENTENCE_MODELS else models.load_translator()
    digest = file_digest(path)[:_DIGEST_DIGITS]
    return f"{type(model).__name__} loads, sha256 {digest}…, {path.stat().st_size // 1000} kB"


def _h264() -> str:
    import av
    import numpy as np

    from attnviz.render.assembling import assemble
    from attnviz.render.encoding import FilmWriter
    from attnviz.render.formats import VIDEO
    from attnviz.render.output import Output, Quality
    from attnviz.render.streams import H264

    if H264.codec not in av.codecs_available:
        raise MachineError(f"this PyAV was built without {H264.codec}")
    tiny = Output(Quality("tiny", 160, 90, 5))
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "film.mp4")
        with FilmWriter(tiny, {}) as writer:
            writer.write_frame(np.zeros((tiny.height, tiny.width, 4), np.uint8), repeat=2)
        assemble(writer.beats(), {VIDEO: path}, tiny, {})  # which decodes it again
    return f"two frames written by {H264.codec} and read again"


def _font(script: Script) -> str:
    from attnviz.typeset import all_fonts, needs_fallback

    try:
        needs_fallback(script.sample)
    except UserError as error:
        raise MachineError(f"no installed font draws {script.sample}") from error
    installed = set(all_fonts().families())
    chosen = next((family for family in script.families if family in installed), None)
    return f"{script.sample}  {chosen or 'a font of the system'}"


def _output(folder: Path) -> str:
    try:
        with workspace(folder) as private:
            (private / "probe").write_bytes(b"attnviz")
            free = shutil.disk_usage(private).free
    except FolderError as error:
        raise MachineError(str(error)) from error
    return f"{folder.resolve()}, {_enough(free)} free"


def _temporary() -> str:
    with tempfile.TemporaryDirectory() as scratch:
        Path(scratch, "probe").write_bytes(b"attnviz")
        return f"{Path(scratch).parent}, {_enough(shutil.disk_usage(scratch).free)} free"


def _enough(free: int) -> str:
    """Return the free space as words, or stop where it is little."""
    told = f"{free / _GIGABYTE:.1f} GB" if free >= _GIGABYTE else f"{free // _MEGABYTE} MB"
    if free < _AMPLE_FREE:
        mend = f"free some space (a film's work takes up to {_LEAST_FREE // _MEGABYTE} MB)"
        raise MachineError(f"only {told} free", mend, stops_films=free < _LEAST_FREE)
    return told


def _processors() -> str:
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return f"{usable} to use, {platform.machine()}, {platform.system()} {platform.release()}"


def _restore(name: str) -> str:
    path = os.path.relpath(models.checkpoint_path(name))
    return f"git checkout {path}, or python render.py train {name} -o {path}"


def _font_mend(script: Script) -> str:
    hint = "install a font of the script, e.g. of the Noto family"
    return _FONTS.get(_system(), hint).format(script.package)


def _for_system(commands: MappingProxyType[str, str]) -> str:
    return commands.get(_system(), "install cairo and pango with their headers")


def _system() -> str:
    """Return the family of the operating system, as the tables above name it."""
    if sys.platform == "darwin":
        return "macos"
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return ""
    names = f"{release.get('ID', '')} {release.get('ID_LIKE', '')}".split()
    aliases = {"ubuntu": "debian", "rhel": "fedora"}
    found = (aliases.get(name, name) for name in names)
    return next((name for name in found if name in _LIBRARIES), "")
