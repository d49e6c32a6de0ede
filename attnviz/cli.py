"""What the command line is made of: kinds of argument and shared options."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from attnviz import models
from attnviz.errors import UserError, quoted, require_known
from attnviz.head_rules import BEHAVIOURS, PAIR_FORM, PREFIX, HeadRule, parse_head
from attnviz.model_choice import choose_model
from attnviz.render import catalogue
from attnviz.render.formats import FORMATS, parse_formats
from attnviz.render.limits import parse_days, parse_size
from attnviz.render.output import ASPECTS, QUALITIES, THEMES, Output
from attnviz.spec import Spec

DEFAULT_FOLDER = "media"
GALLERY_FOLDER = f"{DEFAULT_FOLDER}/gallery"  # where the README looks for its pictures
MOST_PAIRS = 2
"""How many pairs of words one picture of all heads has room for."""

if TYPE_CHECKING:
    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # generic only since click 8.2

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


class Known(ParamType):
    """One of a few names; an error names the closest.

    Parameters
    ----------
    choices
        The names.
    name
        What they are names of.
    """

    def __init__(self, choices: Iterable[str], name: str) -> None:
        self.choices = tuple(choices)
        self.name = name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a name that is known."""
        return require_known(self.name, value, self.choices)

    def get_metavar(self, *_args: Any, **_options: Any) -> str:
        """Show the names in the help."""
        return "|".join(self.choices)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the names."""
        return _starting(incomplete, [(choice, "") for choice in self.choices])


class ModelName(ParamType):
    """A tiny model's name, a folder, ``module.py:factory`` or a saved trace."""

    name = "model"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a model that exists."""
        return choose_model(value).name

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the tiny models, or files where a path is begun."""
        if "/" in incomplete or incomplete.startswith("."):
            return [CompletionItem(incomplete, type="file")]
        return _starting(incomplete, [(name, "") for name in models.names()])


class HeadName(ParamType):
    """The number of a head, or what it does."""

    name = "head"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a whole number, or a behaviour in its one form."""
        try:
            return int(value)
        except ValueError:
            return str(parse_head(value))

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the behaviours."""
        known = [(f"{PREFIX}{name}", f"looks at {what}") for name, what in BEHAVIOURS.items()]
        return _starting(incomplete, known)


class PairName(ParamType):
    """A query's word and a key's, joined by ``>``."""

    name = "pair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a pair, with or without ``auto:`` before it."""
        if isinstance(value, HeadRule):
            return value
        if ">" not in value:
            raise UserError(f"pair {quoted(value)}: give QUERY>KEY, e.g. 'bank>roses'")
        # A Spec refuses control characters too.
        return Spec(head=f"{PREFIX}{value.removeprefix(PREFIX)}").head_rule


class SceneName(ParamType):
    """The name of a scene, or ``path/to/file.py:ClassName``."""

    name = "scene"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Find the scene."""
        return value if isinstance(value, catalogue.SceneRef) else catalogue.find(value)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the scenes, or files where a path is begun."""
        if "/" in incomplete or incomplete.startswith("."):
            return [CompletionItem(incomplete, type="file")]
        listed = [(ref.name, catalogue.summary(ref)) for ref in catalogue.listed()]
        return _starting(incomplete, listed)


def complete_scene(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Offer the scenes where any name may stand, that of a scene which is gone included."""
    return SceneName().shell_complete(ctx, param, incomplete)


class Size(ParamType):
    """An amount of bytes, e.g. ``500MB``."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a number with a unit."""
        return parse_size(value, "--max-size") if isinstance(value, str) else value


class Age(ParamType):
    """A length of time, e.g. ``30d``."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take a number with a unit."""
        return parse_days(value, "--older-than") if isinstance(value, str) else value


def _starting(incomplete: str, offered: Sequence[tuple[str, str]]) -> list[CompletionItem]:
    return [
        CompletionItem(name, help=text) for name, text in offered if name.startswith(incomplete)
    ]


def together(*options: Decorator) -> Decorator:
    """Join several options to one decorator; they are shown in this order."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


scene_arguments = together(
    click.argument("scenes", nargs=-1, metavar="SCENE…", type=SceneName()),
    click.option("--all", "everything", is_flag=True, help="All scenes."),
)

text_option = click.option(
    "--text", metavar="TEXT", help="The sentence.  [default: the scene's own]"
)
target_option = click.option(
    "--target",
    metavar="TEXT",
    help="The decoder's sentence, for cross-attention.  [default: the model's own output]",
)
model_option = click.option(
    "--model",
    type=ModelName(),
    metavar="MODEL",
    help=f"{', '.join(models.names())}; a folder with a Hugging Face model and its tokenizer;"
    " module.py:factory; or a saved trace.  [default: the scene's own]",
)
hide_special_option = click.option(
    "--hide-special",
    is_flag=True,
    default=None,
    help="Dim the tokens that the tokenizer added, such as [CLS]; their numbers stay.",
)

reading_options = together(text_option, target_option, model_option, hide_special_option)

subject_options = together(
    text_option,
    target_option,
    model_option,
    click.option(
        "--layer", type=int, metavar="N", help="The layer, from 0.  [default: as measured]"
    ),
    click.option(
        "--head",
        type=HeadName(),
        metavar=f"N|{PREFIX}…",
        help="The head, from 0, or the one that does something most: "
        f"{', '.join(PREFIX + name for name in BEHAVIOURS)} or '{PAIR_FORM}'.  "
        "[default: as measured]",
    ),
    click.option(
        "--mask",
        metavar="none|causal|window:N",
        help="A mask in place of the model's own, as a counterfactual.  [default: the model's own]",
    ),
    hide_special_option,
)


def _folder_option(default: str, help_: str) -> Decorator:
    return click.option(
        "-o",
        "--output",
        "folder",
        type=click.Path(path_type=Path),
        metavar="DIR",
        default=default,
        show_default=True,
        help=help_,
    )


folder_option = _folder_option(
    DEFAULT_FOLDER, "Where the files go, in a folder of the scene's name."
)

gallery_folder_option = _folder_option(GALLERY_FOLDER, "Where the pictures go.")

theme_option = click.option(
    "--theme",
    type=Known(THEMES, "theme"),
    default=Output().theme,
    show_default=True,
    help="The colours.",
)

quality_option = click.option(
    "--quality",
    type=Known(QUALITIES, "quality"),
    default=Output().quality.name,
    show_default=True,
    help="; ".join(f"{q.name} {q.width}×{q.height} at {q.fps}" for q in QUALITIES.values()) + ".",
)

aspect_option = click.option(
    "--aspect",
    type=Known(ASPECTS, "aspect"),
    default=Output().aspect.name,
    show_default=True,
    help="The shape of the frame; each scene is laid out anew for it.",
)

output_options = together(quality_option, theme_option, aspect_option, folder_option)


class Formats(ParamType):
    """Names of formats, with commas between."""

    name = "formats"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Take names that are known."""
        return parse_formats(value) if isinstance(value, str) else value

    def get_metavar(self, *_args: Any, **_options: Any) -> str:
        """Show the names in the help."""
        return ",".join(FORMATS)

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Offer the names that can follow."""
        before, comma, last = incomplete.rpartition(",")
        offered = [(before + comma + kind.name, kind.summary) for kind in FORMATS.values()]
        return _starting(before + comma + last, offered)


format_option = click.option(
    "--format",
    "formats",
    type=Formats(),
    default="mp4",
    help="Kinds of file, of the same frames: "
    + "; ".join(f"{kind.name} {kind.summary}" for kind in FORMATS.values())
    + ".",
)

crew_options = together(
    click.option(
        "--workers",
        type=click.IntRange(1),
        metavar="N",
        help="How many processes draw side by side, under 600 MB each at 1080p.  "
        "[default: as many as cores]",
    ),
    click.option(
        "--cluster",
        metavar="ADDRESS",
        help="Have the workers of this Dask scheduler draw, e.g. tcp://HOST:8786.",
    ),
)

force_option = click.option(
    "--force", is_flag=True, help="Render even where the same film is there already."
)

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print JSON alone, one object a line and clip."
)

debug_option = click.option("--debug", is_flag=True, help="Show the traceback of an error.")
