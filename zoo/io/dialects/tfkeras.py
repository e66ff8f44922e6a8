"""The dialect of tf.keras (TensorFlow 1.13 to 2.15, then the package tf_keras): Keras 2 and what TensorFlow added."""

from __future__ import annotations

from zoo.io.dialects.dialect import ANY, Dialect, Rules, by_class
from zoo.io.dialects.revisions import (batch_normalization, keras2_bidirectional, keras2_lambda, lambda_from_keras2,
                                       random_contrast, tf_attention_shapes, tf_attention_shapes_inside,
                                       tf_discretization)
from zoo.io.dialects.vocabulary import TFKERAS_ACTIVATIONS, TFKERAS_LAYERS

HARD_SIGMOID = "keras2>hard_sigmoid"            # clip(0.2 x + 0.5, 0, 1); the one of Keras 3 is clip(x / 6 + 0.5, 0, 1)
CELLS = "SimpleRNNCell GRUCell LSTMCell"
RECURRENT_LAYERS = "RNN SimpleRNN GRU LSTM ConvLSTM1D ConvLSTM2D ConvLSTM3D CuDNNGRU CuDNNLSTM"
GLOBAL_POOLING = " ".join(f"Global{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3))
LAST = ("channels_last", None)

# Arguments that have other names, or mean nothing, in both Keras 2 dialects.
KERAS2_ROWS = [
    ("InputLayer", Rules(rename={"batch_input_shape": "batch_shape"}, lacking={"optional": (False,)})),
    ("LeakyReLU", Rules(rename={"alpha": "negative_slope"})),
    ("GRU GRUCell", Rules(missing={"reset_after": False})),
    (f"{RECURRENT_LAYERS} {CELLS}", Rules(extra={"implementation": (ANY,)}, lacking={"seed": (None,)})),
    (RECURRENT_LAYERS, Rules(lacking={"use_cudnn": ("auto", True)})),
    ("Dense EinsumDense Embedding Conv1D Conv2D Conv3D",
     Rules(lacking={"quantization_config": (None,), "lora_rank": (None,), "lora_alpha": (None,)})),
    ("Embedding", Rules(extra={"input_length": (ANY,), "sparse": (False,)})),
    ("BatchNormalization", Rules(
        extra={"fused": (ANY,), "virtual_batch_size": (None,), "adjustment": (None,)},
        lacking={"synchronized": (False,), "renorm": (False,), "renorm_clipping": (None, {}),
                 "renorm_momentum": (0.99,)})),
    ("SpatialDropout1D SpatialDropout2D SpatialDropout3D", Rules(extra={"noise_shape": (None,)})),
    ("SpatialDropout1D SpatialDropout2D SpatialDropout3D Discretization", Rules(newer={"trainable": (True,)})),
    ("AlphaDropout", Rules(lacking={"noise_shape": (None,)})),
    ("Conv3DTranspose", Rules(lacking={"dilation_rate": (1,)})),
    ("ZeroPadding1D", Rules(lacking={"data_format": LAST})),
    ("LayerNormalization", Rules(lacking={"rms_scaling": (False,)})),
]

_ROWS = [
    *KERAS2_ROWS,
    ("Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D",
     Rules(extra={"groups": (1,)})),
    ("SeparableConv1D SeparableConv2D DepthwiseConv1D DepthwiseConv2D",     # of the class that they inherit from
     Rules(extra={"kernel_initializer": (ANY,), "kernel_regularizer": (ANY,), "kernel_constraint": (ANY,)})),
    (RECURRENT_LAYERS, Rules(extra={"time_major": (False,)})),
    ("RNN SimpleRNN GRU LSTM", Rules(newer={"zero_output_for_mask": (False,)})),
    ("ConvLSTM1D ConvLSTM2D ConvLSTM3D", Rules(lacking={"zero_output_for_mask": (False,)})),
    ("Conv1D Conv2D Conv3D", Rules(newer={"groups": (1,)})),
    (GLOBAL_POOLING, Rules(newer={"keepdims": (False,)})),
    ("InputLayer", Rules(extra={"ragged": (False,), "optional": (False,), "type_spec": (None,)})),
    ("Attention AdditiveAttention", Rules(extra={"causal": (False,)}, lacking={"seed": (None,)})),
    ("Attention", Rules(newer={"score_mode": ("dot",)})),   # in .h5 files Keras 3 takes the word for a function
    ("MultiHeadAttention", Rules(
        extra={"softmax_robust_masking": (False,)},
        lacking={"seed": (None,), "flash_attention": (None,), "use_gate": (False,), "sliding_window": (None,)})),
    ("Softmax", Rules(extra={"robust_masking": (False,)})),
    ("CategoryEncoding", Rules(extra={"sparse": (False,)})),
    ("HashedCrossing IntegerLookup StringLookup TextVectorization", Rules(newer={"dtype": ("float32",)})),
    ("IntegerLookup StringLookup", Rules(lacking={"oov_method": ("floormod",), "salt": (None,)})),
    ("Resizing", Rules(lacking={"pad_to_aspect_ratio": (False,), "fill_mode": ("constant",), "fill_value": (0.0,),
                                "antialias": (False,)})),
    ("CenterCrop Resizing RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation RandomTranslation "
     "RandomZoom RandomHeight RandomWidth",
     Rules(lacking={"data_format": LAST, "bounding_box_format": (None,)}, extra={"rng_type": (ANY,)})),
    ("RandomContrast RandomRotation", Rules(lacking={"value_range": ([0, 255],)})),
    ("RandomCrop", Rules(missing={"at_inference": "fit"}, lacking={"at_inference": ("fit",)})),
]

TFKERAS = Dialect(
    name="tfkeras",
    title="tf.keras 2",
    layers=TFKERAS_LAYERS,
    activations=TFKERAS_ACTIVATIONS,
    rules=by_class(_ROWS),
    every_layer=Rules(extra={"batch_input_shape": (ANY,), "input_dtype": (ANY,), "dynamic": (False,)}),
    activation_names={"hard_sigmoid": HARD_SIGMOID, "swish": "silu"},
    decode_revisions={"BatchNormalization": batch_normalization, "Lambda": lambda_from_keras2,
                      "MultiHeadAttention": tf_attention_shapes, "RandomContrast": random_contrast},
    encode_revisions={"Lambda": keras2_lambda, "Bidirectional": keras2_bidirectional,
                      "MultiHeadAttention": tf_attention_shapes_inside, "Discretization": tf_discretization},
    model_keys={"functional": ("name", "trainable"), "sequential": ("name", "build_input_shape")},
)
