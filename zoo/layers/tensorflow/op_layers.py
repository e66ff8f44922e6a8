"""Layers that stand for one TensorFlow function."""

from __future__ import annotations

import inspect
import json
from typing import Any

import numpy as np

from zoo.layers.layer import Layer
from zoo.layers.tensorflow import functions, raw_operations
from zoo.layers.tensorflow.sizes import evaluated


class TFOpLambda(Layer):
    """A TensorFlow function that was called on symbolic tensors of tf.keras.

    Args:
        function: its name, without ``tf.``.

    Raises:
        Unsupported: zoo does not know the function.
    """

    not_in_config = frozenset({"activity_regularizer"})

    def __init__(self, function: str, **kwargs: Any):
        super().__init__(**kwargs)
        self.function = function
        self._call = functions.find(function)
        self.built = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        known = list(inspect.signature(self._call).parameters)
        return evaluated(self._call, args, functions.renamed(kwargs, known, self.function))


class SlicingOpLambda(TFOpLambda):
    """``tensor[...]`` of a symbolic tensor of tf.keras; see `TFOpLambda`."""


class TensorFlowOpLayer(Layer):
    """A TensorFlow operation that was applied to symbolic tensors of early tf.keras.

    Args:
        node_def: the operation as a node of a TensorFlow graph: ``op``, ``input`` and ``attr``.
        constants: inputs that are not tensors, by position.

    Raises:
        Unsupported: zoo does not know the operation.
    """

    not_in_config = frozenset({"activity_regularizer"})

    def __init__(self, node_def: Any, constants: dict[Any, Any] | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.node_def = json.loads(node_def) if isinstance(node_def, str) else node_def
        self.constants = {str(place): value for place, value in (constants or {}).items()}
        self._call = raw_operations.find(self.node_def["op"], self.node_def.get("attr", {}))
        self.built = True

    def call(self, inputs: Any) -> Any:
        given = iter(inputs if isinstance(inputs, (list, tuple)) else [inputs])
        count = len([name for name in self.node_def["input"] if not name.startswith("^")])
        arguments = [np.asarray(self.constants[str(i)]) if str(i) in self.constants else next(given)
                     for i in range(count)]
        return evaluated(self._call, arguments, {})
