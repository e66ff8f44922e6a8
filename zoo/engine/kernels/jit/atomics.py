"""Numbers in memory that several threads share, for compiled code."""

from __future__ import annotations

import platform
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.cgutils import get_or_insert_function
from numba.extending import intrinsic


@intrinsic
def take(typing_context: Any, counter: Any) -> Any:
    """The first number of an array, which is one more for the next thread that asks."""
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = context.make_array(counter)(context, builder, values[0]).data
        return builder.atomic_rmw("add", pointer, pointer.type.pointee(1), "monotonic")

    return types.intp(counter), generate


@intrinsic
def look(typing_context: Any, sign: Any) -> Any:
    """The first number of an array, read from memory now; on the way other threads of the core may go first."""
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        if platform.machine() in ("x86_64", "AMD64"):
            pause = ir.FunctionType(ir.VoidType(), [])
            builder.call(get_or_insert_function(builder.module, pause, "llvm.x86.sse2.pause"), [])
        pointer = context.make_array(sign)(context, builder, values[0]).data
        return builder.load_atomic(pointer, "acquire", types.intp.bitwidth // 8)

    return types.intp(sign), generate


@intrinsic
def raise_sign(typing_context: Any, sign: Any) -> Any:
    """Sets the first number of an array to one, after all that was written before."""
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        pointer = context.make_array(sign)(context, builder, values[0]).data
        builder.store_atomic(pointer.type.pointee(1), pointer, "release", types.intp.bitwidth // 8)
        return context.get_dummy_value()

    return types.void(sign), generate
