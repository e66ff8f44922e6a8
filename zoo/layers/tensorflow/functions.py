"""The closed table of functions by which files of tf.keras name TensorFlow's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from zoo.errors import ConfigError, Unsupported
from zoo.layers.tensorflow import arithmetic, backend_functions, networks, shaping

Function = Callable[..., Any]

_OPERATORS = {"sub": "subtract", "mul": "multiply", "div": "truediv", "eq": "equal", "ne": "not_equal", "gt": "greater",
              "ge": "greater_equal", "lt": "less", "le": "less_equal", "and": "logical_and", "or": "logical_or",
              "xor": "logical_xor", "neg": "negative", "invert": "logical_not"}
FUNCTIONS: dict[str, Function] = {**arithmetic.FUNCTIONS, **shaping.FUNCTIONS, **networks.FUNCTIONS}
FUNCTIONS.update({operator: FUNCTIONS[name] for operator, name in _OPERATORS.items()})

NAMESPACES = frozenset({"", "math", "nn", "linalg", "image", "__operators__"})
_BACKEND = "keras.backend"
_OLDER_ARGUMENTS = {"keep_dims": "keepdims", "reduction_indices": "axis", "dim": "axis", "dimension": "axis",
                    "squeeze_dims": "axis", "filter": "filters", "value": "input"}
_WITHOUT_MEANING = frozenset({"name", "use_cudnn_on_gpu", "validate_indices", "bad_indices_policy"})


def find(symbol: str) -> Function:
    """The function of a symbol, as ``math.add``; a part of its name may say that it is of TensorFlow 1.

    Raises:
        Unsupported: it is not in the table.
    """
    plain = symbol.removeprefix("tf.").removeprefix("compat.v1.").removeprefix("compat.v2.")
    namespace, _, name = plain.rpartition(".")
    if namespace == _BACKEND and name in backend_functions.FUNCTIONS:
        return backend_functions.FUNCTIONS[name]
    if name not in FUNCTIONS or namespace not in NAMESPACES | {_BACKEND}:
        raise Unsupported(f"the TensorFlow function 'tf.{symbol}' is not among the {len(FUNCTIONS)} that zoo knows: "
                          f"pass custom_objects={{'TFOpLambda': ...}} with a layer of your own in its place.")
    return FUNCTIONS[name]


def renamed(arguments: dict[str, Any], known: Sequence[str], symbol: str) -> dict[str, Any]:
    """Keyword arguments under the names that the function has now, without those that say nothing.

    Raises:
        ConfigError: an argument is not known, and says something.
    """
    found: dict[str, Any] = {}
    for name, value in arguments.items():
        now = name if name in known else _OLDER_ARGUMENTS.get(name, name)
        if now in known:
            found[now] = value if now not in found or value is not None else found[now]
        elif name not in _WITHOUT_MEANING and value not in (None, False):
            raise ConfigError(f"tf.{symbol}: the argument {name}={value!r} is not supported.")
    return found
