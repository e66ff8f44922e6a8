"""What a library costs before it does anything: time to import it, and its size on disk with all that it needs."""

from __future__ import annotations

import importlib.metadata
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.inference import installed
from benchmarks.tables import Cell, Table

IMPORTS = {"Python alone": "pass", "numpy": "import numpy", "zoo": "import zoo",
           "zoo.applications": "import zoo.applications", "VGG16 of zoo": "from zoo.applications import VGG16",
           "load_model of zoo": "from zoo import load_model", "onnxruntime": "import onnxruntime",
           "openvino": "import openvino", "torch": "import torch", "tensorflow": "import tensorflow",
           "keras on tensorflow": "import keras", "zoo --help": "--help", "zoo inspect (VGG16, 554 MB)": "inspect"}
ZOO_NEEDS = ("numpy", "h5py", "requests", "urllib3", "tqdm", "pillow", "threadpoolctl", "filelock", "pyyaml")
#: What is installed -> the distributions that are needed, besides all that they require.
INSTALLS = {"zoo": ZOO_NEEDS, "zoo[fast]": (*ZOO_NEEDS, "numba"), "tensorflow": ("tensorflow",),
            "keras + tensorflow": ("tensorflow", "keras"), "keras + torch": ("torch", "keras"),
            "onnxruntime": ("onnxruntime",), "openvino": ("openvino",)}


def _command(program: str, model: Path) -> list[str]:
    if program == "inspect":
        return [sys.executable, "-m", "zoo", "inspect", str(model)]
    return [sys.executable, "-m", "zoo", program] if program.startswith("--") else [sys.executable, "-c", program]


def imports(model: Path, rounds: int) -> Table:
    """CPU and wall time of a new process."""
    environment = os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    rows: list[list[Cell]] = []
    for title, program in IMPORTS.items():
        package = program.partition("import ")[2].split(".")[0] if " import" not in program else "zoo"
        if package and not installed(package):
            rows.append([title, None, None, "absent"])
            continue
        wall, cpu = [], []
        for _ in range(rounds + 1):
            before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
            subprocess.run(_command(program, model), env=environment, check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            wall.append(time.perf_counter() - start)
            cpu.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        rows.append([title, statistics.median(cpu[1:]), statistics.median(wall[1:]), min(wall[1:])])
    return Table("imports", "Time to import, and of small commands", (
        f"Seconds of a whole new process, interpreter included; medians of {rounds}. CPU counts all threads: NumPy's "
        "BLAS starts its own."), ("what", "CPU s", "s", "best")).with_rows(rows)


def sizes() -> Table:
    """Bytes on disk of a distribution and of all that it requires, from what the installer wrote down."""
    rows: list[list[Cell]] = []
    for title, names in INSTALLS.items():
        try:
            needed = _required(names)
        except importlib.metadata.PackageNotFoundError as missing:
            rows.append([title, None, f"absent: {missing.name}"])
            continue
        size = sum(map(_size, needed)) + (_own_size() if title.startswith("zoo") else 0)
        rows.append([title, size / 1e6, len(needed) + title.startswith("zoo")])
    return Table("sizes", "Size of an installation", (
        "MB (10^6 bytes) of the files of the package and of all packages that it requires, compiled bytecode left out, "
        "as the metadata in site-packages lists them."), ("what", "MB", "packages")).with_rows(rows)


def _required(names: tuple[str, ...]) -> set[str]:
    """The distributions of these names, and what they require without extras, on this system."""
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = re.sub(r"[-_.]+", "-", waiting.pop()).lower()
        if name in found:
            continue
        requires = importlib.metadata.requires(name) or []
        found.add(name)
        waiting += [re.match(r"[\w.-]+", text)[0] for text in requires if _applies(text)]
    return found


def _applies(requirement: str) -> bool:
    """Whether a requirement holds here: of no extra, and of a package that the installer found necessary."""
    name = re.match(r"[\w.-]+", requirement)[0]
    try:
        importlib.metadata.distribution(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return "extra ==" not in requirement


def _size(name: str) -> int:
    paths = [file.locate() for file in importlib.metadata.files(name) or () if file.suffix != ".pyc"]
    return sum(os.path.getsize(path) for path in paths if os.path.isfile(path))


def _own_size() -> int:
    folder = Path(__file__).parent.parent / "zoo"
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
