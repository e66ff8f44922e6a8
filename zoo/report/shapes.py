"""Output shapes of layers where the file tells them; none is computed.

Files of Keras 3 and of tf.keras 2.15 note the shape that each layer was built for: that is the output shape of
whatever feeds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo import tree
from zoo.io.document import LayerRecord, ModelRecord, TensorRef

Shape = tuple[int | None, ...]


def output_shapes(model: ModelRecord) -> dict[str, Shape]:
    """The shape of the first output of each layer of `model` (not of nested models) that the file tells."""
    found = {layer.name: shape for layer in model.layers if layer.class_name == "InputLayer"
             and (shape := as_shape(layer.config.get("batch_shape"))) is not None}
    for ref, shape in _told(model):
        if ref.node == ref.tensor == 0:
            found.setdefault(ref.layer, shape)
    return found


def as_shape(value: Any) -> Shape | None:
    """The value as a shape if it is one, else None."""
    if isinstance(value, (list, tuple)) and all(size is None or isinstance(size, int) for size in value):
        return tuple(value)
    return None


def _told(model: ModelRecord) -> Iterator[tuple[TensorRef, Shape]]:
    if model.kind == "sequential":
        for source, layer in zip(model.layers, model.layers[1:]):
            shapes = _built_for(layer)
            if len(shapes) == 1:
                yield TensorRef(source.name, 0, 0), shapes[0]
        return
    for layer in model.layers:
        shapes = _built_for(layer)
        sources = [leaf for leaf in tree.leaves(layer.calls[0].args) if isinstance(leaf, TensorRef)] \
            if layer.calls else []
        if len(shapes) == len(sources):
            yield from zip(sources, shapes)


def _built_for(layer: LayerRecord) -> list[Shape]:
    """The shapes of the layer's inputs at its first call, none if the file does not tell them."""
    told = (layer.build_config or {}).get("input_shape")
    shape = as_shape(told)
    if shape is not None:
        return [shape] if shape else []
    shapes = [as_shape(part) for part in told] if isinstance(told, (list, tuple)) else [None]
    return [shape for shape in shapes if shape is not None] if None not in shapes else []
