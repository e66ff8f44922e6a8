"""Resampling of channels-last images ``(batch, spatial..., channels)``."""

from __future__ import annotations

from zoo.engine.op import primitive
from zoo.engine.primitives.rules import FLOAT, REAL, require, require_rank
from zoo.engine.spec import Shape, TensorSpec
from zoo.errors import ConfigError, ShapeError

RESIZE_METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5", "area")


def _resize(x: TensorSpec, *, size: Shape, method: str, antialias: bool) -> TensorSpec:
    if method not in RESIZE_METHODS:
        raise ConfigError(f"resize: expected a method of {RESIZE_METHODS}, received {method!r}.")
    require("resize", x, REAL if method == "nearest" else FLOAT)
    require_rank("resize", x, (3, 4, 5))
    if len(size) != x.rank - 2 or any(n is not None and n < 1 for n in size) or 0 in x.shape[1:-1]:
        raise ShapeError(f"resize: expected {x.rank - 2} positive sizes and a non-empty image, "
                         f"received {size} for {x!r}.")
    return x.with_shape((x.shape[0], *size, x.shape[-1]))


resize_op = primitive("resize", _resize)                    # centres of pixels lie at halves; None: unknown, never run
