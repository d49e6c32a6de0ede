"""A post brought up to date: clips rendered, markup put in place, what is gone pruned."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from attnviz.embed import index
from attnviz.embed.placing import unplaced
from attnviz.embed.posts import Finished, Post
from attnviz.errors import AttnvizError
from attnviz.render.films import Board, Crew, films
from attnviz.render.jobs import Clip, Job
from attnviz.render.workspace import publish, workspace


@dataclass(frozen=True, slots=True)
class Change:
    """What an update comes to.

    Parameters
    ----------
    files
        Files that are written, each with its content; the post comes last.
    gone
        Films that are asked for no more, as :mod:`attnviz.embed.index` calls them.
    removed
        Their files, where they are pruned.
    """

    files: tuple[tuple[Path, bytes], ...]
    gone: tuple[str, ...]
    removed: tuple[Path, ...]


def render(
    post: Post,
    crew: Callable[[], AbstractContextManager[Crew]] | None,
    board: Callable[[], AbstractContextManager[Board]],
    *,
    force: bool = False,
) -> Iterator[tuple[Job, Clip | Exception]]:
    """Render the clips of a post that are not there; as :func:`attnviz.render.films.films`."""
    yield from films(
        post.jobs, post.site.assets, crew, force=force, board=board, formats=post.formats
    )


def change(post: Post, *, prune: bool = False) -> Change:
    """Return what is to be written and removed, all clips being there; nothing is written.

    Raises
    ------
    AttnvizError
        If a clip is not there, or another file stands in the way.
    """
    done: Finished = post.finished()
    further = {**done.files, **_index(post, prune=prune)}
    files = [(path, content) for path, content in further.items() if not _holds(path, content)]
    if done.content != post.document.content:
        files.append((post.document.path, done.content))
    lost = index.gone(post.site, post.asked)
    return Change(tuple(files), lost.films, tuple(_lost_files(post, lost)) if prune else ())


def _lost_files(post: Post, lost: index.Holding) -> Iterator[Path]:
    for film in lost.films:
        yield from index.files_of(post.site, film)
    for name in lost.figures:
        yield from (path for path in unplaced(post.site, name) if path.is_file())


def write(post: Post, wanted: Change) -> None:
    """Write what is to be written: first what the post calls, then the post, then remove.

    Raises
    ------
    AttnvizError
        If the post was changed meanwhile, or a file cannot be written.
    """
    further = [(path, content) for path, content in wanted.files if path != post.document.path]
    if further:
        with workspace(post.site.root) as private:
            publish(dict(_made(further, private)), post.site.root)
    for path, content in wanted.files:
        if path == post.document.path:
            post.document.write(content)
    for path in wanted.removed:
        path.unlink(missing_ok=True)


def _made(files: Sequence[tuple[Path, bytes]], private: Path) -> Iterator[tuple[Path, Path]]:
    for number, (path, content) in enumerate(files):
        made = private / str(number)
        made.write_bytes(content)
        path.parent.mkdir(parents=True, exist_ok=True)
        yield made, path


def _index(post: Post, *, prune: bool) -> dict[Path, bytes]:
    """Return the index as it is to be; a post without clips makes none."""
    path = post.site.assets / index.NAME
    if not post.jobs and not path.is_file():
        return {}
    return {path: index.updated(post.site, post.asked, prune=prune)}


def _holds(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() == content
    except FileNotFoundError:
        return False
    except OSError as error:
        raise AttnvizError(f"{path} cannot be read ({error.strerror})") from error
