"""One library in one process: builds a network, then trains it for as many steps as it is told.

The protocol is that of `benchmarks.worker`; one run is one step (`train_on_batch`) on the same batch.
"""

from __future__ import annotations

import os
import sys

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


def load(peer: str, network: str, batch: int) -> tuple[object, str]:
    """A function that does one step, and the version; a network ``<name>:frozen`` trains its last layer only."""
    import numpy as np

    from benchmarks.networks import CLASSES, SIZE, build
    library, version = library_of(peer)
    name, _, mode = network.partition(":")
    model = build(library, name, frozen=mode == "frozen")
    random = np.random.default_rng(0)
    x, y = random.random((batch, SIZE, SIZE, 3), dtype="float32"), random.integers(0, CLASSES, batch)
    return lambda: float(model.train_on_batch(x, y)), version


if __name__ == "__main__":
    worker.serve(lambda: load(sys.argv[1], sys.argv[2], int(sys.argv[3])))
