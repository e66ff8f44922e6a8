"""Does onnxruntime compute from the ONNX files that we write what we compute?

Exports every model of the corpus that zoo predicts from (those that it refuses are listed with the reason), and some
applications with random weights. Not part of the tests: run it where onnx and onnxruntime are installed::

    python -m tests.oracles.onnx_files [keras3 tfkeras-2.15 ...] [--applications] [--opset 17]
"""

from __future__ import annotations

import argparse
import pathlib
import tempfile
from typing import Any

import numpy as np

import zoo
from tests.conformance.custom_code import CUSTOM_OBJECTS
from tests.conformance.model_cases import ModelCase, cases, difference
from tests.export.onnx_models import run, tensors_of
from zoo import tree
from zoo.errors import CannotExpress, ZooError

NO_KERNEL = "Could not find an implementation"              # onnxruntime's words for a dtype that it has no code for
APPLICATIONS = {"VGG16": 224, "MobileNet": 224, "EfficientNetLite0": 224}


def outcome(case: ModelCase, path: pathlib.Path, opset: int) -> tuple[str, str]:
    """``equal``, ``refused`` or ``failed``, and the reason."""
    try:
        model = zoo.load_model(case.folder / case.files()[0], CUSTOM_OBJECTS, compile=False)
        zoo.export_onnx(model, path, opset=opset)
    except CannotExpress as error:
        return "refused", " ".join(str(error).split())
    except ZooError as error:
        return "refused", f"not loaded: {' '.join(str(error).split())}"
    for inputs, _ in case.calls():
        tensors = tensors_of(model, inputs)
        expected = tree.leaves(model.predict_on_batch(tree.pack(model.input, tensors)))
        try:
            problem = difference(run(path, tensors), expected, **case.tolerance)
        except Exception as error:  # noqa: BLE001 - whatever the checker or onnxruntime raises is the finding
            if NO_KERNEL in str(error):
                return "refused", f"the file is valid, but onnxruntime has no such kernel: {str(error)[-60:]}"
            problem = f"{type(error).__name__}: {' '.join(str(error).split())[-200:]}"
        if problem:
            return "failed", problem
    return "equal", ""


def corpus(producer: str, path: pathlib.Path, opset: int) -> None:
    """Prints the counts of one producer."""
    found: dict[str, list[tuple[str, str]]] = {"equal": [], "refused": [], "failed": []}
    for case in cases(producer):
        if case.files() and any(True for _ in case.calls()) and not case.meta.get("expectation"):
            result, reason = outcome(case, path, opset)
            found[result].append((case.name, reason))
    print(f"{producer}, opset {opset}: " + ", ".join(f"{len(entries)} {name}" for name, entries in found.items()))
    for name in ("refused", "failed"):
        for case_name, reason in found[name]:
            print(f"    {name} {case_name}: {reason}")


def application(name: str, size: int, path: pathlib.Path, opset: int) -> None:
    """Prints whether an application with random weights agrees."""
    model: Any = getattr(zoo.applications, name)(weights=None)
    rng = np.random.default_rng(0)
    model.set_weights([value + rng.uniform(0, 0.1, value.shape).astype(value.dtype) if value.ndim == 1 else value
                       for value in model.get_weights()])
    zoo.export_onnx(model, path, opset=opset)
    images = rng.uniform(-1, 1, (2, size, size, 3)).astype("float32")
    expected, received = model.predict_on_batch(images), run(path, [images])[0]
    print(f"{name}: {difference([received], [expected], 1e-4, 1e-6) or 'equal'}; "
          f"largest difference {np.abs(received - expected).max():.2g} of {expected.max():.2g}")


def main() -> None:
    """Prints counts for each producer, and each application."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("producers", nargs="*", default=["keras3", "tfkeras-2.15"])
    parser.add_argument("--applications", action="store_true")
    parser.add_argument("--opset", type=int, default=17)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "model.onnx"
        for producer in options.producers:
            corpus(producer, path, options.opset)
        for name, size in APPLICATIONS.items() if options.applications else ():
            application(name, size, path, options.opset)


if __name__ == "__main__":
    main()
