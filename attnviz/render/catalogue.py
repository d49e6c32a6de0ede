"""Which scenes there are: the project's own in order, and a user's own file; found by reading."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any

import scenes
from attnviz import models
from attnviz.errors import AttnvizError, UserError, closest, quoted
from attnviz.model_choice import SAVED
from attnviz.naming import kebab
from attnviz.spec import Spec

if TYPE_CHECKING:
    from attnviz.stage import AttentionScene

SCENES_FOLDER = Path(scenes.__file__).resolve().parent
_BASE = "AttentionScene"
_STAGE_FILE = Path(models.__file__).resolve().parent.parent / "stage" / "subject.py"
_STAGE_SCENE = "SubjectScene"


@dataclass(frozen=True, slots=True)
class SceneRef:
    """Where a scene is written down.

    Parameters
    ----------
    name
        The command-line name, also that of its folder and files.
    source
        Its file, an absolute path.
    class_name
        Its class.
    """

    name: str
    source: Path
    class_name: str

    @property
    def argument(self) -> str:
        """The scene as the command line names it."""
        return self.name if self.is_listed else f"{self.source}:{self.class_name}"

    @property
    def identity(self) -> dict[str, str]:
        """What a manifest says of the scene: its name, its class and the name of its file."""
        return {"name": self.name, "class": self.class_name, "source": self.source.name}

    @property
    def is_listed(self) -> bool:
        """Tell whether the scene is one of the project's own."""
        return self.source.parent == SCENES_FOLDER and (
            (self.source.stem, self.class_name) in scenes.SCENES
        )


@cache
def listed() -> tuple[SceneRef, ...]:
    """Return the project's scenes, in the order a reader meets them."""
    return tuple(
        SceneRef(kebab(class_name), SCENES_FOLDER / f"{module}.py", class_name)
        for module, class_name in scenes.SCENES
    )


def find(name: str) -> SceneRef:
    """Return the scene of a name, or of ``path/to/file.py:ClassName``.

    Raises
    ------
    UserError
        If there is no such scene; the message names the closest and all of them.
    """
    for ref in listed():
        if ref.name == name:
            return ref
    if ":" in name or name.endswith(".py"):
        return _find_in_file(name)
    names = [ref.name for ref in listed()]
    raise UserError(
        f"unknown scene {quoted(name)}{closest(name, names)} "
        f"(there are {', '.join(names)}, and your own path/to/file.py:ClassName)"
    )


def _find_in_file(name: str) -> SceneRef:
    path, _, class_name = name.rpartition(":") if ":" in name else (name, "", "")
    source = Path(path).resolve()
    if source.suffix != ".py" or not source.is_file():
        raise UserError(f"no scene file {quoted(path)}; wanted path/to/file.py:ClassName")
    classes = [node.name for node in _classes(source)]
    if class_name not in classes:
        wanted = f"no class {quoted(class_name)}" if class_name else "no class named"
        hint = closest(class_name, classes)
        raise UserError(f"{path}: {wanted}{hint} (there are {', '.join(classes) or 'none'})")
    ref = SceneRef(kebab(class_name), source, class_name)
    if not ref.is_listed and any(ref.name == other.name for other in listed()):
        # The folder of a listed scene is its own.
        return SceneRef(f"{kebab(source.stem)}-{ref.name}", source, class_name)
    return ref


def summary(ref: SceneRef) -> str:
    """Return the first line of a scene's docstring, without importing it."""
    lines = (ast.get_docstring(_class(ref)) or "").splitlines()
    return lines[0] if lines else ""


def default_spec(ref: SceneRef) -> Spec:
    """Return a scene's own subject; its file is imported only where reading is not enough."""
    return written_spec(ref) or load_class(ref).spec


def written_spec(ref: SceneRef) -> Spec | None:
    """Return a scene's own subject as its file has it; None where it must be run to be known."""
    lineage = _lineage(ref)
    for name, value in _assignments(lineage):
        if name == "spec":
            return _literal_spec(value)
    bases = [ast.unparse(base).rpartition(".")[2] for base in lineage[-1].bases]
    return Spec() if bases == [_BASE] else None


def written_tokens(ref: SceneRef) -> range:
    """Return how many tokens a scene can show, as its file or the stage has it."""
    for name, value in _assignments([*_lineage(ref), _stage_scene()]):
        if name == "tokens" and (found := _literal_range(value)) is not None:
            return found
    raise AttnvizError(f"{_STAGE_FILE}: {_STAGE_SCENE} does not say how many tokens it shows")


def takes_target(ref: SceneRef) -> bool:
    """Tell whether a scene films attention between two sentences, by reading its file."""
    kinds = (value for name, value in _assignments(_lineage(ref)) if name == "kind")
    kind = next(kinds, None)
    return not (isinstance(kind, ast.Constant) and kind.value == "self")


def spec_for(ref: SceneRef, given: Mapping[str, Any]) -> Spec:
    """Return a scene's subject: what the user gave, and for the rest the scene's own.

    The layer and the head of a scene's own subject are those of the models here; another model is
    looked at where its source says, and a head that is asked for by what it does in all layers.

    Parameters
    ----------
    ref
        The scene.
    given
        Fields of the Spec, by name.

    Raises
    ------
    UserError
        If a field cannot be what it says it is.
    """
    return subject(default_spec(ref), given)


def subject(default: Spec, given: Mapping[str, Any]) -> Spec:
    """Return what :func:`spec_for` does, where the scene's own subject is known already."""
    if given.get("model", default.model) not in (default.model, *models.names()):
        default = replace(default, layer=None, head=None)
        if Path(given["model"]).suffix == SAVED:
            default = replace(default, text=Spec().text)  # which leaves a saved trace its own
    if isinstance(given.get("head"), str):
        default = replace(default, layer=None)
    return replace(default, **given)


def load_class(ref: SceneRef) -> type[AttentionScene]:
    """Import a scene (and with it manim).

    Raises
    ------
    UserError
        If the class is not an ``AttentionScene``.
    """
    from attnviz.stage import AttentionScene

    found: object = getattr(_load_module(ref), ref.class_name, None)
    if not (isinstance(found, type) and issubclass(found, AttentionScene)):
        raise UserError(
            f"{ref.source.name}:{ref.class_name} is no scene of attnviz; "
            "let it derive from attnviz.stage.AttentionScene"
        )
    return found


class _FreshLoader(SourceFileLoader):
    """Compiles a file as it stands; cached bytecode may be a second older than an edit."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source; nothing is left beside the user's file."""
        return self.source_to_code(self.get_data(self.path), self.path)


def _load_module(ref: SceneRef) -> ModuleType:
    if ref.is_listed:
        return importlib.import_module(f"{scenes.__name__}.{ref.source.stem}")
    # Its own folder comes first on the path, as if the file had been run by itself.
    folder = str(ref.source.parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    module_name = f"_attnviz_scene_{ref.source.stem}"
    loader = _FreshLoader(module_name, str(ref.source))
    found = importlib.util.spec_from_file_location(module_name, ref.source, loader=loader)
    assert found is not None
    module = importlib.util.module_from_spec(found)
    sys.modules[module_name] = module  # dataclasses look their module up
    loader.exec_module(module)
    return module


def _class(ref: SceneRef) -> ast.ClassDef:
    for node in _classes(ref.source):
        if node.name == ref.class_name:
            return node
    raise AttnvizError(f"{ref.source}: there is no class {ref.class_name} any more")


def _stage_scene() -> ast.ClassDef:
    """Return the class that all scenes come from, which says what holds where they do not."""
    return next(node for node in _classes(_STAGE_FILE) if node.name == _STAGE_SCENE)


def _classes(source: Path) -> Iterable[ast.ClassDef]:
    try:
        tree = _parsed(source.read_bytes(), str(source))
    except OSError as error:
        raise AttnvizError(f"{source}: the scene cannot be read ({error.strerror})") from error
    except (SyntaxError, ValueError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise UserError(f"{source}{line}: this is no Python ({error.args[0]})") from error
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


@lru_cache(maxsize=64)
def _parsed(content: bytes, name: str) -> ast.Module:
    """Parse a source; of the same bytes once, for several ask for the classes of a scene's file."""
    return ast.parse(content, filename=name)


def _lineage(ref: SceneRef) -> list[ast.ClassDef]:
    """Return a scene's class and, one by one, those of its own file that it derives from."""
    known = {node.name: node for node in _classes(ref.source)}
    lineage = [_class(ref)]
    while len(lineage[-1].bases) == 1:
        base = known.pop(ast.unparse(lineage[-1].bases[0]), None)
        if base is None:
            break
        lineage.append(base)
    return lineage


def _assignments(nodes: Iterable[ast.ClassDef]) -> Iterator[tuple[str, ast.expr | None]]:
    for node in nodes:
        yield from map(_assignment, node.body)


def _assignment(statement: ast.stmt) -> tuple[str, ast.expr | None]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        return ast.unparse(statement.targets[0]), statement.value
    if isinstance(statement, ast.AnnAssign):
        return ast.unparse(statement.target), statement.value
    return "", None


def _literal_range(value: ast.expr | None) -> range | None:
    if not isinstance(value, ast.Call) or ast.unparse(value.func) != "range" or value.keywords:
        return None
    try:
        return range(*(ast.literal_eval(word) for word in value.args))
    except (ValueError, TypeError):
        return None


def _literal_spec(value: ast.expr | None) -> Spec | None:
    if not isinstance(value, ast.Call) or ast.unparse(value.func) != "Spec" or value.args:
        return None
    try:
        fields = {str(word.arg): ast.literal_eval(word.value) for word in value.keywords}
        return Spec(**fields)
    except (ValueError, TypeError):
        return None
