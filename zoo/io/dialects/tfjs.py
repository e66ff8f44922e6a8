"""What TensorFlow.js cannot do of what Keras 2 can say, in canonical terms.

It refuses some of it when it loads a model, and silently computes something else for the rest. All of this was seen
with version 4.22.0 (``tests/oracles/tfjs_models.py`` shows it again).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from zoo.io.dialects.structure import is_object
from zoo.io.document import LayerRecord, ModelRecord, TensorRef
from zoo.tree import leaves

LAYERS = frozenset("""
    InputLayer Functional Sequential ReLU LeakyReLU PReLU ELU ThresholdedReLU Softmax Conv1D Conv2D Conv3D
    Conv2DTranspose Conv3DTranspose SeparableConv2D DepthwiseConv2D Cropping2D UpSampling2D ZeroPadding2D RNN
    SimpleRNNCell SimpleRNN GRUCell GRU LSTMCell LSTM ConvLSTM2DCell ConvLSTM2D Dropout SpatialDropout1D Dense Flatten
    Activation RepeatVector Reshape Permute Masking Embedding Add Multiply Average Maximum Minimum Concatenate Dot
    GaussianNoise GaussianDropout AlphaDropout BatchNormalization LayerNormalization MaxPooling1D AveragePooling1D
    MaxPooling2D AveragePooling2D MaxPooling3D AveragePooling3D GlobalAveragePooling1D GlobalMaxPooling1D
    GlobalAveragePooling2D GlobalMaxPooling2D TimeDistributed Bidirectional Rescaling""".split())
ACTIVATIONS = frozenset("""
    elu selu relu relu6 linear sigmoid keras2>hard_sigmoid softplus softsign tanh softmax log_softmax gelu mish swish
    silu""".split())

_REGULARIZERS = frozenset({"L1", "L2", "L1L2", "l1", "l2", "l1_l2"})

# Layers whose output does not depend on a mask in TensorFlow.js, though it does in Keras.
_BLIND_TO_MASKS = frozenset({"GlobalAveragePooling1D", "Bidirectional"})

Test = Callable[[Any], bool]


def _is(*values: Any) -> Test:
    return lambda value: value in values or isinstance(value, (list, tuple)) and all(item in values for item in value)


_ONE, _LAST = _is(1, None), _is(-1, None)
_CHANNELS_LAST = _is("channels_last", None)
_POOLING_1D = "MaxPooling1D AveragePooling1D GlobalAveragePooling1D GlobalMaxPooling1D"

# Classes, an argument, and which of its values TensorFlow.js understands as Keras does.
_ARGUMENTS: tuple[tuple[str, str, Test], ...] = (
    ("Conv1D", "padding", _is("valid", "same")),
    (f"Conv1D SeparableConv2D {_POOLING_1D}", "data_format", _CHANNELS_LAST),
    ("Conv1D Conv2D Conv3D", "groups", _ONE),
    ("Conv2DTranspose Conv3DTranspose DepthwiseConv2D", "dilation_rate", _ONE),
    ("Conv2DTranspose Conv3DTranspose", "output_padding", _is(None)),
    ("ELU", "alpha", _is(1, None)),
    ("ReLU", "negative_slope", _is(0, None)),
    ("ReLU", "threshold", _is(0, None)),
    ("Softmax", "axis", _LAST),
    ("UpSampling2D", "interpolation", _is("nearest", None)),
    ("GRU GRUCell", "reset_after", _is(False)),
    ("GlobalAveragePooling1D GlobalMaxPooling1D GlobalAveragePooling2D GlobalMaxPooling2D", "keepdims",
     _is(False, None)),
)
_TESTS: dict[str, list[tuple[str, Test]]] = {}
for _classes, _argument, _test in _ARGUMENTS:
    for _name in _classes.split():
        _TESTS.setdefault(_name, []).append((_argument, _test))

# Defaults of Keras that differ from what an absent argument means to TensorFlow.js.
_DEFAULTS = {("GRU", "reset_after"): True, ("GRUCell", "reset_after"): True}

_NAME = re.compile(r"[A-Za-z0-9][-A-Za-z0-9_.\\/]*")
_UNCERTAIN = frozenset({"Bidirectional", "TimeDistributed", "RNN", "ConvLSTM2D", "Dot"})
_RANKS = {"Flatten": 2, "RepeatVector": 3, "Embedding": 3} | {
    f"{kind}{rank - 2}D{suffix}": rank for rank in (3, 4, 5)
    for kind in ("Conv", "SeparableConv", "DepthwiseConv", "MaxPooling", "AveragePooling", "UpSampling", "ZeroPadding",
                 "Cropping") for suffix in ("", "Transpose")} | {
    f"Global{kind}Pooling{rank}D": 2 for kind in ("Average", "Max") for rank in (1, 2, 3)}


def problems(model: ModelRecord) -> list[str]:
    """Everything in a model that TensorFlow.js lacks or computes differently, with the paths of layers."""
    layers = list(model.walk())
    found = [problem for path, layer in layers for problem in _of_layer(layer, "/".join(path))]
    found += [problem for inner in (model, *(layer.model for _, layer in layers if layer.model is not None))
              for problem in _of_axes(inner)]
    masked = any(layer.class_name == "Masking" or layer.class_name == "Embedding" and layer.config.get("mask_zero")
                 for _, layer in layers)
    found += [f"{'/'.join(path)}: {layer.class_name} with a mask" for path, layer in layers
              if masked and layer.class_name in _BLIND_TO_MASKS]
    return found


def _of_layer(layer: LayerRecord, where: str) -> Iterator[str]:
    if not _NAME.fullmatch(layer.name):
        yield f"{where}: a name with other characters than letters, digits, '_', '-', '.' and '/'"
    yield from _of_object(layer.class_name, layer.config, where)
    for value in layer.config.values():
        for inner in value if isinstance(value, (list, tuple)) else (value,):
            if is_object(inner) and ("name" in inner["config"] or "layers" in inner["config"]):   # layers have names
                yield from _of_object(inner["class_name"], inner["config"], where)


def _of_object(class_name: str, config: dict[str, Any], where: str) -> Iterator[str]:
    if class_name not in LAYERS:
        yield f"{where}: the layer {class_name}"
        return
    for argument, test in _TESTS.get(class_name, ()):
        value = config.get(argument, _DEFAULTS.get((class_name, argument)))
        if not test(value):
            yield f"{where}: {argument}={value!r} of {class_name}"
    for argument, value in config.items():                          # constraints are applied to what is loaded, too
        name = value.get("class_name") if isinstance(value, dict) else value
        if value is not None and (argument.endswith("_constraint") or argument == "activity_regularizer"
                                  or argument.endswith("_regularizer") and name not in _REGULARIZERS):
            yield f"{where}: {argument}={name!r:.60}"
    for argument in ("activation", "recurrent_activation"):
        name = config.get(argument)
        if name is not None and (not isinstance(name, str) or name not in ACTIVATIONS):
            yield f"{where}: the activation {name!r:.60}"


def _of_axes(model: ModelRecord) -> Iterator[str]:
    """Batch normalisation along another axis than the last, which TensorFlow.js computes wrongly."""
    feeds = _sources(model)
    for layer in model.layers:
        axis = layer.config.get("axis", -1)
        axis = axis[0] if isinstance(axis, (list, tuple)) and len(axis) == 1 else axis
        if layer.class_name == "BatchNormalization" and axis != -1:
            rank = _rank(layer.name, feeds)
            if rank is None or axis != rank - 1:
                yield f"{model.name}/{layer.name}: axis={axis!r} of BatchNormalization" + (
                    ", as far as the file tells" if rank is None else "")


def _sources(model: ModelRecord) -> dict[str, tuple[LayerRecord, str | None]]:
    """Each layer, and what feeds its first call."""
    if model.kind == "sequential":
        before = [None, *(layer.name for layer in model.layers)]
        return {layer.name: (layer, source) for layer, source in zip(model.layers, before)}
    refs = {layer.name: [leaf for leaf in leaves(layer.calls[0].args) if isinstance(leaf, TensorRef)]
            if layer.calls else [] for layer in model.layers}
    return {layer.name: (layer, refs[layer.name][0].layer if refs[layer.name] else None) for layer in model.layers}


def _rank(name: str, feeds: dict[str, tuple[LayerRecord, str | None]]) -> int | None:
    """The rank of what a layer gets: that of the nearest layer before it that gives only one; others keep it."""
    seen: set[str] = set()
    source = feeds[name][1]
    while source is not None and source in feeds and source not in seen:
        seen.add(source)
        layer, source = feeds[source]
        if layer.class_name in _UNCERTAIN:
            return None
        rank = _own_rank(layer)
        if rank is not None or layer.model is not None:
            return rank
    return None


def _own_rank(layer: LayerRecord) -> int | None:
    """The rank of a layer's output, where the layer alone tells it."""
    if layer.model is not None:
        return _rank_of_output(layer.model)
    if layer.class_name == "Reshape":
        return len(layer.config["target_shape"]) + 1
    if layer.class_name == "InputLayer" and layer.config.get("batch_shape"):
        return len(layer.config["batch_shape"])
    if layer.class_name in ("LSTM", "GRU", "SimpleRNN"):
        return 3 if layer.config.get("return_sequences") else 2
    return _RANKS.get(layer.class_name)


def _rank_of_output(model: ModelRecord) -> int | None:
    refs = [leaf for leaf in leaves(model.outputs) if isinstance(leaf, TensorRef)] if model.outputs is not None else []
    last = refs[0].layer if refs else model.layers[-1].name if model.layers else None
    feeds = _sources(model)
    if last not in feeds:
        return None
    own = _own_rank(feeds[last][0])
    return own if own is not None or feeds[last][0].class_name in _UNCERTAIN else _rank(last, feeds)
