"""An importer that answers for Keras's modules with zoo's names."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from zoo.compat.names import HOLDERS, MODULES, REFUSED, ROOTS, VERSION

ADVICE = "zoo has Keras, not TensorFlow: say it with tf.keras, with keras.ops or in NumPy"


class KerasModule(ModuleType):
    """A module of Keras's: its names are looked up in the table when they are used."""

    def __init__(self, fullname: str, path: str):
        super().__init__(fullname, f"zoo, under the name of {fullname}.")
        self.__dict__["_path"] = path

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return VERSION
        if name == "__all__":
            return self.__dir__()
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        below = f"{self._path}.{name}".lstrip(".")
        if below in MODULES and name not in MODULES[self._path].names:
            return importlib.import_module(f"{self.__name__}.{name}")
        place = self.place(name)
        if place is None:
            raise AttributeError(f"zoo has no {self.__name__}.{name}{_because(below)}. docs/coverage.md lists what it "
                                 f"has.")
        return getattr(importlib.import_module(place), MODULES[self._path].names.get(name, name).rpartition(":")[2])

    def place(self, name: str) -> str | None:
        """The module of zoo in which a name of this module is found; None if it is nowhere."""
        row = MODULES[self._path]
        if name in row.names:
            return row.names[name].partition(":")[0]
        return next((source for source in row.sources
                     if _exists(source) and hasattr(importlib.import_module(source), name)), None)

    def __dir__(self) -> list[str]:
        row = MODULES[self._path]
        found = set(row.names)
        for source in filter(_exists, row.sources):
            module = importlib.import_module(source)
            found |= {name for name in getattr(module, "__all__", None) or dir(module) if not name.startswith("_")}
        return sorted(found)


class Holder(ModuleType):
    """A package that is there for Keras alone, as ``tensorflow``."""

    def __getattr__(self, name: str) -> Any:
        if name == "__version__":
            return VERSION
        if name.startswith("__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        if f"{self.__name__}.{name}" in (*ROOTS, *HOLDERS):
            return importlib.import_module(f"{self.__name__}.{name}")
        raise ImportError(f"{self.__name__}.{name} is not there: {ADVICE}.", name=f"{self.__name__}.{name}")


class KerasFinder(MetaPathFinder, Loader):
    """Finds ``keras``, ``tf_keras`` and ``tensorflow.keras``, before any that are installed."""

    def find_spec(self, fullname: str, path: Sequence[str] | None = None,
                  target: ModuleType | None = None) -> ModuleSpec | None:
        """The spec of a module of Keras; None for modules of others.

        Raises:
            ModuleNotFoundError: the module belongs to Keras or TensorFlow, but not to what zoo has.
        """
        if fullname in HOLDERS or _inside(fullname) in MODULES:
            return ModuleSpec(fullname, self, is_package=True)
        inside = _inside(fullname)
        if inside is not None:
            raise ModuleNotFoundError(f"zoo has no module {fullname}{_because(inside)}.", name=fullname)
        if fullname.startswith("tensorflow."):
            raise ModuleNotFoundError(f"{fullname} is not there: {ADVICE}.", name=fullname)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """The module, empty until its names are used."""
        inside = _inside(spec.name)
        return Holder(spec.name) if inside is None else KerasModule(spec.name, inside)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: names are looked up when they are used."""


@contextmanager
def installed() -> Iterator[KerasFinder]:
    """Inside, ``import keras`` and its like mean zoo, even where Keras is installed; afterwards all is as before."""
    finder = KerasFinder()
    before = _loaded()
    for name in before:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        yield finder
    finally:
        sys.meta_path.remove(finder)
        for name in _loaded():
            del sys.modules[name]
        sys.modules.update(before)


def _loaded() -> dict[str, ModuleType]:
    tops = {root.partition(".")[0] for root in ROOTS}
    return {name: module for name, module in sys.modules.items() if name.partition(".")[0] in tops}


def _inside(fullname: str) -> str | None:
    """The path of a module inside Keras; None if it is not inside."""
    for root in ROOTS:
        if fullname == root or fullname.startswith(root + "."):
            return fullname[len(root) + 1:]
    return None


def _because(path: str) -> str:
    reason = REFUSED.get(path.partition(".")[0])
    return f": {reason}" if reason else ""


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:                             # its package is not there
        return False
