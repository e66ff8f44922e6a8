"""The corpus's applications: their options, structures, and the weights and inputs that follow from its rule."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.corpus import CORPUS
from zoo.applications import list_models


LARGE = 60_000_000                                          # parameters; whatever has more takes seconds


@dataclass(frozen=True)
class GoldenApplication:
    """One case of the corpus: an application with options, and what Keras made of it."""

    name: str
    meta: dict[str, Any]
    structure: dict[str, Any]
    arrays: dict[str, np.ndarray]

    @property
    def arguments(self) -> dict[str, Any]:
        options = dict(self.meta["options"])
        return options | {"input_shape": tuple(options["input_shape"])} if "input_shape" in options else options

    def weights(self) -> list[np.ndarray]:
        """The weights in the order of ``model.weights``, by the rule in ``meta.json``."""
        return [self._weight(i, kind, tuple(shape))
                for i, (_, kind, shape, _) in enumerate(self.structure["model_weights_order"])]

    def _weight(self, index: int, kind: str, shape: tuple[int, ...]) -> np.ndarray:
        if kind == "count":
            return np.zeros(shape, "int32")
        noise = np.random.Generator(np.random.PCG64(self.meta["base"] + index)).standard_normal(shape)
        values = {"mean": lambda: 0.1 * noise, "variance": lambda: 1 + 0.1 * np.abs(noise),
                  "gamma": lambda: 1 + 0.1 * noise, "beta": lambda: 0.1 * noise, "bias": lambda: 0.1 * noise,
                  "moving_mean": lambda: 0.1 * noise, "moving_variance": lambda: 1 + 0.1 * np.abs(noise),
                  "depthwise_kernel": lambda: noise * self.meta["gain"] / np.sqrt(shape[0] * shape[1])}
        others = lambda: noise * self.meta["gain"] / np.sqrt(np.prod(shape[:-1]))                     # noqa: E731
        return values.get(kind, others)().astype("float32")

    def pixels(self) -> np.ndarray:
        """Two images of values from 0 to 255, (2, rows, columns, 3)."""
        random = np.random.Generator(np.random.PCG64(self.meta["input_seed"]))
        rows, columns, _ = self.arguments["input_shape"]
        return random.random((2, rows, columns, 3), dtype="float32") * np.float32(255)


def golden_names() -> list[str]:
    """The cases of the applications that zoo has."""
    if CORPUS is None:
        return []
    folder = CORPUS / "applications"
    cases = [case["case"] for case in json.loads((folder / "INDEX.json").read_text())["cases"]]
    return [case for case in cases if _json(folder / case / "meta.json").get("model") in list_models()]


def marked_names() -> list[Any]:
    """The cases as parameters of a test, those of large networks marked as slow."""
    large = CORPUS / "applications" if CORPUS is not None else Path()
    return [pytest.param(name, marks=pytest.mark.slow)
            if _json(large / name / "meta.json")["parameters"] > LARGE and name != "VGG16" else name
            for name in golden_names()]


def golden(name: str) -> GoldenApplication:
    """One case by its name."""
    assert CORPUS is not None
    folder = CORPUS / "applications" / name
    with np.load(folder / "io.npz", allow_pickle=False) as file:
        arrays = dict(file)
    return GoldenApplication(name, _json(folder / "meta.json"), _json(folder / "structure.json"), arrays)


def _json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))
