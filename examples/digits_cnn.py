"""Handwritten digits: a small convolutional network on the 1,797 images (8 x 8) that scikit-learn brings.

    pip install "zoo[fast,examples]"
    python examples/digits_cnn.py [--epochs 10] [--output results]

The last fifth of the images, in the order of the data set, is held out: neighbours in that order tend to have the same
writer, so that a shuffled split would be easier. The network was chosen on the fifth before that one. Training sees
each image also moved by a pixel to all four sides.
"""

from __future__ import annotations

import argparse
import pathlib
import time

import curves
import numpy as np
from sklearn.datasets import load_digits

from zoo import Input, Model, Sequential, layers, optimizers
from zoo.engine.rng import set_random_seed


def network() -> Model:
    """Two convolutions at full size, one at half size, and one that sees the whole: 95,000 weights."""
    return Sequential([
        Input((8, 8, 1)),
        layers.Conv2D(32, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU(),
        layers.Conv2D(32, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU(),
        layers.MaxPooling2D(), layers.Dropout(0.25),
        layers.Conv2D(64, 3, padding="same", use_bias=False), layers.BatchNormalization(), layers.ReLU(),
        layers.Dropout(0.25),
        layers.Conv2D(64, 4, use_bias=False), layers.BatchNormalization(), layers.ReLU(),
        layers.Flatten(), layers.Dropout(0.25), layers.Dense(10, activation="softmax"),
    ], name="digits")


def moved(images: np.ndarray) -> np.ndarray:
    """The images, and after them those moved by one pixel up, down, left and right; what comes in is empty."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1), (0, 0)))
    corners = [(1, 1), (2, 1), (0, 1), (1, 2), (1, 0)]
    height, width = images.shape[1:3]
    return np.concatenate([padded[:, top:top + height, left:left + width] for top, left in corners])


def main() -> None:
    """Trains, evaluates, and writes the curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--samples", type=int, default=1797, help="use only so many images")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("results"))
    options = parser.parse_args()

    set_random_seed(0)
    digits = load_digits()
    x, y = (digits.images[..., None] / 16).astype("float32")[:options.samples], digits.target[:options.samples]
    held_out = len(x) // 5
    train_x, train_y = moved(x[:-held_out]), np.tile(y[:-held_out], 5)
    steps = options.epochs * -(-len(train_x) // 64)
    model = network()
    model.compile(optimizers.Adam(optimizers.schedules.CosineDecay(2e-3, steps)), "sparse_categorical_crossentropy",
                  metrics=["accuracy"])
    started = time.perf_counter()
    history = model.fit(train_x, train_y, batch_size=64, epochs=options.epochs, verbose=2,
                        validation_data=(x[-held_out:], y[-held_out:]))
    seconds = time.perf_counter() - started
    wrong = np.flatnonzero(model.predict(x[-held_out:], verbose=0).argmax(-1) != y[-held_out:])
    print(f"trained on {len(x) - held_out} images for {options.epochs} epochs in {seconds:.0f} s, "
          f"{model.count_params():,} weights")
    print(f"test accuracy: {1 - len(wrong) / held_out:.4f} ({len(wrong)} of {held_out} wrong)")
    for path in curves.save(history.history, options.output, "digits_cnn"):
        print("wrote", path)


if __name__ == "__main__":
    main()
