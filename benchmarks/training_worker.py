"""One library in one process: builds a network, then trains it as often as it is told.

The protocol is that of `benchmarks.worker`; one run is one step (`train_on_batch`), or one `fit`, on the same images.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import benchmarks.worker as worker                          # sets the number of threads before NumPy is loaded

BACKENDS = {"keras_tensorflow": "tensorflow", "keras_torch": "torch"}


def library_of(peer: str) -> tuple[object, str]:
    """The module that has layers and models, set to two threads; its name and version."""
    if peer == "zoo":
        import zoo
        return zoo, f"zoo {zoo.__version__}"
    os.environ["KERAS_BACKEND"] = BACKENDS[peer]
    import keras
    if peer == "keras_torch":
        import torch
        torch.set_num_threads(int(worker.THREADS))
        return keras, f"Keras {keras.__version__} + torch {torch.__version__}"
    import tensorflow
    tensorflow.config.threading.set_intra_op_parallelism_threads(int(worker.THREADS))
    tensorflow.config.threading.set_inter_op_parallelism_threads(int(worker.THREADS))
    return keras, f"Keras {keras.__version__} + tensorflow {tensorflow.__version__}"


def load(peer: str, network: str, batch: int) -> tuple[Callable[[], object], str]:
    """A function that trains once, and the version.

    Args:
        peer: a name in `benchmarks.training.PEERS`.
        network: ``<name>:<mode>``: ``all layers`` and ``frozen`` do one step (the latter changes the last layer only),
            ``fit`` fits the last layer in some epochs.
        batch: images of a step.
    """
    import numpy as np

    from benchmarks.networks import CLASSES, build
    from benchmarks.training import EPOCHS, images_of
    library, version = library_of(peer)
    name, mode = network.split(":")
    model = build(library, name, frozen=mode != "all layers")
    random, count = np.random.default_rng(0), images_of(mode, batch)
    x, y = random.random((count, *model.input_shape[1:]), dtype="float32"), random.integers(0, CLASSES, count)

    def run() -> object:
        if mode == "fit":
            return np.array(model.fit(x, y, batch_size=batch, epochs=EPOCHS, verbose=0).history["loss"])
        return np.array([float(model.train_on_batch(x, y))])
    return run, version


if __name__ == "__main__":
    worker.serve(lambda: load(sys.argv[1], sys.argv[2], int(sys.argv[3])))
