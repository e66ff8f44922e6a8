"""One library in one process: builds a network of sequences, then runs it, or trains it, as often as it is told.

The protocol is that of `benchmarks.worker`; the network is ``<name>:forward`` or ``<name>:step``.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from typing import Any

import benchmarks.worker as worker                          # sets the number of threads before NumPy is loaded
from benchmarks.training_worker import library_of

BATCHES = (1, 32)
WORDS, STEPS = 20000, 100


def _recurrent(name: str, units: int, steps: int, features: int) -> Callable[[Any], Any]:
    def build(library: Any) -> Any:
        inputs = library.Input((steps, features))
        outputs = library.layers.Dense(10)(getattr(library.layers, name)(units)(inputs))
        return library.Model(inputs, outputs)
    return build


def _text_classifier(library: Any) -> Any:
    """Two bidirectional LSTMs on embedded words."""
    layers, inputs = library.layers, library.Input((STEPS,), dtype="int32")
    x = layers.Embedding(WORDS, 128)(inputs)
    x = layers.Bidirectional(layers.LSTM(64, return_sequences=True))(x)
    return library.Model(inputs, layers.Dense(10)(layers.Bidirectional(layers.LSTM(64))(x)))


def _transformer_block(library: Any) -> Any:
    """Attention of 8 heads of 64 features, and a perceptron of two layers."""
    layers, inputs = library.layers, library.Input((128, 512))
    x = layers.LayerNormalization()(layers.Add()([inputs, layers.MultiHeadAttention(8, 64)(inputs, inputs)]))
    y = layers.Dense(512)(layers.Dense(2048, activation="gelu")(x))
    x = layers.LayerNormalization()(layers.Add()([x, y]))
    return library.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling1D()(x)))


def _text_convolutions(library: Any) -> Any:
    """Embedded words and convolutions along them."""
    layers, inputs = library.layers, library.Input((STEPS,), dtype="int32")
    x = layers.Embedding(WORDS, 128)(inputs)
    for filters in (128, 128):
        x = layers.MaxPooling1D(2)(layers.Conv1D(filters, 5, activation="relu", padding="same")(x))
    return library.Model(inputs, layers.Dense(10)(layers.GlobalMaxPooling1D()(x)))


PLANS: dict[str, Callable[[Any], Any]] = {
    "lstm_128": _recurrent("LSTM", 128, 100, 64), "lstm_512": _recurrent("LSTM", 512, 50, 256),
    "gru_128": _recurrent("GRU", 128, 100, 64), "simple_rnn_128": _recurrent("SimpleRNN", 128, 100, 64),
    "text_classifier": _text_classifier, "text_convolutions": _text_convolutions,
    "transformer_block": _transformer_block,
}


def weights(shapes: list[tuple[int, ...]]) -> list[Any]:
    """The same random weights for every library: as many as keep the signal's size."""
    import numpy as np
    random = np.random.default_rng(0)
    return [(random.standard_normal(shape) / max(1, shape[0]) ** 0.5).astype("float32") if len(shape) > 1 else
            np.ones(shape, "float32") * (0.1 + 0.9 * (shape == (512,))) for shape in shapes]


def load(peer: str, network: str, batch: int) -> tuple[Callable[[], Any], str]:
    """A function that runs the network once, or does one step, and the version."""
    import numpy as np
    name, _, mode = network.partition(":")
    if peer == "zoo_numpy":
        os.environ["ZOO_KERNELS"] = "reference,blas"
    os.environ.setdefault("ZOO_JIT", "wait")
    library, version = library_of(peer if peer.startswith("keras") else "zoo")
    model = PLANS[name](library)
    model.set_weights(weights([tuple(weight.shape) for weight in model.weights]))
    random, entry = np.random.default_rng(1), model.inputs[0]
    shape = (batch, *entry.shape[1:])
    x = random.integers(1, WORDS, shape).astype("int32") if "int" in str(entry.dtype) else \
        random.standard_normal(shape).astype("float32")
    if mode == "step":
        model.compile(library.optimizers.SGD(0.001), library.losses.MeanSquaredError())
        y = random.standard_normal((batch, 10)).astype("float32")
        return lambda: [np.float32(model.train_on_batch(x, y))], version
    if peer == "onnxruntime_zoo":
        return _onnx(model, x)
    if peer == "keras_tensorflow":
        import tensorflow
        function, fixed = tensorflow.function(lambda given: model(given, training=False)), tensorflow.constant(x)
        return lambda: function(fixed).numpy(), version
    if peer == "keras_torch":
        import torch
        model.eval()

        def run() -> Any:
            with torch.inference_mode():
                return model(torch.from_numpy(x)).numpy()
        return run, version
    return lambda: model.predict_on_batch(x), version


def _onnx(model: Any, x: Any) -> tuple[Callable[[], Any], str]:
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = int(worker.THREADS)
    with tempfile.TemporaryDirectory() as folder:
        model.export(f"{folder}/model.onnx", format="onnx")
        session = onnxruntime.InferenceSession(f"{folder}/model.onnx", options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {session.get_inputs()[0].name: x}), \
        f"ONNX Runtime {onnxruntime.__version__}, file by zoo"


if __name__ == "__main__":
    worker.serve(lambda: load(sys.argv[1], sys.argv[2], int(sys.argv[3])))
