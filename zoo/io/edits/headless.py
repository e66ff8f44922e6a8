"""A document without the classification head: what comes after the last pooling or flattening."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from zoo import tree
from zoo.errors import CannotExpress, ConfigError
from zoo.io import extras
from zoo.io.document import LayerRecord, ModelDocument, ModelRecord, TensorRef
from zoo.io.edits.rebound import with_weights
from zoo.io.layouts.bound import Key

# Where features end.
_ENDS = frozenset("Flatten GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D "
                  "GlobalMaxPooling2D GlobalMaxPooling3D".split())

# What heads are made of; a convolution in one sees a single position, as in MobileNet.
_HEAD = frozenset("Dense Dropout Activation Softmax ReLU LeakyReLU ELU PReLU BatchNormalization LayerNormalization "
                  "AlphaDropout GaussianDropout GaussianNoise SpatialDropout2D Reshape Conv2D Permute "
                  "ActivityRegularization MaxoutDense Highway".split())


# What zoo keeps in a file that is not true of the rest: names of classes, and random numbers of layers by their order.
_OF_THE_HEAD = frozenset({extras.LABELS, extras.SEEDS})


def without_top(document: ModelDocument) -> ModelDocument:
    """The document with the output of its last pooling or `Flatten` layer as the model's output.

    The layers after it go, with their weights; so do the compile arguments and the names of the classes, which were
    for them.

    Raises:
        ConfigError: the document has no architecture.
        CannotExpress: it is not clear where the head begins; the message says why.
    """
    if document.model is None:
        raise ConfigError(f"{document.path}: expected an architecture to cut the head from, received weights alone")
    model = document.model
    try:
        end = _end_of_features(model)
    except CannotExpress as error:
        raise CannotExpress(f"{document.path}: it is not clear where the head of model {model.name!r} begins: "
                            f"{error}") from error
    shorter = _cut_sequential(model, end.layer) if model.kind == "sequential" else _cut_functional(model, end)
    kept = {layer.name for layer in shorter.layers}

    def moved(key: Key) -> Key | None:
        return key if not key[0] or key[0][0] in kept else None

    own = {key: value for key, value in document.metadata.get(extras.KEY, {}).items() if key not in _OF_THE_HEAD}
    metadata = {key: value for key, value in document.metadata.items() if key != extras.KEY} | (
        {extras.KEY: own} if own else {})
    return replace(with_weights(document, shorter, moved), training=None, metadata=metadata)


def _end_of_features(model: ModelRecord) -> TensorRef:
    """The tensor that the head begins with: from the output backwards, the first that a layer of `_ENDS` gives."""
    layers = {layer.name: layer for layer in model.layers}
    ref = _only_output(model)
    for _ in model.layers:
        if ref.layer not in layers:
            raise CannotExpress(f"it refers to a layer {ref.layer!r} that it does not have")
        layer = layers[ref.layer]
        if layer.class_name in _ENDS or layer.model is not None and _ends_in_features(layer.model):
            return ref
        if layer.model is not None:
            raise CannotExpress(f"the nested model {layer.name!r} does not end in a pooling or Flatten layer; cut that "
                                "model itself")
        if layer.class_name == "InputLayer":
            raise CannotExpress("it has no pooling or Flatten layer")
        if layer.class_name not in _HEAD or layer.class_name == "Conv2D" and not _is_pointwise(layer):
            raise CannotExpress(f"layer {layer.name!r} ({layer.class_name}) comes before any pooling or Flatten layer, "
                                "and is no part of a usual head")
        ref = _only_input(model, layer, ref)
    raise CannotExpress("its layers need each other in a circle")


def _is_pointwise(convolution: LayerRecord) -> bool:
    sizes = convolution.config.get("kernel_size")
    return all(size == 1 for size in (sizes if isinstance(sizes, (list, tuple)) else [sizes]))


def _ends_in_features(model: ModelRecord) -> bool:
    try:
        ref = _only_output(model)
    except CannotExpress:
        return False
    last = next((layer for layer in model.layers if layer.name == ref.layer), None)
    return last is not None and last.class_name in _ENDS


def _only_output(model: ModelRecord) -> TensorRef:
    if model.kind == "sequential" and model.layers:
        return TensorRef(model.layers[-1].name, 0, 0)
    refs = [leaf for leaf in tree.leaves(model.outputs) if isinstance(leaf, TensorRef)]
    if model.kind != "functional" or len(refs) != 1:
        raise CannotExpress(f"a {model.kind} model with {len(refs)} outputs, expected one output")
    return refs[0]


def _only_input(model: ModelRecord, layer: LayerRecord, ref: TensorRef) -> TensorRef:
    """What the layer is called on; refused where it has several inputs or calls."""
    if model.kind == "sequential":
        index = next(i for i, other in enumerate(model.layers) if other is layer)
        if index == 0:
            raise CannotExpress("it has no pooling or Flatten layer")
        return TensorRef(model.layers[index - 1].name, 0, 0)
    if not 0 <= ref.node < len(layer.calls):
        raise CannotExpress("it has no pooling or Flatten layer")
    call = layer.calls[ref.node]
    sources = [leaf for leaf in tree.leaves((call.args, call.kwargs)) if isinstance(leaf, TensorRef)]
    if len(sources) != 1 or len(layer.calls) != 1:
        raise CannotExpress(f"layer {layer.name!r} of the head has {len(sources)} inputs and {len(layer.calls)} calls, "
                            "expected one of each")
    return sources[0]


def _cut_sequential(model: ModelRecord, last: str) -> ModelRecord:
    index = next(i for i, layer in enumerate(model.layers) if layer.name == last)
    return replace(model, layers=model.layers[:index + 1])


def _cut_functional(model: ModelRecord, end: TensorRef) -> ModelRecord:
    """The model up to one tensor: the layers, and the calls of them, that it needs, and all inputs of the model."""
    layers = {layer.name: layer for layer in model.layers}
    needed: set[tuple[str, int]] = set()
    waiting = [end, *(leaf for leaf in tree.leaves(model.inputs) if isinstance(leaf, TensorRef))]
    while waiting:
        ref = waiting.pop()
        if (ref.layer, ref.node) in needed or ref.layer not in layers:
            continue
        needed.add((ref.layer, ref.node))
        calls = layers[ref.layer].calls
        if ref.node < len(calls):
            waiting += [leaf for leaf in tree.leaves((calls[ref.node].args, calls[ref.node].kwargs))
                        if isinstance(leaf, TensorRef)]
    kept = {name for name, _ in needed}
    partly = sorted(name for name in kept if any((name, i) not in needed for i in range(len(layers[name].calls))))
    if partly:
        raise CannotExpress(f"model {model.name!r}: the layers {partly[:10]} are called in the head as well as before "
                            "it")
    outputs: Any = tree.map(lambda leaf: end if isinstance(leaf, TensorRef) else leaf, model.outputs)
    return replace(model, layers=[layer for layer in model.layers if layer.name in kept], outputs=outputs)
