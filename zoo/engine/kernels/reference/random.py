"""Definitions of random numbers: Philox-4x32 with 10 rounds.

Source: Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3 (SC 2011). Block i of four words is a
function of the key (the state) and of i alone, so that any part of a tensor can be made by itself.
"""

from __future__ import annotations

from math import pi, prod
from types import ModuleType
from typing import Any

from zoo.engine import dtypes
from zoo.engine.kernels.registry import reference

MULTIPLIERS = (0xD2511F53, 0xCD9E8D57)
WEYL = (0x9E3779B9, 0xBB67AE85)
ROUNDS = 10


def random_words(xp: ModuleType, state: Any, count: int) -> Any:
    """`count` words of 32 random bits, as uint64."""
    mask = xp.uint64(0xFFFFFFFF)
    block = xp.arange(-(-count // 4), dtype="uint64")
    a, b, c, d = block & mask, block >> xp.uint64(32), xp.zeros_like(block), xp.zeros_like(block)
    keys = state.astype("uint64")
    for turn in range(ROUNDS):
        low, high = ((keys[i:i + 1] + xp.uint64(turn * WEYL[i])) & mask for i in (0, 1))
        first, second = a * xp.uint64(MULTIPLIERS[0]), c * xp.uint64(MULTIPLIERS[1])
        b, d = (second >> xp.uint64(32)) ^ b ^ low, (first >> xp.uint64(32)) ^ d ^ high
        a, b, c, d = b, second & mask, d, first & mask
    return xp.stack((a, b, c, d), axis=-1).reshape(-1)[:count]


def _uniform(xp: ModuleType, state: Any, count: int, dtype: str) -> Any:
    """`count` numbers in [0, 1): multiples of 2**-24, or of 2**-53 for float64, or of 2**-11 for float16."""
    if dtype == "float64":
        words = random_words(xp, state, 2 * count)
        bits = ((words[0::2] << xp.uint64(32)) | words[1::2]) >> xp.uint64(11)
        return bits.astype("float64") * 2.0 ** -53
    width = 11 if dtype == "float16" else 24
    bits = random_words(xp, state, count) >> xp.uint64(32 - width)
    return (bits.astype("float32") * xp.float32(2.0 ** -width)).astype(dtypes.storage(dtype), copy=False)


@reference("random_uniform")
def random_uniform(xp: ModuleType, state: Any, *, shape: tuple[int, ...], dtype: str) -> Any:
    """Numbers in [0, 1), all equally likely."""
    return _uniform(xp, state, prod(shape), dtype).reshape(shape)


@reference("random_normal")
def random_normal(xp: ModuleType, state: Any, *, shape: tuple[int, ...], dtype: str) -> Any:
    """Numbers of the standard normal distribution, two from two uniform ones (Box and Muller, 1958)."""
    count, wide = prod(shape), "float64" if dtype == "float64" else "float32"
    pairs = _uniform(xp, state, 2 * -(-count // 2), wide).reshape(-1, 2)
    radius = xp.sqrt(-2 * xp.log1p(-pairs[:, 0]))           # 1 - u lies in (0, 1]
    angle = pairs[:, 1] * pairs.dtype.type(2 * pi)
    both = xp.stack((radius * xp.cos(angle), radius * xp.sin(angle)), axis=-1)
    return both.reshape(-1)[:count].reshape(shape).astype(dtypes.storage(dtype), copy=False)
