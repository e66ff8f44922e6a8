"""Cases of the corpus that hold models: what to load, what to feed, what must come out."""

from __future__ import annotations

import itertools
import json
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests.conformance.custom_code import CASES, CUSTOM_OBJECTS
from tests.corpus import CORPUS
from zoo import layers
from zoo.io.dialects.operations import PREFIX
from zoo.ops import operations

MODELS = frozenset({"Functional", "Sequential", "Model"})
KNOWN_ERRORS = ("UnknownClass",)
PAIRS = ("model.json", "model.yaml")                        # architectures that come with WEIGHTS
WEIGHTS = "weights.h5"


@dataclass(frozen=True)
class ModelCase:
    """One case of a producer whose files hold models."""

    name: str
    folder: pathlib.Path
    meta: dict[str, Any]

    def files(self) -> list[str]:
        """The whole-model files of the case, and architectures that come with their weights."""
        whole = [name for name in ("model.keras", "model.h5") if (self.folder / name).exists()]
        pairs = [name for name in PAIRS if (self.folder / name).exists() and (self.folder / WEIGHTS).exists()]
        return whole + pairs

    def options(self, file: str) -> dict[str, Any]:
        """What `zoo.load_model` has to be told beside the path: the weights of an architecture, and what the file itself
        does not tell."""
        ordering = self.meta.get("image_dim_ordering")              # of Keras 0 and 1, as the backend
        return {"assume": self.meta["backend"] if ordering else None, "weights": self.folder / WEIGHTS if file in PAIRS else None,
                "data_format": {"th": "channels_first", "tf": "channels_last", None: None}[ordering]}

    def custom_objects(self) -> dict[str, Any]:
        """What the case's own functions are."""
        sources = self.meta.get("lambdas") or {}            # by layer; by class for Keras 0, which named layers so
        own = {name.lower(): CASES[source] for name, source in sources.items() if source in CASES}
        return {**CUSTOM_OBJECTS, **own}

    def unknown_layers(self) -> list[str]:
        """Layer classes of the case that zoo does not have yet."""
        return unknown_layers(self.meta.get("layers", ()))

    @property
    def tolerance(self) -> dict[str, float]:
        """``rtol`` and ``atol`` for the outputs."""
        return self.meta.get("tolerance") or {"rtol": self.meta.get("rtol", 1e-4), "atol": self.meta.get("atol", 1e-5)}

    def calls(self) -> Iterator[tuple[dict[str, np.ndarray], list[np.ndarray]]]:
        """Inputs by name and the flat outputs, call after call; none if the case is about something else."""
        with np.load(self.folder / "io.npz") as arrays:
            for call in self.meta.get("calls") or _numbered_calls(arrays.files):
                yield ({name: arrays[key] for name, key in call["inputs"].items()}, [arrays[k] for k in call["outputs"]])


def _numbered_calls(keys: list[str]) -> Iterator[dict[str, Any]]:
    """The calls that historical cases have: ``x0``, ``y0``, ... and ``x0_call2``, ``y0_call2``, ..."""
    for number in itertools.count(1):
        suffix = "" if number == 1 else f"_call{number}"
        inputs, outputs = ([key for i in range(len(keys)) if (key := f"{kind}{i}{suffix}") in keys] for kind in "xy")
        if not outputs:
            return
        yield {"inputs": dict(zip(inputs, inputs)), "outputs": outputs}


def unknown_layers(names: list[str]) -> list[str]:
    """Those of the layer classes that zoo does not have yet."""
    return sorted({name for name in names if name not in MODELS and name not in layers.LAYERS
                   and not operations.is_known(PREFIX + name)})


def cases(producer: str) -> list[ModelCase]:
    """All cases of a producer, by name."""
    assert CORPUS is not None
    return [ModelCase(path.parent.name, path.parent, json.loads(path.read_text()))
            for path in sorted((CORPUS / producer).glob("*/meta.json"))]


def difference(received: list[Any], expected: list[np.ndarray], rtol: float, atol: float) -> str | None:
    """Why the outputs are not those expected, or None."""
    if len(received) != len(expected):
        return f"{len(received)} outputs, expected {len(expected)}"
    for i, (got, want) in enumerate(zip(received, expected)):
        got = np.asarray(got)
        if got.shape != want.shape:
            return f"output {i}: shape {got.shape}, expected {want.shape}"
        if want.dtype.kind in "biuUS":
            if not np.array_equal(got, want):
                return f"output {i}: values differ"
        elif not np.allclose(got, want, rtol, atol, equal_nan=True):
            return f"output {i}: largest difference {np.nanmax(np.abs(got - want)):.3g} (rtol {rtol}, atol {atol})"
    return None
