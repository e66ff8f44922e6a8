"""TensorFlow's arithmetic in terms of `zoo.ops`, by element and along axes. Arguments have TensorFlow's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo import ops
from zoo.errors import Unsupported
from zoo.layers.tensorflow.sizes import dtype_name, size_from, sizes_from

Function = Callable[..., Any]

UNARY = {
    "abs": ops.absolute, "acos": ops.arccos, "acosh": ops.arccosh, "asin": ops.arcsin, "asinh": ops.arcsinh,
    "atan": ops.arctan, "atanh": ops.arctanh, "ceil": ops.ceil, "cos": ops.cos, "cosh": ops.cosh, "erf": ops.erf,
    "erfc": ops.erfc, "exp": ops.exp, "expm1": ops.expm1, "floor": ops.floor, "identity": lambda x: x,
    "is_finite": ops.isfinite, "is_inf": ops.isinf, "is_nan": ops.isnan, "log": ops.log, "log1p": ops.log1p,
    "log_sigmoid": ops.log_sigmoid, "logical_not": ops.logical_not, "negative": ops.negative, "ones_like":
    ops.ones_like, "reciprocal": ops.reciprocal, "relu": ops.relu, "relu6": ops.relu6, "rint": ops.round,
    "round": ops.round, "rsqrt": ops.rsqrt, "selu": ops.selu, "sigmoid": ops.sigmoid, "sign": ops.sign,
    "sin": ops.sin, "sinh": ops.sinh, "softplus": ops.softplus, "softsign": ops.softsign, "sqrt": ops.sqrt,
    "square": ops.square, "stop_gradient": ops.stop_gradient, "tan": ops.tan, "tanh": ops.tanh,
    "zeros_like": ops.zeros_like, "hard_sigmoid": lambda x: ops.clip(x * 0.2 + 0.5, 0.0, 1.0),
}

BINARY = {
    "add": ops.add, "subtract": ops.subtract, "multiply": ops.multiply, "divide": ops.divide, "truediv": ops.divide,
    "floordiv": ops.floor_divide, "floor_div": ops.floor_divide, "mod": ops.mod, "floormod": ops.mod, "pow": ops.power,
    "maximum": ops.maximum,
    "minimum": ops.minimum, "squared_difference": lambda x, y: ops.square(ops.subtract(x, y)),
    "divide_no_nan": ops.divide_no_nan, "xlogy": lambda x, y:
    ops.where(ops.equal(x, 0), 0.0, ops.multiply(x, ops.log(y))),
    "greater": ops.greater, "greater_equal": ops.greater_equal, "less": ops.less,
    "less_equal": ops.less_equal, "equal": ops.equal, "not_equal": ops.not_equal, "logical_and": ops.logical_and,
    "logical_or": ops.logical_or, "logical_xor": ops.logical_xor,
}

REDUCTIONS = {
    "sum": ops.sum, "mean": ops.mean, "max": ops.max, "min": ops.min, "prod": ops.prod, "any": ops.any, "all": ops.all,
    "std": ops.std, "variance": ops.var, "logsumexp": ops.logsumexp, "euclidean_norm": lambda x, axis, keepdims:
    ops.sqrt(ops.sum(ops.square(x), axis=axis, keepdims=keepdims)),
}


def unary(function: Function) -> Function:
    """With TensorFlow's argument."""
    return lambda x: function(x)


def binary(function: Function) -> Function:
    """With TensorFlow's arguments."""
    return lambda x, y: function(x, y)


def reduction(function: Function) -> Function:
    """With TensorFlow's arguments."""
    def reduced(input_tensor: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(input_tensor, axis=axis if axis is None else axes_from(axis), keepdims=bool(keepdims))
    return reduced


def axes_from(axis: Any) -> Any:
    """One axis, or several as a tuple."""
    axes = sizes_from(axis if isinstance(axis, (list, tuple)) else [axis])
    return axes if isinstance(axis, (list, tuple)) and len(axes) != 1 else axes[0]


def argmax(input: Any, axis: int = 0, output_type: Any = "int64") -> Any:  # noqa: A002 - TensorFlow's names
    """The position of the largest element."""
    return ops.cast(ops.argmax(input, axis=axis), dtype_name(output_type))


def argmin(input: Any, axis: int = 0, output_type: Any = "int64") -> Any:  # noqa: A002
    """The position of the smallest element."""
    return ops.cast(ops.argmin(input, axis=axis), dtype_name(output_type))


def running(function: Function) -> Function:
    """With TensorFlow's arguments."""
    def summed(x: Any, axis: int = 0, exclusive: bool = False, reverse: bool = False) -> Any:
        if exclusive:
            raise Unsupported("tf.math.cumsum and cumprod with exclusive=True are not supported.")
        return ops.flip(function(ops.flip(x, axis), axis=axis), axis) if reverse else function(x, axis=axis)
    return summed


def softmax(logits: Any, axis: int = -1) -> Any:
    """Exponentials that sum to one."""
    return ops.softmax(logits, axis=-1 if axis is None else axis)


def log_softmax(logits: Any, axis: int = -1) -> Any:
    """The logarithm of softmax."""
    return ops.log_softmax(logits, axis=-1 if axis is None else axis)


def l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Any:
    """x divided by its length."""
    total = ops.sum(ops.square(x), axis=None if axis is None else axes_from(axis), keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(total, epsilon)))


def norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: bool = False) -> Any:  # noqa: A002
    """The length of vectors."""
    order = None if ord in ("euclidean", "fro") else ord
    return ops.norm(tensor, ord=order, axis=None if axis is None else axes_from(axis), keepdims=bool(keepdims))


def atan2(y: Any, x: Any) -> Any:
    """The angle of a point."""
    return ops.arctan2(y, x)


def sort(values: Any, axis: int = -1, direction: str = "ASCENDING") -> Any:
    """Elements in rising or falling order."""
    rising = ops.sort(values, axis=axis)
    return rising if direction == "ASCENDING" else ops.flip(rising, axis)


def argsort(values: Any, axis: int = -1, direction: str = "ASCENDING", stable: bool = False) -> Any:
    """The positions of the elements in rising or falling order."""
    return ops.argsort(values if direction == "ASCENDING" else ops.negative(values), axis=axis)


def sigmoid_cross_entropy_with_logits(labels: Any, logits: Any) -> Any:
    """The loss of a sigmoid of the logits."""
    return ops.subtract(ops.softplus(logits), ops.multiply(labels, logits))


def top_k(input: Any, k: Any = 1, sorted: bool = True) -> Any:  # noqa: A002
    """The largest elements of the last axis, and their positions."""
    return ops.top_k(input, size_from(k), sorted)


def moments(x: Any, axes: Any, shift: Any = None, keepdims: bool = False) -> Any:
    """Mean and variance."""
    return ops.moments(x, axes, keepdims=bool(keepdims))


FUNCTIONS: dict[str, Function] = {
    **{name: unary(function) for name, function in UNARY.items()},
    **{name: binary(function) for name, function in BINARY.items()},
    **{f"reduce_{name}": reduction(function) for name, function in REDUCTIONS.items()},
    **{function.__name__: function for function in (argmax, argmin, softmax, log_softmax, l2_normalize, norm, top_k,
                                                    moments, atan2, sort, argsort,
                                                    sigmoid_cross_entropy_with_logits)},
    "cumsum": running(ops.cumsum), "cumprod": running(ops.cumprod),
}
