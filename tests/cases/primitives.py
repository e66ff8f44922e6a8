"""What to feed each primitive: arrays and attributes.

The tests compare results with what the shape rules say, with sizes known and unknown. Values matter only in so far as
they lie in the domain of the function.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo.engine.graph import Graph
from zoo.engine.primitives import add_op, matmul_op, multiply_op, select_op, tanh_op
from zoo.engine.spec import TensorSpec
from zoo.engine.trace import trace

FLOATS = ("float16", "float32", "float64")


@dataclass(frozen=True)
class Case:
    """Inputs and attributes of one application.

    Args:
        inputs: arrays.
        attrs: of the primitive.
        fixed: inputs whose sizes the primitive must know.
    """

    inputs: tuple[np.ndarray, ...]
    attrs: dict[str, Any] = field(default_factory=dict)
    fixed: tuple[int, ...] = ()


def floats(*shape: int, dtype: str = "float32", low: float = -2.0, high: float = 2.0) -> np.ndarray:
    """Numbers that differ from each other, between two bounds."""
    count = int(np.prod(shape))
    order = np.random.default_rng(count).permutation(count)
    return (low + (high - low) * (order + 0.5) / max(count, 1)).reshape(shape).astype(dtype)


def integers(*shape: int, dtype: str = "int32", low: int = 0, high: int = 5) -> np.ndarray:
    """Integers from `low` to before `high`."""
    return np.random.default_rng(len(shape)).integers(low, high, shape).astype(dtype)


def bools(*shape: int) -> np.ndarray:
    """Truth values."""
    return integers(*shape, high=2).astype("bool")


def complexes(*shape: int, dtype: str = "complex64") -> np.ndarray:
    """Complex numbers."""
    return (floats(*shape) + 1j * floats(*shape)[..., ::-1]).astype(dtype)


def matrices(*shape: int) -> np.ndarray:
    """Symmetric positive definite matrices."""
    x = floats(*shape)
    return x @ np.swapaxes(x, -1, -2) + np.eye(shape[-1], dtype="float32")


def of_floats(low: float = -2.0, high: float = 2.0) -> list[Case]:
    """One input of each floating dtype, and a scalar."""
    return [*(Case((floats(2, 3, dtype=dtype, low=low, high=high),)) for dtype in FLOATS),
            Case((floats(low=low, high=high),))]


def of_two(*dtypes: str) -> list[Case]:
    """Two inputs that broadcast, of each dtype."""
    make = {"f": floats, "i": integers, "u": integers}
    makers = [(make[np.dtype(d).kind], d) for d in dtypes if d != "bool"]
    pairs = [(maker(2, 1, 3, dtype=d), maker(4, 1, dtype=d)) for maker, d in makers]
    return [Case((a, np.where(b == 0, 1, b).astype(b.dtype))) for a, b in pairs] \
        + [Case((bools(2, 1, 3), bools(4, 1)))] * ("bool" in dtypes)


REAL = ("float16", "float32", "float64", "int32", "int64", "uint8")
REDUCTIONS = [{"axes": (0, 2), "keepdims": False}, {"axes": (1,), "keepdims": True}, {"axes": (), "keepdims": False},
              {"axes": (0, 1, 2), "keepdims": False}]
ALONG = [{"axis": 0, "keepdims": False}, {"axis": 2, "keepdims": True}]


def reductions(*arrays: np.ndarray, attrs: list[dict[str, Any]] | None = None) -> list[Case]:
    """Each array with each set of attributes."""
    return [Case((array,), a) for array in arrays for a in attrs or REDUCTIONS]


NUMBERS = (floats(2, 3, 4), floats(2, 3, 4, dtype="float16"), integers(2, 3, 4), integers(2, 3, 4, dtype="uint8"))
STATE = np.array([7, 3], "uint32")
KERNEL = {"strides": (2, 1), "padding": "same", "dilation": (1, 2), "groups": 2}
POOL = {"window": (2, 3), "strides": (2, 1), "padding": "same"}

CELL = {"activation": "tanh", "recurrent_activation": "sigmoid"}
CELLS: dict[str, tuple[tuple[np.ndarray, ...], tuple[np.ndarray, ...], list[dict[str, Any]]]] = {     # inputs, outputs
    "simple_rnn": ((floats(2, 4, 3), floats(3, 3), floats(2, 3)), (floats(2, 4, 3),), [{"activation": "relu"}]),
    "lstm": ((floats(2, 4, 12), floats(3, 12), floats(2, 3), floats(2, 3)), (floats(2, 4, 3),) * 2, [CELL]),
    "gru": ((floats(2, 4, 9), floats(3, 9), floats(3), floats(2, 3)), (floats(2, 4, 3),),
            [{**CELL, "reset_after": True},
             {"activation": "linear", "recurrent_activation": "hard_sigmoid", "reset_after": False}]),
}


def cell(name: str, gradient: bool = False) -> list[Case]:
    """A recurrent cell, or its gradient, with and without a mask."""
    inputs, outputs, attrs = CELLS[name]
    given = (*outputs, *inputs, *outputs) if gradient else inputs
    return [Case((*given, *mask), a) for a in attrs for mask in ((), (bools(2, 4),))]


def loop_body(dtype: str = "float32") -> Graph:
    """One turn of a loop over x (2, 3) with state h (2, 3), weight (3, 3) and condition (3,): h and two results."""
    def turn(x: Any, h: Any, weight: Any, condition: Any) -> Any:
        new = select_op(condition, tanh_op(add_op(matmul_op(h, weight), x)), h)
        return new, h, multiply_op(matmul_op(weight, weight), weight)
    return trace(turn, TensorSpec((2, 3), dtype), TensorSpec((2, 3), dtype), TensorSpec((3, 3), dtype),
                 TensorSpec((3,), "bool")).graph


def own_gradient() -> Graph:
    """The cotangent of x (2, 3) for a cotangent of its result, and a captured factor."""
    return trace(multiply_op, TensorSpec((2, 3)), TensorSpec((3,))).graph


@dataclass(frozen=True)
class Lengths:
    """A function of the host: how long each string is."""

    def infer(self, x: TensorSpec) -> TensorSpec:
        return x.with_dtype("int64")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        return np.reshape([len(item) for item in x.flat], x.shape).astype("int64")


CASES: dict[str, list[Case]] = {
    # elementwise
    **{name: of_floats() for name in (
        "exp", "expm1", "floor", "ceil", "round", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "arcsinh",
        "sigmoid", "softplus", "erf", "is_nan", "is_inf", "is_finite")},
    **{name: of_floats(0.1, 3.0) for name in ("log", "log1p", "sqrt", "rsqrt", "reciprocal")},
    **{name: of_floats(-0.9, 0.9) for name in ("arcsin", "arccos", "arctanh")},
    "arccosh": of_floats(1.1, 4.0),
    **{name: [*of_floats(), Case((integers(2, 3, low=-3),))]
       for name in ("negative", "absolute", "sign", "square", "relu")},
    "logical_not": [Case((bools(2, 3),)), Case((bools(),))],
    "stop_gradient": [Case((floats(2, 3),)), Case((bools(2),))],
    "clip": [Case((floats(2, 3, dtype=dtype),), {"min": -0.5, "max": 1.0}) for dtype in FLOATS]
    + [Case((integers(3),), {"min": 1, "max": 3})],
    "full_like": [Case((floats(2, 3),), {"value": 2, "dtype": "int32"}),
                  Case((bools(4),), {"value": 0.5, "dtype": "float16"})],
    "cast": [Case((floats(2, 3),), {"dtype": dtype}) for dtype in ("float16", "bfloat16", "float64", "int32", "bool",
                                                                   "complex64")]
    + [Case((bools(3),), {"dtype": "float32"})],
    "complex": [Case((floats(2, 3), floats(3))), Case((floats(2, dtype="float64"), floats(2, dtype="float64")))],
    "real": [Case((complexes(2, 3),)), Case((complexes(2, 3, dtype="complex128"),))],
    "imaginary": [Case((complexes(2, 3),)), Case((complexes(2, 3, dtype="complex128"),))],
    # arithmetic, comparison, logic
    **{name: of_two(*REAL) for name in ("add", "subtract", "multiply", "floor_divide", "mod", "power")},
    **{name: of_two(*REAL, "bool") for name in ("maximum", "minimum", "equal", "not_equal", "less", "less_equal",
                                                "greater", "greater_equal")},
    **{name: of_two(*FLOATS) for name in ("divide", "arctan2")},
    **{name: of_two("bool") for name in ("logical_and", "logical_or", "logical_xor")},
    **{name: of_two("int32", "uint8", "bool") for name in ("bitwise_and", "bitwise_or", "bitwise_xor")},
    **{name: of_two("int32", "uint8") for name in ("left_shift", "right_shift")},
    "select": [Case((bools(2, 1, 1), floats(3, 1), floats(4))), Case((bools(3), integers(3), integers(3)))],
    # reductions
    **{name: reductions(*NUMBERS) for name in ("sum", "prod")},
    **{name: reductions(*NUMBERS[:2]) for name in ("mean", "moments")},
    **{name: reductions(*NUMBERS, bools(2, 3, 4)) for name in ("max", "min")},
    **{name: reductions(bools(2, 3, 4)) for name in ("all", "any")},
    **{name: reductions(*NUMBERS, attrs=ALONG) for name in ("argmax", "argmin")},
    **{name: reductions(*NUMBERS, attrs=[{"axis": 0}, {"axis": 2}]) for name in ("cumsum", "cumprod")},
    # movement
    "reshape": [Case((floats(2, 3, 4),), {"shape": shape}) for shape in ((6, 4), (24,), (2, None), (2, 3, 1, 4))]
    + [Case((floats(),), {"shape": (1, 1)})],
    "transpose": [Case((floats(2, 3, 4),), {"axes": axes}) for axes in ((2, 0, 1), (0, 1, 2))],
    "broadcast_to": [Case((floats(3, 1),), {"shape": (2, 3, 4)}), Case((floats(3, 1),), {"shape": (None, 4)}),
                     Case((integers(),), {"shape": (2, 2)})],
    "concatenate": [Case((floats(2, 3), floats(2, 1), floats(2, 2)), {"axis": 1}), Case((bools(3),), {"axis": 0})],
    "pad": [Case((floats(3, 4),), {"pads": ((1, 2), (0, 1)), "mode": mode, "value": 0.5})
            for mode in ("constant", "reflect", "symmetric", "edge", "wrap")]
    + [Case((integers(3),), {"pads": ((2, 0),), "mode": "constant", "value": 7})],
    "slice": [Case((floats(5, 6),), {"starts": starts, "stops": stops, "steps": steps}) for starts, stops, steps in (
        ((1, 0), (4, None), (1, 2)), ((-1, None), (None, -2), (1, 1)), ((2, 3), (3, 4), (1, 1)),
        ((4, 0), (2, 9), (1, 4)))],
    "flip": [Case((floats(2, 3, 4),), {"axes": axes}) for axes in ((1,), (0, 2), ())],
    # indexing
    "take": [Case((floats(4, 5),  np.array([[0, -1, 2]], "int32")), {"axis": 0}),
             Case((integers(2, 5), np.array(3, "int64")), {"axis": 1})],
    "take_along_axis": [Case((floats(2, 3, 4), integers(2, 3, 2, high=4)), {"axis": 2}),
                        Case((floats(2, 3, 4), integers(1, 5, 1, high=3)), {"axis": 1})],
    "argsort": reductions(*NUMBERS, attrs=[{"axis": 0}, {"axis": 2}]),
    "scatter": [Case((floats(4, 3), np.array([[0], [2], [0]], "int32"), floats(3, 3)), {"mode": mode}, fixed=(1,))
                for mode in ("update", "add", "multiply", "max", "min")]
    + [Case((integers(4, 3), np.array([1, 2], "int64"), integers()), {"mode": "add"}, fixed=(1,))],
    # contractions
    "matmul": [Case((floats(2, 3), floats(3, 4))), Case((floats(5, 1, 2, 3), floats(2, 3, 4))),
               Case((integers(2, 2),) * 2)],
    "einsum": [Case((floats(2, 3), floats(3, 4)), {"equation": "ab,bc->ca"}),
               Case((floats(2, 3, 4), floats(2, 4, 5), floats(5)), {"equation": "abc,acd,d->ba"}),
               Case((floats(2, 3),), {"equation": "ab->b"}), Case((floats(3, 3),), {"equation": "aa->a"}),
               Case((floats(3, 2, 3, 3), floats(3, 4)), {"equation": "abaa,ad->bd"}), Case((floats(3, 3),), {"equation": "aa->"})],
    # windows: kernels are weights, whose sizes are known
    "conv": [Case((floats(2, 7, 6, 4), floats(3, 2, 2, 6)), KERNEL, fixed=(1,)),
             Case((floats(2, 7, 3), floats(3, 3, 2)),
                  {"strides": (1,), "padding": "valid", "dilation": (2,), "groups": 1}, fixed=(1,)),
             Case((floats(1, 4, 4, 4, 1), floats(2, 2, 2, 1, 3)), {"strides": (1, 2, 1), "padding": ((1, 0),) * 3,
                                                                  "dilation": (1, 1, 1), "groups": 1}, fixed=(1,))],
    "conv_transpose": [
        Case((floats(2, 3, 4, 4), floats(3, 2, 3, 4)), {**KERNEL, "output_padding": None}, fixed=(1,)),
        Case((floats(2, 3, 2), floats(2, 3, 2)), {"strides": (3,), "padding": "valid", "output_padding": (1,),
                                                  "dilation": (1,), "groups": 1}, fixed=(1,)),
        Case((floats(2, 4, 2), floats(3, 3, 2)), {"strides": (2,), "padding": ((1, 1),), "output_padding": (1,),
                                                  "dilation": (1,), "groups": 1}, fixed=(1,))],
    **{name: [Case((floats(2, 5, 6, 3),), POOL), Case((floats(2, 5, 3, dtype="float16"),), {
        "window": (3,), "strides": (2,), "padding": "valid"})] for name in ("max_pool", "avg_pool")},
    "conv_kernel_gradient": [Case((floats(2, 7, 6, 4), floats(2, 4, 6, 6)), {**KERNEL, "window": (3, 2)},
                                  fixed=(0, 1))],
    "max_pool_gradient": [Case((floats(2, 3, 6, 3), floats(2, 5, 6, 3)), POOL)],
    "max_pool_pick": [Case((floats(2, 5, 6, 3), floats(2, 5, 6, 3)), POOL)],
    # normalisation, images
    **{name: [Case((floats(2, 3, 4, dtype=dtype),), {"axis": axis}) for dtype in FLOATS for axis in (0, 2)]
       for name in ("softmax", "log_softmax")},
    "resize": [Case((floats(2, 4, 5, 3),), {"size": (6, 3), "method": method, "antialias": antialias})
               for method in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5",
                              "area") for antialias in (False, True)]
    + [Case((integers(1, 4, 2, dtype="uint8"),), {"size": (3,), "method": "nearest", "antialias": False}),
       Case((floats(1, 4, 2, dtype="float16"),), {"size": (3,), "method": "bilinear", "antialias": False})],
    # loops
    "scan": [Case((floats(4, 2, 3), floats(2, 3), floats(3, 3), bools(3)), {
        "body": loop_body(), "sequences": 1, "states": 1, "reverse": reverse}) for reverse in (False, True)],
    **{name: cell(name) for name in CELLS},
    **{f"{name}_gradient": cell(name, gradient=True) for name in CELLS},
    "custom_gradient": [Case((floats(2, 3), floats(2, 3), floats(3)), {
        "backward": own_gradient(), "arguments": 1, "results": 1})],
    # random numbers
    **{name: [Case((STATE,), {"shape": (2, 3), "dtype": dtype}) for dtype in FLOATS]
       + [Case((STATE,), {"shape": (), "dtype": "bfloat16"}), Case((STATE,), {"shape": (0, 2), "dtype": "float32"})]
       for name in ("random_uniform", "random_normal")},
    # linear algebra, Fourier transform
    "cholesky": [Case((matrices(2, 3, 3),))],
    "det": [Case((matrices(2, 3, 3),)), Case((matrices(2, 2),))],
    "solve": [Case((matrices(2, 3, 3), floats(3, 2))), Case((matrices(3, 3), floats(2, 3, 1)))],
    "qr": [Case((floats(2, 4, 3),), {"complete": complete}) for complete in (False, True)]
    + [Case((floats(3, 3),), {"complete": True}), Case((floats(2, 2, 4),), {"complete": False})],
    "svd": [Case((floats(2, 4, 3),), {"full_matrices": full}) for full in (False, True)]
    + [Case((floats(3, 3),), {"full_matrices": True}), Case((floats(2, 5),), {"full_matrices": False})],
    "eigh": [Case((matrices(2, 3, 3),))],
    "host": [Case((np.array([["a", "bc"], ["", "def"]], object),), {"function": Lengths()})],
    "fft": [Case((complexes(2, 5, dtype=dtype),), {"inverse": inverse}) for dtype in ("complex64", "complex128")
            for inverse in (False, True)],
}
