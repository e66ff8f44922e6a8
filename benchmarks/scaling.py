"""How speed and memory grow: with the batch, the threads, the size of images, the depth, and the number of files."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.tables import Cell, Table

_WORKER = """
import json, os, resource, statistics, sys, time
threads, name, batch, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ.update(ZOO_JIT="wait", ZOO_NUM_THREADS=threads, OMP_NUM_THREADS=threads, OPENBLAS_NUM_THREADS=threads)
import numpy as np
import zoo
if name.startswith("plain"):
    layers = zoo.layers
    x = inputs = zoo.Input((size, size, 64))
    for _ in range(int(name.removeprefix("plain"))):
        x = layers.Conv2D(64, 3, padding="same", activation="relu")(x)
    model = zoo.Model(inputs, x)
else:
    model = zoo.applications.get_model(name, weights=None, include_top=False, pooling="avg",
                                       input_shape=(size, size, 3))
x = np.random.default_rng(0).random((batch, *model.input_shape[1:]), dtype=np.float32)
model.predict_on_batch(x)
seconds, end = [], time.perf_counter() + float(sys.argv[5])
while not seconds or time.perf_counter() < end and len(seconds) < 50:
    start = time.perf_counter()
    model.predict_on_batch(x)
    seconds.append(time.perf_counter() - start)
print(json.dumps([statistics.median(seconds), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024]))
"""
BATCHES, SIZES = (1, 2, 4, 8, 16, 32, 64), (64, 96, 128, 160, 192, 224, 320, 448)
DEPTHS, THREADS = (1, 4, 16, 64), (1, 2)
COUNTS = (20, 200, 2000)


def once(network: str, batch: int, size: int, threads: int, seconds: float) -> tuple[float, float]:
    """Median seconds of a prediction and peak memory in MB, in a process of its own."""
    run = subprocess.run([sys.executable, "-c", _WORKER, str(threads), network, str(batch), str(size), str(seconds)],
                         stdout=subprocess.PIPE, check=True, text=True)
    return tuple(json.loads(run.stdout.splitlines()[-1]))


def networks(names: tuple[str, ...] = ("ResNet50", "MobileNetV2"), seconds: float = 1.0) -> Table:
    """Images a second against batch, threads, size and depth."""
    rows: list[list[Cell]] = []

    def add(kind: str, network: str, batch: int, size: int, threads: int) -> None:
        median, peak = once(network, batch, size, threads, seconds)
        rows.append([kind, network, batch, size, threads, batch / median, median * 1000 / batch, round(peak)])

    for network in names:
        for threads in THREADS:
            for batch in BATCHES:
                add("batch", network, batch, 224, threads)
        for size in SIZES:
            add("size", network, 1, size, 2)
    for depth in DEPTHS:
        add("depth", f"plain{depth}", 1, 56, 2)
    return Table("scaling", "How speed and memory grow", (
        "zoo without classifier, average pooling. plainN: N convolutions of 3x3, 64 to 64 channels, on maps of 56x56. "
        "Medians; each row a new process."),
        ("varied", "network", "batch", "size", "threads", "images/s", "ms/image", "peak MB"), keys=5).with_rows(rows)


def pictures(folder: Path, count: int) -> None:
    """Copies of twenty JPEG pictures of 640x480 to 1600x1200 pixels."""
    rng = np.random.default_rng(0)
    originals = []
    for number in range(20):
        wide = (640, 800, 1024, 1280, 1600)[number % 5]
        blurred = Image.fromarray(rng.integers(0, 256, (24, 32, 3), np.uint8)).resize((wide, wide * 3 // 4))
        originals.append(folder / f"{number:05}.jpg")
        blurred.save(originals[-1], quality=90)
    for number in range(20, count):
        shutil.copy(originals[number % 20], folder / f"{number:05}.jpg")


def classify(network: str = "MobileNetV2", counts: tuple[int, ...] = COUNTS) -> Table:
    """Time and memory of `zoo classify` over N files; without and with ``--reduced-jpeg``."""
    rows: list[list[Cell]] = []
    with tempfile.TemporaryDirectory() as place:
        weights = Path(place) / "weights.weights.h5"
        subprocess.run([sys.executable, "-c", "import sys, zoo; zoo.applications.get_model(sys.argv[1], weights=None)"
                        ".save_weights(sys.argv[2])", network, str(weights)], check=True)
        for count in counts:
            folder = Path(place) / str(count)
            folder.mkdir()
            pictures(folder, count)
            for option in ((), ("--reduced-jpeg",)):
                found = _classified(network, weights, folder, count, option)
                rows.append([network, count, *(option or ("-",)), *found])
            shutil.rmtree(folder)
    return Table("classify", "zoo classify over N pictures", (
        "JPEG files of 640x480 to 1600x1200 pixels (copies of 20), whole process, batches of 32, two threads."),
        ("network", "N", "option", "s", "images/s", "peak MB"), keys=3).with_rows(rows)


def _classified(network: str, weights: Path, folder: Path, count: int, option: tuple[str, ...]) -> list[Cell]:
    program = ("import resource, sys, time; start = time.perf_counter(); from zoo.cli.main import main; "
               "code = main(sys.argv[1:]); print(code, time.perf_counter() - start, "
               "resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, file=sys.stderr)")
    run = subprocess.run([sys.executable, "-c", program, "classify", "--model", network, "--weights", str(weights),
                          *option, str(folder)], env=os.environ | {"ZOO_NUM_THREADS": "2", "ZOO_JIT": "wait"},
                         stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=True)
    code, seconds, peak = run.stderr.splitlines()[-1].split()
    if code not in ("0", "None"):
        raise SystemExit(f"zoo classify ended with {code}: {run.stderr}")
    return [float(seconds), count / float(seconds), round(float(peak))]
