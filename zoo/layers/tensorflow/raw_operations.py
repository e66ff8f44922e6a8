"""TensorFlow's primitive operations, as early tf.keras wrote them into files: a node of a graph, with attributes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from zoo import ops
from zoo.errors import Unsupported
from zoo.layers.tensorflow import arithmetic, functions, networks, shaping
from zoo.layers.tensorflow.sizes import shape_of, size_from, sizes_from

Attributes = Mapping[str, Any]
Operation = Callable[..., Any]                              # of the attributes, then of the inputs

#: operations that are a function of their inputs alone -> its symbol
_SAME = {
    **{name: name.lower() for name in (
        "Abs", "Exp", "Log", "Sqrt", "Rsqrt", "Square", "Sign", "Floor", "Ceil", "Round", "Sin", "Cos", "Tan", "Tanh",
        "Sigmoid", "Softplus", "Softsign", "Relu", "Relu6", "Selu", "Reciprocal", "Erf", "Log1p", "Expm1", "Maximum",
        "Minimum", "Pow", "Greater", "Less", "Equal", "Identity", "Softmax")},
    "Neg": "negative", "Add": "add", "AddV2": "add", "Sub": "subtract", "Mul": "multiply",
    "RealDiv": "truediv", "Div": "truediv", "FloorDiv": "floordiv", "FloorMod": "floormod",
    "SquaredDifference": "squared_difference", "GreaterEqual": "greater_equal",
    "LessEqual": "less_equal", "NotEqual": "not_equal", "LogicalAnd": "logical_and",
    "LogicalOr": "logical_or", "LogicalNot": "logical_not", "LogSoftmax": "log_softmax",
    "Elu": "elu", "BiasAdd": "bias_add", "Reshape": "reshape", "ExpandDims": "expand_dims", "Tile": "tile",
    "Transpose": "transpose", "Pad": "pad", "Fill": "fill", "BroadcastTo": "broadcast_to", "ReverseV2": "reverse",
    "Slice": "slice", "Select": "where", "SelectV2": "where", "ClipByValue": "clip_by_value", "ZerosLike": "zeros_like",
    "OnesLike": "ones_like", "StopGradient": "stop_gradient", "GatherV2": "gather", "DivNoNan": "divide_no_nan",
}
_REDUCED = {"Sum": "sum", "Mean": "mean", "Max": "max", "Min": "min", "Prod": "prod", "Any": "any", "All": "all"}
_DTYPES = {"DT_FLOAT": "float32", "DT_HALF": "float16", "DT_DOUBLE": "float64", "DT_BFLOAT16": "bfloat16",
           "DT_INT32": "int32", "DT_INT64": "int64", "DT_UINT8": "uint8", "DT_INT8": "int8", "DT_BOOL": "bool"}


def _plain(value: Any) -> Any:
    """An attribute without the word for its kind: ``{"b": true}`` is True, ``{"list": {"i": ["1"]}}`` is [1]."""
    kind, content = next(iter(value.items()), ("", None)) if isinstance(value, dict) else ("", value)
    if kind == "list":
        return [_plain({inner: item}) for inner, items in content.items() for item in items]
    if kind == "type":
        return _DTYPES.get(content, content)
    return int(content) if kind == "i" else content


def _without_attributes(symbol: str) -> Operation:
    return lambda attributes, *inputs: functions.FUNCTIONS[symbol](*inputs)


def _reduced(name: str) -> Operation:
    function = functions.FUNCTIONS[f"reduce_{name}"]
    return lambda attributes, x, axis: function(x, list(sizes_from(axis)), attributes.get("keep_dims", False))


def _matmul(attributes: Attributes, a: Any, b: Any) -> Any:
    flags = [attributes.get(f"{first}_{x}", False) for first, x in (("transpose", "a"), ("transpose", "b"),
                                                                    ("adj", "x"), ("adj", "y"))]
    return networks.matmul(a, b, flags[0] or flags[2], flags[1] or flags[3])


def _squeeze(attributes: Attributes, x: Any) -> Any:
    return shaping.squeeze(x, attributes.get("squeeze_dims") or None)


def _strided_slice(attributes: Attributes, x: Any, begin: Any, end: Any, strides: Any) -> Any:
    """x[begin:end:strides], where bits of masks say which ends do not count, are single indices, or new axes."""
    def has(mask: str, place: int) -> bool:
        return bool(int(attributes.get(f"{mask}_mask", 0)) >> place & 1)

    keys: list[Any] = []
    for place, (start, stop, step) in enumerate(zip(sizes_from(begin), sizes_from(end), sizes_from(strides))):
        if has("ellipsis", place):
            keys.append(...)
        elif has("new_axis", place):
            keys.append(None)
        elif has("shrink_axis", place):
            keys.append(start)
        else:
            keys.append(slice(None if has("begin", place) else start, None if has("end", place) else stop, step))
    return shaping.getitem(x, keys)


def _resized(method: str) -> Operation:
    return lambda attributes, images, size: networks.resize_v1(
        images, size, method, attributes.get("align_corners", False), attributes.get("half_pixel_centers", False))


OPERATIONS: dict[str, Operation] = {
    **{name: _without_attributes(symbol) for name, symbol in _SAME.items()},
    **{name: _reduced(kind) for name, kind in _REDUCED.items()},
    "MatMul": _matmul, "BatchMatMul": _matmul, "BatchMatMulV2": _matmul, "Squeeze": _squeeze,
    "ConcatV2": lambda attributes, *inputs: shaping.concat(list(inputs[:-1]), inputs[-1]),
    "Pack": lambda attributes, *inputs: shaping.stack(inputs, attributes.get("axis", 0)),
    "Unpack": lambda attributes, x: shaping.unstack(x, attributes.get("num"), attributes.get("axis", 0)),
    "Split": lambda attributes, axis, x: shaping.split(x, attributes["num_split"], axis),
    "SplitV": lambda attributes, x, sizes, axis: shaping.split(x, list(sizes_from(sizes)), axis),
    "PadV2": lambda attributes, x, widths, value: shaping.pad(x, widths, constant_values=value),
    "MirrorPad": lambda attributes, x, widths: shaping.pad(x, widths, attributes["mode"]),
    "Cast": lambda attributes, x: shaping.cast(x, attributes["DstT"]),
    "ArgMax": lambda attributes, x, axis: arithmetic.argmax(x, size_from(axis), attributes.get("output_type", "int64")),
    "ArgMin": lambda attributes, x, axis: arithmetic.argmin(x, size_from(axis), attributes.get("output_type", "int64")),
    "Shape": lambda attributes, x: shape_of(x), "StridedSlice": _strided_slice,
    "LeakyRelu": lambda attributes, x: ops.leaky_relu(x, attributes.get("alpha", 0.2)),
    "ResizeBilinear": _resized("bilinear"), "ResizeNearestNeighbor": _resized("nearest"),
    "ResizeBicubic": _resized("bicubic"),
    "DepthToSpace": lambda attributes, x: networks.depth_to_space(x, attributes["block_size"]),
    "SpaceToDepth": lambda attributes, x: networks.space_to_depth(x, attributes["block_size"]),
}


def find(name: str, attributes: Attributes) -> Callable[..., Any]:
    """The operation as a function of its inputs.

    Raises:
        Unsupported: it is not in the table.
    """
    if name not in OPERATIONS:
        raise Unsupported(f"the TensorFlow operation {name!r} is not among the {len(OPERATIONS)} that zoo knows; pass "
                          f"custom_objects={{'TensorFlowOpLayer': ...}} with a layer of your own in its place.")
    plain = {key: _plain(value) for key, value in attributes.items()}
    return lambda *inputs: OPERATIONS[name](plain, *inputs)
