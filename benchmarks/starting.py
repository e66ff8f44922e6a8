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
import platform
import resource
import statistics
import subprocess
import sys
import time

from benchmarks.inference import installed
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


def in_new_process(library: str, network: str) -> dict[str, float]:
    """`measure` in a process of its own; what the library prints is left aside."""
    found = subprocess.run([sys.executable, "-m", "benchmarks.starting", "--measure", library, network],
                           stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(found.stdout.splitlines()[-1])


def row(network: str, measured: dict[str, list[dict[str, float]]]) -> str:
    """Markdown: a cell for each library and step, medians."""
    cells = [f"{statistics.median(run[key] for run in runs):.{0 if key == 'peak_mb' else 2}f}"
             for runs in measured.values() for key in (*STEPS, "peak_mb")]
    return f"| {network} | {' | '.join(cells)} |"


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
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    libraries = ["zoo", *(["keras"] if installed("keras") and installed("tensorflow") else [])]
    columns = [f"{library} {step}" for library in libraries for step in (*STEPS, "MB")]
    lines = [f"{platform.processor() or platform.machine()}, {THREADS} threads, batch 1, random weights, seconds, "
             f"medians of {options.rounds}, {time.strftime('%Y-%m-%d')}.", "",
             f"| network | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    print("\n".join(lines), flush=True)
    for network in options.networks:
        measured: dict[str, list[dict[str, float]]] = {library: [] for library in libraries}
        for _ in range(options.rounds):
            for library in libraries:
                measured[library].append(in_new_process(library, network))
        lines.append(row(network, measured))
        print(lines[-1], flush=True)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
