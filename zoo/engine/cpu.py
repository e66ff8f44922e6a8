"""Which processor this is, as far as code made for it, or times measured on it, depend on that."""

from __future__ import annotations

import hashlib
import platform
from functools import cache
from pathlib import Path

_TELLING = ("model name", "flags", "cpu", "Features", "CPU implementer", "CPU part", "CPU variant", "isa")
_INFORMATION = Path("/proc/cpuinfo")


@cache
def cpu_id() -> str:
    """A short name that differs between kinds of processors: the architecture, and a hash of model and features."""
    return f"{platform.machine() or 'unknown'}-{hashlib.sha256(cpu_description().encode()).hexdigest()[:12]}"


def cpu_description() -> str:
    """What the system tells of its first processor."""
    try:
        first = _INFORMATION.read_text(errors="replace").partition("\n\n")[0]
    except OSError:                                         # not Linux
        return f"{platform.machine()} {platform.processor()} {platform.platform()}"
    rows = [line.split(":", 1) for line in first.splitlines() if ":" in line]
    return "\n".join(f"{key.strip()}: {value.strip()}" for key, value in rows if key.strip() in _TELLING)
