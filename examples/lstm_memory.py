"""The adding problem: an LSTM has to remember two numbers for a long time.

    python examples/lstm_memory.py [--length 50] [--epochs 18] [--output results]

Each step of a sequence brings a number between 0 and 1 and a mark; two steps are marked, one in each half. The target
is the sum of the two marked numbers. Always answering 1 gives a mean squared error of 1/6 = 0.167, which is what a network
without memory reaches. Source: Hochreiter and Schmidhuber, 1997. Every epoch has sequences of its own, and those that
are used for testing are never trained on.
"""

from __future__ import annotations

import argparse
import pathlib
import time

import curves
import numpy as np

from zoo import Input, Sequential, layers, optimizers
from zoo.engine.rng import set_random_seed


def adding_problem(random: np.random.Generator, count: int, length: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequences (count, length, 2) of numbers and marks, and sums (count, 1)."""
    numbers = random.random((count, length), dtype="float32")
    marks = np.zeros_like(numbers)
    rows, half = np.arange(count), length // 2
    marks[rows, random.integers(0, half, count)] = 1
    marks[rows, random.integers(half, length, count)] = 1
    return np.stack([numbers, marks], axis=-1), np.sum(numbers * marks, axis=1, keepdims=True)


def main() -> None:
    """Trains, evaluates, and writes the curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--length", type=int, default=50)
    parser.add_argument("--epochs", type=int, default=18)
    parser.add_argument("--samples", type=int, default=4096, help="sequences in an epoch")
    parser.add_argument("--output", type=pathlib.Path, default=pathlib.Path("results"))
    options = parser.parse_args()

    set_random_seed(0)
    random = np.random.default_rng(0)
    test_x, test_y = adding_problem(random, 1024, options.length)
    model = Sequential([Input((options.length, 2)), layers.LSTM(32), layers.Dense(1)], name="adding")
    model.compile(optimizers.Adam(1e-2, clipnorm=1.0), "mse")
    started = time.perf_counter()
    losses: dict[str, list[float]] = {"loss": [], "val_loss": []}
    for _ in range(options.epochs):
        x, y = adding_problem(random, options.samples, options.length)
        history = model.fit(x, y, batch_size=64, verbose=2, validation_data=(test_x, test_y))
        for name, values in losses.items():
            values += history.history[name]
    errors = np.abs(model.predict(test_x, verbose=0) - test_y)
    print(f"trained on {options.epochs} x {options.samples} sequences of {options.length} steps in "
          f"{time.perf_counter() - started:.0f} s, {model.count_params():,} weights")
    print(f"test: mean squared error {np.mean(errors ** 2):.5f} (without memory 0.167); "
          f"{np.mean(errors < 0.04):.1%} of the sums are right within 0.04")
    for path in curves.save(losses, options.output, "lstm_memory"):
        print("wrote", path)


if __name__ == "__main__":
    main()
