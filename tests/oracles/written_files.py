"""Do real Keras 3 and real tf_keras open what we write, and predict the same from it?

Takes every model file of the corpus that zoo predicts from, writes it again as ``.keras`` and ``.h5``, opens the result
with the real libraries and compares with the recorded outputs. Not part of the tests: run it where keras, tensorflow
and tf_keras are installed::

    KERAS_BACKEND=tensorflow python -m tests.oracles.written_files [keras3|tfkeras2] [--only NAME]
"""

from __future__ import annotations

import argparse
import os
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
import tf_keras

import zoo
from tests.conformance.model_cases import ModelCase, cases, difference
from zoo import tree
from zoo.errors import Unsupported, ZooError

READERS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "keras 3 opens .keras": (".keras", lambda path: keras.models.load_model(path, compile=False)),
    "keras 3 opens .h5": (".h5", lambda path: keras.models.load_model(path, compile=False)),
    "tf_keras opens .h5": (".h5", lambda path: tf_keras.models.load_model(path, compile=False)),
}


def run_real(model: Any, inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
    """Outputs of a real Keras model for inputs in the order of the model's inputs."""
    names = [tensor.name.split(":")[0] for tensor in model.inputs]
    by_name = set(names) == set(inputs)
    arrays = [inputs[name] for name in names] if by_name else list(inputs.values())
    return [np.asarray(leaf) for leaf in tree.leaves(model(arrays if len(arrays) > 1 else arrays[0], training=False))]


def check(case: ModelCase, model: Any, reader: str, folder: pathlib.Path) -> str | None:
    """None if the real library agrees, else what it says."""
    suffix, load = READERS[reader]
    path = folder / f"written{suffix}"
    try:
        model.save(path)
    except ZooError as error:
        return f"zoo cannot write it: {str(error).splitlines()[0]}"
    try:
        real = load(str(path))
        for inputs, expected in case.calls():
            problem = difference(run_real(real, inputs), expected, **case.meta["tolerance"])
            if problem:
                return problem
    except Exception as error:  # noqa: BLE001 - whatever the real library raises is the finding
        return f"{type(error).__name__}: {str(error).strip().splitlines()[0][:200]}"
    return None


def main() -> None:
    """Prints counts for each producer, source form and reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("producers", nargs="*", default=["keras3", "tfkeras2"])
    parser.add_argument("--only")
    options = parser.parse_args()
    for producer in options.producers:
        counts: dict[tuple[str, str], list[Any]] = {}
        for case in cases(producer):
            if case.unknown_layers() or case.meta.get("expectation") or options.only not in (None, case.name):
                continue
            for form in case.files():
                try:
                    model = zoo.load_model(case.folder / form)
                except Unsupported as error:
                    print(f"{producer} {form} {case.name}: left out: {str(error).splitlines()[0]}")
                    continue
                for reader in READERS:
                    with tempfile.TemporaryDirectory() as folder:
                        problem = check(case, model, reader, pathlib.Path(folder))
                    entry = counts.setdefault((form, reader), [0, []])
                    if problem is None:
                        entry[0] += 1
                    else:
                        entry[1].append(f"{case.name}: {problem}")
        for (form, reader), (agreed, problems) in counts.items():
            print(f"{producer} {form:<12} {reader:<22} {agreed} agree, {len(problems)} do not", flush=True)
            for problem in problems:
                print(f"    {problem}")


if __name__ == "__main__":
    main()
