"""What each layer class wants of the layout of its tensors, and how its config and weights follow from it.

One table, `RULES`. Classes that are not in it take and give tensors as they were.
"""

from __future__ import annotations

from typing import Any

from zoo.io.edits.data_format.between import DENSE, FLATTEN, PERMUTE, RESHAPE
from zoo.io.edits.data_format.images import CONV_LSTM, GLOBAL_POOLING, IMAGES, LOCALLY_CONNECTED
from zoo.io.edits.data_format.same import AXIS, DROPOUT, PRELU, RESCALING, SAME
from zoo.io.edits.data_format.sites import ELEMENTWISE_LAYERS, Lacking, Rule, Site
from zoo.io.edits.data_format.tensors import Moved

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

_REASONS = {"AutoContrast": "in Keras it works on axes 1 and 2 whatever its data format",
            "Bidirectional": "it puts the two directions together on the last axis"}


def _rewrite_nothing(site: Site) -> dict[str, Any]:
    if _has_format(site.config, site.plan.source):
        reason = _REASONS.get(site.class_name, "how it would follow is not known")
        raise Lacking(f"it holds data_format={site.plan.source!r}, and {reason}")
    return site.config


def _has_format(value: Any, name: str) -> bool:
    if isinstance(value, dict):
        return value.get("data_format") == name or any(_has_format(item, name) for item in value.values())
    return isinstance(value, (list, tuple)) and any(_has_format(item, name) for item in value)


OTHER = Rule(Site.stay, _rewrite_nothing)


def _table(*rows: tuple[str, Rule]) -> dict[str, Rule]:
    return {name: rule for names, rule in rows for name in names.split()}


RULES: dict[str, Rule] = _table(
    ("""AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
        AdaptiveMaxPooling2D AdaptiveMaxPooling3D AugMix AveragePooling1D AveragePooling2D AveragePooling3D
        CenterCrop Conv1D Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose
        ContrastLimitedAdaptiveHistogramEqualization Cropping2D Cropping3D CutMix DepthwiseConv1D DepthwiseConv2D
        Equalization MaxPooling1D MaxPooling2D MaxPooling3D MixUp RandAugment RandomBrightness RandomColorDegeneration
        RandomColorJitter RandomContrast RandomCrop RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur
        RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomRotation RandomSaturation
        RandomSharpness RandomShear RandomTranslation RandomZoom Resizing SeparableConv1D SeparableConv2D Solarization
        SpatialDropout2D SpatialDropout3D UpSampling2D UpSampling3D ZeroPadding1D ZeroPadding2D ZeroPadding3D""",
     IMAGES),
    ("ops.AveragePool ops.MaxPool ops.Resize", IMAGES),
    ("""GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
        GlobalMaxPooling3D""", GLOBAL_POOLING),
    ("ConvLSTM1D ConvLSTM2D ConvLSTM3D", CONV_LSTM),
    ("LocallyConnected1D LocallyConnected2D", LOCALLY_CONNECTED),
    (" ".join(ELEMENTWISE_LAYERS), SAME),
    ("Activation Add Average Maximum Minimum Multiply Subtract", SAME),
    ("Dropout", DROPOUT),
    ("Rescaling", RESCALING),
    ("""BatchNormalization Concatenate GroupNormalization LayerNormalization Normalization RMSNormalization Softmax
        UnitNormalization""", AXIS),
    ("MelSpectrogram STFTSpectrogram", Rule(Site.stay, lambda site: site.config)),      # of sequences, not of images
    ("PReLU", PRELU),
    ("Reshape", RESHAPE),
    ("Flatten", FLATTEN),
    ("Permute", PERMUTE),
    ("Dense", DENSE),
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
        return SAME
    if class_name in ("TimeDistributed", "SpectralNormalization") and not _wraps_layer(config):
        return OTHER
    if class_name == "ZeroPadding1D" and "data_format" not in config:
        return OTHER                                        # of releases that know sequences with channels last alone
    return RULES.get(class_name, OTHER)


def _wraps_layer(config: dict[str, Any]) -> bool:
    held = config.get("layer")
    return isinstance(held, dict) and isinstance(held.get("config"), dict) and "layers" not in held["config"]
