"""Compiled functions that call each other by address: a few of them work on one piece after another without Python.

Numba would compile the functions that another one calls again, as a part of it. So each is compiled once, and serves
alone as well as in any combination.
"""

from __future__ import annotations

from typing import Any

from numba import types
from numba.extending import intrinsic


@intrinsic
def call(typing_context: Any, address: Any, *arguments: Any) -> Any:
    """Calls the function at `address`, for compiled code; nothing is checked.

    The arguments must have the types that it was compiled for, but an array that it only reads may be one to write.
    """
    kinds = [types.unliteral(kind) for kind in arguments]

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        convention = context.call_conv
        goal = builder.inttoptr(values[0], convention.get_function_type(types.void, kinds).as_pointer())
        given = [builder.extract_value(values[1], i) for i in range(len(kinds))]
        convention.call_function(builder, goal, types.void, kinds, given)
        return context.get_dummy_value()

    return types.void(address, types.StarArgTuple(kinds)), generate
