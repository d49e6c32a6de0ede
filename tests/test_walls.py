"""The walls of the design: which room may import which, read from the source."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# The rooms in the order in which data walks through them. A room imports from its own row and from
# the rows above. A new module of attnviz finds its place here first.
ROWS: tuple[frozenset[str], ...] = (
    frozenset({"errors", "naming"}),
    frozenset({"spec", "head_rules", "derived", "rounding", "colour", "film", "fonts"}),
    frozenset({"theme", "records", "trace_files", "addresses", "svg"}),
    frozenset({"ranking"}),
    frozenset({"attention"}),
    frozenset({"models", "model_choice", "recorder"}),
    frozenset({"sources"}),
    frozenset({"typeset", "text", "zones", "mobjects", "animations"}),
    frozenset({"stage"}),
    frozenset({"scenes"}),
    frozenset({"render"}),
    frozenset({"embed", "studio"}),
    frozenset({"cli", "cli_group", "cli_jobs", "cli_posts", "cli_studio"}),
    frozenset({"render.py"}),
)
TORCH_ROOMS = frozenset({"attention", "models", "recorder", "sources"})
PICTURE_ROOMS = frozenset(
    {"typeset", "text", "mobjects", "animations", "stage", "render", "scenes"}
)
COMMAND_ROOMS = frozenset({"cli", "cli_group", "cli_jobs", "cli_posts", "cli_studio", "render.py"})
# Who may import a package from outside; every other package is free to all.
OUTSIDE = {"torch": TORCH_ROOMS, "manim": PICTURE_ROOMS, "click": COMMAND_ROOMS}
# Pictures are drawn from records; stage.py is the one joint with what computes them.
BLIND_TO_MODELS = frozenset({"typeset", "text", "zones", "mobjects", "animations", "scenes"})
# attnviz/__init__.py may hand out names of any room, but at its top only from the rooms without
# torch and manim: importing attnviz.spec runs it.
LIGHT_ROOMS = frozenset().union(*ROWS[:4])
# The functions that the package promises (or will): no module may take their names.
PROMISED = frozenset({"trace", "record", "clip", "preview"})
FORBIDDEN_MODULES = {
    "pickle": "pickle runs what it reads",
    "cPickle": "pickle runs what it reads",
    "dill": "pickle runs what it reads",
    "joblib": "joblib pickles",
    "marshal": "marshal trusts what it reads",
    "shelve": "shelve pickles",
    "requests": "nothing is fetched",
    "httpx": "nothing is fetched",
    "aiohttp": "nothing is fetched",
    "urllib.request": "nothing is fetched",
    "http.client": "nothing is fetched",
    "huggingface_hub": "nothing is fetched",
}
FORBIDDEN_CALLS = frozenset({"eval", "exec", "__import__", "torch.load", "torch.save"})

# Calls that import a module by its name.
BY_NAME = frozenset({"importlib.import_module", "import_module"})


@dataclass(frozen=True)
class Import:
    """A module that a line of source imports; at the top: as soon as the source is run.

    What stands under ``if TYPE_CHECKING`` is read by checkers and never run.
    """

    target: str
    line: int
    at_top: bool


def module_name(path: Path) -> str:
    """Return ``attnviz.render.jobs`` for attnviz/render/jobs.py, ``render.py`` for render.py."""
    relative = path.relative_to(ROOT)
    if len(relative.parts) == 1:
        return relative.name
    parts = relative.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, Path]:
    """Return every module of the project."""
    paths = [*ROOT.glob("attnviz/**/*.py"), *ROOT.glob("scenes/**/*.py"), *ROOT.glob("render.py")]
    return {module_name(path): path for path in sorted(paths)}


MODULES = sources()


def room(module: str) -> str | None:
    """Return the room a module of the project lies in; None for attnviz itself and for others."""
    if module == "render.py":
        return module
    head, _, rest = module.partition(".")
    if head == "scenes":
        return head
    return rest.partition(".")[0] or None if head == "attnviz" else None


def row(name: str) -> int:
    """Return a room's place between text and film."""
    return next(i for i, names in enumerate(ROWS) if name in names)


def imports(source: str, module: str, *, is_package: bool = False) -> Iterator[Import]:
    """Yield what a module imports, anywhere in it, relative and by ``import_module`` too."""
    tree = ast.parse(source)
    later = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.FunctionDef | ast.AsyncFunctionDef) or for_checkers(block)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        at_top = id(node) not in later
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, at_top)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = module.split(".")
                parents = parents[: len(parents) - node.level + is_package]
                base = ".".join([*parents, *filter(None, [base])])
            yield Import(base, node.lineno, at_top)
            for alias in node.names:  # `from attnviz import records` names a module as well
                yield Import(f"{base}.{alias.name}", node.lineno, at_top)
        elif isinstance(node, ast.Call) and called(node) in {
            "importlib.import_module",
            "import_module",
        }:
            match node.args:
                case [ast.Constant(value=str(target)), *_]:
                    yield Import(target, node.lineno, at_top)


def for_checkers(node: ast.AST) -> bool:
    """Tell whether a node is an ``if TYPE_CHECKING`` without an ``else``."""
    return (
        isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING" and not node.orelse
    )


def called(node: ast.Call) -> str:
    """Return the dotted name that a call names, or an empty string."""
    parts: list[str] = []
    function: ast.expr = node.func
    while isinstance(function, ast.Attribute):
        parts.append(function.attr)
        function = function.value
    if not isinstance(function, ast.Name):
        return ""
    return ".".join(reversed([*parts, function.id]))


def breaches(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Yield every import of a module that goes through a wall."""
    here = room(module)
    for found in imports(source, module, is_package=is_package):
        package, there = found.target.partition(".")[0], room(found.target)
        where = f"{module}:{found.line} imports {found.target}"
        if here is None:  # attnviz itself
            heavy = package in OUTSIDE or (there is not None and there not in LIGHT_ROOMS)
            if found.at_top and heavy:
                yield f"{where}: importing any room of attnviz would load it"
            continue
        if package in OUTSIDE and here not in OUTSIDE[package]:
            yield f"{where}: only {', '.join(sorted(OUTSIDE[package]))} may"
        if there is None or not any(there in names for names in ROWS):
            continue
        if row(there) > row(here):
            yield f"{where}: {there} lies to the right of {here}"
        if here in BLIND_TO_MODELS and there in TORCH_ROOMS:
            yield f"{where}: pictures are drawn from records"


def text_of(module: str) -> tuple[str, bool]:
    """Return a module's source and whether it is a package."""
    path = MODULES[module]
    return path.read_text("utf-8"), path.name == "__init__.py"


def test_every_module_has_a_place_in_the_order() -> None:
    placed = frozenset().union(*ROWS)
    homeless = sorted({name for m in MODULES if (name := room(m)) is not None} - placed)
    assert not homeless, f"place these in ROWS, where the design puts them: {homeless}"
    assert len(placed) == sum(map(len, ROWS)), "a room stands in one row only"


@pytest.mark.parametrize("module", MODULES)
def test_nothing_on_the_right_is_imported_on_the_left(module: str) -> None:
    source, is_package = text_of(module)
    assert list(breaches(source, module, is_package=is_package)) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("attnviz.spec", "import torch"),
        ("attnviz.records", "def f():\n    import torch.nn as nn"),
        ("attnviz.theme", "from manim import Scene"),
        ("attnviz.mobjects.grid", "from torch import Tensor"),
        ("attnviz.attention", "if TYPE_CHECKING:\n    import manim"),
        ("attnviz.render.jobs", "import click"),
        ("scenes.causal_mask", "import torch"),
        ("scenes.causal_mask", "from attnviz.models import load"),
        ("attnviz.mobjects.grid", "from ..sources import load_trace"),
        ("attnviz.spec", "from attnviz import records"),
        ("attnviz.spec", "from .records import ModelTrace"),
        ("attnviz.records", "import attnviz.stage"),
        ("attnviz.stage", "import scenes"),
        ("scenes.multi_head", "from attnviz.render.jobs import Job"),
        ("attnviz.sources", "importlib.import_module('attnviz.text')"),
        ("attnviz", "from attnviz.sources import load_trace"),
        ("attnviz", "import torch"),
        ("attnviz", "if not TYPE_CHECKING:\n    import torch"),
        ("attnviz", "if TYPE_CHECKING:\n    pass\nelse:\n    import torch"),
    ],
)
def test_a_hole_in_a_wall_is_seen(module: str, source: str) -> None:
    assert list(breaches(source, module))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("attnviz.sources", "import torch\nfrom attnviz.models import load"),
        ("attnviz.stage", "import manim\nfrom attnviz.sources import load_trace"),
        ("scenes.multi_head", "from manim import Scene\nfrom attnviz.stage import AttentionScene"),
        ("render.py", "import click\nfrom attnviz.cli import main"),
        ("attnviz", "def __getattr__(name):\n    from attnviz import sources"),
        ("attnviz", "if TYPE_CHECKING:\n    from attnviz.sources import load_trace"),
        ("attnviz", "from attnviz.spec import Spec"),
    ],
)
def test_an_open_door_is_not_a_hole(module: str, source: str) -> None:
    assert list(breaches(source, module, is_package=module == "attnviz")) == []


def test_modules_do_not_import_one_another_in_a_circle() -> None:
    edges: dict[str, set[str]] = {}
    for module in MODULES:
        source, is_package = text_of(module)
        found = imports(source, module, is_package=is_package)
        edges[module] = {i.target for i in found if i.at_top and i.target in MODULES} - {module}
    done: set[str] = set()
    while free := {m for m, targets in edges.items() if m not in done and targets <= done}:
        done |= free
    assert set(edges) - done == set()


def exported(source: str) -> set[str]:
    """Return the names a package hands out: what its ``__init__`` defines, imports or promises."""
    names = set()
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.ImportFrom) and "." in (node.module or ""):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign) and "__all__" in map(ast.unparse, node.targets):
            names |= set(ast.literal_eval(node.value))
    return names


def test_no_module_bears_the_name_of_a_public_function() -> None:
    # `attnviz.trace` cannot be both a function and a module.
    for module in MODULES:
        parent, _, name = module.rpartition(".")
        if parent in MODULES:
            taken = exported(MODULES[parent].read_text("utf-8"))
            assert name not in taken | (PROMISED if parent == "attnviz" else set()), module


@pytest.mark.parametrize("module", MODULES)
def test_nothing_is_unpickled_executed_or_fetched(module: str) -> None:
    source, is_package = text_of(module)
    assert list(dangers(source, module, is_package=is_package)) == []


def dangers(source: str, module: str, *, is_package: bool = False) -> Iterator[str]:
    """Yield every import and call that would run what a file says, or reach for the network."""
    for found in imports(source, module, is_package=is_package):
        for forbidden, why in FORBIDDEN_MODULES.items():
            if f"{found.target}.".startswith(f"{forbidden}."):
                yield f"{module}:{found.line} imports {found.target}: {why}"
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        if called(node) in FORBIDDEN_CALLS:
            yield f"{module}:{node.lineno} calls {called(node)}"
        for keyword in node.keywords:
            if keyword.arg == "allow_pickle" and getattr(keyword.value, "value", True):
                yield f"{module}:{node.lineno} allows pickle"


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from urllib.request import urlopen",
        "from urllib import request",
        "eval('1')",
        "exec(code)",
        "torch.load('x.pt')",
        "np.load('x.npy', allow_pickle=True)",
    ],
)
def test_a_danger_is_seen(source: str) -> None:
    assert list(dangers(source, "attnviz.records"))


def test_torch_evaluation_mode_is_no_danger() -> None:
    assert list(dangers("model.eval()\nnp.load('x', allow_pickle=False)", "attnviz.sources")) == []


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) == "scenes"])
def test_a_scene_does_not_override_init(module: str) -> None:
    for node in ast.walk(ast.parse(text_of(module)[0])):
        if isinstance(node, ast.ClassDef):
            methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
            assert "__init__" not in methods, f"{module}.{node.name}: use setup()"


@pytest.mark.parametrize("module", [m for m in MODULES if room(m) in {"animations", "mobjects"}])
def test_only_scenes_and_stage_play(module: str) -> None:
    calls = {called(n) for n in ast.walk(ast.parse(text_of(module)[0])) if isinstance(n, ast.Call)}
    assert {name for name in calls if name.endswith(".play")} == set()


def test_light_rooms_load_neither_torch_nor_manim() -> None:
    light = [m for m in MODULES if m == "scenes" or room(m) in LIGHT_ROOMS]
    code = (
        f"import importlib, sys; [importlib.import_module(m) for m in {light!r}];"
        "print(*sorted({'torch', 'manim', 'click'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ""
