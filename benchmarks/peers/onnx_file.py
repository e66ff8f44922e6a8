"""The network as an ONNX file, for the runtimes that want one: exported once by Keras on PyTorch, kept in the cache."""

import os
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(os.environ.get("ZOO_BENCHMARK_CACHE", pathlib.Path.home() / ".cache" / "zoo-benchmarks"))
EXPORT = """
import os, sys
os.environ["KERAS_BACKEND"] = "torch"
import keras, numpy
model = getattr(keras.applications, sys.argv[1])(weights=None)
model(numpy.zeros((1, *model.input_shape[1:]), "float32"))   # the exporter wants a model that has been called
model.export(sys.argv[2], format="onnx", verbose=False)
"""


def onnx_file(network):
    """Path of the exported file; made at the first call."""
    path = FOLDER / f"{network}.onnx"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.onnx")
        subprocess.run([sys.executable, "-c", EXPORT, network, str(part)], check=True, stdout=subprocess.DEVNULL)
        for left in FOLDER.glob(f"{part.name}.data"):       # weights that the exporter put into a file of their own
            raise SystemExit(f"{left}: weights in a separate file are not supported by this harness")
        part.replace(path)
    return path
