"""Settings of the process: one typed object, `config`.

Example:
    >>> from zoo.config import config
    >>> with config.using(threads=1):
    ...     config.threads
    1
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoo.errors import ConfigError

FLOATS = ("float16", "bfloat16", "float32", "float64")
IMAGE_DATA_FORMATS = ("channels_last", "channels_first")
KERNEL_FAMILIES = ("reference", "blas", "jit")


class Config:
    """What the whole process agrees on. Assigning a value that makes no sense is an error at once.

    Attributes:
        floatx: dtype of weights and of computation unless one is given.
        epsilon: the fuzz that keeps divisions and logarithms finite.
        image_data_format: where images have their channels unless a layer says.
        threads: workers of a run; None means one for each processor that the process may use.
        kernels: families of kernels that programs may use; ``reference`` is always among them.
        frozen_cache_memory, frozen_cache_disk: bytes that the outputs of a frozen prefix may take while `fit` runs, in
            memory, or else in a temporary file.
        interactive_logging: whether progress is printed; otherwise it goes to the logger ``zoo``.
    """

    floatx: str
    epsilon: float
    image_data_format: str
    threads: int | None
    kernels: tuple[str, ...]
    frozen_cache_memory: int
    frozen_cache_disk: int
    interactive_logging: bool

    def __init__(self, environment: Mapping[str, str] = os.environ):
        self.floatx = "float32"
        self.epsilon = 1e-7
        self.image_data_format = "channels_last"
        self.threads = environment.get("ZOO_NUM_THREADS") or None
        self.kernels = environment.get("ZOO_KERNELS") or KERNEL_FAMILIES
        self.frozen_cache_memory, self.frozen_cache_disk = 2 ** 30, 2 ** 34
        self.interactive_logging = True

    def __setattr__(self, name: str, value: Any) -> None:
        check = _CHECKS.get(name)
        if check is None:
            raise ConfigError(f"There is no setting {name!r}. Known: {', '.join(_CHECKS)}.")
        object.__setattr__(self, name, check(name, value))

    @contextmanager
    def using(self, **settings: Any) -> Iterator[Config]:
        """While active, the given settings hold (for all threads of the process)."""
        before = {name: getattr(self, name, None) for name in settings}
        try:
            for name, value in settings.items():
                setattr(self, name, value)
            yield self
        finally:
            vars(self).update((name, before[name]) for name in before if name in _CHECKS)

    def __repr__(self) -> str:
        return f"Config({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


def cache_root() -> Path:
    """The folder that zoo writes to, which need not exist yet.

    It is ``$ZOO_HOME`` if that is set, else the folder ``zoo`` in ``$XDG_CACHE_HOME`` (``~/.cache`` if unset), on macOS
    in ``~/Library/Caches``, on Windows in ``%LOCALAPPDATA%``.
    """
    if home := os.environ.get("ZOO_HOME"):
        return Path(home).expanduser()
    bases = {"win32": os.environ.get("LOCALAPPDATA") or "~/AppData/Local", "darwin": "~/Library/Caches"}
    base = bases.get(sys.platform) or os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "zoo"


def _one_of(choices: tuple[str, ...]) -> Any:
    def check(name: str, value: Any) -> str:
        if value not in choices:
            raise ConfigError(f"{name}: expected one of {', '.join(choices)}, received {value!r}.")
        return value
    return check


def _positive(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise ConfigError(f"{name}: expected a positive number, received {value!r}.")
    return float(value)


def _count(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ConfigError(f"{name}: expected a positive integer or None, received {value!r} "
                          f"(the environment gives it as ZOO_NUM_THREADS).")
    return value


def _bytes(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"{name}: expected a number of bytes, 0 or more, received {value!r}.")
    return value


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise ConfigError(f"{name}: expected True or False, received {value!r}.")
    return value


def _families(name: str, value: Any) -> tuple[str, ...]:
    given = {part.strip() for part in value.split(",")} if isinstance(value, str) else set(value)
    unknown = sorted(given - set(KERNEL_FAMILIES))
    if unknown:
        raise ConfigError(f"{name}: unknown {', '.join(map(repr, unknown))}. "
                          f"Known families of kernels: {', '.join(KERNEL_FAMILIES)} "
                          f"(the environment gives them as ZOO_KERNELS, separated by commas).")
    return tuple(family for family in KERNEL_FAMILIES if family in given | {"reference"})


_CHECKS = {
    "floatx": _one_of(FLOATS),
    "epsilon": _positive,
    "image_data_format": _one_of(IMAGE_DATA_FORMATS),
    "threads": _count,
    "kernels": _families,
    "frozen_cache_memory": _bytes,
    "frozen_cache_disk": _bytes,
    "interactive_logging": _flag,
}

config = Config()
