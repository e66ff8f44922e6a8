"""The dialect of multi-backend Keras 2 (2.0 to 2.3)."""

from __future__ import annotations

from zoo.io.dialects.branches import without_branches
from zoo.io.dialects.dialect import ANY, Dialect, Rules, by_class
from zoo.io.dialects.keras1_layers import Config, Layer, Note, merge, merge_by_function
from zoo.io.dialects.revisions import batch_normalization, keras2_bidirectional, keras2_lambda, lambda_from_keras2
from zoo.io.dialects.tfkeras import GLOBAL_POOLING, HARD_SIGMOID, KERAS2_ROWS
from zoo.io.dialects.vocabulary import KERAS2_ACTIVATIONS, KERAS2_LAYERS

_ROWS = [
    *KERAS2_ROWS,
    ("Conv1D Conv2D Conv3D", Rules(lacking={"groups": (1,)})),
    (GLOBAL_POOLING, Rules(lacking={"keepdims": (False,)})),
    ("GaussianNoise GaussianDropout AlphaDropout", Rules(lacking={"seed": (None,)})),
    ("InputLayer", Rules(lacking={"ragged": (False,)})),
    ("RNN SimpleRNN GRU LSTM ConvLSTM2D", Rules(lacking={"time_major": (False,), "zero_output_for_mask": (False,)})),
    ("Bidirectional", Rules(lacking={"backward_layer": (None,)})),
]


def _scaling(scale: float, mode: str, distribution: str) -> tuple[str, dict[str, object]]:
    return "VarianceScaling", {"scale": scale, "mode": mode, "distribution": distribution}


def _decode_layer(class_name: str, config: Config, note: Note) -> Layer:
    return merge(class_name, config, note) if class_name == "Merge" else (class_name, config)


KERAS2 = Dialect(
    name="keras2",
    title="Keras 2.3",
    layers=KERAS2_LAYERS,
    activations=KERAS2_ACTIVATIONS,
    objects={
        "GlorotUniform": _scaling(1.0, "fan_avg", "uniform"), "GlorotNormal": _scaling(1.0, "fan_avg", "normal"),
        "HeUniform": _scaling(2.0, "fan_in", "uniform"), "HeNormal": _scaling(2.0, "fan_in", "normal"),
        "LecunUniform": _scaling(1.0, "fan_in", "uniform"), "LecunNormal": _scaling(1.0, "fan_in", "normal"),
        "L1": ("L1L2", {"l2": 0.0}), "L2": ("L1L2", {"l1": 0.0}),
    },
    lacking_objects=frozenset({"OrthogonalRegularizer", "STFT"}),
    rules=by_class(_ROWS),
    every_layer=Rules(extra={"batch_input_shape": (ANY,), "input_dtype": (ANY,)}),
    activation_names={"hard_sigmoid": HARD_SIGMOID},
    decode_revisions={"BatchNormalization": batch_normalization, "Lambda": lambda_from_keras2},
    encode_revisions={"Lambda": keras2_lambda, "Bidirectional": keras2_bidirectional,
                      "Merge": merge_by_function},
    functional_name="Model",
    model_keys={"functional": ("name",), "sequential": ("name", "build_input_shape")},
    counting="always",
    tensor_kwargs=False,
    mixed_policies=False,
    input_in_first_layer=True,
    inner_modules=False,
    prepare=without_branches,
    decode_layer=_decode_layer,
)
