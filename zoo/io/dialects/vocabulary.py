"""Class names of Keras, by what they are. Closed tables: a name that is not here is somebody's own class.

The names are those of the public API of Keras 3.15, of tf.keras 2.15 and of multi-backend Keras 2.3.
"""

from __future__ import annotations

COMMON_LAYERS = frozenset("""
    Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D AveragePooling2D AveragePooling3D
    BatchNormalization Bidirectional Concatenate Conv1D Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM2D
    Cropping1D Cropping2D Cropping3D Dense DepthwiseConv2D Dot Dropout ELU Embedding Flatten GRU GRUCell
    GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D
    GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D InputLayer LSTM LSTMCell Lambda LeakyReLU Masking
    MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum Multiply PReLU Permute RNN ReLU RepeatVector Reshape
    SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D
    SpatialDropout3D StackedRNNCells Subtract TimeDistributed UpSampling1D UpSampling2D UpSampling3D ZeroPadding1D
    ZeroPadding2D ZeroPadding3D
    """.split())

KERAS3_TFKERAS_LAYERS = frozenset("""
    AdditiveAttention Attention CategoryEncoding CenterCrop Conv1DTranspose ConvLSTM1D ConvLSTM3D DepthwiseConv1D
    Discretization EinsumDense GroupNormalization HashedCrossing Hashing Identity IntegerLookup LayerNormalization
    MultiHeadAttention Normalization RandomBrightness RandomContrast RandomCrop RandomFlip RandomHeight
    RandomRotation RandomTranslation RandomWidth RandomZoom Rescaling Resizing SpectralNormalization StringLookup
    TextVectorization ThresholdedReLU UnitNormalization
    """.split())

KERAS3_ONLY_LAYERS = frozenset("""
    AdaptiveAveragePooling1D AdaptiveAveragePooling2D AdaptiveAveragePooling3D AdaptiveMaxPooling1D
    AdaptiveMaxPooling2D AdaptiveMaxPooling3D AugMix AutoContrast ContrastLimitedAdaptiveHistogramEqualization CutMix
    Equalization FlaxLayer GroupedQueryAttention JaxLayer MaxNumBoundingBoxes MelSpectrogram MixUp Pipeline
    RMSNormalization RandAugment RandomColorDegeneration RandomColorJitter RandomElasticTransform RandomErasing
    RandomGaussianBlur RandomGrayscale RandomHue RandomInvert RandomPerspective RandomPosterization RandomSaturation
    RandomSharpness RandomShear ReversibleEmbedding STFTSpectrogram Solarization TFSMLayer TernaryDense
    TorchModuleWrapper
    """.split())

LEGACY_LAYERS = frozenset("CuDNNGRU CuDNNLSTM LocallyConnected1D LocallyConnected2D".split())

TFKERAS_ONLY_LAYERS = frozenset("""
    AddLoss AddMetric ClassMethod DenseFeatures InstanceMethod InstanceProperty RandomFourierFeatures SlicingOpLambda
    TFOpLambda TensorFlowOpLayer
    """.split())

KERAS2_ONLY_LAYERS = frozenset("ConvLSTM2DCell ConvRecurrent2D Highway MaxoutDense Merge ThresholdedReLU".split())

# Layers of Keras 0 and 1 that no later Keras has; the last ones are our names for what a mode of theirs did.
KERAS1_ONLY_LAYERS = frozenset("""
    Highway MaxoutDense Merge ParametricSoftplus SReLU ThresholdedReLU
    LegacyBatchNormalization
    """.split())
KERAS0_ONLY_LAYERS = frozenset("AutoEncoder ThresholdedLinear TimeDistributedMerge".split())

_LACKING_IN_KERAS1 = frozenset("""
    AlphaDropout Conv3DTranspose DepthwiseConv2D GRUCell LSTMCell Minimum RNN ReLU SeparableConv1D SimpleRNNCell
    Softmax StackedRNNCells Subtract
    """.split())

# Layers that Keras defines beside its applications, with the module that files name.
APPLICATION_LAYERS = {"CustomScaleLayer": "keras.src.applications.inception_resnet_v2",
                      "LayerScale": "keras.src.applications.convnext",
                      "StochasticDepth": "keras.src.applications.convnext"}

_LACKING_IN_KERAS0 = frozenset("""
    BatchNormalization Bidirectional Conv2DTranspose ConvLSTM2D Cropping1D Cropping2D Cropping3D
    GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D
    GlobalMaxPooling3D LocallyConnected1D LocallyConnected2D Maximum SeparableConv2D SpatialDropout1D SpatialDropout2D
    SpatialDropout3D
    """.split())

KERAS3_LAYERS = COMMON_LAYERS | KERAS3_TFKERAS_LAYERS | KERAS3_ONLY_LAYERS | APPLICATION_LAYERS.keys()
TFKERAS_LAYERS = COMMON_LAYERS | KERAS3_TFKERAS_LAYERS | APPLICATION_LAYERS.keys() | LEGACY_LAYERS | TFKERAS_ONLY_LAYERS
KERAS2_LAYERS = COMMON_LAYERS | LEGACY_LAYERS | KERAS2_ONLY_LAYERS
KERAS1_LAYERS = COMMON_LAYERS - _LACKING_IN_KERAS1 | KERAS1_ONLY_LAYERS | {"LocallyConnected1D", "LocallyConnected2D"}
KERAS0_LAYERS = KERAS1_LAYERS - _LACKING_IN_KERAS0 | KERAS0_ONLY_LAYERS
LAYERS = KERAS3_LAYERS | TFKERAS_LAYERS | KERAS2_LAYERS | KERAS0_LAYERS

# What other spellings of a class mean, in any dialect.
ALIASES = {
    "GroupQueryAttention": "GroupedQueryAttention",
    "SyncBatchNormalization": "BatchNormalization",         # with synchronized=True
    "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Convolution3D": "Conv3D",
    "Convolution1DTranspose": "Conv1DTranspose", "Convolution2DTranspose": "Conv2DTranspose",
    "Convolution3DTranspose": "Conv3DTranspose", "Deconvolution2D": "Conv2DTranspose",
    "Deconvolution3D": "Conv3DTranspose", "SeparableConvolution1D": "SeparableConv1D",
    "SeparableConvolution2D": "SeparableConv2D", "AvgPool1D": "AveragePooling1D", "AvgPool2D": "AveragePooling2D",
    "AvgPool3D": "AveragePooling3D", "MaxPool1D": "MaxPooling1D", "MaxPool2D": "MaxPooling2D",
    "MaxPool3D": "MaxPooling3D", "GlobalAvgPool1D": "GlobalAveragePooling1D",
    "GlobalAvgPool2D": "GlobalAveragePooling2D", "GlobalAvgPool3D": "GlobalAveragePooling3D",
    "GlobalMaxPool1D": "GlobalMaxPooling1D", "GlobalMaxPool2D": "GlobalMaxPooling2D",
    "GlobalMaxPool3D": "GlobalMaxPooling3D", "UnifiedLSTM": "LSTM", "UnifiedGRU": "GRU",
}

FUNCTIONAL_NAMES = frozenset({"Functional", "Model", "Container", "Network"})
SEQUENTIAL = "Sequential"

MERGING = frozenset({"Add", "Average", "Concatenate", "Dot", "Maximum", "Minimum", "Multiply", "Subtract"})
RECURRENT = frozenset({"RNN", "SimpleRNN", "GRU", "LSTM", "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional",
                       "CuDNNGRU", "CuDNNLSTM"})
# Layers that stand for a TensorFlow function: their first argument is written as it was given, never wrapped in a list.
FUNCTION_LAYERS = frozenset({"TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"})

# Layers that put something before the name in their config.
NAMED_BY_PREFIX = frozenset({"TensorFlowOpLayer"})

# Arguments of wrappers that hold layers (or lists of them).
WRAPPED = {"Bidirectional": "layer", "RNN": "cell", "SpectralNormalization": "layer", "TimeDistributed": "layer"}
LAYER_ARGUMENTS = frozenset({"layer", "backward_layer", "forward_layer", "cell", "cells", "layers"})

# The arguments of a call, where a layer takes more than one tensor: files of Keras 2 name all but the first.
CALL_ARGUMENTS = {
    **dict.fromkeys(RECURRENT, ("sequences", "initial_state", "mask", "training")),
    "MultiHeadAttention": ("query", "value", "key", "query_mask", "value_mask", "key_mask", "attention_mask",
                           "return_attention_scores", "training", "use_causal_mask"),
    "Attention": ("inputs", "mask", "training", "return_attention_scores", "use_causal_mask"),
    "AdditiveAttention": ("inputs", "mask", "training", "return_attention_scores", "use_causal_mask"),
    "BatchNormalization": ("inputs", "training", "mask"),
    "TimeDistributed": ("inputs", "training", "mask"),
    "GlobalAveragePooling1D": ("inputs", "mask"),
    "Softmax": ("inputs", "mask"),
    "Lambda": ("inputs", "mask", "training"),
    "Model": ("inputs", "training", "mask"),
}

# Layers whose config holds program code, which is never run.
CODE_LAYERS = frozenset({"Lambda", "FlaxLayer", "JaxLayer", "TorchModuleWrapper", "TFSMLayer"})

INITIALIZERS = frozenset("""
    Constant GlorotNormal GlorotUniform HeNormal HeUniform Identity LecunNormal LecunUniform Ones Orthogonal
    RandomNormal RandomUniform STFT TruncatedNormal VarianceScaling Zeros
    """.split())
REGULARIZERS = frozenset({"L1", "L1L2", "L2", "OrthogonalRegularizer"})
CONSTRAINTS = frozenset({"MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"})
DTYPE_POLICIES = frozenset("""
    AWQDTypePolicy DTypePolicy DTypePolicyMap FloatDTypePolicy GPTQDTypePolicy Int4DTypePolicy QuantizedDTypePolicy
    QuantizedFloat8DTypePolicy
    """.split())
OBJECT_ALIASES = {"OrthogonalInitializer": "Orthogonal", "IdentityInitializer": "Identity",
                  "FloatDTypePolicy": "DTypePolicy", "Policy": "DTypePolicy", "PolicyV1": "DTypePolicy"}

# The names of activations that every dialect knows as a plain string, and those that only Keras 3 knows.
KERAS2_ACTIVATIONS = frozenset("""
    elu exponential hard_sigmoid linear relu selu sigmoid softmax softplus softsign tanh
    """.split())
TFKERAS_ACTIVATIONS = KERAS2_ACTIVATIONS | {"gelu", "mish", "silu", "swish", "relu6", "leaky_relu", "log_softmax"}
KERAS3_ACTIVATIONS = TFKERAS_ACTIVATIONS | frozenset("""
    celu glu hard_shrink hard_silu hard_swish hard_tanh log_sigmoid soft_shrink sparse_plus sparse_sigmoid sparsemax
    squareplus tanh_shrink threshold
    """.split())


def plain_name(name: str) -> str:
    """A class name without the suffix that TensorFlow 1.13 to 2.0 gave to versions of a class (``DenseV1``)."""
    stem = name[:-2] if name.endswith(("V1", "V2")) else name
    return stem if stem in LAYERS | INITIALIZERS | ALIASES.keys() else name
