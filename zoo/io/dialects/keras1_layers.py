"""Layers of Keras 1 as today's, and back: `keras1_arguments` for most of them, the others here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo.io.dialects import keras1_arguments as arguments
from zoo.io.dialects.dialect import is_neutral
from zoo.io.dialects.keras1_values import Lacks, decode_values, encode_values
from zoo.io.dialects.structure import is_object
from zoo.spelling import Spelling, modernized

Config = dict[str, Any]
Note = Callable[[str, str], None]                           # severity, message
Layer = tuple[str, Config]                                  # class and arguments

#: Layers that are another one of today, with other arguments or none.
ALIASES = {"AtrousConvolution1D": "Conv1D", "AtrousConvolution2D": "Conv2D", "TimeDistributedDense": "Dense"}
_NAMES = {"Conv1D": "Convolution1D", "Conv2D": "Convolution2D", "Conv3D": "Convolution3D",
          "Conv2DTranspose": "Deconvolution2D", "SeparableConv2D": "SeparableConvolution2D"}

#: What a `Merge` with a mode is today, and what that layer takes of its arguments.
MERGING = {"sum": ("Add", ()), "mul": ("Multiply", ()), "ave": ("Average", ()), "max": ("Maximum", ()),
           "concat": ("Concatenate", ("concat_axis", "axis")), "dot": ("Dot", ("dot_axes", "axes"))}
_MODES = {today: (mode, names) for mode, (today, names) in MERGING.items()}
_MERGE_EXTRAS = ("mode_type", "output_shape_type", "output_mask", "output_mask_type", "concat_axis", "layers")

#: Layers with a `data_format` that counts. Some did not write their ``dim_ordering``.
WITH_DATA_FORMAT = frozenset(name for name, rows in arguments.ARGUMENTS.items()
                             if not name.endswith("1D") and any(row.old == ("dim_ordering",) for row in rows))

# Where the axes of a kernel of Keras 1 are today, by class and ``dim_ordering``; None: it has gone.
_KERNEL_AXES: dict[tuple[str, str | None], tuple[int | None, ...]] = {
    ("Conv1D", None): (0, None, 1, 2), ("Conv2D", "th"): (3, 2, 0, 1), ("Conv3D", "th"): (4, 3, 0, 1, 2),
    ("Conv2DTranspose", "th"): (2, 3, 0, 1), ("Conv2DTranspose", "tf"): (0, 1, 3, 2)}

_SIDES = {1: (("left_pad", "right_pad"),), 2: (("top_pad", "bottom_pad"), ("left_pad", "right_pad"))}


# ---- reading

def decode_layer(class_name: str, config: Config, note: Note) -> Layer:
    """A layer of Keras 1 with the class and the argument names of today.

    Args:
        class_name: canonical where only the name has changed since.
        config: its arguments.
        note: is told what a user should know.
    """
    config = dict(config)
    if class_name in _DECODERS:
        class_name, config = _DECODERS[class_name](class_name, config, note)
    config.pop("input_length", None)                        # `batch_input_shape` says the same
    if class_name != "Embedding":
        config.pop("input_dim", None)
    places = _KERNEL_AXES.get((class_name, config.get("dim_ordering")))
    config = decode_values(config)
    if class_name in arguments.ARGUMENTS:
        config = modernized(config, arguments.ARGUMENTS[class_name])
    return class_name, _with_moved_axes(config, places, note) if places else config


def _with_moved_axes(config: Config, places: tuple[int | None, ...], note: Note) -> Config:
    """Constraints on kernels by today's axes."""
    constraint = config.get("kernel_constraint")
    if not is_object(constraint) or "axis" not in constraint["config"]:
        return config
    axis = constraint["config"]["axis"]
    moved = [places[one] for one in (axis if isinstance(axis, list) else [axis]) if -len(places) <= one < len(places)]
    if None in moved:
        note("warning", f"the constraint {constraint['class_name']} on axis {axis} of the kernel is not kept: the axis "
                        f"does not exist today")
        return {**config, "kernel_constraint": None}
    new = {**constraint["config"], "axis": moved if isinstance(axis, list) else moved[0]}
    return {**config, "kernel_constraint": {**constraint, "config": new}}


def merge(class_name: str, config: Config, note: Note) -> Layer:
    """A `Merge` as the layer of today for its mode; Keras 2.0 had the class still, as it was."""
    mode, kind = config.get("mode", "sum"), config.get("mode_type", "raw")
    rest = {key: value for key, value in config.items() if key in ("name", "trainable", "dtype")}
    if kind == "raw" and isinstance(mode, str) and mode in MERGING:
        today, names = MERGING[mode]
        argument = {names[1]: _axes(config.get(names[0], -1))} if names else {}
        note("info", f"Merge with mode {mode!r} is {today} today")
        return today, rest | argument
    kept = {key: value for key, value in config.items() if key not in _MERGE_EXTRAS and value not in (None, {})}
    if kind == "lambda" and isinstance(mode, list):
        kept["mode"] = {"class_name": "__lambda__",
                        "config": dict(zip(("code", "defaults", "closure"), (*mode, None, None)))}
    elif kind == "function":
        kept["mode"] = {"class_name": "function", "config": mode}
    if config.get("output_shape_type", "raw") != "raw":     # a function; shapes are inferred today
        kept.pop("output_shape", None)
    if "dot_axes" in kept:
        kept["dot_axes"] = _axes(kept["dot_axes"])
    if mode != "cos":
        kept.pop("dot_axes", None)
        note("warning", "Merge: the file holds program code, which is never run" if kind == "lambda" else
             f"Merge: the file names a function, {mode!r:.60}")
    return class_name, kept


def _axes(axes: Any) -> Any:
    """Axes of `dot`: one for both, or one for each; Keras 0 wrote each as a list."""
    if isinstance(axes, list):
        return [one[0] if isinstance(one, list) and len(one) == 1 else one for one in axes]
    return axes


def _batch_normalization(class_name: str, config: Config, note: Note) -> Layer:
    mode = config.pop("mode", 0)
    if mode == 0:
        return class_name, config
    note("info", f"BatchNormalization with mode={mode} has no layer in later releases")
    return "LegacyBatchNormalization", {**config, "mode": mode}


def _zero_padding(class_name: str, config: Config, note: Note) -> Layer:
    padding, sides = config.get("padding"), _SIDES.get(int(class_name[-2]), ())
    if isinstance(padding, dict):
        config["padding"] = [[padding.get(side, 0) for side in pair] for pair in sides]
    elif isinstance(padding, list) and len(padding) == 2 * len(sides) == 4:
        config["padding"] = [padding[:2], padding[2:]]
    if len(sides) == 1 and isinstance(config["padding"], list) and isinstance(config["padding"][0], list):
        config["padding"] = config["padding"][0]
    return class_name, config


def _deconvolution(class_name: str, config: Config, note: Note) -> Layer:
    """The size of the output was told; today, by how much it is larger than the smallest possible."""
    is_first = config.get("dim_ordering") == "th"
    shapes = (config.pop("output_shape", None) or [None] * 4, config.get("batch_input_shape") or [None] * 4)
    outputs, inputs = (shape[2:] if is_first else shape[1:-1] for shape in shapes)
    if None in outputs:
        note("warning", "the file does not tell the size of the output; it is taken to be the usual one")
        return class_name, config
    windows, strides = (config["nb_row"], config["nb_col"]), config.get("subsample", [1, 1])
    is_same = config.get("border_mode") == "same"
    extra, usual = [], []
    for out, given, window, stride in zip(outputs, inputs, windows, strides):
        padding = 2 * (window // 2) if is_same else 0
        more = out - window + padding
        extra.append(more - (given - 1) * stride if given is not None else more % stride)
        usual.append(stride - window + padding if is_same else max(stride - window, 0))
        if given is None and (extra[-1] - usual[-1]) % stride == 0:
            extra[-1] = usual[-1]
    return class_name, {**config, "output_padding": None if extra == usual else extra}


def _embedding(class_name: str, config: Config, note: Note) -> Layer:
    if config.pop("dropout", 0.0):
        note("warning", "Embedding: its dropout, which acts in training only, has no counterpart today; it is not kept")
    return class_name, config


def _gru(class_name: str, config: Config, note: Note) -> Layer:
    return class_name, {**config, "reset_after": False}


_DECODERS: dict[str, Callable[[str, Config, Note], Layer]] = {
    "Merge": merge, "BatchNormalization": _batch_normalization, "Conv2DTranspose": _deconvolution,
    "Embedding": _embedding, "GRU": _gru,
    **dict.fromkeys(("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D"), _zero_padding)}


# ---- writing

REGULARIZER = {"weight": "L1L2Regularizer", "activity": "L1L2Regularizer"}


def encode_layer(class_name: str, config: Config, lacks: Lacks, regularizer: dict[str, str] = REGULARIZER) -> Layer:
    """A layer of today with the class and the arguments of Keras 1.2.

    Args:
        class_name: canonical.
        config: its arguments.
        lacks: is told what cannot be said.
        regularizer: classes of regularizers of weights and activities.
    """
    config = dict(config)
    rows = arguments.ARGUMENTS.get(class_name, ())
    config = _with_old_axes(class_name, config)
    if class_name in _ENCODERS:
        class_name, config = _ENCODERS[class_name](class_name, config, lacks)
    for row in rows:
        _put_back(row, config)
    name = _NAMES.get(class_name, class_name)
    return name, encode_values(config, regularizer, lacks)


def _with_old_axes(class_name: str, config: Config) -> Config:
    """The inverse of `_with_moved_axes`."""
    ordering = _BACK[arguments.data_format](config.get("data_format")) if "data_format" in config else None
    places, constraint = _KERNEL_AXES.get((class_name, ordering)), config.get("kernel_constraint")
    if places is None or not is_object(constraint) or "axis" not in constraint["config"]:
        return config
    axis, rank = constraint["config"]["axis"], max(place or 0 for place in places) + 1
    moved = [places.index(one % rank) for one in (axis if isinstance(axis, list) else [axis])]
    new = {**constraint["config"], "axis": moved if isinstance(axis, list) else moved[0]}
    return {**config, "kernel_constraint": {**constraint, "config": new}}


def _put_back(row: Spelling, config: Config) -> None:
    """The old names of one row in place of the new ones."""
    if not row.new or row.new[0] not in config or row.convert in (arguments.sequence_shape, arguments.index_shape):
        return
    value = [config.pop(name, None) for name in row.new][0]
    value = _BACK[row.convert](value) if row.convert in _BACK else value
    if row.convert is arguments.sizes:
        config.update(zip(row.old, value if isinstance(value, list) else [value] * len(row.old)))
    else:
        is_list_of_one = isinstance(value, list) and len(value) == 1         # of a layer with one spatial axis
        config[row.old[0]] = value[0] if is_list_of_one else value


def _inverse(table: dict[Any, Any]) -> Callable[[Any], Any]:
    back = {value: key for key, value in table.items()}
    return lambda value: value if isinstance(value, (list, dict)) else back.get(value, value)


_BACK: dict[Callable[..., Any], Callable[[Any], Any]] = {
    arguments.initializer: _inverse(arguments.INITIALIZERS), arguments.data_format: _inverse(arguments.DATA_FORMATS),
    arguments.implementation: _inverse(arguments.IMPLEMENTATIONS),
    arguments.is_one: _inverse({"one": True, "zero": False})}


def _old_merge(class_name: str, config: Config, lacks: Lacks) -> Layer:
    mode, names = _MODES[class_name]
    rest = {key: value for key, value in config.items() if not names or key != names[1]}
    own = {names[0]: config.get(names[1], -1)} if names else {}
    return "Merge", {"name": config["name"], **rest, "mode": mode, "mode_type": "raw"} | own


def merge_by_function(config: Config, build: Config | None) -> tuple[Config, Config | None]:
    """The inverse of `merge` for modes that are code or functions; before values are written."""
    mode = config.get("mode")
    kind = mode.get("class_name") if isinstance(mode, dict) else None
    if kind == "__lambda__":
        config = config | {"mode": [mode["config"].get(part) for part in ("code", "defaults", "closure")],
                           "mode_type": "lambda"}
    elif kind == "function":
        config = config | {"mode": mode["config"], "mode_type": "function"}
    return {"mode_type": "raw"} | config, build


def _old_batch_normalization(class_name: str, config: Config, lacks: Lacks) -> Layer:
    if class_name == "LegacyBatchNormalization" and config.get("mode", 0) == 0:
        lacks("BatchNormalization as Keras 0 did it")
    return "BatchNormalization", {"mode": 0} | config


def _old_convolution(class_name: str, config: Config, lacks: Lacks) -> Layer:
    """Holes in a window were a layer of their own."""
    if is_neutral(config.get("dilation_rate", 1), (1,)):
        config.pop("dilation_rate", None)
        return class_name, config
    if class_name == "Conv3D":
        lacks(f"dilation_rate={config['dilation_rate']}")
    return f"AtrousConvolution{class_name[-2:]}", config


def _old_deconvolution(class_name: str, config: Config, lacks: Lacks) -> Layer:
    lacks("transposed convolutions without the shape of their output")
    return class_name, config


_ENCODERS: dict[str, Callable[[str, Config, Lacks], Layer]] = {
    **dict.fromkeys(_MODES, _old_merge), "Conv2DTranspose": _old_deconvolution,
    **dict.fromkeys(("BatchNormalization", "LegacyBatchNormalization"), _old_batch_normalization),
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _old_convolution)}
