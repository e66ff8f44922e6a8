"""Do zoo's applications and real Keras's read each other's files, and predict the same from them?

For every application and set of options, real Keras builds the network with random weights and writes them in three
forms; zoo's application loads each strictly and predicts. Then zoo writes the three forms and real Keras reads them.
Not part of the tests: run it where keras and tensorflow are installed::

    KERAS_BACKEND=tensorflow python -m tests.oracles.applications [NAMES...] [--output table.md]

Without names, all but the largest networks are checked.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import h5py
import keras
import numpy as np
from keras.src.legacy.saving import legacy_h5_format

import zoo
from zoo import naming
from zoo.applications import get_application, list_models

LARGEST = ("NASNetLarge", "ConvNeXtXLarge", "ConvNeXtLarge", "EfficientNetV2L", "EfficientNetB7")
LIMIT = 1e-3                                                # of the range of the outputs


@dataclass
class Row:
    """What became of one application: for each way, how many sets of options agree, and what went wrong."""

    name: str
    agreed: dict[str, int] = field(default_factory=dict)
    tried: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    worst: float = 0.0

    def note(self, way: str, options: str, check: Callable[[], float]) -> None:
        """Runs a check, which gives the largest difference as a part of the range of the outputs."""
        self.tried[way] = self.tried.get(way, 0) + 1
        try:
            difference = check()
        except Exception as error:  # noqa: BLE001 - whatever either library raises is the finding
            message = " ".join(str(error).split())[:300]
            self.problems.append(f"{self.name}({options}), {way}: {type(error).__name__}: {message}")
            return
        self.worst = max(self.worst, difference)
        if difference <= LIMIT:
            self.agreed[way] = self.agreed.get(way, 0) + 1
        else:
            self.problems.append(f"{self.name}({options}), {way}: outputs differ by {difference:.2g} of their range")


def variants(name: str) -> Iterator[dict[str, Any]]:
    """Sets of options of one application: with and without top, each pooling, and what only some families take."""
    known = inspect.signature(getattr(keras.applications, name)).parameters
    size = max(64, get_application(name).min_size)
    top = {"input_shape": (size, size, 3), "classes": 7, "classifier_activation": None}
    yield top
    yield {"input_shape": (size, size + 33, 3), "include_top": False, "pooling": "avg"}
    yield {"input_shape": (size, size, 3), "include_top": False, "pooling": "max"}
    yield {"input_shape": (size, size, 3), "include_top": False}
    for option, values in (("alpha", (0.35, 0.75)), ("minimalistic", (True,)), ("depth_multiplier", (2,)),
                           ("include_preprocessing", (False,))):
        if option in known:
            yield from ({**top, option: value} for value in values)


def randomize(model: Any, seed: int) -> None:
    """Random weights that keep outputs in range: initial ones would hide what normalisations and biases do."""
    random = np.random.default_rng(seed)
    for variable in model.variables:
        shape, word = tuple(variable.shape), variable.path.rpartition("/")[2]
        if "seed" in word or not str(variable.dtype).startswith("float"):
            continue
        noise = random.standard_normal(shape)
        if word in ("beta", "bias", "moving_mean", "mean"):
            values = 0.1 * noise
        elif word in ("gamma", "moving_variance", "variance") or len(shape) <= 1:
            values = 1 + 0.1 * np.abs(noise)
        else:
            fan_in = np.prod(shape[:2]) if word == "depthwise_kernel" or "dw" in variable.path else np.prod(shape[:-1])
            values = noise * 1.2 / np.sqrt(fan_in)
        variable.assign(values.astype("float32"))


def part_of_range(actual: Any, expected: Any) -> float:
    """The largest difference, as a part of the range of what is expected."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    if actual.shape != expected.shape or not np.isfinite(expected).all():
        raise AssertionError(f"shape {actual.shape}, expected {expected.shape}, all of it finite")
    return float(np.abs(actual - expected).max() / np.ptp(expected))


def write_legacy(model: Any, path: Path) -> None:
    """Weights alone in the layout of Keras 2, which real Keras 3 still writes within whole models."""
    with h5py.File(path, "w") as file:
        legacy_h5_format.save_weights_to_hdf5_group(file, model)


WRITE_REAL: dict[str, Callable[[Any, Path], None]] = {
    ".weights.h5": lambda model, path: model.save_weights(path),
    ".h5": write_legacy,
    ".keras": lambda model, path: model.save(path),
}


def check(row: Row, options: dict[str, Any], folder: Path) -> None:
    """One application with one set of options, all ways."""
    naming.reset()
    keras.backend.clear_session()
    shown = ", ".join(f"{key}={value}" for key, value in options.items() if key != "input_shape")
    real = getattr(keras.applications, row.name)(weights=None, **options)
    randomize(real, 0)
    images = np.random.default_rng(1).uniform(-1, 1, (2, *options["input_shape"])).astype("float32")
    if options.get("include_preprocessing", get_application(row.name).mode is None):
        images = (images + 1) * np.float32(127.5)
    expected = np.asarray(real(images, training=False))
    build = get_application(row.name).build
    ours = None
    for suffix, write in WRITE_REAL.items():
        path = folder / f"real{suffix}"
        write(real, path)

        def read_into_ours(path: Path = path) -> float:
            nonlocal ours
            naming.reset()
            ours = build(weights=path, **options)
            assert ours.load_report.is_complete and len(ours.load_report.loaded) == len(ours.weights)
            return part_of_range(ours.predict(images), expected)

        row.note(f"Keras {suffix} -> zoo", shown, read_into_ours)
    row.note("Keras .keras -> zoo.load_model", shown,
             lambda: part_of_range(zoo.load_model(folder / "real.keras").predict(images), expected))
    if ours is None:
        return

    def into_real(suffix: str) -> float:
        (ours.save if suffix == ".keras" else ours.save_weights)(folder / f"ours{suffix}")
        if suffix == ".keras":
            return part_of_range(keras.models.load_model(folder / "ours.keras")(images, training=False), expected)
        randomize(real, 5)
        real.load_weights(folder / f"ours{suffix}")
        return part_of_range(real(images, training=False), expected)

    for suffix in WRITE_REAL:
        row.note(f"zoo {suffix} -> Keras", shown, lambda suffix=suffix: into_real(suffix))


def table(rows: list[Row]) -> list[str]:
    """Markdown: a row an application, a column a way, and the problems below."""
    ways = list(dict.fromkeys(way for row in rows for way in row.tried))
    lines = [f"| application | {' | '.join(ways)} | largest difference |", f"|---|{'---|' * len(ways)}---|"]
    for row in rows:
        cells = [f"{row.agreed.get(way, 0)}/{row.tried.get(way, 0)}" for way in ways]
        lines.append(f"| {row.name} | {' | '.join(cells)} | {row.worst:.1e} |")
    return [*lines, "", *(f"* {problem}" for row in rows for problem in row.problems)]


def main() -> None:
    """Prints (and writes) the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--output", help="also write the table to this file, after each application")
    parser.add_argument("--first", type=int, help="only so many sets of options of each application")
    options = parser.parse_args()
    theirs = [name for name in list_models() if hasattr(keras.applications, name)]
    rows = []
    for name in options.names or [name for name in theirs if name not in LARGEST]:
        started, row = time.perf_counter(), Row(name)
        for given in list(variants(name))[:options.first]:
            with tempfile.TemporaryDirectory() as folder:
                check(row, given, Path(folder))
            gc.collect()
        rows.append(row)
        print(f"{name}: {sum(row.agreed.values())}/{sum(row.tried.values())} agree, largest difference "
              f"{row.worst:.1e}, {time.perf_counter() - started:.0f} s", *row.problems, sep="\n    ", flush=True)
        if options.output:
            Path(options.output).write_text("\n".join(table(rows)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
