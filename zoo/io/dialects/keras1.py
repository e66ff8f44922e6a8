"""The dialect of Keras 1 (1.0 to 1.2)."""

from __future__ import annotations

from zoo.io.dialects.branches import without_branches
from zoo.io.dialects.dialect import ANY, Dialect, Rules, by_class
from zoo.io.dialects.keras1_layers import ALIASES, decode_layer, encode_layer, merge_by_function
from zoo.io.dialects.revisions import keras2_lambda, lambda_from_keras2
from zoo.io.dialects.tfkeras import HARD_SIGMOID, KERAS2_ROWS, LAST
from zoo.io.dialects.vocabulary import KERAS1_LAYERS

# Arguments of today that no layer of Keras 1 had, with the values with which they say nothing.
ROWS = [
    *KERAS2_ROWS,
    ("SimpleRNN GRU LSTM", Rules(extra={"implementation": (0, 1)})),        # 2: its weights are stored otherwise
    ("InputLayer", Rules(rename={"input_dtype": "dtype"}, lacking={"ragged": (False,)})),
    ("Dense Conv1D Conv2D Conv3D Conv2DTranspose SeparableConv2D LocallyConnected1D LocallyConnected2D SimpleRNN GRU "
     "LSTM ConvLSTM2D", Rules(lacking={"bias_initializer": (ANY,)})),
    ("Conv1D Conv2D Conv3D", Rules(lacking={"groups": (1,)})),
    ("Conv2DTranspose SeparableConv2D ConvLSTM2D", Rules(lacking={"dilation_rate": (1,), "groups": (1,)})),
    ("Conv1D LocallyConnected1D MaxPooling1D AveragePooling1D GlobalMaxPooling1D GlobalAveragePooling1D Flatten "
     "UpSampling1D Cropping1D", Rules(lacking={"data_format": LAST})),
    ("LocallyConnected1D LocallyConnected2D", Rules(lacking={"implementation": (1,)})),
    (" ".join(f"Global{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3)),
     Rules(lacking={"keepdims": (False,)})),
    ("UpSampling2D", Rules(lacking={"interpolation": ("nearest",)})),
    ("Dropout GaussianDropout GaussianNoise SpatialDropout1D SpatialDropout2D SpatialDropout3D",
     Rules(lacking={"seed": (None,), "noise_shape": (None,)})),
    ("SimpleRNN GRU LSTM ConvLSTM2D", Rules(lacking={
        "use_bias": (True,), "return_state": (False,), "time_major": (False,), "zero_output_for_mask": (False,),
        "activity_regularizer": (None,), "reset_after": (False,), "kernel_constraint": (None,),
        "recurrent_constraint": (None,), "bias_constraint": (None,)})),
    ("Bidirectional", Rules(lacking={"backward_layer": (None,)})),
    ("BatchNormalization", Rules(lacking={
        "center": (True,), "scale": (True,), "moving_mean_initializer": (ANY,), "moving_variance_initializer": (ANY,),
        "beta_constraint": (None,), "gamma_constraint": (None,)})),
    ("PReLU", Rules(lacking={"alpha_regularizer": (None,), "alpha_constraint": (None,)})),
    ("Dot", Rules(lacking={"normalize": (False,)})),
]

KERAS1 = Dialect(
    name="keras1",
    title="Keras 1.2",
    layers=KERAS1_LAYERS,
    activations=frozenset("elu hard_sigmoid linear relu sigmoid softmax softplus softsign tanh".split()),
    rules=by_class(ROWS),
    every_layer=Rules(extra={"batch_input_shape": (ANY,), "input_dtype": (ANY,)}, lacking={"dtype": ("float32", None)}),
    activation_names={"hard_sigmoid": HARD_SIGMOID},
    decode_revisions={"Lambda": lambda_from_keras2},
    encode_revisions={"Lambda": keras2_lambda, "Merge": merge_by_function},
    functional_name="Model",
    model_keys={"functional": (), "sequential": ()},
    counting="always",
    tensor_kwargs=False,
    call_kwargs=False,
    mixed_policies=False,
    input_in_first_layer=True,
    dtype_argument="input_dtype",
    inner_modules=False,
    sequential_is_list=True,
    aliases=ALIASES,
    dim_ordering="tf",
    prepare=without_branches,
    decode_layer=decode_layer,
    encode_layer=encode_layer,
)
