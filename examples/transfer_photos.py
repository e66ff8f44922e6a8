"""Transfer learning: a new head on EfficientNet-Lite0 tells apart pieces of photos.

    pip install "zoo[fast,imagenet,examples]"
    python examples/transfer_photos.py [--output results]

The classes are the colour photos that scikit-image brings: each is one class, and a sample is a piece of it. So that
the test is honest, the pieces for training come from the left three fifths of a photo and those for testing from the right
two fifths: no pixel is in both. What the head learns is therefore the look of a scene, not the scene. The network below
the head keeps its ImageNet weights.
"""

from __future__ import annotations

import argparse
import pathlib
import time

import curves
import numpy as np
from PIL import Image
from skimage import data

from zoo import Input, Model, applications, layers, optimizers
from zoo.engine.rng import set_random_seed

PHOTOS = ("astronaut", "chelsea", "coffee", "hubble_deep_field", "immunohistochemistry", "retina", "rocket")
SIZE = 224
BORDER = 0.6                                                # left of it is training, right of it testing


def pieces(photo: np.ndarray, count: int, random: np.random.Generator) -> np.ndarray:
    """Squares of a third to nine tenths of the height, half of them mirrored, as (count, 224, 224, 3)."""
    height, width = photo.shape[:2]
    found = []
    for _ in range(count):
        side = int(min(height, width) * random.uniform(1 / 3, 0.9))
        top, left = random.integers(0, height - side + 1), random.integers(0, width - side + 1)
        piece = Image.fromarray(photo[top:top + side, left:left + side]).resize((SIZE, SIZE), Image.Resampling.BICUBIC)
        found.append(np.asarray(piece)[:, ::-1] if random.random() < 0.5 else np.asarray(piece))
    return np.stack(found).astype("float32")


def samples(count: int, random: np.random.Generator, testing: bool) -> tuple[np.ndarray, np.ndarray]:
    """`count` pieces of each photo, of one side of the border, and their classes."""
    images = []
    for name in PHOTOS:
        photo = getattr(data, name)()
        border = int(photo.shape[1] * BORDER)
        images.append(pieces(photo[:, border:] if testing else photo[:, :border], count, random))
    return np.concatenate(images), np.repeat(np.arange(len(PHOTOS)), count)


def network() -> Model:
    """EfficientNet-Lite0 without its classifier, frozen, and a new dense layer."""
    base = applications.EfficientNetLite0(include_top=False, pooling="avg", input_shape=(SIZE, SIZE, 3))
    base.trainable = False
    inputs = Input((SIZE, SIZE, 3))
    x = layers.Dropout(0.2)(base(inputs, training=False))   # not training: no part of the base is random then
    return Model(inputs, layers.Dense(len(PHOTOS), activation="softmax")(x), name="photos")


def main() -> None:
    """Trains the head, evaluates it, and writes the curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--pieces", type=int, default=40, help="of each photo, for training; half as many for testing")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("results"))
    options = parser.parse_args()

    set_random_seed(0)
    random = np.random.default_rng(0)
    preprocess = applications.efficientnet_lite.preprocess_input
    (x, y), (test_x, test_y) = (samples(n, random, testing) for n, testing in
                                ((options.pieces, False), (max(options.pieces // 2, 1), True)))
    x, test_x = preprocess(x), preprocess(test_x)
    model = network()
    model.compile(optimizers.Adam(1e-2), "sparse_categorical_crossentropy", metrics=["accuracy"])
    started = time.perf_counter()
    history = model.fit(x, y, batch_size=16, epochs=options.epochs, verbose=2, validation_data=(test_x, test_y))
    seconds = time.perf_counter() - started
    guesses = model.predict(test_x, batch_size=16, verbose=0).argmax(-1)
    print(f"trained the head ({len(PHOTOS)} classes) on {len(x)} pieces for {options.epochs} epochs in {seconds:.0f} s")
    for i, name in enumerate(PHOTOS):
        print(f"  {name:<22} {np.mean(guesses[test_y == i] == i):.0%} of its test pieces")
    print(f"test accuracy: {np.mean(guesses == test_y):.4f} on {len(test_y)} pieces")
    for path in curves.save(history.history, options.output, "transfer_photos"):
        print("wrote", path)


if __name__ == "__main__":
    main()
