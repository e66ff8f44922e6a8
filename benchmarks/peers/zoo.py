"""zoo itself: `predict_on_batch`, two threads, all kernels; what has to be compiled is compiled before the first run."""

import numpy as np

import zoo
from benchmarks.peers.models import model_file

VERSION = f"zoo {zoo.__version__}"
zoo.config.config.jit = "wait"


def load(network, batch):
    """A function that runs the network once on a batch."""
    model = zoo.load_model(model_file(network, ".keras"))
    x = np.random.default_rng(0).random((batch, *model.input_shape[1:]), dtype=np.float32)
    return lambda: model.predict_on_batch(x)
