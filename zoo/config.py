"""Settings of the process: one typed object, `config`.

Example:
    >>> from zoo.config import config
    >>> with config.using(threads=1):
    ...     config.threads
    1
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from zoo import keras_json
from zoo.errors import ConfigError, MissingDependency

FLOATS = ("float16", "bfloat16", "float32", "float64")
IMAGE_DATA_FORMATS = ("channels_last", "channels_first")
KERAS_DEFAULTS: dict[str, Any] = {"floatx": "float32", "epsilon": 1e-7, "image_data_format": "channels_last"}
DEVICES = ("cpu", "cuda")
KERNEL_FAMILIES = ("reference", "blas", "jit")
JIT = ("background", "wait", "off")


class Config:
    """What the whole process agrees on. Assigning a value that makes no sense is an error at once.

    Attributes:
        floatx: dtype of weights and of computation unless one is given. This and the next two are those of Keras's
            own file of settings (see `zoo.keras_json`) until they are assigned.
        epsilon: the fuzz that keeps divisions and logarithms finite.
        image_data_format: where images have their channels unless a layer says.
        threads: workers of a run; None means one for each processor that the process may use.
        device: where arrays are computed: ``cpu`` (NumPy) or ``cuda`` (a GPU, by CuPy).
        kernels: families of kernels that programs may use; ``reference`` is always among them.
        jit: when kernels are compiled that are not yet: in the ``background``, while those of NumPy run; before the
            first run, which has to ``wait``; or never (``off``). Training steps wait in any case.
        dtype_policy: the name of the dtype policy of layers that are given none; `floatx` if None. See
            `zoo.dtype_policies`.
        max_epochs, max_steps_per_epoch: what `fit`, `evaluate` and `predict` do at most; None for all that they are
            told.
        frozen_cache_memory, frozen_cache_disk: bytes that the outputs of a frozen prefix may take while `fit` runs, in
            memory, or else in a temporary file.
        memory: bytes that the intermediate results of one run may take; None means what the machine has.
        interactive_logging: whether progress is printed; otherwise it goes to the logger ``zoo``.
    """

    floatx: str
    epsilon: float
    image_data_format: str
    threads: int | None
    device: str
    kernels: tuple[str, ...]
    jit: str
    dtype_policy: str | None
    max_epochs: int | None
    max_steps_per_epoch: int | None
    frozen_cache_memory: int
    frozen_cache_disk: int
    memory: int | None
    interactive_logging: bool

    def __init__(self, environment: Mapping[str, str] = os.environ):
        object.__setattr__(self, "_environment", environment)
        self.threads = environment.get("ZOO_NUM_THREADS") or None
        self.device = environment.get("ZOO_DEVICE") or "cpu"
        self.kernels = environment.get("ZOO_KERNELS") or KERNEL_FAMILIES
        self.jit = environment.get("ZOO_JIT") or "background"
        self.dtype_policy = None
        self.max_epochs = environment.get("KERAS_MAX_EPOCHS") or None
        self.max_steps_per_epoch = environment.get("KERAS_MAX_STEPS_PER_EPOCH") or None
        self.frozen_cache_memory, self.frozen_cache_disk = 2 ** 30, 2 ** 34
        self.memory = environment.get("ZOO_MEMORY") or None
        self.interactive_logging = True

    def __getattr__(self, name: str) -> Any:
        """What Keras's own file of settings decides, unless the environment does; read when first needed."""
        if name not in KERAS_DEFAULTS:
            raise AttributeError(f"There is no setting {name!r}. Known: {', '.join(_CHECKS)}.")
        given = {**KERAS_DEFAULTS, **keras_json.settings(self._environment), **_from_environment(self._environment)}
        for key in KERAS_DEFAULTS.keys() - vars(self).keys():
            setattr(self, key, given[key])
        return vars(self)[name]

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
        return f"Config({', '.join(f'{name}={getattr(self, name)!r}' for name in _CHECKS)})"


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    """Settings of Keras's file that ``ZOO_FLOATX``, ``ZOO_EPSILON`` or ``ZOO_IMAGE_DATA_FORMAT`` give.

    Raises:
        ConfigError: the epsilon is no number.
    """
    found: dict[str, Any] = {name: environment[f"ZOO_{name.upper()}"] for name in KERAS_DEFAULTS
                             if environment.get(f"ZOO_{name.upper()}")}
    try:
        return found | {"epsilon": float(found["epsilon"])} if "epsilon" in found else found
    except ValueError as error:
        raise ConfigError(f"ZOO_EPSILON: expected a number, received {found['epsilon']!r}.") from error


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
                          f"(the environment may give it as {_VARIABLES[name]}).")
    return value


def _policy(name: str, value: Any) -> str | None:
    if value is not None and (not isinstance(value, str) or value.removeprefix("mixed_") not in FLOATS):
        raise ConfigError(f"{name}: expected None, one of {', '.join(FLOATS)}, mixed_float16 or mixed_bfloat16, "
                          f"received {value!r}.")
    return value


def _bytes(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ConfigError(f"{name}: expected a number of bytes, 0 or more, received {value!r}.")
    return value


def _memory(name: str, value: Any) -> int | None:
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    return None if value is None else _bytes(name, value)


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


def _device(name: str, value: Any) -> str:
    if _one_of(DEVICES)(name, value) == "cuda" and importlib.util.find_spec("cupy") is None:
        raise MissingDependency("cupy", "cuda", 'The device "cuda"')
    return value


_VARIABLES = {"threads": "ZOO_NUM_THREADS", "max_epochs": "KERAS_MAX_EPOCHS",
              "max_steps_per_epoch": "KERAS_MAX_STEPS_PER_EPOCH"}
_CHECKS = {
    "floatx": _one_of(FLOATS),
    "epsilon": _positive,
    "image_data_format": _one_of(IMAGE_DATA_FORMATS),
    "threads": _count,
    "dtype_policy": _policy,
    "max_epochs": _count,
    "max_steps_per_epoch": _count,
    "device": _device,
    "kernels": _families,
    "jit": _one_of(JIT),
    "frozen_cache_memory": _bytes,
    "frozen_cache_disk": _bytes,
    "memory": _memory,
    "interactive_logging": _flag,
}

config = Config()


class device:  # noqa: N801 - called like a function: device("cuda")
    """Chooses the device: from now on, or in a ``with`` statement for its body.

    Args:
        name: ``cpu``, or ``cuda`` for a GPU (needs the extra ``cuda``).

    Raises:
        ConfigError: there is no such device.
        MissingDependency: CuPy is not installed.
    """

    def __init__(self, name: str):
        self.before = config.device
        config.device = name

    def __enter__(self) -> None:
        pass

    def __exit__(self, *error: Any) -> None:
        config.device = self.before
