"""What becomes of a model on its way to numbers."""

from __future__ import annotations

from typing import Any

from zoo import tree
from zoo.engine.explain import Explanation
from zoo.engine.explain import explain as explain_function
from zoo.engine.spec import TensorSpec
from zoo.errors import ConfigError, ShapeError
from zoo.layers.layer import map_shapes
from zoo.models.model import Model


def explain(model: Model, *input_shapes: Any) -> Explanation:
    """Prints as: the traced graph, what each pass changed, the optimised graph, the kernels with reasons, the memory.

    Args:
        model: a built model.
        input_shapes: for each input its static shape, with the batch axis; the model's own with batch 1 if none is
            given.

    Raises:
        ConfigError: the model has no symbolic inputs, so that their number and dtypes are not known.
        ShapeError: a size is not known: give the shapes.

    Example:
        >>> print(explain(model, (1, 224, 224, 3)))
    """
    if model.kind == "opaque":
        raise ConfigError(f"Model {model.name!r} writes its own call(): explain needs a functional or sequential "
                          f"model.")
    given = [shape for nest in input_shapes for shape in _flat(nest)] or \
        [(1 if tensor.shape[0] is None else tensor.shape[0], *tensor.shape[1:]) for tensor in model.inputs]
    if len(given) != len(model.inputs):
        raise ConfigError(f"Model {model.name!r} has {len(model.inputs)} inputs {model.input_names}, "
                          f"received {len(given)} shapes.")
    specs = [TensorSpec(tuple(shape), tensor.dtype) for shape, tensor in zip(given, model.inputs)]
    if not all(spec.is_static for spec in specs):
        raise ShapeError(f"Model {model.name!r} takes inputs of unknown size: give explain the shapes, "
                         f"such as (1, 224, 224, 3). Received {specs}.")
    return explain_function(model.predict_function, tree.pack(model.input, specs))


def _flat(nest: Any) -> list[Any]:
    shapes: list[Any] = []
    map_shapes(shapes.append, nest)
    return shapes
