"""A process that fills the store: ``python -m zoo.engine.machine_code.worker``.

It reads units, one a line, until its input ends; then it compiles one after the other and writes for each a line with
its key and, if it could not be compiled, the reason. If nobody reads any more it goes on: the next process will.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from zoo.engine.machine_code import store
from zoo.engine.machine_code.unit import Unit

_NAME = "zoo.engine.machine_code.worker"
NICE = "nice"                                               # an argument: let other processes go first


def main() -> None:
    """Does all that the input asks for."""
    if NICE in sys.argv and hasattr(os, "nice"):
        os.nice(10)
    for unit in [Unit.from_json(json.loads(line)) for line in sys.stdin]:
        with contextlib.suppress(OSError):
            print(json.dumps(_compiled(unit)), flush=True)
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    os._exit(0)                                             # Python would complain that nobody reads


def _compiled(unit: Unit) -> dict[str, Any]:
    error = None
    if not store.has(unit):
        try:
            import_module("zoo.engine.machine_code.build").machine_code(unit)
        except Exception as problem:                        # noqa: BLE001 - told to whoever asked
            error = f"{type(problem).__name__}: {problem}"
    return {"key": unit.key, "error": error or (None if store.has(unit) else "it could not be written to the cache")}


def command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command that starts such a process, and its environment.

    Raises:
        OSError: it is not known which Python this is.
    """
    if not sys.executable:
        raise OSError("the Python interpreter is not known")
    here = str(Path(__file__).resolve().parents[3])
    path = os.pathsep.join([here, *filter(None, [os.environ.get("PYTHONPATH")])])
    return [sys.executable, "-m", _NAME, *arguments], {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"}


if __name__ == "__main__":
    main()
