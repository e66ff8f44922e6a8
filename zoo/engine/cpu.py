"""Which processor this is, as far as code made for it, or times measured on it, depend on that."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

_TELLING = ("model name", "flags", "cpu", "Features", "CPU implementer", "CPU part", "CPU variant", "isa")
_INFORMATION = Path("/proc/cpuinfo")


@cache
def cpu_id() -> str:
    """A short name that differs between kinds of processors: the architecture, and a hash of model and features."""
    return f"{platform.machine() or 'unknown'}-{hashlib.sha256(cpu_description().encode()).hexdigest()[:12]}"


def cpu_description() -> str:
    """What the system tells of its first processor."""
    rows = _first_processor()
    if not rows:
        return f"{platform.machine()} {platform.processor()} {platform.platform()}"
    return "\n".join(f"{key}: {value}" for key, value in rows.items() if key in _TELLING)


@cache
def cpu_features() -> frozenset[str]:
    """Names of its sets of instructions, as ``avx2``: as Linux tells them, elsewhere as LLVM does if it is there."""
    rows = _first_processor()
    if not rows and find_spec("llvmlite") is not None:
        known = import_module("llvmlite.binding").get_host_cpu_features()
        return frozenset(name for name, present in known.items() if present)
    return frozenset((rows.get("flags") or rows.get("Features") or "").split())


@cache
def _first_processor() -> dict[str, str]:
    try:
        first = _INFORMATION.read_text(errors="replace").partition("\n\n")[0]
    except OSError:                                         # not Linux
        return {}
    return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in first.splitlines())}
