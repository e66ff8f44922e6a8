"""ONNX Runtime as in `benchmarks.peers.onnxruntime`, on the file that zoo exports: it runs faster than that of Keras."""

import numpy as np
import onnxruntime

from benchmarks.peers.models import model_file

VERSION = f"ONNX Runtime {onnxruntime.__version__}, file by zoo"


def load(network, batch):
    """A function that runs the network once on a batch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(model_file(network, ".onnx")), options,
                                           providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    x = np.random.default_rng(0).random((batch, *entry.shape[1:]), dtype=np.float32)
    return lambda: session.run(None, {entry.name: x})
