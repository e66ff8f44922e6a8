"""From a file to the first prediction, in new processes: VGG16 with 554 MB of weights.

Each program gets the same weights in its own format. A process imports the library, loads the file, computes one image
and ends; its whole time counts, interpreter included, and the peak of its memory, pages of mapped files included.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.inference import installed
from benchmarks.tables import Cell, Table

COLUMNS = ("peer", "file", "s", "best", "times zoo", "import s", "load s", "first s", "second s", "peak MB")
_COMMON = """
import json, os, sys, time
began = time.perf_counter()
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
{imports}
import numpy as np
times = [time.perf_counter()]
{load}
times.append(time.perf_counter())
x = np.random.default_rng(0).random((1, 224, 224, 3), dtype=np.float32)
for _ in range(2):
    {run}
    times.append(time.perf_counter())
print(json.dumps([end - start for start, end in zip([began, *times], times)]))
"""
_KERAS = {"load": "model = keras.models.load_model(sys.argv[1], compile=False)", "run": "model.predict_on_batch(x)"}
PROGRAMS: dict[str, tuple[str, str, str, dict[str, str]]] = {       # peer -> package, suffix, setting, source
    "zoo": ("zoo", ".h5", "", {"imports": "from zoo import load_model", "load": "model = load_model(sys.argv[1])",
                               "run": "model.predict_on_batch(x)"}),
    "zoo_numpy": ("zoo", ".h5", "ZOO_KERNELS=blas", {
        "imports": "from zoo import load_model", "load": "model = load_model(sys.argv[1])",
        "run": "model.predict_on_batch(x)"}),
    "onnxruntime_zoo": ("onnxruntime", ".onnx", "", {
        "imports": "import onnxruntime", "load": "options = onnxruntime.SessionOptions(); "
        "options.intra_op_num_threads = 2; session = onnxruntime.InferenceSession(sys.argv[1], options)",
        "run": "session.run(None, {session.get_inputs()[0].name: x})"}),
    "openvino": ("openvino", ".onnx", "", {
        "imports": "import openvino", "load": "core = openvino.Core(); model = core.read_model(sys.argv[1]); "
        "model.reshape([1, 224, 224, 3]); compiled = core.compile_model(model, 'CPU', {'INFERENCE_NUM_THREADS': 2, "
        "'INFERENCE_PRECISION_HINT': 'f32', 'PERFORMANCE_HINT': 'LATENCY'})", "run": "compiled(x)"}),
    "keras_tensorflow": ("tensorflow", ".h5", "KERAS_BACKEND=tensorflow", {"imports": "import keras", **_KERAS}),
    "keras_torch": ("torch", ".h5", "KERAS_BACKEND=torch", {"imports": "import keras", **_KERAS}),
}


def files(folder: Path) -> dict[str, Path]:
    """The network as ``.h5`` and ``.onnx``; made at the first call."""
    paths = {suffix: folder / f"vgg16{suffix}" for suffix in (".h5", ".onnx")}
    folder.mkdir(parents=True, exist_ok=True)
    if not paths[".h5"].exists():
        subprocess.run([sys.executable, "-m", "benchmarks.converting", str(folder), "--generate"], check=True)
    if not paths[".onnx"].exists():
        export = "import sys, zoo; zoo.export_onnx(zoo.load_model(sys.argv[1]), sys.argv[2])"
        subprocess.run([sys.executable, "-c", export, *map(str, paths.values())], check=True)
    return paths


def once(title: str, paths: dict[str, Path], **settings: str) -> tuple[float, list[float], float]:
    """Seconds of the process, of its steps, and its peak memory in MB."""
    _, suffix, setting, source = PROGRAMS[title]
    name, _, value = setting.partition("=")
    threads = {"ZOO_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    environment = os.environ | ({name: value} if name else {}) | threads | settings
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", _COMMON.format(**source), str(paths[suffix])], env=environment,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{title}: ended with {process.returncode}")
    return time.perf_counter() - start, json.loads(output.splitlines()[-1]), usage.ru_maxrss / 1024


def measure(folder: Path, rounds: int, peers: Sequence[str] = tuple(PROGRAMS)) -> Table:
    """The table: medians over the rounds, in which the programs take turns.

    One round before does not count: it brings the file into the system's cache, and zoo's kernels into its own.
    """
    paths = files(folder)
    present = [title for title, (package, *_) in PROGRAMS.items() if title in peers and installed(package)]
    runs: dict[str, list[tuple[float, list[float], float]]] = {title: [] for title in present}
    for number in range(rounds + 1):
        for title in present:
            measured = once(title, paths, **({} if number else {"ZOO_JIT": "wait"}))
            runs[title] += [measured] if number else []
    ours = statistics.median(seconds for seconds, _, _ in runs["zoo"])
    rows: list[list[Cell]] = []
    for title in present:
        seconds = [run[0] for run in runs[title]]
        steps = [statistics.median(times) for times in zip(*(run[1] for run in runs[title]))]
        peak = statistics.median(run[2] for run in runs[title])
        rows.append([title, PROGRAMS[title][1], statistics.median(seconds), min(seconds),
                     statistics.median(seconds) / ours, *steps, round(peak)])
    absent = [title for title in peers if title in PROGRAMS and title not in present]
    return Table("cold", "From a file to the first prediction: VGG16, 554 MB", (
        "Seconds of a whole new process that imports the library, loads the file and computes two images. The file is "
        "in the system's cache, and zoo's kernels were compiled by an earlier process. ONNX Runtime and OpenVINO read the "
        f"file that zoo exports. Medians of {rounds} runs that took turns, two threads. Absent: "
        f"{', '.join(absent) or 'none'}."), COLUMNS).with_rows(rows)
