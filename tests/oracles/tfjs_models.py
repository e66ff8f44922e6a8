"""Does real TensorFlow.js open the layers models that we write, and predict the same from them?

Converts models of the corpus with zoo, lets `tf.loadLayersModel` under node load them, and compares with the recorded
outputs. Not part of the tests: run it where node and the npm package are::

    cd FOLDER && npm install @tensorflow/tfjs
    python -m tests.oracles.tfjs_models FOLDER [PRODUCER ...] [--every N] [--only NAME] [--dtype float16]
"""

from __future__ import annotations

import argparse
import json
import pathlib
import subprocess
import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np

from tests.conformance.model_cases import ModelCase, cases, difference
from zoo import io
from zoo.errors import ZooError

SCRIPT = pathlib.Path(__file__).with_suffix("").with_name("tfjs_predict.js")


def check(case: ModelCase, form: str, ask: Callable[[dict[str, Any]], dict[str, Any]]) -> str | None:
    """None if TensorFlow.js agrees, else what it says; errors of zoo begin with ``zoo:``."""
    with tempfile.TemporaryDirectory() as folder:
        target = pathlib.Path(folder, "model")
        try:
            document = io.read(case.folder / form)
            document.training = None
            io.write(document, target, format="tfjs_layers")
        except ZooError as error:
            return f"zoo: {str(error).splitlines()[-1].rpartition('/')[2][:150]}"
        names = [ref.layer for ref in document.model.inputs] if isinstance(document.model.inputs, list) else []
        inputs, expected = next(case.calls())
        ordered = [inputs[name] for name in names] if set(names) == set(inputs) else list(inputs.values())
        answer = ask({"model": str(target), "inputs": [
            {"shape": array.shape, "values": array.ravel().tolist(),
             "dtype": "int32" if array.dtype.kind in "iu" else "float32"} for array in ordered]})
    if "error" in answer:
        return answer["error"].splitlines()[0][:200]
    received = [np.array(output["values"], np.float32).reshape(output["shape"]) for output in answer["outputs"]]
    tolerance = {name: max(value, 1e-4) for name, value in case.tolerance.items()}
    return difference(received, expected, **tolerance)


def main() -> None:
    """Prints counts for each producer and every model on which the two disagree."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    parser.add_argument("producers", nargs="*", default=["tfkeras-2.15", "tfkeras2"])
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only")
    options = parser.parse_args()
    with subprocess.Popen(["node", str(SCRIPT)], cwd=options.folder, text=True, stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as node:
        def ask(job: dict[str, Any]) -> dict[str, Any]:
            assert node.stdin is not None and node.stdout is not None
            print(json.dumps(job), file=node.stdin, flush=True)
            return json.loads(node.stdout.readline())

        for producer in options.producers:
            agreed, problems = 0, []
            chosen = [case for case in cases(producer) if "model.h5" in case.files()
                      and options.only in (None, case.name)][::options.every]
            for case in chosen:
                if (problem := check(case, "model.h5", ask)) is None:
                    agreed += 1
                else:
                    problems.append(f"    {case.name}: {problem}")
            print(f"{producer}: {agreed} of {len(chosen)} agree", *problems, sep="\n", flush=True)
        assert node.stdin is not None
        node.stdin.close()


if __name__ == "__main__":
    main()
