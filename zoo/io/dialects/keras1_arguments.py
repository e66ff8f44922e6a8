"""Arguments of Keras 1 (and what Keras 2 still called otherwise) by class, as today's: data for scripts and files.

Sources: the signatures of Keras 1.2; the renames that Keras 2.2 itself accepted.
"""

from __future__ import annotations

from typing import Any

from zoo.errors import ConfigError
from zoo.spelling import Spelling, spellings

INITIALIZERS = {"zero": "zeros", "one": "ones"}
DATA_FORMATS = {"tf": "channels_last", "th": "channels_first", "default": None}
IMPLEMENTATIONS = {"cpu": 0, "mem": 1, "gpu": 2}


def initializer(value: Any) -> Any:
    """Two initializers had other names."""
    return INITIALIZERS.get(value, value) if isinstance(value, str) else value


def data_format(value: Any) -> Any:
    """``tf`` and ``th`` stood for the libraries that preferred the one or the other."""
    if value not in DATA_FORMATS:
        raise ConfigError(f"`dim_ordering` is one of {', '.join(map(repr, DATA_FORMATS))}. Received: {value!r}")
    return DATA_FORMATS[value]


def sizes(*values: Any) -> tuple[Any, ...]:
    """One argument for each axis, now a tuple."""
    return values


def sequence_shape(length: int | None, size: int | None) -> tuple[Any, ...]:
    """(steps, features) of sequences, whose length may be unknown."""
    return length, size


def index_shape(length: Any) -> tuple[Any, ...]:
    """(steps, ...) of sequences of integers."""
    return tuple(length) if isinstance(length, (list, tuple)) else (length,)


def implementation(value: str) -> int:
    """How the sums of a recurrent layer are computed, which makes no difference here."""
    return IMPLEMENTATIONS.get(value, 0)


def is_one(value: Any) -> bool:
    """Whether the forget gate starts open."""
    return value in ("one", "ones")


def only_by_feature(mode: int) -> None:
    """Keras 1 could also normalise each sample, or use the batch's statistics at inference."""
    if mode != 0:
        raise ConfigError(f"BatchNormalization: mode={mode!r} of Keras 1 does not exist any more, only mode=0 "
                          f"(LayerNormalization is what mode=1 did).")


def _weights(*roles: str, old: str = "W b") -> tuple[Spelling, ...]:
    letters = dict(zip(old.split(), roles))
    return spellings({f"{letter}_{kind}": f"{role}_{kind}" for letter, role in letters.items()
                      for kind in ("regularizer", "constraint")})


_KERNEL = (*spellings({"init": "kernel_initializer"}, initializer), *_weights("kernel", "bias"),
           *spellings({"bias": "use_bias"}))
_WINDOW = (*spellings({"nb_filter": "filters", "border_mode": "padding"}), *_KERNEL)
_IMAGES = spellings({"dim_ordering": "data_format"}, data_format)
_SEQUENCES = spellings({"input_length input_dim": "input_shape"}, sequence_shape)
_HOLES = spellings({"atrous_rate": "dilation_rate"})
_LINE = (*_WINDOW, *_SEQUENCES, *spellings({"filter_length": "kernel_size", "subsample_length": "strides",
                                            "subsample": "strides"}))
_STRIDED = (*_IMAGES, *spellings({"subsample": "strides"}))
_PLANE = (*_STRIDED, *spellings({"nb_row nb_col": "kernel_size"}, sizes))
_SPACE = (*_STRIDED, *spellings({"kernel_dim1 kernel_dim2 kernel_dim3": "kernel_size"}, sizes))
_POOL = (*_IMAGES, *spellings({"border_mode": "padding"}))
_RATE = spellings({"p": "rate"})
_STATE = (*_KERNEL, *_weights("recurrent", old="U"),
          *spellings({"inner_init": "recurrent_initializer"}, initializer),
          *spellings({"dropout_W": "dropout", "dropout_U": "recurrent_dropout"}))
_GATES = spellings({"inner_activation": "recurrent_activation"})
_FORGETTING = (*_GATES, *spellings({"forget_bias_init": "unit_forget_bias"}, is_one))
_RECURRENT = (*_STATE, *_SEQUENCES, *spellings({"output_dim": "units"}),
              *spellings({"consume_less": "implementation"}, implementation))
_SEPARABLE = (*_PLANE, *spellings({"nb_filter": "filters", "border_mode": "padding", "bias": "use_bias"}),
              *spellings({"init": "depthwise_initializer pointwise_initializer"}, initializer))

_ROWS: list[tuple[str, tuple[Spelling, ...]]] = [
    ("Dense", (*_KERNEL, *spellings({"output_dim": "units"}))),
    ("Conv1D", (*_LINE, *_HOLES)),
    ("LocallyConnected1D", _LINE),
    ("Conv2D", (*_PLANE, *_HOLES, *_WINDOW)),
    ("LocallyConnected2D", (*_PLANE, *_WINDOW)),
    ("Conv2DTranspose", (*_PLANE, *_HOLES, *_WINDOW, *spellings({"output_shape": ""}))),
    ("Conv3D", (*_SPACE, *_HOLES, *_WINDOW)),
    ("SeparableConv2D", _SEPARABLE),
    ("ConvLSTM2D", (*_PLANE, *_WINDOW, *_STATE, *_FORGETTING, *spellings({"consume_less": ""}))),
    ("SimpleRNN", _RECURRENT),
    ("GRU", (*_RECURRENT, *_GATES)),
    ("LSTM", (*_RECURRENT, *_FORGETTING)),
    ("MaxPooling1D AveragePooling1D", (*_POOL, *spellings({"pool_length": "pool_size", "stride": "strides"}))),
    ("MaxPooling2D AveragePooling2D MaxPooling3D AveragePooling3D", _POOL),
    ("GlobalMaxPooling2D GlobalAveragePooling2D GlobalMaxPooling3D GlobalAveragePooling3D", _IMAGES),
    ("UpSampling1D", spellings({"length": "size"})),
    ("UpSampling2D UpSampling3D ZeroPadding2D ZeroPadding3D Cropping2D Cropping3D", _IMAGES),
    ("Dropout GaussianDropout SpatialDropout1D", _RATE),
    ("SpatialDropout2D SpatialDropout3D", (*_RATE, *_IMAGES)),
    ("GaussianNoise", spellings({"sigma": "stddev"})),
    ("Embedding", (*spellings({"init": "embeddings_initializer"}, initializer), *_weights("embeddings", old="W"),
                   *spellings({"input_length": "input_shape"}, index_shape), *spellings({"dropout": ""}))),
    ("BatchNormalization", (*spellings({"beta_init": "beta_initializer", "gamma_init": "gamma_initializer"},
                                       initializer), *spellings({"mode": ""}, only_by_feature))),
    ("PReLU", spellings({"init": "alpha_initializer"}, initializer)),
    ("LeakyReLU", spellings({"alpha": "negative_slope"})),
]

#: For each class of today, what its arguments were called.
ARGUMENTS: dict[str, tuple[Spelling, ...]] = {name: rows for names, rows in _ROWS for name in names.split()}
