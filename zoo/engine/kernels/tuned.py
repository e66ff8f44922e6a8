"""Kernels that were measured to be the fastest on this machine: a table that goes before the estimates of `costs`.

The table is a JSON file for each kind of processor, `measure` (in `zoo.engine.tune`) fills it. A choice is known by all
that the time depends on: the primitive, shapes and dtypes, attributes, the epilogue, and the number of threads.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import warnings
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from zoo.config import cache_root
from zoo.engine.cpu import cpu_id
from zoo.engine.graph import Node
from zoo.engine.threads import thread_count
from zoo.errors import ConfigError

FORMAT = 1
OPS = frozenset({"conv", "matmul"})                         # what it pays to measure


@dataclass(frozen=True)
class Measured:
    """The fastest kernel of a node.

    Attributes:
        kernel: its title.
        seconds: median time of each kernel that was measured, by title.
    """

    kernel: str
    seconds: Mapping[str, float]


def choice(node: Node, changing: Collection[int] = ()) -> str | None:
    """The title of the kernel that was measured to be the fastest for such a node; None if none was measured."""
    if node.op.name not in OPS:
        return None
    table = choices()
    return table[key_of(node, changing)].kernel if table and key_of(node, changing) in table else None


def key_of(node: Node, changing: Collection[int] = ()) -> str:
    """All that the time of a node depends on, as one line.

    Args:
        node: with static shapes.
        changing: positions of inputs that are others in each run, so that they are packed in each run.
    """
    inputs = ", ".join(f"{value.spec!r}{'*' if i in changing else ''}" for i, value in enumerate(node.inputs))
    attrs = ", ".join(f"{name}={value}" for name, value in sorted(node.attrs.items()))
    epilogue = f" then {node.epilogue}" if node.epilogue is not None else ""
    return f"{node.op.name}({inputs}) -> {node.output.spec!r}, {attrs}{epilogue}, {thread_count()} threads"


def path() -> Path | None:
    """The file of this kind of processor, which need not exist; None if no home folder is known."""
    try:
        return cache_root() / "tuned" / f"{cpu_id()}.json"
    except RuntimeError:                                    # see `machine_code.store.folder`
        return None


def choices() -> Mapping[str, Measured]:
    """What is in the file."""
    file = path()
    return {} if file is None else _read(file)


@cache
def _read(file: Path) -> dict[str, Measured]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["format"] != FORMAT:
            return {}                                       # of another version of zoo
        return {key: Measured(str(row["kernel"]), {title: float(seconds) for title, seconds in row["seconds"].items()})
                for key, row in content["choices"].items()}
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        warnings.warn(f"{file} is not a table of measured kernels ({type(error).__name__}: {error}) and is ignored. "
                      f"`zoo tune --clear` removes it.", RuntimeWarning, stacklevel=2)
        return {}


def remember(found: Mapping[str, Measured]) -> Path:
    """Adds to the file; programs that are compiled from now on go by it.

    Raises:
        ConfigError: it cannot be written.
    """
    file = path()
    if file is None:
        raise ConfigError("No home folder is known: let ZOO_HOME name the folder that zoo may write to.")
    content = {"format": FORMAT, "choices": {key: asdict(row) for key, row in {**_read(file), **found}.items()}}
    part = None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=file.parent, suffix=".part")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(content, stream, indent=1)
        os.replace(part, file)
    except OSError as error:
        if part is not None:
            with contextlib.suppress(OSError):
                os.unlink(part)
        raise ConfigError(f"{file} cannot be written: {error}. Let ZOO_HOME name a folder that can.") from error
    _read.cache_clear()
    return file


def forget() -> int:
    """Removes the file; returns how many choices were in it.

    Raises:
        OSError: it cannot be removed.
    """
    file, count = path(), len(choices())
    if file is not None:
        file.unlink(missing_ok=True)
    _read.cache_clear()
    return count
