"""How many numbers the registers of this processor hold. Numba is not imported for that: only compiling needs it."""

from __future__ import annotations

from functools import cache

from zoo.engine.cpu import cpu_features

AHEAD = 8                                                   # products of tiles during which one panel is brought near


@cache
def register_tile() -> tuple[int, int]:
    """Vectors in a row of a tile, and numbers in a vector, such that some six rows fit into the registers."""
    features = cpu_features()
    if "avx512f" in features:                               # 32 registers: 24 of results, a row of the panel, a number
        return 4, 16
    return (2, 8) if "avx2" in features else (2, 4)
