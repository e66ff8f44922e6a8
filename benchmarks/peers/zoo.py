"""zoo itself: `predict_on_batch` of a compiled application, two threads."""

import numpy as np

import zoo
from zoo import applications

VERSION = f"zoo {zoo.__version__}"


def load(network, batch):
    """A function that runs the network once on a batch."""
    model = applications.get_model(network, weights=None)
    size = model.input_shape[1]
    x = np.random.default_rng(0).random((batch, size, size, 3), dtype=np.float32)
    return lambda: model.predict_on_batch(x)
