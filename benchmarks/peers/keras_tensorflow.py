"""Keras 3 on TensorFlow, two threads, `predict_on_batch` (compiled where the backend compiles by default)."""

import os

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras
import numpy as np
import tensorflow

from benchmarks.peers.models import model_file

tensorflow.config.threading.set_intra_op_parallelism_threads(2)
tensorflow.config.threading.set_inter_op_parallelism_threads(2)
VERSION = f"Keras {keras.__version__} + tensorflow {tensorflow.__version__}"


def load(network, batch):
    """A function that runs the network once on a batch."""
    model = keras.models.load_model(model_file(network, ".keras"), compile=False)
    x = np.random.default_rng(0).random((batch, *model.input_shape[1:]), dtype=np.float32)
    return lambda: model.predict_on_batch(x)
