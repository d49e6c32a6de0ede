"""A folder with a Hugging Face model and its tokenizer: safetensors only, no code, no network."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attnviz.errors import UserError, quoted
from attnviz.model_choice import CONFIG_FILE
from attnviz.sources.foreign import one_line

if TYPE_CHECKING:
    from types import ModuleType

_TOKENIZER_CONFIG = "tokenizer_config.json"
_ADAPTER_CONFIG = "adapter_config.json"
_PICKLED = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_KEYS_NAMED = 3
"""How many missing weights an error names."""

_LONGEST_PATH = 400


def load_folder(folder: Path) -> tuple[Any, Any]:
    """Load a model and its tokenizer from a folder.

    Nothing in the folder is executed, nothing is fetched, and no weight is made up: a model whose
    folder does not hold all of its weights is refused.

    Parameters
    ----------
    folder
        What ``save_pretrained`` of a model and of its tokenizer wrote.

    Returns
    -------
    model, tokenizer
        transformers' own objects, the model in evaluation mode.

    Raises
    ------
    UserError
        If transformers is not installed, or the folder holds code, pickles, no tokenizer, or not
        all the weights of its model.
    """
    where = quoted(str(folder), _LONGEST_PATH)
    transformers = _transformers(where)
    config = _config(transformers, folder, where)
    _check_weights(folder, where)
    tokenizer = _tokenizer(transformers, folder, where)
    return _model(transformers, folder, where, config), tokenizer


def _transformers(where: str) -> ModuleType:
    # Imported late: it is an extra, and takes seconds.
    try:
        import transformers
    except ImportError as error:
        raise UserError(
            f"{where} is a Hugging Face model, which needs the package transformers;"
            " run: pip install 'attnviz[hf]'"
        ) from error
    return transformers


def _config(transformers: ModuleType, folder: Path, where: str) -> Any:
    for name in (CONFIG_FILE, _TOKENIZER_CONFIG):
        if "auto_map" in _described(folder / name, where):
            raise UserError(
                f"{where} wants to run code of its own (auto_map in {name}), which attnviz never"
                " does; use a model of transformers' own classes, or module.py:factory"
            )
    with one_line(f"{where}: {CONFIG_FILE} cannot be used"):
        return transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )


def _described(file: Path, where: str) -> dict[str, Any]:
    if not file.is_file():
        return {}
    try:
        described = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{where}: {file.name} cannot be read ({error})") from error
    if not isinstance(described, dict):
        raise UserError(f"{where}: {file.name} is a {type(described).__name__}, not an object")
    return described


def _check_weights(folder: Path, where: str) -> None:
    if (folder / _ADAPTER_CONFIG).is_file():
        raise UserError(
            f"{where} holds an adapter ({_ADAPTER_CONFIG}), which changes a model's weights; merge"
            " it (PEFT's merge_and_unload) and save the whole model"
        )
    if any(folder.glob("*.safetensors")):
        return
    pickled = sorted(path.name for pattern in _PICKLED for path in folder.glob(pattern))
    if pickled:
        raise UserError(
            f"{where} holds its weights as a pickle only ({pickled[0]}), which may run code and is"
            " not opened; save them as safetensors with the model's save_pretrained"
        )
    raise UserError(f"{where} holds no weights: wanted model.safetensors beside {CONFIG_FILE}")


def _tokenizer(transformers: ModuleType, folder: Path, where: str) -> Any:
    with one_line(f"{where} has no tokenizer that can be used"):
        found = transformers.AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    files = set(found.vocab_files_names.values())
    # Without its files transformers makes an empty tokenizer up; some, of bytes, need none.
    needs = files or {_TOKENIZER_CONFIG}
    if not any((folder / name).is_file() for name in needs):
        raise UserError(
            f"{where} has no tokenizer ({', '.join(sorted(needs))}); save it there with the"
            " tokenizer's save_pretrained"
        )
    return found


def _model(transformers: ModuleType, folder: Path, where: str, config: Any) -> Any:
    with one_line(f"{where}: the model cannot be loaded"):
        model, info = _model_class(transformers, config).from_pretrained(
            folder,
            config=config,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            ignore_mismatched_sizes=True,  # so that they are reported, below
            output_loading_info=True,
        )
    missing = sorted(info["missing_keys"])
    if missing:
        raise UserError(
            f"{where} lacks {len(missing)} of the weights of {type(model).__name__}:"
            f" {_first(missing)}; a model with made-up weights is not shown"
        )
    sizes = sorted(
        f"{name} is {list(found)}, wanted {list(wanted)}"
        for name, found, wanted in info["mismatched_keys"]
    )
    if sizes or info["error_msgs"]:
        raise UserError(
            f"{where}: weights do not fit its {CONFIG_FILE}:"
            f" {_first(sizes or sorted(info['error_msgs']))}"
        )
    return model.eval()


def _model_class(transformers: ModuleType, config: Any) -> Any:
    """Return the class that the configuration names, if it is one of transformers' own."""
    for name in (config.architectures or ())[:1]:
        found = getattr(transformers, name, None)
        if isinstance(found, type) and issubclass(found, transformers.PreTrainedModel):
            return found
    return transformers.AutoModel


def _first(names: list[str]) -> str:
    more = len(names) - _KEYS_NAMED
    return ", ".join(names[:_KEYS_NAMED]) + (f" and {more} more" if more > 0 else "")


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' log and progress bars to itself meanwhile, and stdout for results."""
    with contextlib.redirect_stdout(sys.stderr):
        try:
            from transformers.utils import logging as log
        except ImportError:
            yield
            return
        before, bars = log.get_verbosity(), log.is_progress_bar_enabled()
        log.set_verbosity(logging.CRITICAL)
        log.disable_progress_bar()
        try:
            yield
        finally:
            log.set_verbosity(before)
            if bars:
                log.enable_progress_bar()
