"""Which weights of a file belong to which layer, as far as the file alone tells; nothing is built for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from zoo.io.dialects.operations import PREFIX
from zoo.io.document import ModelDocument, ModelRecord, WeightGroup
from zoo.naming import to_snake_case

LayerPath = tuple[str, ...]


def owners(document: ModelDocument) -> dict[str, LayerPath]:
    """The innermost layer that each group of weights belongs to, by the path of the group.

    Groups that belong to no layer, or of which the file does not tell, are not among the keys.
    """
    if document.model is None or document.weights is None:
        return {}
    addresses = _ADDRESSES[document.weights.layout](document.model)
    places = {address: path for path, address in addresses}
    found = {group.path: _innermost(group, places) for group in document.weights.groups}
    return {group: path for group, path in found.items() if path is not None}


def _innermost(group: WeightGroup, places: dict[str, LayerPath]) -> LayerPath | None:
    """The layer at the longest beginning of the group's path."""
    parts = group.path.split("/")
    beginnings = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((places[beginning] for beginning in beginnings if beginning in places), None)


def _by_layer(model: ModelRecord) -> Iterator[tuple[LayerPath, str]]:
    """Legacy files have one group for each layer of the outermost model, called like it."""
    return (((layer.name,), layer.name) for layer in model.layers)


def _by_path(model: ModelRecord, prefix: str = "", outer: LayerPath = ()) -> Iterator[tuple[LayerPath, str]]:
    """Keras 3 numbers the layers of one class in the order of the model, whatever their names are."""
    count: Counter[str] = Counter()
    for layer in model.layers:
        if layer.class_name.startswith(PREFIX):                 # an operation is no layer there
            continue
        name = to_snake_case(layer.class_name)
        number = count[name]
        count[name] += 1
        address = f"{prefix}layers/{name}_{number}" if number else f"{prefix}layers/{name}"
        yield (*outer, layer.name), address
        if layer.model is not None:
            yield from _by_path(layer.model, f"{address}/", (*outer, layer.name))


def _nothing(model: ModelRecord) -> Iterator[tuple[LayerPath, str]]:
    return iter(())


_ADDRESSES = {"by_layer": _by_layer, "by_path": _by_path, "by_number": _nothing, "flat": _nothing}
