"""Do zoo's applications and real Keras's read each other's files, and predict the same from them?

For every application and set of options, real Keras builds the network with random weights and writes them in three
forms; zoo's application loads each strictly and predicts. Then zoo writes the three forms and real Keras reads them.
Not part of the tests: run it where keras and tensorflow are installed, and large networks in a process each::

    KERAS_BACKEND=tensorflow python -m tests.oracles.applications [NAMES...] [--sets top average] [--record FILE.json]
    python -m tests.oracles.applications --table --record FILE.json

Without names, all but the largest networks are checked. A record keeps what former runs found, and `--table` shows it.
"""

from __future__ import annotations

import argparse
import gc
import inspect
import json
import os
import tempfile
import time
from collections.abc import Callable
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

Findings = dict[str, float | str]                           # way -> largest difference, or what went wrong
Record = dict[str, dict[str, Findings]]                     # application -> set of options -> findings


def option_sets(name: str) -> dict[str, dict[str, Any]]:
    """Sets of options of one application: with and without top, each pooling, and what only some families take."""
    known = inspect.signature(getattr(keras.applications, name)).parameters
    size = max(64, get_application(name).min_size)
    top = {"input_shape": (size, size, 3), "classes": 7, "classifier_activation": None}
    sets = {"top": top,
            "average": {"input_shape": (size, size + 33, 3), "include_top": False, "pooling": "avg"},
            "maximum": {"input_shape": (size, size, 3), "include_top": False, "pooling": "max"},
            "map": {"input_shape": (size, size, 3), "include_top": False}}
    for option, values in (("alpha", (0.35, 0.75)), ("minimalistic", (True,)), ("depth_multiplier", (2,)),
                           ("include_preprocessing", (False,))):
        if option in known:
            sets |= {f"{option}={value}": {**top, option: value} for value in values}
    return sets


def note(findings: Findings, way: str, check: Callable[[], float]) -> None:
    """Runs a check, which gives the largest difference as a part of the range of the outputs."""
    try:
        findings[way] = check()
    except Exception as error:  # noqa: BLE001 - whatever either library raises is the finding
        findings[way] = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"


def agrees(finding: float | str) -> bool:
    """Whether a finding is a difference, and a small one."""
    return not isinstance(finding, str) and finding <= LIMIT


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


def check(name: str, options: dict[str, Any], folder: Path) -> Findings:
    """One application with one set of options, all ways."""
    naming.reset()
    keras.backend.clear_session()
    findings: Findings = {}
    real = getattr(keras.applications, name)(weights=None, **options)
    randomize(real, 0)
    images = np.random.default_rng(1).uniform(-1, 1, (2, *options["input_shape"])).astype("float32")
    if options.get("include_preprocessing", get_application(name).mode is None):
        images = (images + 1) * np.float32(127.5)
    expected = np.asarray(real(images, training=False))
    build = get_application(name).build
    ours, arrays, predicted = None, [], None
    for suffix, write in WRITE_REAL.items():
        path = folder / f"real{suffix}"
        write(real, path)

        def read_into_ours(path: Path = path) -> float:
            nonlocal ours, arrays, predicted
            naming.reset()
            ours = build(weights=path, **options)
            assert ours.load_report.is_complete and len(ours.load_report.loaded) == len(ours.weights)
            if predicted is None:
                arrays, predicted = ours.get_weights(), ours.predict(images)
            elif not all(map(np.array_equal, arrays, ours.get_weights())):      # the same weights predict the same
                return part_of_range(ours.predict(images), expected)
            return part_of_range(predicted, expected)

        note(findings, f"Keras {suffix} -> zoo", read_into_ours)
    note(findings, "Keras .keras -> zoo.load_model",
         lambda: part_of_range(zoo.load_model(folder / "real.keras").predict(images), expected))
    if ours is None:
        return findings

    def into_real(suffix: str) -> float:
        (ours.save if suffix == ".keras" else ours.save_weights)(folder / f"ours{suffix}")
        if suffix == ".keras":
            return part_of_range(keras.models.load_model(folder / "ours.keras")(images, training=False), expected)
        for variable in real.variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))
        real.load_weights(folder / f"ours{suffix}")
        return part_of_range(real(images, training=False), expected)

    for suffix in WRITE_REAL:
        note(findings, f"zoo {suffix} -> Keras", lambda suffix=suffix: into_real(suffix))
    return findings


def table(record: Record) -> list[str]:
    """Markdown: a row an application, a column a way, and the problems below."""
    ways = list(dict.fromkeys(way for sets in record.values() for findings in sets.values() for way in findings))
    lines = [f"| application | options | {' | '.join(ways)} | largest difference |",
             f"|---|---|{'---|' * len(ways)}---|"]
    problems = []
    for name in sorted(record, key=list_models().index):
        sets = record[name]
        found = {way: [findings[way] for findings in sets.values() if way in findings] for way in ways}
        cells = [f"{sum(map(agrees, each))}/{len(each)}" for each in found.values()]
        differences = [finding for each in found.values() for finding in each if not isinstance(finding, str)]
        worst = f"{max(differences):.1e}" if differences else ""
        lines.append(f"| {name} | {', '.join(sets)} | {' | '.join(cells)} | {worst} |")
        problems += problems_of(name, sets)
    return [*lines, "", *(f"* {problem}" for problem in problems)]


def problems_of(name: str, sets: dict[str, Findings]) -> list[str]:
    """What does not agree, in words."""
    return [f"{name}({options}), {way}: " + (finding if isinstance(finding, str) else
                                            f"outputs differ by {finding:.2g} of their range")
            for options, findings in sets.items() for way, finding in findings.items() if not agrees(finding)]


def main() -> None:
    """Checks, and prints (and records) what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--sets", nargs="+", help="only these sets of options, where the application has them")
    parser.add_argument("--record", type=Path, help="JSON file with the findings, filled in after each set of options")
    parser.add_argument("--table", action="store_true", help="only show the record as a table")
    options = parser.parse_args()
    known = options.record is not None and options.record.exists()
    record: Record = json.loads(options.record.read_text(encoding="utf-8")) if known else {}
    names = options.names or [name for name in list_models() if hasattr(keras.applications, name)
                              and name not in LARGEST]
    for name in () if options.table else names:
        started, sets = time.perf_counter(), record.setdefault(name, {})
        for label, given in option_sets(name).items():
            if options.sets and label not in options.sets:
                continue
            with tempfile.TemporaryDirectory() as folder:
                sets[label] = check(name, given, Path(folder))
            gc.collect()
            if options.record:
                options.record.write_text(json.dumps(record, indent=1), encoding="utf-8")
        print(f"{name}: {', '.join(sets)}, {time.perf_counter() - started:.0f} s", *problems_of(name, sets),
              sep="\n    ", flush=True)
    print("\n".join(table(record)))


if __name__ == "__main__":
    main()
