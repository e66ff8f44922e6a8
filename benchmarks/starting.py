"""How long until the first prediction: import, building with random weights, first and second `predict_on_batch`.

    python -m benchmarks.starting [--networks VGG16 MobileNet ...] [--rounds 3] [--output table.md]

Each round of each network runs in a new process, the two libraries taking turns; two threads; medians are shown. What
is installed decides who takes part: zoo always, Keras on TensorFlow if both can be imported.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from benchmarks.inference import installed
from benchmarks.tables import Cell, Table
from benchmarks.worker import THREADS

NETWORKS = ("MobileNet", "MobileNetV3Small", "EfficientNetB0", "ResNet50", "DenseNet121", "InceptionV3", "NASNetMobile",
            "VGG16")
LIBRARIES = {"zoo": "zoo.applications", "keras": "keras.applications"}
STEPS = ("import", "build", "first", "second")


def measure(library: str, network: str) -> dict[str, float]:
    """Seconds of each step, and the peak of memory in MB, in this process (which should be new)."""
    started = time.perf_counter()
    numpy, applications = importlib.import_module("numpy"), importlib.import_module(LIBRARIES[library])
    times = [time.perf_counter()]
    model = getattr(applications, network)(weights=None)
    times.append(time.perf_counter())
    images = numpy.random.default_rng(0).random((1, *(size or 224 for size in model.input_shape[1:3]), 3), "float32")
    for _ in range(2):
        model.predict_on_batch(images)
        times.append(time.perf_counter())
    seconds = dict(zip(STEPS, (end - begin for begin, end in zip([started, *times], times))))
    return seconds | {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def in_new_process(library: str, network: str, **settings: str) -> dict[str, float]:
    """`measure` in a process of its own; what the library prints is left aside."""
    found = subprocess.run([sys.executable, "-m", "benchmarks.starting", "--measure", library, network],
                           stdout=subprocess.PIPE, check=True, text=True, env=os.environ | settings)
    return json.loads(found.stdout.splitlines()[-1])


def table(networks: Sequence[str], rounds: int) -> Table:
    """Each network with each library, the libraries taking turns."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    libraries = ["zoo", *(["keras"] if installed("keras") and installed("tensorflow") else [])]
    rows: list[list[Cell]] = []
    for network in networks:
        runs: dict[str, list[dict[str, float]]] = {library: [] for library in libraries}
        in_new_process("zoo", network, ZOO_JIT="wait")      # so that kernels are compiled
        for _ in range(rounds):
            for library in libraries:
                runs[library].append(in_new_process(library, network))
        rows.append([network, *(statistics.median(run[key] for run in runs[library])
                                for library in libraries for key in (*STEPS, "peak_mb"))])
        print(rows[-1], file=sys.stderr, flush=True)
    return Table("starting", "Until the first prediction, random weights", (
        f"Seconds of import, building, first and second prediction of one image, and the peak of memory, each run in a "
        f"new process; {THREADS} threads, medians of {rounds}. zoo's kernels were compiled by an earlier process."),
        ("network", *(f"{library} {step}" for library in libraries for step in (*STEPS, "MB")))).with_rows(rows)


def main() -> None:
    """Prints (and writes) the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="+", default=NETWORKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--output", help="also write the table to this file")
    parser.add_argument("--measure", nargs=2, metavar=("LIBRARY", "NETWORK"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measure(*options.measure)))
        return
    text = table(options.networks, options.rounds).markdown()
    print(text)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write(text)


if __name__ == "__main__":
    main()
