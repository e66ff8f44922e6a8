"""OpenVINO on the CPU, two threads, latency hint, float32."""

import numpy as np
import openvino

from benchmarks.peers.models import model_file

VERSION = f"OpenVINO {openvino.__version__.split('-')[0]}"


def load(network, batch):
    """A function that runs the network once on a batch."""
    core = openvino.Core()
    model = core.read_model(model_file(network, ".onnx"))
    shape = [batch, *(d.get_length() for d in list(model.inputs[0].partial_shape)[1:])]
    model.reshape(shape)
    compiled = core.compile_model(model, "CPU", {"INFERENCE_NUM_THREADS": 2, "INFERENCE_PRECISION_HINT": "f32",
                                                 "PERFORMANCE_HINT": "LATENCY"})
    x = np.random.default_rng(0).random(shape, dtype=np.float32)
    return lambda: compiled(x)
