"""Random numbers as functions of a state: the same state gives the same numbers, for any number of threads.

A state is a uint32 tensor of shape (2,): a seed, and how many draws came before (see `zoo.engine.rng`).
"""

from __future__ import annotations

from zoo.engine.op import Op, primitive
from zoo.engine.primitives.rules import FLOAT, require
from zoo.engine.spec import Shape, TensorSpec
from zoo.errors import DtypeError, ShapeError


def _random(name: str) -> Op:
    def infer(state: TensorSpec, *, shape: Shape, dtype: str) -> TensorSpec:
        require(name, state, {"uint32"})
        if state.shape != (2,):
            raise ShapeError(f"{name}: expected a state of shape (2,), received {state!r}.")
        if dtype not in FLOAT:
            raise DtypeError(f"{name}: expected a floating dtype, received {dtype!r}.")
        return TensorSpec(shape, dtype)
    return primitive(name, infer)


random_uniform_op = _random("random_uniform")               # in [0, 1)
random_normal_op = _random("random_normal")                 # of mean 0 and variance 1
