"""NumPy's own BLAS called from compiled code: a loop over steps need not come back to Python for its products."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from zoo.engine.threads import blas_libraries

_SGEMM = ("scipy_cblas_sgemm64_", "cblas_sgemm64_")         # in the OpenBLAS of NumPy's wheels: integers of 64 bits
_ROW_MAJOR, _PLAIN = 101, 111                              # of CBLAS


@cache
def sgemm_address() -> int:
    """Where that function lies in this process; 0 if NumPy has another BLAS."""
    for library in blas_libraries():
        for name in _SGEMM:
            if library.internal_api == "openblas" and hasattr(library.dynlib, name):
                return ctypes.cast(getattr(library.dynlib, name), ctypes.c_void_p).value or 0
    return 0


@intrinsic
def add_product(typing_context: Any, address: Any, m: Any, n: Any, k: Any, x: Any, x_start: Any, x_step: Any, y: Any,
                y_start: Any, y_step: Any, z: Any, z_start: Any, z_step: Any) -> Any:
    """``z += x y`` by the function at `address`, for compiled code; `address` and all sizes have 64 bits.

    Flat float32 arrays hold x (m, k), y (k, n) and z (m, n): each starts at an element, and its rows begin every so
    many elements.
    """
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        goal, *sizes = values[:4]
        whole, choice, number = ir.IntType(64), ir.IntType(32), ir.FloatType()
        pointer = number.as_pointer()
        function = ir.FunctionType(ir.VoidType(), [choice] * 3 + [whole] * 3 + [number, pointer, whole, pointer, whole,
                                                                               number, pointer, whole])
        matrices = []
        for kind, (array, start, step) in zip((x, y, z), (values[4:7], values[7:10], values[10:13])):
            data = context.make_array(kind)(context, builder, array).data
            matrices += [builder.gep(data, [start]), step]
        builder.call(builder.inttoptr(goal, function.as_pointer()),
                     [*(choice(value) for value in (_ROW_MAJOR, _PLAIN, _PLAIN)), *sizes, number(1.0), *matrices[:4],
                      number(1.0), *matrices[4:]])
        return context.get_dummy_value()

    return types.void(*(address, m, n, k, x, x_start, x_step, y, y_start, y_step, z, z_start, z_step)), generate
