"""What each layer class wants of the layout of its tensors, and how its config and weights follow from it.

One table, `RULES`. Classes that are not in it take and give tensors as they were.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo.io.edits.tensor_layouts import (Demand, Key, Layout, Layouts, Moved, Shape, Shuffled, channel_move, normal,
                                         rearranged)
from zoo.io.layouts.roles import quantization_of

Change = Callable[[np.ndarray], np.ndarray]


class Lacking(Exception):
    """A layer cannot follow its tensors into another layout; the message tells why."""


@dataclass(frozen=True)
class Conversion:
    """What is converted into what.

    Args:
        source, target: data formats.
        shapes: of the original tensors, batch axis included.
        layouts: of the tensors, as far as they are known.
        yielding: addresses of layers that take their second choice; see `Demand`.
    """

    source: str
    target: str
    shapes: Mapping[Key, Shape]
    layouts: Layouts
    yielding: frozenset[str] = frozenset()


@dataclass
class Site:
    """One call of a layer.

    Args:
        class_name, config: of the layer.
        address: its path, for messages.
        inputs, outputs: tensors of the call.
        plan: what is converted.
        offset: how many axes behind the batch axis the layer does not see (the steps of a `TimeDistributed`).
        prefix: what the roles of its weights begin with.

    Attributes:
        changes: how weights change, by role.
    """

    class_name: str
    config: dict[str, Any]
    address: str
    inputs: list[Key]
    outputs: list[Key]
    plan: Conversion
    offset: int = 0
    prefix: str = ""
    changes: dict[str, Change] = field(default_factory=dict)

    @property
    def yields(self) -> bool:
        """Whether the layer has a second choice that it has not taken yet."""
        silent = self.class_name == "Flatten" and "data_format" not in self.config
        return (silent or self.class_name.endswith("1D")) and self.address not in self.plan.yielding

    @property
    def tensors(self) -> list[Key]:
        """Inputs and outputs."""
        return [*self.inputs, *self.outputs]

    def shape(self, key: Key) -> Shape:
        """The original shape of a tensor as the layer sees it."""
        shape = self.plan.shapes[key]
        return (shape[0], *shape[self.offset + 1:])

    def layout(self, key: Key) -> Layout:
        """The layout of a tensor as the layer sees it."""
        layout = self.plan.layouts.of(key)
        if not self.offset or not isinstance(layout, Moved):
            return layout
        front, rest = layout.axes[:self.offset + 1], layout.axes[self.offset + 1:]
        if front != tuple(range(self.offset + 1)):
            raise Lacking("its steps are not where they were")
        return normal(Moved((0, *(axis - self.offset for axis in rest))))

    def demand(self, key: Key, layout: Layout) -> None:
        """Says which layout a tensor has to have."""
        if self.offset and isinstance(layout, Moved):
            layout = Moved((*range(self.offset + 1), *(axis + self.offset for axis in layout.axes[1:])))
        self.plan.layouts.demand(key, Demand(normal(layout), self.address, self.yields))

    def stay(self) -> None:
        """Says that the tensors are as they were."""
        for key in self.tensors:
            self.demand(key, None)

    def change(self, role: str, change: Change) -> None:
        """Says how a weight changes."""
        self.changes[self.prefix + role] = change


@dataclass(frozen=True)
class Rule:
    """How a class of layers behaves.

    Args:
        constrain: says what the layer wants of its tensors; called again when more is known of them.
        rewrite: the new config, for the layouts that were found; weights are changed by `Site.change`.
    """

    constrain: Callable[[Site], None]
    rewrite: Callable[[Site], dict[str, Any]]


def data_format(config: Mapping[str, Any]) -> str:
    """That of a layer."""
    return config.get("data_format") or "channels_last"


# ---- activations

_ELEMENTWISE = frozenset("""
    celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu linear log_sigmoid mish
    relu relu6 selu sigmoid silu soft_shrink softplus softsign sparse_plus sparse_sigmoid squareplus swish tanh
    tanh_shrink threshold keras2>hard_sigmoid
    """.split())
_EQUIVARIANT = frozenset({"softmax", "log_softmax", "sparsemax"})       # on the last axis, whatever its order
_ELEMENTWISE_LAYERS = frozenset("""
    ActivityRegularization AlphaDropout ELU GaussianDropout GaussianNoise Identity LeakyReLU ReLU ThresholdedReLU
    """.split())


def check_activation(config: Mapping[str, Any], layout: Layout, name: str = "activation") -> None:
    """Checks that the activation does the same in another layout.

    Raises:
        Lacking: it looks along an axis, or nobody knows what it does.
    """
    given = config.get(name)
    title = given.get("class_name", "") if isinstance(given, dict) else given
    if layout is None or title is None or title in _ELEMENTWISE_LAYERS:
        return
    follows = title in _ELEMENTWISE or title in _EQUIVARIANT and isinstance(layout, Shuffled)
    if not follows:
        raise Lacking(f"{name} {title!r} works on the last axis, or is not known")


# ---- images

def _is_converted(site: Site) -> bool:
    is_causal = site.config.get("padding") == "causal"      # which exists for channels_last only
    return data_format(site.config) == site.plan.source and site.address not in site.plan.yielding and not is_causal


def _map(site: Site, key: Key, lead: int = 1) -> Layout:
    return channel_move(len(site.shape(key)), lead, site.plan.source)


def _constrain_images(site: Site) -> None:
    if not _is_converted(site):
        site.stay()
        return
    for key in site.tensors:
        site.demand(key, _map(site, key))


def _constrain_global(site: Site) -> None:
    if not _is_converted(site):
        site.stay()
        return
    site.demand(site.inputs[0], _map(site, site.inputs[0]))
    site.demand(site.outputs[0], _map(site, site.outputs[0]) if site.config.get("keepdims") else None)


def _constrain_conv_lstm(site: Site) -> None:
    if not _is_converted(site):
        site.stay()
        return
    sequences = [site.inputs[0], *([site.outputs[0]] if site.config.get("return_sequences") else [])]
    for key in site.tensors:
        site.demand(key, _map(site, key, lead=2 if key in sequences else 1))


def _rewrite_images(site: Site) -> dict[str, Any]:
    if not _is_converted(site):
        return site.config
    for name in ("activation", "recurrent_activation"):
        check_activation(site.config, site.layout(site.inputs[0]), name)
    return {**site.config, "data_format": site.plan.target}


def _rewrite_locally_connected(site: Site) -> dict[str, Any]:
    config = _rewrite_images(site)
    if config is site.config:
        return config
    if config.get("implementation", 1) != 1:
        raise Lacking("its kernel is stored as a matrix (implementation 2 or 3)")
    size = config["kernel_size"]
    window = math.prod(size) if isinstance(size, (list, tuple)) else size
    first = site.plan.source == "channels_first"

    def kernel(array: np.ndarray) -> np.ndarray:
        """old, new: (places, window, channels, filters) or (places, channels, window, filters), flat in the middle."""
        places, inner, filters = array.shape
        parts = (inner // window, window) if first else (window, inner // window)
        return array.reshape(places, *parts, filters).swapaxes(1, 2).reshape(array.shape)

    def bias(array: np.ndarray) -> np.ndarray:
        """Keras adds it in the order of its elements: (places..., filters), or (filters, places...)."""
        count = math.prod(array.shape[:-1])
        parts = (array.shape[-1], count) if first else (count, array.shape[-1])
        return array.reshape(parts).T.reshape(array.shape)

    site.change("kernel", kernel)
    if config.get("use_bias", True):
        site.change("bias", bias)
    return config


# ---- layers that give what they get

def _constrain_same(site: Site) -> None:
    if len({len(site.shape(key)) for key in site.tensors}) == 1:
        site.plan.layouts.join(*site.tensors)
    else:
        site.stay()


def _rewrite_elementwise(site: Site) -> dict[str, Any]:
    layout = site.layout(site.outputs[0])
    check_activation(site.config, layout)
    if isinstance(layout, Shuffled) and len({site.shape(key)[-1] for key in site.tensors}) > 1:
        raise Lacking("features in another order meet a tensor of another size")
    return site.config


def _rewrite_rescaling(site: Site) -> dict[str, Any]:
    config = site.config
    if site.layout(site.inputs[0]) is not None and any(np.ndim(config.get(name)) for name in ("scale", "offset")):
        raise Lacking("its scale or offset is one number a channel, which it looks for on the last axis")
    return config


def _rewrite_dropout(site: Site) -> dict[str, Any]:
    layout, shape = site.layout(site.outputs[0]), site.config.get("noise_shape")
    if isinstance(layout, Moved) and shape:
        return {**site.config, "noise_shape": list(layout.shape(shape))}
    return site.config


_PER_FEATURE = ("gamma", "beta", "moving_mean", "moving_variance", "mean", "variance", "scale", "alpha")


def _rewrite_axis(site: Site) -> dict[str, Any]:
    """The argument `axis`: one, or a list whose axes the weights have, in their order."""
    layout, config, axis = site.layout(site.outputs[0]), site.config, site.config.get("axis", -1)
    if layout is None or axis is None:
        return config
    if isinstance(layout, Shuffled):
        several = site.class_name in ("Concatenate", "GroupNormalization") or np.ndim(axis) and len(axis) > 1
        if several or np.ndim(config.get("mean")):
            raise Lacking("the features are in another order")
        _shuffle_weights(site, layout)
        return config
    if not isinstance(axis, (list, tuple)):
        return {**config, "axis": layout.axis(axis)}
    moved = [layout.axis(each) for each in axis]
    order = sorted(range(len(moved)), key=lambda i: moved[i] % len(layout.axes))
    if order != list(range(len(moved))):
        for role in _PER_FEATURE:
            site.change(role, lambda array: array.transpose(order) if array.ndim == len(order) else array)
    return {**config, "axis": [moved[i] for i in order]}


def _shuffle_weights(site: Site, layout: Shuffled) -> None:
    for role in _PER_FEATURE:
        site.change(role, lambda array: array[..., list(layout.order)] if array.ndim and array.shape[-1] > 1 else array)


def _rewrite_prelu(site: Site) -> dict[str, Any]:
    layout, config = site.layout(site.outputs[0]), site.config
    if isinstance(layout, Shuffled):
        _shuffle_weights(site, layout)
    if not isinstance(layout, Moved):
        return config
    site.change("alpha", lambda array: rearranged(array, layout))
    shared = config.get("shared_axes")
    return {**config, "shared_axes": sorted(layout.axis(axis) for axis in shared)} if shared else config


# ---- layers between one layout and another

def _constrain_reshape(site: Site) -> None:
    (x,), (y,) = site.inputs, site.outputs
    before, after = site.layout(x), site.layout(y)
    if before is None and after is None:
        return
    shape, target = site.shape(x)[1:], site.shape(y)[1:]
    if None in (*shape, *target):
        site.stay()
        return
    ids = np.arange(math.prod(shape))
    given = rearranged(ids.reshape(shape), before).ravel()
    if after is not None:
        wanted = rearranged(ids.reshape(target), after).ravel()
        if before is None and len(shape) == 1:
            site.demand(x, Shuffled(tuple(wanted.tolist())))
    elif not np.array_equal(given, ids):
        site.demand(y, _shown_as(given, ids.reshape(target), site))


def _shown_as(given: np.ndarray, old: np.ndarray, site: Site) -> Layout:
    """The layout in which a tensor has the elements `given`, if there is one."""
    if old.ndim == 1:
        return Shuffled(tuple(given.tolist()))
    for lead in range(1, old.ndim):
        layout = channel_move(old.ndim + 1, lead, site.plan.source)
        if layout is not None and np.array_equal(rearranged(old, layout).ravel(), given):
            return layout
    return None


def _rewrite_reshape(site: Site) -> dict[str, Any]:
    (x,), (y,) = site.inputs, site.outputs
    before, after = site.layout(x), site.layout(y)
    if before is None and after is None:
        return site.config
    shape, target = site.shape(x)[1:], site.shape(y)[1:]
    if None in (*shape, *target):
        raise Lacking("its sizes are not known")
    ids = np.arange(math.prod(shape))
    wanted = rearranged(ids.reshape(target), after)
    if not np.array_equal(rearranged(ids.reshape(shape), before).ravel(), wanted.ravel()):
        raise Lacking("it mixes channels with other axes, in an order that no other Reshape gives")
    if site.class_name == "Flatten":
        return site.config
    given = site.config["target_shape"]
    if isinstance(after, Moved) and len(given) == wanted.ndim:
        return {**site.config, "target_shape": [given[axis - 1] for axis in after.axes[1:]]}
    return site.config


def _flattens_alike(site: Site) -> bool:
    """Whether Flatten gives the same when its data format changes with that of its input.

    Older releases do not name one: then weights are rearranged instead, if that goes.
    """
    before = site.layout(site.inputs[0])
    if data_format(site.config) != site.plan.source or site.yields:
        return False
    return isinstance(before, Moved) and before == _map(site, site.inputs[0])


def _constrain_flatten(site: Site) -> None:
    (x,), (y,) = site.inputs, site.outputs
    before = site.layout(x)
    if before is None or _flattens_alike(site):
        if before is not None:
            site.demand(y, None)
        return
    if data_format(site.config) != "channels_last":
        site.stay()
        return
    _constrain_reshape(site)


def _rewrite_flatten(site: Site) -> dict[str, Any]:
    if _flattens_alike(site):
        return {**site.config, "data_format": site.plan.target}
    return _rewrite_reshape(site)


def _rewrite_permute(site: Site) -> dict[str, Any]:
    before, after = site.layout(site.inputs[0]), site.layout(site.outputs[0])
    if isinstance(before, Shuffled) or isinstance(after, Shuffled):
        raise Lacking("the features are in another order")
    if before is None and after is None:
        return site.config
    old = (0, *site.config["dims"])                         # output axis i is input axis old[i]
    axes = after.axes if after else range(len(old))
    moved = [old[axis] for axis in axes]
    return {**site.config, "dims": [before.axis(axis) if before else axis for axis in moved][1:]}


def _constrain_dense(site: Site) -> None:
    for key in site.tensors:
        if len(site.shape(key)) != 2:
            site.demand(key, None)


def _rewrite_dense(site: Site) -> dict[str, Any]:
    before, after = site.layout(site.inputs[0]), site.layout(site.outputs[0])
    if not isinstance(before, (Shuffled, type(None))) or not isinstance(after, (Shuffled, type(None))):
        raise Lacking("it works on the last axis")
    if before is None and after is None:
        return site.config
    if site.config.get("lora_rank") or quantization_of(site.config):
        raise Lacking("its kernel is quantized or has an adapter")
    check_activation(site.config, after)
    rows, columns = (list(layout.order) if layout else slice(None) for layout in (before, after))
    site.change("kernel", lambda array: array[rows][:, columns])
    if after:
        site.change("bias", lambda array: array[columns])
    return site.config


# ---- wrappers

def _inner(site: Site, more: int) -> tuple[Rule, Site]:
    held = site.config["layer"]
    inner = Site(held["class_name"], held["config"], site.address, site.inputs, site.outputs, site.plan,
                 site.offset + more, f"{site.prefix}layer/", site.changes)
    return rule_of(inner.class_name, inner.config), inner


def _wrapper(more: int) -> Rule:
    def constrain(site: Site) -> None:
        rule, inner = _inner(site, more)
        try:
            rule.constrain(inner)
            [inner.layout(key) for key in inner.tensors]
        except Lacking:                                     # steps that are not where they were
            site.stay()

    def rewrite(site: Site) -> dict[str, Any]:
        rule, inner = _inner(site, more)
        config, held = rule.rewrite(inner), site.config["layer"]
        if config is held["config"] and all(site.plan.layouts.of(key) is None for key in site.tensors):
            return site.config
        held = {**held, "config": config}
        told = (held.get("build_config") or {}).get("input_shape")
        layout = inner.layout(site.inputs[0])
        if told is not None and isinstance(layout, Moved):
            held["build_config"] = {**held["build_config"], "input_shape": list(layout.shape(told))}
        return {**site.config, "layer": held}
    return Rule(constrain, rewrite)


# ---- everything else

def _rewrite_nothing(site: Site) -> dict[str, Any]:
    if _has_format(site.config, site.plan.source):
        raise Lacking(f"it holds data_format={site.plan.source!r}, and how it would follow is not known")
    return site.config


def _has_format(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        return value.get("data_format") == name or any(_has_format(item, name) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_has_format(item, name) for item in value)


OTHER = Rule(Site.stay, _rewrite_nothing)
_SAME = Rule(_constrain_same, _rewrite_elementwise)
_AXIS = Rule(_constrain_same, _rewrite_axis)


def _table(*rows: tuple[str, Rule]) -> dict[str, Rule]:
    return {name: rule for names, rule in rows for name in names.split()}


RULES: dict[str, Rule] = _table(
    ("""AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
        AdaptiveMaxPooling2D AdaptiveMaxPooling3D AugMix AutoContrast AveragePooling1D AveragePooling2D AveragePooling3D
        CenterCrop Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
        ContrastLimitedAdaptiveHistogramEqualization Cropping2D Cropping3D CutMix DepthwiseConv1D DepthwiseConv2D
        Equalization MaxPooling1D MaxPooling2D MaxPooling3D MixUp RandAugment RandomBrightness RandomColorDegeneration
        RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur
        RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
        RandomSharpness RandomShear RandomTranslation RandomZoom Resizing SeparableConv1D SeparableConv2D Solarization
        SpatialDropout2D SpatialDropout3D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D""",
     Rule(_constrain_images, _rewrite_images)),
    ("ops.AveragePool ops.MaxPool ops.Resize", Rule(_constrain_images, _rewrite_images)),
    ("""GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
        GlobalMaxPooling3D""", Rule(_constrain_global, _rewrite_images)),
    ("ConvLSTM1D ConvLSTM2D ConvLSTM3D", Rule(_constrain_conv_lstm, _rewrite_images)),
    ("LocallyConnected1D LocallyConnected2D", Rule(_constrain_images, _rewrite_locally_connected)),
    (" ".join(_ELEMENTWISE_LAYERS), _SAME),
    ("Activation Add Average Maximum Minimum Multiply Subtract", _SAME),
    ("Dropout", Rule(_constrain_same, _rewrite_dropout)),
    ("Rescaling", Rule(_constrain_same, _rewrite_rescaling)),
    ("""BatchNormalization Concatenate GroupNormalization LayerNormalization Normalization RMSNormalization Softmax
        UnitNormalization""", _AXIS),
    ("PReLU", Rule(_constrain_same, _rewrite_prelu)),
    ("Reshape", Rule(_constrain_reshape, _rewrite_reshape)),
    ("Flatten", Rule(_constrain_flatten, _rewrite_flatten)),
    ("Permute", Rule(lambda site: None, _rewrite_permute)),
    ("Dense", Rule(_constrain_dense, _rewrite_dense)),
    ("TimeDistributed", _wrapper(1)), ("SpectralNormalization", _wrapper(0)),
)

# Functions of one or more tensors, element by element.
_OPERATIONS = frozenset(f"ops.{name}" for name in """
    Abs Absolute Add Celu Clip Cos Divide Elu Exp Expm1 Gelu HardSigmoid HardSilu HardTanh LeakyRelu Log Log1p
    LogSigmoid Maximum Minimum Multiply Negative Power ReLU Reciprocal Relu Relu6 Rsqrt Selu Sigmoid Silu Sin Softplus
    Softsign Sqrt Square Subtract Tanh TrueDivide
    """.split())


def rule_of(class_name: str, config: dict[str, Any]) -> Rule:
    """How a layer behaves."""
    if class_name in _OPERATIONS:
        return _SAME
    if class_name in ("TimeDistributed", "SpectralNormalization") and not _wraps_layer(config):
        return OTHER
    if class_name == "ZeroPadding1D" and "data_format" not in config:
        return OTHER                                        # of releases that know sequences with channels last alone
    return RULES.get(class_name, OTHER)


def _wraps_layer(config: dict[str, Any]) -> bool:
    held = config.get("layer")
    return isinstance(held, dict) and isinstance(held.get("config"), dict) and "layers" not in held["config"]
