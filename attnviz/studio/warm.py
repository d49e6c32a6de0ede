"""The process that stays warm: it has imported and loaded all, and forks a child a drawing."""

from __future__ import annotations

import gc
import json
import os
import queue
import signal
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from multiprocessing import reduction
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.render import catalogue
from attnviz.render.jobs import Job
from attnviz.render.output import ASPECTS, QUALITIES, Output
from attnviz.spec import Spec
from attnviz.studio.faults import fault
from attnviz.studio.framing import framed

if TYPE_CHECKING:
    import numpy as np

    from attnviz.render.live import Tell

QUALITY = QUALITIES["draft"]
"""The size of what the studio draws."""

_LOOK_AROUND = 0.2
"""Seconds after which it looks whether a child has ended."""

_IDLE = 5
"""So often it looks around before it uses the time to warm up further."""

_PATIENT = 15
"""How nice those are who draw what is not looked at to the one who draws what is."""

_HELD_BACK = 19
"""How nice those are who draw a film that nobody reads any more, until they are ended."""

_FRAMES_AHEAD = 8
"""So many frames may wait to be compressed."""


def plain(job: Job) -> dict[str, Any]:
    """Return a job as a line between processes can hold it."""
    output = job.output
    return {
        "scene": job.scene.argument,
        "spec": asdict(job.spec),
        "theme": output.theme,
        "aspect": output.aspect.name,
    }


def job_of(told: Mapping[str, Any]) -> Job:
    """Return the job that :func:`plain` described, with its scene as it now stands."""
    output = Output(QUALITY, told["theme"], ASPECTS[told["aspect"]])
    return Job(catalogue.find(told["scene"]), Spec(**told["spec"]), output)


def serve(line: Connection[bytes, bytes], start: Mapping[str, Any], folder: str) -> None:
    """Draw what is asked for on a line, until its other end is gone.

    Parameters
    ----------
    line
        Orders come in, and how this process is goes out.
    start
        What is likely to be drawn first: it is begun once, so that all it needs is loaded.
    folder
        A private place.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends this
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        _import_all()
        line.send_bytes(json.dumps({"state": "ready"}).encode())
    except BaseException as error:
        told = {"state": "broken", "error": fault(error)}
        line.send_bytes(json.dumps(told).encode())
        return
    _Kennel(line, lambda: _warm_up(start, Path(folder))).run()


def _import_all() -> None:
    from tqdm import tqdm

    from attnviz.render import live  # noqa: F401  # children find it here

    # Manim's progress bars would share a lock between processes, and leave it to the system.
    tqdm.set_lock(threading.RLock())


def _warm_up(start: Mapping[str, Any], folder: Path) -> None:
    """Draw the first beat of what may come, so that its model is loaded; faults come later."""
    from attnviz.render import live

    with suppress(Exception):
        folder.mkdir(exist_ok=True)
        live.draw(job_of(start), live.Stretch(end=(1, 0)), frozenset(), folder, lambda *_told: None)
    _forget_scenes()
    gc.collect()
    gc.freeze()  # what is loaded stays: nobody need look through it for garbage


def _forget_scenes() -> None:
    """Have scenes imported anew: their files may have been edited."""
    for name in [*sys.modules]:
        if name.startswith(("scenes.", "_attnviz_scene_")):
            del sys.modules[name]


class _Kennel:
    """Forks children that draw, and ends them.

    Parameters
    ----------
    line
        From the server: orders, each followed by the socket that its child tells to.
    warm_up
        What is done once, when there is nothing else to do.
    """

    def __init__(self, line: Connection[bytes, bytes], warm_up: Callable[[], None]) -> None:
        self._line, self._warm_up = line, warm_up
        self._children: dict[str, int] = {}

    def run(self) -> None:
        """Take orders until nobody can give any."""
        idle = 0
        try:
            while True:
                if self._line.poll(_LOOK_AROUND):
                    self._take(json.loads(self._line.recv_bytes()))
                elif not self._children:
                    idle += 1
                    if idle == _IDLE:
                        self._warm_up()
                self._look_around()
        except (EOFError, OSError):
            pass
        finally:
            for name in [*self._children]:
                self._end(name)
            os._exit(0)  # frameworks take their time to say goodbye

    def _take(self, order: Mapping[str, Any]) -> None:
        if "end" in order:
            self._end(order["end"])
            return
        if "hold back" in order:
            self._hold_back(order["hold back"])
            return
        handle = reduction.recv_handle(self._line)
        child = os.fork()
        if child:
            os.close(handle)
            self._children[order["name"]] = child
        else:
            self._line.close()
            _draw(order, socket.socket(fileno=handle))

    def _end(self, name: str) -> None:
        child = self._children.pop(name, None)
        if child is not None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)

    def _hold_back(self, film: str) -> None:
        for name, child in self._children.items():
            if name.startswith(f"{film} "):
                os.setpriority(os.PRIO_PROCESS, child, _HELD_BACK)

    def _look_around(self) -> None:
        for name, child in [*self._children.items()]:
            if os.waitpid(child, os.WNOHANG)[0]:
                del self._children[name]


def _draw(order: Mapping[str, Any], ear: socket.socket) -> None:
    """Draw what was ordered, in a process that is for this alone, and end it."""
    sys.dont_write_bytecode = True  # written in the second of an edit it could outlive the edit
    gc.disable()  # a film's own garbage is a few megabytes, and its process ends with it
    teller = _Teller(ear)
    try:
        from attnviz.render import live

        folder = Path(order["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        job = job_of(order)
        start, end = order["stretch"]
        tell: Tell = teller.tell
        if order["patient"]:
            if end is None:
                os.nice(_PATIENT)
            else:  # it has the film's first picture, until that of the place is there
                tell = _then_patient(tell)
        stretch = live.Stretch(tuple(start), tuple(end) if end else None)
        try:
            live.draw(job, stretch, frozenset(order["known"]), folder, tell)
        except Exception as error:
            if order["debug"]:
                traceback.print_exception(error)
            teller.tell({"kind": "error", **fault(error, job.scene.source.parent)}, None)
        teller.close()
    except Exception as error:
        with suppress(OSError):
            ear.sendall(framed({"kind": "error", **fault(error)}))
    finally:
        # What this process inherited is its parent's to clean up.
        os._exit(0)


def _then_patient(tell: Tell) -> Tell:
    """Return what tells all, and gives way to others once a frame has been told."""
    waiting = True

    def told(header: Mapping[str, Any], pixels: np.ndarray | None) -> None:
        nonlocal waiting
        tell(header, pixels)
        if waiting and header["kind"] == "frame":
            waiting = False
            os.nice(_PATIENT)

    return told


class _Teller:
    """Compresses and sends frames while the next ones are drawn.

    Parameters
    ----------
    ear
        Who listens; where nobody does any more, this process ends.
    """

    def __init__(self, ear: socket.socket) -> None:
        from attnviz.render.live import FrameEncoder

        self._ear, self._encoder = ear, FrameEncoder()
        self._waiting: queue.Queue[tuple[Mapping[str, Any], np.ndarray | None] | None]
        self._waiting = queue.Queue(_FRAMES_AHEAD)
        self._sending = threading.Thread(target=self._send, daemon=True)
        self._sending.start()

    def tell(self, header: Mapping[str, Any], pixels: np.ndarray | None) -> None:
        """Send a record, after all that came before."""
        self._waiting.put((header, pixels))

    def close(self) -> None:
        """Return when all is sent."""
        self._waiting.put(None)
        self._sending.join()

    def _send(self) -> None:
        try:
            while (told := self._waiting.get()) is not None:
                header, pixels = told
                body = b"" if pixels is None else self._encoder.encode(pixels)
                self._ear.sendall(framed(header, body))
        except BaseException:
            # Nobody listens, or nothing can be said any more.
            os._exit(1)
