"""Memory and time of `zoo inspect` and `zoo convert` on a file as large as the published VGG16 (550 MB).

A file with random weights is generated once into FOLDER; each command runs in a process of its own, whose peak memory
the system counts, pages of mapped files included::

    python -m benchmarks.converting FOLDER [--convolutions 64]

`zoo convert` should need less than 1.3 times the largest array and 150 MB; `zoo inspect` less than 0.5 s and 150 MB.
"""

from __future__ import annotations

import argparse
import os
import pathlib
import shutil
import subprocess
import sys
import time

import numpy as np

from zoo import io
from zoo.io.document import CallRecord, LayerRecord, ModelRecord, TensorRecord, TensorRef

BLOCKS = (2, 2, 3, 3, 3)                        # convolutions of VGG16, by block
TARGETS = ("copy.h5", "copy.keras", "copy.weights.h5", "copy.safetensors", "copy.npz", "tfjs --to tfjs",
           "half.keras --dtype float16", "brain.safetensors --dtype bfloat16", "cut.keras --drop-top")


def layer(class_name: str, name: str, source: str, **config: object) -> LayerRecord:
    return LayerRecord(class_name, name, {"name": name, "trainable": True, "dtype": "float32", **config},
                       [CallRecord((TensorRef(source, 0, 0),))])


def vgg16(width: int) -> ModelRecord:
    """The architecture; `width` filters in the first block (VGG16 has 64)."""
    layers = [LayerRecord("InputLayer", "input_1", {"name": "input_1", "batch_shape": [None, 224, 224, 3],
                                                    "dtype": "float32", "sparse": False})]

    def add(class_name: str, name: str, **config: object) -> None:
        layers.append(layer(class_name, name, layers[-1].name, **config))

    for block, count in enumerate(BLOCKS, 1):
        for number in range(1, count + 1):
            add("Conv2D", f"block{block}_conv{number}", filters=min(width << block - 1, 8 * width), kernel_size=[3, 3],
                padding="same", activation="relu")
        add("MaxPooling2D", f"block{block}_pool", pool_size=[2, 2], strides=[2, 2])
    add("Flatten", "flatten")
    for name, units in (("fc1", 64 * width), ("fc2", 64 * width), ("predictions", 1000)):
        add("Dense", name, units=units, activation="softmax" if name == "predictions" else "relu")
    ends = (TensorRef(layers[0].name, 0, 0), TensorRef(layers[-1].name, 0, 0))
    return ModelRecord("functional", "vgg16", layers, *ends, {"name": "vgg16", "trainable": True})


def weights(model: ModelRecord) -> io.WeightTree:
    """Random weights, each made when it is written."""
    rng = np.random.default_rng(0)
    groups, rows, channels = [], 224, 3
    for record in model.layers:
        shapes: dict[str, tuple[int, ...]] = {}
        if record.class_name == "Conv2D":
            shapes = {"kernel": (3, 3, channels, record.config["filters"]), "bias": (record.config["filters"],)}
            channels = record.config["filters"]
        elif record.class_name == "MaxPooling2D":
            rows //= 2
        elif record.class_name == "Flatten":
            channels *= rows * rows
        elif record.class_name == "Dense":
            shapes = {"kernel": (channels, record.config["units"]), "bias": (record.config["units"],)}
            channels = record.config["units"]
        groups.append(io.WeightGroup(record.name, [
            TensorRecord(f"{record.name}/{role}:0", shape, "float32",
                         lambda shape=shape: rng.random(shape, np.float32) - np.float32(0.5))
            for role, shape in shapes.items()]))
    return io.WeightTree("by_layer", groups, "tensorflow", "2.15.0")


def measured(arguments: list[str]) -> tuple[float, float]:
    """Seconds and peak MB of one command."""
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "zoo", *arguments], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"zoo {' '.join(arguments)} ended with {process.returncode}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main() -> None:
    """Prints one line a command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--convolutions", type=int, default=64, help="filters in the first block; fewer: a smaller file")
    parser.add_argument("--generate", action="store_true", help="only write the file")
    options = parser.parse_args()
    source = options.folder / "vgg16.h5"
    model = vgg16(options.convolutions)
    tree = weights(model)
    if options.generate:
        io.write(io.ModelDocument("keras_h5", io.Producer("tfkeras", "2.15.0", "tensorflow"), model=model,
                                  weights=tree), source)
        return
    if not source.exists():                     # in a process of its own: children are counted with what we needed
        subprocess.run([sys.executable, "-m", "benchmarks.converting", *sys.argv[1:], "--generate"], check=True)
    largest = max(tensor.nbytes for _, tensor in tree) / 1e6
    print(f"{source}: {source.stat().st_size / 1e6:.0f} MB, largest array {largest:.0f} MB; limit for convert "
          f"{1.3 * largest + 150:.0f} MB")
    print("inspect            {:6.2f} s {:6.0f} MB".format(*measured(["inspect", str(source)])))
    for target in TARGETS:
        name, *arguments = target.split()
        path = options.folder / name
        seconds, peak = measured(["convert", str(source), str(path), *arguments])
        print(f"{target:<36} {seconds:6.2f} s {peak:6.0f} MB", flush=True)
        (shutil.rmtree if path.is_dir() else pathlib.Path.unlink)(path)


if __name__ == "__main__":
    main()
