"""Jobs to clips: what is there already is used, the rest is drawn by a crew."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from attnviz.errors import AttnvizError, UserError
from attnviz.film import Beat
from attnviz.render import manifest as manifests
from attnviz.render.estimates import Estimate, estimate, shares
from attnviz.render.formats import FORMATS, ends, ordered
from attnviz.render.imports import Reader
from attnviz.render.jobs import SUFFIXES, Clip, Job
from attnviz.render.keys import content_key
from attnviz.render.store import Store
from attnviz.render.takes import WHOLE, Footage, Share, Take, shoot
from attnviz.render.workspace import FolderError, concerns, publish, workspace

if TYPE_CHECKING:
    from attnviz.render.catalogue import SceneRef

ATTEMPTS = 3
"""How often a take is tried whose worker was killed; it need not be the one to blame."""


class Crew(Protocol):
    """Those who draw."""

    size: int
    """How many takes are drawn at a time."""

    room: int
    """How many takes are submitted at a time: some wait, so that nobody is idle."""

    def submit(
        self, take: Take, scratch: Path, on_second: Callable[[int], None]
    ) -> Future[Footage]:
        """Have a take drawn."""

    def renew(self) -> None:
        """Take on others in place of those who were killed."""


@dataclass(frozen=True, slots=True)
class Progress:
    """Whom to tell how far one render is.

    Parameters
    ----------
    on_second
        Called with the seconds of film drawn so far.
    on_beat
        Called at the end of every beat.
    """

    on_second: Callable[[int], None] = lambda _seconds: None
    on_beat: Callable[[Beat], None] = lambda _beat: None


class Board(Protocol):
    """Whom to tell how far many renders are."""

    def expect(self, job: Job, seconds: float) -> None:
        """Hear of a film to be drawn, and of about how long it is."""

    def drawn(self, job: Job, share: Share, seconds: int) -> None:
        """Hear how many seconds of a share are drawn."""

    def done(self, job: Job, seconds: float) -> None:
        """Hear that a film is there or has failed, and how long it is."""


class _NoBoard:
    """Tells nobody."""

    def expect(self, job: Job, seconds: float) -> None:
        """Say nothing."""

    def drawn(self, job: Job, share: Share, seconds: int) -> None:
        """Say nothing."""

    def done(self, job: Job, seconds: float) -> None:
        """Say nothing."""


def _alone() -> AbstractContextManager[Crew]:
    from attnviz.render.workers import alone

    return alone()


def _silence() -> AbstractContextManager[Board]:
    return nullcontext(_NoBoard())


@dataclass(frozen=True, slots=True)
class Order:
    """A film that has to be drawn.

    Parameters
    ----------
    job
        What it is a film of.
    key
        Its content key.
    files
        What each file is to its place, the manifest last.
    estimate
        About how long it will be.
    """

    job: Job
    key: str
    files: Mapping[str, Path]
    estimate: Estimate

    def take(self, share: Share = WHOLE) -> Take:
        """Return a share of it as a worker gets it."""
        formats = tuple(name for name in self.files if name in FORMATS)
        scene = self.job.scene.argument
        return Take(scene, self.job.spec, self.job.output, self.key, formats, share)

    def deliver(
        self, footage: Sequence[Footage], private: Path, folder: Path, store: Store
    ) -> Clip:
        """Make the files in a private folder, put them in their places and keep copies."""
        from attnviz.render.finishing import make_files

        finished = {what: private / path.name for what, path in self.files.items()}
        seconds = make_files(self.job, self.key, footage, finished)
        publish({finished[what]: self.files[what] for what in self.files}, folder)
        # Where a source was edited meanwhile, nobody knows of which version the film is.
        if content_key(self.job.scene, self.job.spec, self.job.output) == self.key:
            store.keep(self.key, self.files)
        return Clip(self.job, self.files, seconds, cached=False)


def film(
    job: Job,
    folder: Path,
    *,
    force: bool = False,
    progress: Progress | None = None,
    formats: Sequence[str] = (),
    store: Store | None = None,
) -> Clip:
    """Render a film and its files in this process, unless they are there already.

    Parameters
    ----------
    job
        What to render.
    folder
        The output folder; the files stand in a folder of the scene's name below it.
    force
        Render even if the very same film is there.
    progress
        Whom to tell.
    formats
        Names of further formats, of :data:`attnviz.render.formats.FORMATS`; they are made of the
        same frames. Those that are there already are kept up.
    store
        Where finished clips are looked for and kept; None: the user's.

    Returns
    -------
    Clip
        The files at their places, checked.

    Raises
    ------
    AttnvizError
        If the film cannot be made or written; the output folder is then as it was.
    """
    folder, store = folder.resolve(), store or Store.of_user()
    told = progress or Progress()
    order = _order(job, folder, store, Reader.of_user(), force, formats)
    if isinstance(order, Clip):
        return order
    with workspace(folder) as private:
        footage = shoot(order.take(), private / "manim", told.on_second, told.on_beat)
        return order.deliver([footage], private, folder, store)


def films(
    jobs: Sequence[Job],
    folder: Path,
    crew: Callable[[], AbstractContextManager[Crew]] | None = None,
    *,
    force: bool = False,
    board: Callable[[], AbstractContextManager[Board]] | None = None,
    formats: Sequence[str] = (),
    store: Store | None = None,
) -> Iterator[tuple[Job, Clip | Exception]]:
    """Render films side by side, unless they are there already.

    Parameters
    ----------
    jobs, folder, force, formats, store
        As for :func:`film`.
    crew
        Engages who draws; it is called only where something is to be drawn. None: everything is
        drawn in this process.
    board
        Gives whom to tell; it too is called only where something is to be drawn. None: nobody.

    Yields
    ------
    job : Job
        Each once, in the order in which they end.
    result : Clip or Exception
        The clip, or why there is none.

    Raises
    ------
    FolderError
        If the output folder cannot be written.
    """
    folder, store = folder.resolve(), store or Store.of_user()
    orders: list[Order] = []
    reader = Reader.of_user()  # one for all: they share most of their sources
    for job in dict.fromkeys(jobs):
        try:
            found = _order(job, folder, store, reader, force, formats)
        except FolderError:
            raise  # it is the same for the next film
        except AttnvizError as error:
            yield job, error
            continue
        if isinstance(found, Clip):
            yield job, found
        else:
            orders.append(found)
    if orders:
        with (
            workspace(folder) as private,
            (crew or _alone)() as workers,
            (board or _silence)() as told,
        ):
            yield from _Shooting(orders, folder, store, private, workers, told).run()


def standing(job: Job, folder: Path, formats: Sequence[str] = ()) -> Clip | None:
    """Return a film that is there, whole and of this very key; nothing is rendered or written.

    Parameters
    ----------
    job, folder, formats
        As for :func:`film`.
    """
    found = _order(job, folder.resolve(), Store(None), Reader.of_user(), False, formats)
    return found if isinstance(found, Clip) else None


@dataclass
class _Shooting:
    """Takes on their way to a crew and back."""

    orders: Sequence[Order]
    folder: Path
    store: Store
    private: Path
    crew: Crew
    board: Board
    running: dict[Future[Footage], tuple[Order, Share]] = field(default_factory=dict)
    footage: dict[str, list[Footage]] = field(default_factory=dict)
    attempts: dict[tuple[str, Share], int] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)

    def run(self) -> Iterator[tuple[Job, Clip | Exception]]:
        """Have everything drawn; the longest first, so that nobody waits for it at the end."""
        for order in self.orders:
            self.board.expect(order.job, order.estimate.seconds)
        counts = shares([order.estimate for order in self.orders], self.crew.size)
        takes = [
            (order, Share(number, count))
            for order, count in zip(self.orders, counts, strict=True)
            for number in range(count)
        ]
        wanted = deque(sorted(takes, key=lambda take: -take[0].estimate.seconds / take[1].of))
        while wanted or self.running:
            while wanted and len(self.running) < self.crew.room:
                order, share = wanted.popleft()
                if order.key not in self.failed:
                    self._submit(order, share)
            ended, _ = wait(self.running, return_when=FIRST_COMPLETED)
            yield from self._take_back(ended)

    def _submit(self, order: Order, share: Share) -> None:
        self.attempts[order.key, share] = self.attempts.get((order.key, share), 0) + 1
        future = self.crew.submit(
            order.take(share),
            self.private / "manim",
            lambda seconds: self.board.drawn(order.job, share, seconds),
        )
        self.running[future] = order, share

    def _take_back(self, ended: set[Future[Footage]]) -> Iterator[tuple[Job, Clip | Exception]]:
        lost: list[tuple[Order, Share]] = []
        for future in ended:
            if future not in self.running:  # another share of its film failed
                continue
            order, share = self.running.pop(future)
            error = future.exception()
            if error is None:
                yield from self._add(order, share, future.result())
            elif isinstance(error, BrokenExecutor):
                lost.append((order, share))
            else:
                yield self._give_up(order, error)
        if lost:
            yield from self._again(lost)

    def _add(
        self, order: Order, share: Share, footage: Footage
    ) -> Iterator[tuple[Job, Clip | Exception]]:
        there = self.footage.setdefault(order.key, [])
        there.append(footage)
        if len(there) < share.of:
            return
        del self.footage[order.key]
        try:
            clip = order.deliver(there, self.private, self.folder, self.store)
        except FolderError:
            raise  # it is the same for the next film
        except Exception as error:
            yield self._give_up(order, error)
            return
        self.board.done(order.job, clip.seconds)
        yield order.job, clip

    def _again(self, lost: list[tuple[Order, Share]]) -> Iterator[tuple[Job, Clip | Exception]]:
        """Have the takes of killed workers drawn again."""
        lost += self.running.values()  # one killed worker breaks the whole pool
        self.running.clear()
        self.crew.renew()
        for order, share in lost:
            if order.key in self.failed:
                continue
            if self.attempts[order.key, share] < ATTEMPTS:
                self._submit(order, share)
            else:
                yield self._give_up(order, _killed())

    def _give_up(self, order: Order, error: BaseException) -> tuple[Job, Exception]:
        """Let go of the rest of a film that failed."""
        if not isinstance(error, Exception) or concerns(self.folder, error):
            raise error  # a folder that cannot be written is the same for the next film
        for future, (other, _) in [*self.running.items()]:
            if other is order:
                future.cancel()
                del self.running[future]
        self.footage.pop(order.key, None)
        self.failed.add(order.key)
        self.board.done(order.job, 0.0)
        return order.job, error


def _killed() -> AttnvizError:
    return AttnvizError(
        f"its workers were killed {ATTEMPTS} times, perhaps for want of memory; "
        "try fewer with --workers, or a smaller --quality"
    )


def _order(
    job: Job, folder: Path, store: Store, reader: Reader, force: bool, formats: Sequence[str]
) -> Clip | Order:
    """Return the clip, if it is there, or what is to be drawn."""
    stem = job.stem()
    place = folder / job.scene.name
    key = content_key(job.scene, job.spec, job.output, reader)
    found = manifests.read(place / (stem + SUFFIXES["manifest"]))
    _refuse_another_scene(job.scene, found, place / (stem + SUFFIXES["manifest"]))
    names = ordered([*formats, *_further(found, place)])
    files = {what: place / (stem + end) for what, end in _ends(names).items()}
    if found and not force and _is_whole(found, key, files):
        return Clip(job, files, found["seconds"], cached=True)
    if not force and (kept := store.deliver(key, files, folder)):
        return Clip(job, files, kept["seconds"], cached=True)
    return Order(job, key, files, estimate(job, found))


def _further(found: Mapping[str, Any] | None, place: Path) -> list[str]:
    """Return the formats that were asked for before, and whose files nobody took away."""
    told = found["files"] if found else {}
    return [name for name in FORMATS if name in told and (place / told[name]["name"]).is_file()]


def _ends(names: Sequence[str]) -> dict[str, str]:
    """Return what each file is to the end of its name, the manifest last."""
    own = dict(SUFFIXES)
    manifest = own.pop("manifest")
    return {**own, **ends(names), "manifest": manifest}


def _is_whole(found: Mapping[str, Any], key: str, files: Mapping[str, Path]) -> bool:
    others = {what: path for what, path in files.items() if what != "manifest"}
    return manifests.vouches(found, key, others)


def _refuse_another_scene(scene: SceneRef, found: Mapping[str, Any] | None, manifest: Path) -> None:
    """Stop before a user's scene overwrites the film of another file's class of the same name."""
    there = found["scene"] if found else scene.identity
    if there != scene.identity:
        raise UserError(
            f"{manifest} belongs to {there['source']}:{there['class']}, not to "
            f"{scene.source.name}:{scene.class_name}; give another folder with -o"
        )
