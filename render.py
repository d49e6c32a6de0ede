#!/usr/bin/env python3
"""The command line of attnviz: `python render.py` lists the scenes and the options."""

from __future__ import annotations

import json
import signal
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

try:
    import click
except ModuleNotFoundError:
    sys.exit(
        f"render.py: {sys.executable} has no package click; "
        "run `make setup`, then .venv/bin/python render.py"
    )

from attnviz import __version__, cli, models
from attnviz.cli_group import SceneCommand, SceneGroup
from attnviz.cli_jobs import crew as crew_of
from attnviz.cli_jobs import given
from attnviz.cli_jobs import jobs as jobs_of
from attnviz.cli_posts import embed, post
from attnviz.cli_studio import preview
from attnviz.errors import AttnvizError, UserError
from attnviz.head_rules import HeadRule
from attnviz.render import catalogue
from attnviz.render.batch import Batch, describe
from attnviz.spec import Spec

PROGRAM = "render.py"

_INTERRUPTED = 130  # 128 + SIGINT, as shells have it
_TERMINATED = 143  # 128 + SIGTERM


@click.group(
    cls=SceneGroup,
    default="film",
    help="Turn a sentence and a real model into short films that explain attention.",
    context_settings={"max_content_width": 100},
    epilog=f'Shell completion: eval "$(_RENDER_PY_COMPLETE=bash_source ./{PROGRAM})", '
    "or zsh_source, fish_source.",
)
@click.version_option(__version__, prog_name="attnviz")
@click.pass_context
def commands(ctx: click.Context) -> None:
    """Show the help where nothing is asked for."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@commands.command(cls=SceneCommand, hidden=True)
@cli.scene_arguments
@cli.subject_options
@cli.output_options
@cli.format_option
@cli.crew_options
@cli.force_option
@cli.json_option
@cli.debug_option
def film(
    formats: tuple[str, ...],
    workers: int | None,
    cluster: str | None,
    force: bool,
    as_json: bool,
    debug: bool,
    **options: Any,
) -> int:
    """Render scenes: a video, a poster, captions and a manifest each."""
    jobs, folder = jobs_of(**options)
    crew = crew_of(workers, cluster)
    batch = Batch(folder, as_json=as_json, debug=debug, crew=crew)
    return batch.films(jobs, force=force, formats=formats)


@commands.command()
@cli.scene_arguments
@cli.subject_options
@cli.output_options
@cli.json_option
@cli.debug_option
def sheet(as_json: bool, debug: bool, **options: Any) -> int:
    """Write a contact sheet: one frame a beat with its caption, in seconds, without a video."""
    jobs, folder = jobs_of(**options)
    return Batch(folder, as_json=as_json, debug=debug).sheets(jobs)


@commands.command()
@cli.scene_arguments
@cli.subject_options
@cli.output_options
@cli.crew_options
@cli.force_option
@cli.json_option
@cli.debug_option
def tour(
    workers: int | None,
    cluster: str | None,
    force: bool,
    as_json: bool,
    debug: bool,
    **options: Any,
) -> int:
    """Render one film of all scenes (or those named), with title cards and chapters."""
    everything = options.pop("everything") or not options["scenes"]
    jobs, folder = jobs_of(everything=everything, **options)
    batch = Batch(folder, as_json=as_json, debug=debug, crew=crew_of(workers, cluster))
    return batch.tour(jobs, force=force)


@commands.command()
@cli.scene_arguments
@cli.gallery_folder_option
@click.option(
    "--readme",
    "page",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the table of all pictures into this page, between its gallery marks.",
)
@cli.force_option
@cli.json_option
@cli.debug_option
def gallery(
    scenes: Sequence[catalogue.SceneRef],
    everything: bool,
    folder: Path,
    page: Path | None,
    force: bool,
    as_json: bool,
    debug: bool,
) -> int:
    """Draw the README's gallery: a small looping picture of each scene (or of those named)."""
    refs = dict.fromkeys([*(catalogue.listed() if everything or not scenes else ()), *scenes])
    code = Batch(folder, as_json=as_json, debug=debug).gallery(list(refs), force=force)
    if page is not None:
        from attnviz.render.gallery_table import write_table

        write_table(page, catalogue.listed(), cli.GALLERY_FOLDER)
    return code


@commands.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array.")
@cli.debug_option
def list_scenes(as_json: bool, debug: bool) -> None:
    """List the scenes, in the order a reader meets them."""
    rows = [{"name": ref.name, "summary": catalogue.summary(ref)} for ref in catalogue.listed()]
    if as_json:
        click.echo(json.dumps(rows))
        return
    width = max(len(row["name"]) for row in rows)
    for row in rows:
        click.echo(f"{row['name']:{width}}  {row['summary']}")


@commands.command()
@cli.subject_options
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Save the records to this safetensors file.",
)
@cli.debug_option
def trace(file: Path | None, debug: bool, **subject: Any) -> None:
    """Print Q, K, V, scores and weights of one head as tables; save the records."""
    spec = replace(Spec(), **given(subject))
    from attnviz.render.tables import print_trace
    from attnviz.sources import load_trace

    found = load_trace(spec)
    print_trace(found)
    if file is not None:
        found.save(file)
        click.echo(f"saved {file.resolve()}")


@commands.command()
@cli.reading_options
@click.option(
    "--pair",
    "pairs",
    type=cli.PairName(),
    multiple=True,
    metavar="QUERY>KEY",
    help='Look for the head of this pair too, e.g. "bank>roses"; may be given twice.',
)
@click.option(
    "--top",
    type=click.IntRange(1),
    metavar="N",
    default=3,
    show_default=True,
    help="How many heads of each behaviour to list.",
)
@cli.theme_option
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The picture to write.  [default: media/heads/heads[-what differs].png]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@cli.debug_option
def heads(
    pairs: Sequence[HeadRule],
    top: int,
    theme: str,
    file: Path | None,
    as_json: bool,
    debug: bool,
    **subject: Any,
) -> None:
    """Find the heads worth filming: a table of what they do, and all of them as one picture."""
    spec = replace(Spec(), **given(subject))
    if len(pairs) > cli.MOST_PAIRS:
        raise UserError(f"{len(pairs)} pairs: one picture shows at most {cli.MOST_PAIRS}")
    from attnviz.ranking import survey
    from attnviz.render import heads as view
    from attnviz.sources import load_trace

    found = load_trace(spec)
    findings = survey(found, pairs)
    if not as_json:
        view.print_table(findings, top)
    place = file or Path(cli.DEFAULT_FOLDER, "heads", view.file_name(spec, pairs, theme))
    picture = view.draw_overview(found, spec, findings, theme, place)
    if as_json:
        click.echo(view.as_json(found, findings, top, picture))
    else:
        click.echo(f"\nall heads: {picture}")


@commands.command()
@click.argument("name", type=cli.Known(models.names(), "model"))
@click.option(
    "-o",
    "--output",
    "file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The checkpoint to write.  [default: media/NAME.safetensors]",
)
@cli.debug_option
def train(name: str, file: Path | None, debug: bool) -> None:
    """Train a tiny model anew on the CPU, seeded, and report its measured properties."""
    from attnviz.render.terminal import train_with_bar
    from attnviz.render.workspace import workspace

    file = (file or Path(cli.DEFAULT_FOLDER, f"{name}.safetensors")).resolve()
    with workspace(file.parent):  # before minutes of work: the folder can be written
        report = train_with_bar(name, file)
    click.echo("\n".join(report.lines()))
    click.echo(f"trained in {report.seconds:.0f} s, saved {file}")


@commands.command()
@click.argument("scenes", nargs=-1, metavar="SCENE…", shell_complete=cli.complete_scene)
@click.option("--list", "everything", is_flag=True, help="All clips, not the last used alone.")
@click.option("--clear", is_flag=True, help="Remove all clips, or those of the scenes named.")
@click.option(
    "--older-than", type=cli.Age(), metavar="30d", help="Remove those unused for so long (h, d, w)."
)
@click.option(
    "--max-size", type=cli.Size(), metavar="500MB", help="Remove the longest unused of more."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@cli.debug_option
def cache(
    scenes: Sequence[str],
    everything: bool,
    clear: bool,
    older_than: float | None,
    max_size: int | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Show the clips kept for reuse, all folders' together, and remove some."""
    from attnviz.render.holdings import MOST_SHOWN, Holdings, wanted_limits
    from attnviz.render.store import Store

    store = Store.at_users_place()
    found = Holdings(store, scenes)
    cleared = None
    if clear or older_than is not None or max_size is not None:
        cleared = found.clear(wanted_limits(clear, older_than, max_size))
        found = Holdings(store)
    if as_json:
        click.echo(found.as_json(cleared))
    elif cleared is not None:
        click.echo(cleared.line(found))
    else:
        click.echo("\n".join(found.lines(None if everything else MOST_SHOWN)))


@commands.command()
@cli.folder_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@cli.debug_option
def doctor(folder: Path, as_json: bool, debug: bool) -> int:
    """Check the machine: what films need, and the mend for each thing missing."""
    from attnviz.render.doctor import Report, examine
    from attnviz.render.machine import checks

    asked = checks(folder)
    report = Report(max(len(check.name) for check in asked))
    for finding in examine(asked):
        lines = report.add(finding)
        if not as_json:
            click.echo("\n".join(lines))
    click.echo(report.as_json() if as_json else f"\n{report.summary()}")
    return 0 if report.can_render else 1


commands.add_command(embed)
commands.add_command(post)
commands.add_command(preview)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments
        What follows the program's name; None: as the process was called.

    Returns
    -------
    int
        The exit code: 0, 1 for the machine's faults, 2 for the user's, 130 after Ctrl-C.
    """
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        done = commands.main(words, prog_name=PROGRAM, standalone_mode=False)
        return done if isinstance(done, int) else 0
    except (click.Abort, KeyboardInterrupt):
        return _INTERRUPTED
    except click.ClickException as error:
        click.echo(f"{PROGRAM}: {' '.join(error.format_message().split())}", err=True)
        return error.exit_code
    except Exception as error:
        if "--debug" in words:
            traceback.print_exception(error)
        click.echo(f"{PROGRAM}: {describe(error)}", err=True)
        return error.exit_code if isinstance(error, AttnvizError) else 1


def _terminate(_signal: int, _frame: FrameType | None) -> NoReturn:
    # As an exception, so that private folders are removed on the way out.
    raise SystemExit(_TERMINATED)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _terminate)
    sys.exit(main())
