"""ONNX Runtime, CPU provider, two threads within an operator, all graph optimisations (its defaults)."""

import numpy as np
import onnxruntime

from benchmarks.peers.onnx_file import onnx_file

VERSION = f"ONNX Runtime {onnxruntime.__version__}, file by Keras"


def load(network, batch):
    """A function that runs the network once on a batch."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 2
    session = onnxruntime.InferenceSession(str(onnx_file(network)), options, providers=["CPUExecutionProvider"])
    entry = session.get_inputs()[0]
    x = np.random.default_rng(0).random((batch, *entry.shape[1:]), dtype=np.float32)
    return lambda: session.run(None, {entry.name: x})
