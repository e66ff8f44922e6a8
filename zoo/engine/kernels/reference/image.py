"""Definition of resizing: along each axis, a matrix of weights.

The centre of output pixel i lies at ``(i + 1/2) * scale - 1/2`` of the input, with ``scale = input / output size``.
Weights of places outside the image are dropped and the rest is scaled to the sum 1.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from zoo.engine.kernels.registry import reference


def _triangle(xp: ModuleType, x: Any) -> Any:
    return xp.maximum(1 - xp.abs(x), 0.0)


def _keys_cubic(xp: ModuleType, x: Any) -> Any:
    """Keys' cubic convolution with a = -1/2 (IEEE Trans. ASSP 29, 1981)."""
    x = xp.abs(x)
    near, far = (1.5 * x - 2.5) * x * x + 1, ((-0.5 * x + 2.5) * x - 4) * x + 2
    return xp.where(x <= 1, near, xp.where(x < 2, far, 0.0))


def _lanczos(radius: int) -> Any:
    """sinc(x) sinc(x / radius) within the radius."""
    def kernel(xp: ModuleType, x: Any) -> Any:
        return xp.where(xp.abs(x) < radius, xp.sinc(x) * xp.sinc(x / radius), 0.0)
    return kernel


#: method -> (radius, weight of a pixel at a signed distance)
KERNELS = {"bilinear": (1, _triangle), "bicubic": (2, _keys_cubic), "lanczos3": (3, _lanczos(3)),
           "lanczos5": (5, _lanczos(5))}


def weights(xp: ModuleType, source: int, target: int, method: str, antialias: bool) -> Any:
    """The matrix ``(target, source)`` that resizes a line of pixels; float64."""
    scale = source / target
    if method == "area":                                    # the share of each source pixel in the target pixel
        low, pixel = xp.arange(target)[:, None] * scale, xp.arange(source)[None, :]
        table = xp.clip(xp.minimum(low + scale, pixel + 1) - xp.maximum(low, pixel), 0.0, None)
    else:
        stretch = max(scale, 1.0) if antialias else 1.0     # a shrinking image is smoothed by a wider kernel
        centre = (xp.arange(target)[:, None] + 0.5) * scale - 0.5
        if method == "bicubic" and not antialias:           # TensorFlow looks its weights up in steps of 1 / 1024
            centre = xp.rint(centre.astype("float32") * 1024).astype("float64") / 1024
        table = KERNELS[method][1](xp, (xp.arange(source)[None, :] - centre) / stretch)
    return table / xp.sum(table, axis=1, keepdims=True)


@reference("resize")
def resize(xp: ModuleType, x: Any, *, size: tuple[int, ...], method: str, antialias: bool) -> Any:
    """x resampled to `size`; half floats are computed as float32."""
    dtype, wide = x.dtype, xp.result_type(x.dtype, "float32")
    for axis, target in enumerate(size, start=1):
        source = x.shape[axis]
        if method == "nearest":
            centres = (xp.arange(target) + 0.5) * (source / target)
            x = xp.take(x, xp.minimum(centres.astype("int64"), source - 1), axis=axis)
        elif source != target:
            table = weights(xp, source, target, method, antialias).astype(wide)
            x = xp.moveaxis(xp.tensordot(x.astype(wide, copy=False), table, axes=((axis,), (1,))), -1, axis)
    return x.astype(dtype, copy=False)
