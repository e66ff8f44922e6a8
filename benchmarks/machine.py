"""The machine and the programs, in words."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

PACKAGES = ("numpy", "numba", "llvmlite", "h5py", "pillow", "onnxruntime", "openvino", "keras", "tensorflow", "torch",
            "jax")
_VERSIONS = """
import importlib.metadata as m, sys
for name in sys.argv[1:]:
    try:
        print(name, m.version(name))
    except m.PackageNotFoundError:
        print(name, "absent")
"""
_BLAS = """
import numpy, threadpoolctl
for found in threadpoolctl.threadpool_info():
    if found["user_api"] == "blas":
        print(found["internal_api"], found.get("version"), found.get("architecture"))
"""


def description() -> dict[str, str]:
    """Processor, caches, memory, system, and the versions of all programs that take part; absent ones are named."""
    return {"processor": _processor(), "caches": _caches(), "memory": f"{_memory() / 2 ** 30:.0f} GiB",
            "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
            "packages": ", ".join(_output(_VERSIONS, *PACKAGES)), "BLAS of NumPy": ", ".join(_output(_BLAS)),
            "threads of every program": "2, unless a table says otherwise"}


def _output(program: str, *arguments: str) -> list[str]:
    """Lines that a program prints in a process of its own."""
    run = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


def _processor() -> str:
    """Model, processors that may be used, and what its vectors can do."""
    fields: dict[str, str] = {}
    if (info := Path("/proc/cpuinfo")).exists():
        for line in info.read_text().splitlines():
            name, _, value = line.partition(":")
            fields.setdefault(name.strip(), value.strip())
    name = fields.get("model name", platform.processor() or platform.machine())
    number = f" (family {fields['cpu family']}, model {fields['model']})" if "cpu family" in fields else ""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    flags = fields.get("flags", "").split()
    vectors = [flag for flag in ("avx2", "avx512f", "avx512_vnni", "amx_tile") if flag in flags]
    return f"{name}{number}, {usable} of {os.cpu_count()} processors, {' '.join(vectors) or platform.machine()}"


def _caches() -> str:
    """Sizes of the caches of the first processor, as Linux tells them."""
    folder = Path("/sys/devices/system/cpu/cpu0/cache")
    found = [f"L{(cache / 'level').read_text().strip()} {(cache / 'type').read_text().strip().lower()} "
             f"{(cache / 'size').read_text().strip()}" for cache in sorted(folder.glob("index*"))]
    return ", ".join(found) or "unknown"


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
