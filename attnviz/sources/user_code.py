"""A user's own Python: run as it stands in its file, its errors told in one line."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Iterator
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType

from attnviz.errors import AttnvizError, UserError
from attnviz.sources.foreign import reason

_MODULE_NAME = "_attnviz_model_"


class _FreshLoader(SourceFileLoader):
    """Compiles a file as it stands; cached bytecode may be a second older than an edit."""

    def get_code(self, fullname: str) -> CodeType:
        """Compile the source; nothing is left beside the user's file."""
        return self.source_to_code(self.get_data(self.path), self.path)


def import_file(path: Path) -> ModuleType:
    """Import a file of a user's as a module; run it inside :func:`user_code`."""
    name = f"{_MODULE_NAME}{path.stem}"
    loader = _FreshLoader(name, str(path))
    found = spec_from_file_location(name, path, loader=loader)
    assert found is not None
    module = module_from_spec(found)
    sys.modules[name] = module  # dataclasses look their module up
    loader.exec_module(module)
    return module


@contextlib.contextmanager
def user_code(path: Path) -> Iterator[None]:
    """Run a user's code: modules beside its file can be imported, and stdout stays for results.

    Modules from the file's folder are forgotten afterwards, so that the next run reads them anew.

    Parameters
    ----------
    path
        The file.

    Raises
    ------
    UserError
        If the code raises anything: one line with the file and the line; the cause is kept.
    """
    folder = str(path.parent)
    before, kept_bytecode = set(sys.modules), sys.dont_write_bytecode
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except AttnvizError:
        raise
    except Exception as error:
        raise UserError(f"{_place(error, path)}: {reason(error)}") from error
    finally:
        sys.dont_write_bytecode = kept_bytecode
        with contextlib.suppress(ValueError):
            sys.path.remove(folder)
        for name in set(sys.modules) - before:
            if _is_within(sys.modules[name], path.parent):
                del sys.modules[name]


def _place(error: Exception, path: Path) -> str:
    """Return the innermost line of the user's own files that led to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(path.parent)]
    if isinstance(error, SyntaxError) and error.filename:
        return f"{Path(error.filename).name}:{error.lineno}"
    return f"{Path(own[-1].filename).name}:{own[-1].lineno}" if own else path.name


def _is_within(module: ModuleType | None, folder: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).is_relative_to(folder)
