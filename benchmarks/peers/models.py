"""The same network, with the same random weights, for all: made once by zoo, kept in the cache."""

import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(os.environ.get("ZOO_BENCHMARK_CACHE", pathlib.Path.home() / ".cache" / "zoo-benchmarks"))
EXPORT = """
import sys, zoo
zoo.utils.set_random_seed(0)
model = zoo.applications.get_model(sys.argv[1], weights=None, classifier_activation=None)
zoo.export_onnx(model, sys.argv[2] + ".onnx")
model.save(sys.argv[2] + ".keras")
"""


def model_file(network, suffix):
    """Path of the network as a file: ``.keras``, or ``.onnx`` as zoo exports it. It ends with the logits."""
    path = FOLDER / f"{network}-by-zoo{suffix}"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = FOLDER / f"{network}.part{os.getpid()}"
        subprocess.run([sys.executable, "-c", EXPORT, network, str(part)], check=True, stdout=subprocess.DEVNULL)
        for end in (".onnx", ".keras"):
            pathlib.Path(f"{part}{end}").replace(FOLDER / f"{network}-by-zoo{end}")
    return path
