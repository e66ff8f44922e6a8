"""Elementwise primitives: in whatever order of axes their inputs are held."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.engine import dtypes
from zoo.engine.graph import Node, Value
from zoo.export.emitter import Emitter, Order, Refused, Rule, natural

#: dtypes that most operators take; values of the others are computed in a wider one
_WIDER = {"int8": "int32", "uint8": "int32", "int16": "int32", "uint16": "int32", "uint32": "int64", "uint64": "int64",
          "bool": "int32"}
Formula = Callable[..., str]


def common_order(e: Emitter, values: tuple[Value, ...], rank: int) -> Order:
    """The order in which most of the inputs are held; inputs of lower rank that are not known now want the natural."""
    changing = [value for value in values if not e.is_fixed(value) and value.spec.shape != ()]
    if any(value.ndim < rank for value in changing):
        return natural(rank)
    orders = [order for value in changing for order in e.orders(value)]
    return max(orders, key=orders.count) if orders else natural(rank)


def operand(e: Emitter, value: Value, order: Order) -> str:
    """An input as it broadcasts to tensors in `order`."""
    if e.is_fixed(value) and order != natural(len(order)) and value.spec.size > 1:
        array = e.array(value)
        whole = array.reshape((1,) * (len(order) - array.ndim) + array.shape)
        return e.file.initializer(np.transpose(whole, order), e.title(value))
    if e.is_fixed(value) and value.spec.size == 1:
        return e.scalar(e.array(value).reshape(()), value.dtype) if len(order) else e.name(value)
    return e.name(value, order if value.ndim == len(order) else None)


def elementwise(formula: Formula, wide: bool = False, result: bool = False) -> Rule:
    """A rule for a formula of names.

    Args:
        formula: ``formula(emitter, *names, **attrs)`` gives the name of the result.
        wide: whether small integers are computed in wider ones.
        result: whether the result is of another dtype than the inputs.
    """
    def rule(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
        order = common_order(e, node.inputs, node.output.ndim)
        names = [operand(e, value, order) for value in node.inputs]
        dtype = node.inputs[0].dtype
        if dtype in ("string", "complex64", "complex128"):
            raise Refused(f"ONNX computes nothing of this kind with {dtype}")
        if wide and dtype in _WIDER:
            names = [e.op("Cast", name, to=np.dtype(_WIDER[dtype])) for name in names]
        made = formula(e, *names, **attrs)
        if wide and dtype in _WIDER and not result:
            made = e.op("Cast", made, to=np.dtype(dtype))
        if len(order) and all(e.is_fixed(value) and value.spec.size == 1 for value in node.inputs):
            made = e.op("Expand", made, e.sizes(e.shape(node.output)))
        e.hold(node.output, made, order)
    return rule


def simple(op_type: str, **attributes: Any) -> Formula:
    """One ONNX node."""
    return lambda e, *names: e.op(op_type, *names, **attributes)


def _by_dtype(*, floats: Rule | None = None, integers: Rule | None = None, booleans: Rule | None = None) -> Rule:
    def rule(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
        dtype = node.inputs[0].dtype
        chosen = floats if dtypes.is_float(dtype) else booleans if dtype == "bool" else integers
        if chosen is None:
            raise Refused(f"ONNX does not have it for {dtype}")
        chosen(e, node, attrs)
    return rule


def _expm1(e: Emitter, x: str) -> str:
    """``tanh(x / 2) * (exp(x) + 1)``, exact near zero where ``exp(x) - 1`` is not."""
    half = e.op("Tanh", e.op("Mul", x, _like(e, 0.5)))
    return e.op("Mul", half, e.op("Add", e.op("Exp", x), _like(e, 1)))


def _like(e: Emitter, number: float) -> str:
    """A constant of the dtype of the present node's input."""
    return e.scalar(number, e.node.inputs[0].dtype)


def _log1p(e: Emitter, x: str) -> str:
    return e.op("Log", e.op("Add", x, _like(e, 1)))


def _rsqrt(e: Emitter, x: str) -> str:
    return e.op("Reciprocal", e.op("Sqrt", x))


def _is_inf(e: Emitter, x: str) -> str:
    half = e.node.inputs[0].dtype == "float16"
    return e.op("IsInf", e.op("Cast", x, to=np.dtype("float32")) if half else x)


def _is_finite(e: Emitter, x: str) -> str:
    return e.op("Not", e.op("Or", e.op("IsNaN", x), _is_inf(e, x)))


def _clip(e: Emitter, x: str, *, min: float, max: float) -> str:  # noqa: A002 - the primitive's names
    low, high = (None if np.isinf(bound) else _like(e, bound) for bound in (min, max))
    return e.op("Clip", x, low or "", *([high] if high else []))


def _full_like(e: Emitter, x: str, *, value: float, dtype: str) -> str:
    return e.op("Expand", e.scalar(value, dtype), e.op("Shape", x))


def _cast(e: Emitter, x: str, *, dtype: str) -> str:
    if dtypes.is_complex(dtype):
        raise Refused("ONNX computes nothing of this kind with complex numbers")
    if dtype == "bfloat16":                                 # its values are held as float32
        rounded = e.op("Cast", x, to=16)
        return e.op("Cast", rounded, to=np.dtype("float32"))
    return e.op("Cast", x, to=dtypes.storage(dtype))


def _float_mod(e: Emitter, x: str, y: str) -> str:
    """Of the sign of the divisor."""
    rest = e.op("Mod", x, y, fmod=1)
    zero = _like(e, 0)
    other_side = e.op("Xor", e.op("Less", rest, zero), e.op("Less", y, zero))
    wrong = e.op("And", other_side, e.op("Not", e.op("Equal", rest, zero)))
    return e.op("Where", wrong, e.op("Add", rest, y), rest)


def _float_floor_divide(e: Emitter, x: str, y: str) -> str:
    whole = e.op("Round", e.op("Div", e.op("Sub", x, _float_mod(e, x, y)), y))
    return e.op("Where", e.op("Equal", y, _like(e, 0)), e.op("Div", x, y), whole)


def _integer_floor_divide(e: Emitter, x: str, y: str) -> str:
    return e.op("Div", e.op("Sub", x, e.op("Mod", x, y)), y)


def _arctan2(e: Emitter, y: str, x: str) -> str:
    zero = _like(e, 0)
    on_axis = e.op("Equal", x, zero)
    x = e.op("Where", on_axis, zero, x)                     # a negative zero would turn the sign
    angle = e.op("Atan", e.op("Div", y, x))
    turn = e.op("Where", e.op("Less", y, zero), _like(e, -np.pi), _like(e, np.pi))
    angle = e.op("Add", angle, e.op("Where", e.op("Less", x, zero), turn, zero))
    return e.op("Where", e.op("And", on_axis, e.op("Equal", y, zero)), zero, angle)


def _not_equal(e: Emitter, x: str, y: str) -> str:
    return e.op("Not", e.op("Equal", x, y))


def _bitwise(op_type: str) -> Rule:
    def formula(e: Emitter, x: str, y: str) -> str:
        if e.opset < 18:
            raise Refused(f"{op_type} exists from opset 18 on, and the opset asked for is {e.opset}")
        return e.op(op_type, x, y)
    return _by_dtype(integers=elementwise(formula), booleans=elementwise(simple(op_type.removeprefix("Bitwise"))))


def _stop_gradient(e: Emitter, node: Node, attrs: dict[str, Any]) -> None:
    for order, name in e.held(node.inputs[0]).items():
        e.hold(node.output, name, order)


_UNARY = {
    "negative": "Neg", "absolute": "Abs", "sign": "Sign", "reciprocal": "Reciprocal", "exp": "Exp", "log": "Log",
    "sqrt": "Sqrt", "floor": "Floor", "ceil": "Ceil", "round": "Round", "sin": "Sin", "cos": "Cos", "tan": "Tan",
    "arcsin": "Asin", "arccos": "Acos", "arctan": "Atan", "sinh": "Sinh", "cosh": "Cosh", "tanh": "Tanh",
    "arcsinh": "Asinh", "arccosh": "Acosh", "arctanh": "Atanh", "relu": "Relu", "sigmoid": "Sigmoid",
    "softplus": "Softplus", "erf": "Erf",
}
_BINARY = {"add": "Add", "subtract": "Sub", "multiply": "Mul", "divide": "Div", "power": "Pow"}
_COMPARE = {"less": "Less", "less_equal": "LessOrEqual", "greater": "Greater", "greater_equal": "GreaterOrEqual",
            "equal": "Equal"}
_LOGIC = {"logical_and": "And", "logical_or": "Or", "logical_xor": "Xor", "logical_not": "Not"}

RULES: dict[str, Rule] = {
    **{name: elementwise(simple(op_type), wide=True) for name, op_type in {**_UNARY, **_BINARY}.items()},
    **{name: elementwise(simple(op_type), wide=True, result=True) for name, op_type in _COMPARE.items()},
    **{name: elementwise(simple(op_type)) for name, op_type in _LOGIC.items()},
    "not_equal": elementwise(_not_equal, wide=True, result=True),
    "maximum": elementwise(simple("Max"), wide=True),
    "minimum": elementwise(simple("Min"), wide=True),
    "square": elementwise(lambda e, x: e.op("Mul", x, x), wide=True),
    "expm1": elementwise(_expm1),
    "log1p": elementwise(_log1p),
    "rsqrt": elementwise(_rsqrt),
    "floor_divide": _by_dtype(floats=elementwise(_float_floor_divide),
                              integers=elementwise(_integer_floor_divide, wide=True)),
    "mod": _by_dtype(floats=elementwise(_float_mod), integers=elementwise(simple("Mod"), wide=True)),
    "arctan2": elementwise(_arctan2),
    "select": elementwise(simple("Where")),
    "clip": elementwise(_clip),
    "full_like": elementwise(_full_like),
    "cast": elementwise(_cast),
    "is_nan": elementwise(simple("IsNaN")),
    "is_inf": elementwise(_is_inf),
    "is_finite": elementwise(_is_finite),
    "bitwise_and": _bitwise("BitwiseAnd"),
    "bitwise_or": _bitwise("BitwiseOr"),
    "bitwise_xor": _bitwise("BitwiseXor"),
    "stop_gradient": _stop_gradient,
}
