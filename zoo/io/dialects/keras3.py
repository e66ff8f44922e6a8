"""The dialect of Keras 3 (3.0 to 3.15): the canonical vocabulary, save what some releases add that says nothing."""

from __future__ import annotations

from zoo.io.dialects.dialect import ANY, Dialect, Rules, by_class
from zoo.io.dialects.revisions import batch_normalization, random_contrast
from zoo.io.dialects.vocabulary import KERAS3_ACTIVATIONS, KERAS3_LAYERS

IMAGE_LAYERS = """
    AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix Equalization MaxNumBoundingBoxes MixUp
    RandAugment RandomBrightness RandomColorDegeneration RandomColorJitter RandomContrast RandomCrop
    RandomElasticTransform RandomErasing RandomFlip RandomGaussianBlur RandomGrayscale RandomHue RandomInvert
    RandomPerspective RandomPosterization RandomRotation RandomSaturation RandomSharpness RandomShear RandomTranslation
    RandomZoom Solarization
"""
RECURRENT_LAYERS = "RNN SimpleRNN GRU LSTM ConvLSTM1D ConvLSTM2D ConvLSTM3D"

_ROWS = [
    ("InputLayer", Rules(extra={"optional": (False,), "ragged": (False,)})),
    ("Dense EinsumDense Embedding ReversibleEmbedding Conv1D Conv2D Conv3D",
     Rules(extra={"quantization_config": (None,), "lora_rank": (None,), "lora_alpha": (None,)})),
    ("LayerNormalization", Rules(extra={"rms_scaling": (False,)})),
    ("GRU LSTM", Rules(extra={"use_cudnn": ("auto",)})),
    ("MultiHeadAttention GroupedQueryAttention",
     Rules(extra={"flash_attention": (None,), "use_gate": (False,), "sliding_window": (None,)})),
    # Arguments of earlier dialects that a canonical config keeps where they mean something.
    (RECURRENT_LAYERS, Rules(lacking={"time_major": (False,)})),
    ("Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D DepthwiseConv2D SeparableConv1D SeparableConv2D",
     Rules(lacking={"groups": (1,)})),
    ("SimpleRNN", Rules(lacking={"implementation": (ANY,)})),
    ("Softmax", Rules(lacking={"robust_masking": (False,)})),
    ("MultiHeadAttention", Rules(lacking={"softmax_robust_masking": (False,)})),
    ("CategoryEncoding", Rules(lacking={"sparse": (False,)})),
    ("Attention AdditiveAttention", Rules(lacking={"causal": (False,)})),
    ("BatchNormalization", Rules(lacking={"virtual_batch_size": (None,), "adjustment": (None,)})),
    ("SpatialDropout1D SpatialDropout2D SpatialDropout3D", Rules(lacking={"noise_shape": (None,)})),
    ("SpatialDropout1D SpatialDropout2D SpatialDropout3D Discretization", Rules(newer={"trainable": (ANY,)})),
    ("Hashing", Rules(newer={"dtype": ("float32",)})),
    (IMAGE_LAYERS, Rules(newer={"bounding_box_format": (None,)})),
    ("RandomCrop", Rules(lacking={"at_inference": ("keep",)})),
    ("RandomRotation", Rules(extra={"value_range": (ANY,)})),
]
_EARLIER = (((3, 8), {"RandomCrop": Rules(missing={"at_inference": "fit"})}),)

KERAS3 = Dialect(
    name="keras3",
    title="Keras 3",
    layers=KERAS3_LAYERS,
    activations=KERAS3_ACTIVATIONS,
    rules=by_class(_ROWS),
    earlier=_EARLIER,
    every_layer=Rules(extra={"input_shape": (ANY,), "batch_input_shape": (ANY,)}),
    decode_revisions={"BatchNormalization": batch_normalization, "RandomContrast": random_contrast},
    model_keys={"functional": ("name", "trainable"), "sequential": ("name", "trainable", "dtype", "build_input_shape")},
    modern=True,
    counting="outputs",
)
