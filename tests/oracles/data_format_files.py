"""Does real Keras 3 predict the same from files whose images were moved to the other data format?

Takes the models of the corpus with images, converts them as ``zoo convert --data-format`` does, writes ``.keras``, opens
that with Keras and compares with the recorded outputs, their axes moved. Not part of the tests: run it where keras and
a backend that computes channels_first on this machine (torch) are installed::

    KERAS_BACKEND=torch python -m tests.oracles.data_format_files [keras3 keras-2.2.4 ...]
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import pathlib
import tempfile
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

from tests.conformance.model_cases import ModelCase, cases, difference
from tests.io.edits.test_data_format import converted, formats_of, moved
from zoo import io, tree
from zoo.errors import ZooError
from zoo.io.edits.data_format import FORMATS


def run_real(path: pathlib.Path, arrays: list[np.ndarray], names: list[str]) -> list[np.ndarray]:
    """Outputs that real Keras computes from a file."""
    model: Any = keras.models.load_model(path, compile=False)
    own = [tensor.name for tensor in model.inputs]
    by_name = dict(zip(names, arrays))
    given = [by_name[name] for name in own] if set(own) == set(names) else arrays
    result = model(given if len(given) > 1 else given[0], training=False)
    return [np.asarray(keras.ops.convert_to_numpy(leaf)) for leaf in tree.leaves(result)]


def outcomes(case: ModelCase, path: pathlib.Path) -> list[tuple[str, str]]:
    """For each format that the case can be brought to: ``equal``, ``refused`` or ``failed``, and why."""
    document = dataclasses.replace(io.read(case.folder / case.files()[0]), training=None)
    found = []
    for target in FORMATS:
        if not formats_of(document) - {target}:
            continue
        try:
            new = converted(document, target)
            io.write(new.document, path, dialect="keras3")
        except ZooError as error:
            found.append(("refused", " ".join(str(error).split())))
            continue
        try:
            problem = None
            for inputs, expected in case.calls():
                received = run_real(path, moved(list(inputs.values()), new.inputs), list(inputs))
                problem = problem or difference(received, moved(expected, new.outputs), **case.tolerance)
        except Exception as error:  # noqa: BLE001 - whatever the real library raises is the finding
            problem = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
        found.append(("failed", f"{target}: {problem}") if problem else ("equal", ""))
    return found


def main() -> None:
    """Prints counts for each producer."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("producers", nargs="*", default=["keras3"])
    for producer in parser.parse_args().producers:
        found: dict[str, list[str]] = {"equal": [], "refused": [], "failed": []}
        with tempfile.TemporaryDirectory() as folder:
            for case in cases(producer):
                if case.files() and any(True for _ in case.calls()) and not case.meta.get("expectation"):
                    for result, reason in outcomes(case, pathlib.Path(folder) / "model.keras"):
                        found[result].append(f"{case.name}: {reason}")
        print(f"{producer}: " + ", ".join(f"{len(entries)} {name}" for name, entries in found.items()))
        for line in (*found["refused"], *found["failed"]):
            print(f"    {line}")


if __name__ == "__main__":
    main()
