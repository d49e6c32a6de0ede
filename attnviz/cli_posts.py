"""The commands for pages: a post made a finished article, and markup to paste."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from attnviz import cli
from attnviz.cli_jobs import crew, given, jobs
from attnviz.embed.choices import BOTH, PAGE_THEMES, SITES
from attnviz.errors import UserError
from attnviz.render.batch import Batch
from attnviz.render.catalogue import SceneRef
from attnviz.render.output import THEMES

site_option = click.option(
    "--site",
    type=cli.Known(SITES, "site"),
    default=SITES[0],
    show_default=True,
    help="What the post belongs to; auto: guessed from the files around it.",
)

_size_options = cli.together(
    cli.quality_option,
    click.option(
        "--theme",
        type=cli.Known(PAGE_THEMES, "theme"),
        default=BOTH,
        show_default=True,
        help="The colours; both: those of the reader's colour scheme.",
    ),
    cli.aspect_option,
)

_page_options = cli.together(
    cli.subject_options,
    _size_options,
    site_option,
    click.option(
        "--assets",
        metavar="DIR",
        help="Where the clips' files go, inside the site.  [default: the site's habit]",
    ),
    click.option(
        "--public",
        metavar="PATH",
        help="What the page puts before a file's name.  [default: the site's habit]",
    ),
    click.option(
        "--code",
        type=click.Path(path_type=Path, exists=True, dir_okay=False),
        multiple=True,
        metavar="FILE.py",
        help="Let the post name scenes or models of this Python file of yours.",
    ),
)


@click.command()
@cli.scene_arguments
@cli.subject_options
@_size_options
@cli.folder_option
@click.option(
    "--site",
    type=cli.Known(SITES[1:], "site"),
    default="html",
    show_default=True,
    help="What the markup is for.",
)
@click.option(
    "--public",
    metavar="PATH",
    help="What the page puts before a file's name.  [default: the folder, from here]",
)
@click.option(
    "--standalone",
    is_flag=True,
    help="Write one page instead that holds the clip and steps through its beats, for talks.",
)
@cli.crew_options
@cli.force_option
@cli.debug_option
def embed(
    scenes: Sequence[SceneRef],
    everything: bool,
    site: str,
    public: str | None,
    standalone: bool,
    workers: int | None,
    cluster: str | None,
    force: bool,
    debug: bool,
    theme: str,
    **options: Any,
) -> int:
    """Render scenes and print their markup, to paste into a page."""
    from attnviz.embed.single import PICTURE_SITES, markup, page
    from attnviz.embed.versions import PAGE_FORMATS

    themes = THEMES if theme == BOTH else (theme,)
    by_theme = [jobs(scenes, everything, theme=name, **options) for name in themes]
    folder = by_theme[0][1]
    clips = list(zip(*(listed for listed, _ in by_theme), strict=True))
    formats = (*PAGE_FORMATS, *(("webp",) if site in PICTURE_SITES else ()))
    wanted = [job for clip in clips for job in clip]
    batch = Batch(folder, debug=debug, crew=crew(workers, cluster), quiet=True)
    if code := batch.films(wanted, force=force, formats=() if standalone else formats):
        return code
    called = f"{folder.as_posix()}/" if public is None else f"{public.rstrip('/')}/"
    for number, clip in enumerate(clips):
        if standalone:
            click.echo(page(clip, folder))
        else:
            click.echo(markup(clip, folder, called, site, script=number == 0))
    return 0


@click.command()
@click.argument("posts", nargs=-1, metavar="POST.md…", type=click.Path(path_type=Path))
@_page_options
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 unless all is up to date.")
@click.option("--dry-run", is_flag=True, help="Write nothing; say what would happen.")
@click.option("--prune", is_flag=True, help="Remove the clips whose requests are gone.")
@cli.crew_options
@cli.force_option
@cli.json_option
@cli.debug_option
def post(
    posts: Sequence[Path],
    site: str,
    assets: str | None,
    public: str | None,
    code: Sequence[Path],
    quality: str,
    theme: str,
    aspect: str,
    check: bool,
    dry_run: bool,
    prune: bool,
    workers: int | None,
    cluster: str | None,
    force: bool,
    as_json: bool,
    debug: bool,
    **subject: Any,
) -> int:
    """Render the clips that a post asks for and put their markup in place."""
    from attnviz.embed.posts import read_post
    from attnviz.embed.report import Report
    from attnviz.embed.sites import find_site
    from attnviz.embed.wanted import Defaults

    if not posts:
        raise UserError("no post named; give one or more Markdown files or notebooks")
    if check and dry_run:
        raise UserError("--check and --dry-run: give one of them")
    allowed = frozenset(path.resolve() for path in code)
    defaults = Defaults(quality, theme, aspect, given(subject), allowed)
    # All are read before anything is written, a post that is named twice once.
    once = {path.resolve(): path for path in reversed(posts)}
    pages = [
        read_post(find_site(path, site, assets, public), defaults)
        for path in reversed(once.values())
    ]
    report = Report(as_json=as_json, debug=debug)
    if check:
        return max(report.check(page, prune=prune) for page in pages)
    if dry_run:
        return max(report.preview(page, prune=prune) for page in pages)
    engage = crew(workers, cluster)
    return max([report.update(page, engage, force=force, prune=prune) for page in pages])
