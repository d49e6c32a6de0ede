"""Posts one after another: what each came to, told as text or as JSON."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from attnviz.embed.index import gone
from attnviz.embed.posts import Post
from attnviz.embed.updating import Change, change, render, write
from attnviz.embed.versions import version
from attnviz.embed.weights import weighed
from attnviz.errors import AttnvizError
from attnviz.render.batch import describe, readable_size
from attnviz.render.films import Crew
from attnviz.render.jobs import Job
from attnviz.render.terminal import films_progress

Engage = Callable[[], AbstractContextManager[Crew]]


@dataclass(frozen=True, slots=True)
class Report:
    """How posts are run and told about.

    Parameters
    ----------
    as_json
        Tell in JSON, one object a line, and nothing else on stdout.
    debug
        Show the tracebacks of errors.
    """

    as_json: bool = False
    debug: bool = False

    def update(self, post: Post, crew: Engage, *, force: bool = False, prune: bool = False) -> int:
        """Bring a post up to date; return the exit code, that of the first clip that failed."""
        post.document.require_writable()
        code, made = 0, 0
        board = partial(films_progress, len(post.jobs))
        for job, result in render(post, crew, board, force=force):
            if isinstance(result, Exception):
                code = code or self._failed(post, job, result)
            else:
                made += not result.cached
        if code:
            print(f"render.py: {post.document.path} is left as it is", file=sys.stderr, flush=True)
            return code
        wanted = change(post, prune=prune)
        write(post, wanted)
        self._tell(post, wanted, made)
        return 0

    def preview(self, post: Post, *, prune: bool = False) -> int:
        """Say what an update would do; return the exit code, 0."""
        missing = post.missing()
        lines = [_head(post)]
        for section in post.sections:
            place = post.document.place(section.part, section.request.line)
            for clip in section.clips:
                new = [job.output.theme for job in clip.jobs if job in missing]
                what = f"would be rendered ({', '.join(new)})" if new else "is there"
                lines.append(f"  {place}: {clip.name} {what}")
        lost = gone(post.site, post.asked).films
        lines += [f"  {clip} is asked for no more" + _pruning(prune) for clip in lost]
        if missing:
            lines.append(f"  {post.document.path} would be written")
        else:
            files = change(post, prune=prune).files
            lines += [f"  {path} would be written" for path, _ in files] or ["  nothing to change"]
        told = {"missing": [_named(job) for job in missing], "gone": list(lost)}
        self._print(post, lines, told)
        return 0

    def check(self, post: Post, *, prune: bool = False) -> int:
        """Tell whether a post is up to date; return the exit code, 1 where it is not."""
        missing = post.missing()
        reasons = [f"{_named(job)} is not rendered as it would be today" for job in missing]
        if not missing:
            wanted = change(post, prune=prune)
            reasons += [f"{path} would be written" for path, _ in wanted.files]
            reasons += [f"{path} would be removed" for path in wanted.removed]
        lines = [f"{post.document.path}: {'not ' if reasons else ''}up to date"]
        self._print(post, [*lines, *(f"  {reason}" for reason in reasons)], {"reasons": reasons})
        return 1 if reasons else 0

    def _tell(self, post: Post, done: Change, made: int) -> None:
        count = len(post.jobs)
        there = "" if made == count else f", {count - made} already there"
        lines = [_head(post), f"  {_counted(made, 'film')} rendered{there}"]
        lines += _weights(post)
        lines += [f"  wrote {path}" for path, _ in done.files]
        lines += [f"  removed {path}" for path in done.removed]
        if not done.removed:
            lines += [f"  {clip} is asked for no more; --prune removes it" for clip in done.gone]
        if not done.files:
            lines.append("  nothing to change in the post")
        told = {
            "rendered": made,
            "written": [str(path) for path, _ in done.files],
            "removed": [str(path) for path in done.removed],
            "gone": list(done.gone),
        }
        self._print(post, lines, told)

    def _print(self, post: Post, lines: list[str], told: Mapping[str, object]) -> None:
        if self.as_json:
            head = {"post": str(post.document.path), "site": post.site.name}
            clips = [_named(job) for job in post.jobs]
            print(json.dumps({**head, "clips": clips, **told}), flush=True)
        else:
            print("\n".join(lines), flush=True)

    def _failed(self, post: Post, job: Job, error: Exception) -> int:
        if self.debug:
            traceback.print_exception(error)
        place = next(
            post.document.place(section.part, section.request.line)
            for section in post.sections
            if any(job in clip.jobs for clip in section.clips)
        )
        print(
            f"render.py: {post.document.path}, {place}: {job.scene.name}: {describe(error)}",
            file=sys.stderr,
            flush=True,
        )
        return error.exit_code if isinstance(error, AttnvizError) else 1


def _head(post: Post) -> str:
    requests, clips = len(post.sections), len({clip.name for clip in post.clips})
    return (
        f"{post.document.path}: {_counted(requests, 'request')}, {_counted(clips, 'clip')}, "
        f"{post.site.name}, clips in {post.site.assets}"
    )


def _counted(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _pruning(prune: bool) -> str:
    return " and would be removed" if prune else "; --prune would remove it"


def _named(job: Job) -> str:
    return job.stem()


def _weights(post: Post) -> Iterator[str]:
    for job in post.jobs:
        files = []
        for what, size, most in weighed(version(job, post.site.assets, "")):
            over = f" (over {readable_size(most)})" if size > most else ""
            files.append(f"{what} {readable_size(size)}{over}")
        yield f"  {job.stem()}: {', '.join(files)}"
