"""A scene's own subject where only running its file can tell: a process of its own runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache
from typing import Final

from attnviz.errors import UserError
from attnviz.render.catalogue import SceneRef
from attnviz.render.imports import PROJECT
from attnviz.spec import Spec

_LONGEST: Final = 30.0
"""Seconds that a file may run until its classes are there."""

_CODE: Final = """\
import json, sys
from dataclasses import asdict
from attnviz.render import catalogue
print(json.dumps(asdict(catalogue.default_spec(catalogue.find(sys.argv[1])))))
"""


@lru_cache(maxsize=64)
def found_spec(ref: SceneRef, _source: bytes) -> Spec:
    """Return the subject of a scene whose file has some content; of the same content once.

    Raises
    ------
    UserError
        If the file cannot be run.
    """
    paths = [str(PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])]
    try:
        done = subprocess.run(
            [sys.executable, "-c", _CODE, ref.argument],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LONGEST,
            check=True,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(f"{ref.source}: it ran for {_LONGEST:.0f} s and was ended") from error
    except subprocess.CalledProcessError as error:
        said: str = error.stderr.strip() or "it cannot be run"
        raise UserError(f"{ref.source}: {said.splitlines()[-1]}") from error
    return Spec(**json.loads(done.stdout.splitlines()[-1]))
