"""The command for the live preview: a page of one's own machine that keeps up with an author."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from attnviz import cli
from attnviz.cli_jobs import given
from attnviz.render import catalogue

_LARGEST_PORT: Final = 65_535
_HOST: Final = "127.0.0.1"


@click.command()
@click.argument("scenes", nargs=-1, metavar="[SCENE…]", type=cli.SceneName())
@cli.subject_options
@cli.theme_option
@cli.aspect_option
@cli.folder_option
@click.option(
    "--port",
    type=click.IntRange(0, _LARGEST_PORT),
    metavar="N",
    help="The port to serve on.  [default: a free one]",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default=_HOST,
    show_default=True,
    help="The address to serve on; any other lets the network in, with a token.",
)
@click.option("--no-open", is_flag=True, help="Do not open the page in a browser.")
@cli.debug_option
def preview(
    scenes: Sequence[catalogue.SceneRef],
    theme: str,
    aspect: str,
    folder: Path,
    port: int | None,
    host: str,
    no_open: bool,
    debug: bool,
    **subject: Any,
) -> int:
    """Open a page that shows a film as you change its words, its head or its code."""
    # Loaded late: no other command needs a server.
    from attnviz.studio.choices import Named
    from attnviz.studio.serving import Settings, serve

    named = Named(tuple(scenes), given(subject), theme, aspect)
    return serve(Settings(named, folder, host, port, opens=not no_open, debug=debug))
