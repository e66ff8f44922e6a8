"""What to feed each layer: one row a way of using it. The tests of all layers loop over `CASES`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from zoo import layers
from zoo.engine.spec import Dim
from zoo.layers import Layer

Shape = tuple[Dim, ...]
WORDS = ("", "red", "green", "The green, the RED!", "a red Fox")


@dataclass(frozen=True)
class LayerCase:
    """One layer with one set of arguments.

    Args:
        name: of the class in `zoo.layers`.
        arguments: of its construction.
        shapes: of the inputs, with the batch axis; more than one makes a list of inputs.
        unknown: axes whose size is unknown when the layer is called symbolically, besides the batch axis.
        dtype: of the inputs.
        high: integers are drawn below this.
        separate: whether the inputs are arguments of their own, not a list.
        keywords: further arguments of the call.
    """

    name: str
    arguments: dict[str, Any] = field(default_factory=dict)
    shapes: tuple[Shape, ...] = ((2, 6),)
    unknown: tuple[int, ...] = ()
    dtype: str = "float32"
    high: int = 5
    separate: bool = False
    keywords: dict[str, Any] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """For the report of a test."""
        options = "-".join(f"{key}={value}" for key, value in self.arguments.items())
        return f"{self.name}({options}){'x'.join(map(str, self.shapes[0]))}".replace(" ", "")

    def layer(self) -> Layer:
        """A fresh layer, with random weights where the initial ones would hide mistakes."""
        return getattr(layers, self.name)(**self.arguments)

    def call(self, layer: Any, inputs: Any) -> Any:
        """What the layer (or a function of its inputs) gives for the inputs."""
        given = inputs if self.separate else (inputs,)
        return layer(*given, **self.keywords)

    def data(self, seed: int = 0) -> Any:
        """Random inputs: an array, or a list of them."""
        generator = np.random.default_rng(seed)
        arrays = [self._array(generator, shape) for shape in self.shapes]
        return arrays[0] if len(arrays) == 1 else arrays

    def _array(self, generator: np.random.Generator, shape: Shape) -> np.ndarray:
        if self.dtype == "string":
            return generator.choice(WORDS, shape).astype(object)
        if self.dtype.startswith("float"):
            return generator.normal(size=shape).astype(self.dtype)
        return generator.integers(0, self.high, shape).astype(self.dtype)

    def symbolic_shapes(self) -> list[Shape]:
        """The shapes with an unknown batch size, and `unknown` axes unknown."""
        return [tuple(None if axis == 0 or axis in self.unknown else size for axis, size in enumerate(shape))
                for shape in self.shapes]


def _images(name: str, *, shape: Shape = (2, 7, 6, 4), **arguments: Any) -> LayerCase:
    return LayerCase(name, arguments, (shape,), unknown=(1, 2))


def _sequences(name: str, *, shape: Shape = (2, 9, 4), **arguments: Any) -> LayerCase:
    return LayerCase(name, arguments, (shape,), unknown=(1,))


def _volumes(name: str, *, shape: Shape = (2, 5, 4, 6, 2), **arguments: Any) -> LayerCase:
    return LayerCase(name, arguments, (shape,), unknown=(1, 2, 3))


def _pair(name: str, first: Shape = (2, 3, 4), second: Shape = (2, 3, 4), unknown: tuple[int, ...] = (1,),
          **arguments: Any) -> LayerCase:
    return LayerCase(name, arguments, (first, second), unknown)


def _tokens(name: str, **arguments: Any) -> LayerCase:
    return LayerCase(name, arguments, ((2, 4),), unknown=(1,), dtype="string")


def _numbers(name: str, **arguments: Any) -> LayerCase:
    return LayerCase(name, arguments, ((2, 4),), unknown=(1,), dtype="int64")


def _separate(name: str, first: Shape = (2, 3, 4), second: Shape = (2, 5, 4), **arguments: Any) -> LayerCase:
    return LayerCase(name, arguments, (first, second), unknown=(1,), separate=True)


def _einsum(equation: str, output_shape: Any, bias_axes: str | None, *, shape: Shape = (2, 3, 5),
            unknown: tuple[int, ...] = ()) -> LayerCase:
    return LayerCase("EinsumDense", {"equation": equation, "output_shape": output_shape, "bias_axes": bias_axes},
                     (shape,), unknown)


_CORE = [
    LayerCase("Dense", {"units": 3}),
    LayerCase("Dense", {"units": 3, "use_bias": False, "activation": "tanh"}, ((2, 5, 4, 6),), unknown=(1, 2)),
    LayerCase("Dense", {"units": 3, "activation": {"class_name": "LeakyReLU", "config": {"negative_slope": 0.1}}}),
    LayerCase("Dense", {"units": 2, "kernel_regularizer": "l2", "bias_constraint": "non_neg"}),
    LayerCase("TernaryDense", {"units": 3}), LayerCase("TernaryDense", {"units": 3, "threshold": 0.2}, ((2, 5, 6),), (1,)),
    _einsum("abc,cd->abd", (None, 4), "d", unknown=(1,)),
    _einsum("...c,cd->...d", 4, "d", shape=(2, 3, 5, 6), unknown=(1, 2)),
    _einsum("ab...,bc->ac...", 4, "c", unknown=(2,)),
    _einsum("abc,cde->abde", (None, 2, 4), "d", unknown=(1,)),
    _einsum("abc,cd->abd", (3, 4), None),
    LayerCase("Embedding", {"input_dim": 7, "output_dim": 3}, ((2, 5),), (1,), dtype="int32", high=7),
    LayerCase("Embedding", {"input_dim": 7, "output_dim": 3, "mask_zero": True}, ((2, 5),), (1,), high=7),
    LayerCase("Dense", {"units": 3, "lora_rank": 2, "lora_alpha": 3.0}),
    LayerCase("Embedding", {"input_dim": 7, "output_dim": 3, "lora_rank": 1}, ((2, 5),), (1,), dtype="int32"),
    LayerCase("ReversibleEmbedding", {"input_dim": 7, "output_dim": 3}, ((2, 5),), (1,), dtype="int32"),
    LayerCase("ReversibleEmbedding", {"input_dim": 7, "output_dim": 4, "tie_weights": False, "logit_soft_cap": 2.0},
              ((2, 5, 4),), (1,), keywords={"reverse": True}),
    LayerCase("SpectralNormalization", {"layer": {"class_name": "Dense", "config": {"units": 3}}}),
    LayerCase("SpectralNormalization", {"layer": {"class_name": "Conv1D", "config": {"filters": 3, "kernel_size": 2}}},
              ((2, 5, 4),), (1,)),
    LayerCase("Identity"),
    LayerCase("Masking", {"mask_value": 1.0}, ((2, 3, 4),), (1,)),
]
_ACTIVATIONS = [
    LayerCase("Activation", {"activation": "gelu"}),
    LayerCase("ReLU", {"max_value": 1.0, "negative_slope": 0.1, "threshold": 0.2}),
    LayerCase("ReLU"),
    LayerCase("LeakyReLU", {"negative_slope": 0.2}),
    LayerCase("ELU", {"alpha": 0.7}),
    LayerCase("PReLU", {"alpha_initializer": "ones"}),
    _images("PReLU", shared_axes=[1, 2], alpha_initializer="ones"),
    LayerCase("Softmax"),
    _images("Softmax", axis=[1, 2]),
]
_CONVOLUTIONAL = [
    _sequences("Conv1D", filters=3, kernel_size=3),
    _sequences("Conv1D", filters=3, kernel_size=3, padding="causal", dilation_rate=2, activation="relu"),
    _images("Conv2D", filters=3, kernel_size=3, padding="same", strides=2),
    _images("Conv2D", filters=6, kernel_size=(1, 2), groups=2, use_bias=False),
    _images("Conv2D", filters=5, kernel_size=(2, 3), dilation_rate=(2, 1)),
    _volumes("Conv3D", filters=3, kernel_size=2),
    _volumes("Conv3D", filters=3, kernel_size=(2, 1, 3), padding="same", strides=(1, 2, 2)),
    _sequences("DepthwiseConv1D", kernel_size=3, strides=2, padding="same", depth_multiplier=2),
    _images("DepthwiseConv2D", kernel_size=3, activation="relu6"),
    _images("DepthwiseConv2D", kernel_size=(2, 3), depth_multiplier=2, use_bias=False, padding="same"),
    _sequences("SeparableConv1D", filters=5, kernel_size=3, dilation_rate=2),
    _images("SeparableConv2D", filters=5, kernel_size=3, strides=2, padding="same", depth_multiplier=2),
    _sequences("Conv1DTranspose", filters=3, kernel_size=3, strides=2, padding="same", output_padding=1),
    _images("Conv2DTranspose", filters=3, kernel_size=3, strides=2),
    _images("Conv2DTranspose", filters=3, kernel_size=(2, 3), strides=(3, 2), padding="same"),
    _volumes("Conv3DTranspose", filters=2, kernel_size=2, strides=2),
]
_POOLING = [
    case
    for kind in ("Average", "Max")
    for case in (
        _sequences(f"{kind}Pooling1D", pool_size=3, strides=2, padding="same"),
        _images(f"{kind}Pooling2D", pool_size=(3, 2), strides=1),
        _images(f"{kind}Pooling2D", pool_size=3, strides=2, padding="same"),
        _volumes(f"{kind}Pooling3D", pool_size=2),
        _sequences(f"Global{kind}Pooling1D"),
        _images(f"Global{kind}Pooling2D", keepdims=True),
        _images(f"Global{kind}Pooling2D"),
        _volumes(f"Global{kind}Pooling3D"),
        _sequences(f"Adaptive{kind}Pooling1D", output_size=4),
        _images(f"Adaptive{kind}Pooling2D", output_size=(3, 5)),
        _volumes(f"Adaptive{kind}Pooling3D", output_size=(5, 2, 3)),
    )
]
_NORMALIZATION = [
    _images("BatchNormalization"),
    LayerCase("BatchNormalization", {"axis": 1, "center": False, "epsilon": 0.1}, ((2, 4, 6, 3),), (2, 3)),
    _images("BatchNormalization", renorm=True, scale=False, renorm_clipping={"rmax": 2.0, "dmax": 1.0}),
    LayerCase("LayerNormalization", {}, ((2, 3, 4),), (1,)),
    LayerCase("LayerNormalization", {"axis": [1, 2], "center": False}, ((2, 3, 4),)),
    LayerCase("LayerNormalization", {"rms_scaling": True}, ((2, 3, 4),), (1,)),
    LayerCase("RMSNormalization", {"axis": [1, 2]}, ((2, 3, 4),)),
    _images("GroupNormalization", groups=2),
    _images("GroupNormalization", groups=-1, scale=False),
    LayerCase("GroupNormalization", {"groups": 3, "axis": 1}, ((2, 6, 5, 4),), (2, 3)),
    LayerCase("UnitNormalization", {"axis": [1, 2]}, ((2, 3, 4),), (1,)),
]
_REGULARIZATION = [
    LayerCase("Dropout", {"rate": 0.3, "seed": 3}),
    LayerCase("Dropout", {"rate": 0.3, "noise_shape": (None, 1, 4)}, ((2, 3, 4),), (1,)),
    _sequences("SpatialDropout1D", rate=0.3),
    _images("SpatialDropout2D", rate=0.3),
    _volumes("SpatialDropout3D", rate=0.3),
    LayerCase("AlphaDropout", {"rate": 0.3}),
    LayerCase("GaussianDropout", {"rate": 0.3}),
    LayerCase("GaussianNoise", {"stddev": 0.3}),
    LayerCase("ActivityRegularization", {"l1": 0.1, "l2": 0.01}),
    _pair("CustomScaleLayer", (2, 3, 4), (2, 3, 4), scale=0.2),
    _images("LayerScale", init_values=0.5, projection_dim=4),
    _images("StochasticDepth", drop_path_rate=0.3),
    LayerCase("StochasticDepth", {"drop_path_rate": 0.0}),
]
_RESHAPING = [
    _images("Flatten"),
    LayerCase("Flatten", {}, ((3,),)),
    LayerCase("Flatten", {"data_format": "channels_first"}, ((2, 3, 4, 5),), (2,)),
    LayerCase("Reshape", {"target_shape": (4, 3)}, ((2, 6, 2),)),
    LayerCase("Reshape", {"target_shape": (-1, 2)}, ((2, 6, 4),), (1,)),
    LayerCase("Reshape", {"target_shape": (2, -1)}, ((2, 6, 4),)),
    LayerCase("Permute", {"dims": (3, 1, 2)}, ((2, 3, 4, 5),), (1, 3)),
    LayerCase("RepeatVector", {"n": 3}),
    _sequences("ZeroPadding1D", padding=(1, 2)),
    _images("ZeroPadding2D", padding=((1, 2), (0, 1))),
    _images("ZeroPadding2D", padding=2),
    _volumes("ZeroPadding3D", padding=(1, 0, 2)),
    _sequences("Cropping1D", cropping=(1, 2)),
    _images("Cropping2D", cropping=((1, 2), (0, 1))),
    _images("Cropping2D"),
    _volumes("Cropping3D", cropping=((1, 0), (0, 1), (1, 1))),
    _sequences("UpSampling1D", size=3),
    _images("UpSampling2D", size=(2, 3)),
    _volumes("UpSampling3D", size=(1, 2, 2)),
    *(_images("UpSampling2D", interpolation=how) for how in ("bilinear", "bicubic", "lanczos3", "lanczos5")),
]
_MERGING = [
    *(_pair(name) for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum")),
    LayerCase("Add", {}, ((2, 3, 4),) * 3, (1,)),
    _pair("Add", (2, 3, 4), (2, 1, 4), ()),
    _pair("Maximum", (2, 4), (2, 3, 4), ()),
    _pair("Multiply", (2, 5, 3, 4), (2, 4), ()),
    *(_pair("Merge", (2, 4), (2, 4), mode=mode) for mode in ("sum", "mul", "ave", "max", "concat", "dot", "cos")),
    _pair("Concatenate", (2, 3, 4), (2, 3, 2)),
    _pair("Concatenate", (2, 3, 4), (2, 5, 4), axis=1),
    _pair("Dot", (2, 4), (2, 4), (), axes=1),
    _pair("Dot", (2, 4), (2, 4), (), axes=-1, normalize=True),
    _pair("Dot", (2, 3, 4), (2, 5, 3), (), axes=(1, 2)),
    _pair("Dot", (2, 3, 4), (2, 4), (), axes=(2, 1)),
    _pair("Dot", (2, 3, 4, 5), (2, 6, 4), (), axes=2),
]
_TENSORFLOW = [
    LayerCase("TFOpLambda", {"function": "math.square"}, ((2, 3, 4),), (1,)),
    LayerCase("TFOpLambda", {"function": "math.reduce_max"}, ((2, 3),), (1,), keywords={"axis": 1}),
    LayerCase("SlicingOpLambda", {"function": "__operators__.getitem"}, ((2, 3),), (1,),
              keywords={"slice_spec": [...]}),
    LayerCase("TensorFlowOpLayer", {"node_def": {
        "name": "r", "op": "Reshape", "input": ["x", "r/shape"], "attr": {"T": {"type": "DT_FLOAT"}}},
        "constants": {"1": [-1, 6]}}, ((2, 2, 3),)),
]
_ATTENTION = [
    _pair("Attention", (2, 3, 4), (2, 5, 4), use_scale=True),
    _pair("Attention", (2, 3, 4), (2, 5, 4), score_mode="concat"),
    LayerCase("Attention", {"dropout": 0.5, "causal": True}, ((2, 3, 4), (2, 5, 6), (2, 5, 4)), (1,)),
    _pair("AdditiveAttention", (2, 3, 4), (2, 5, 4)),
    _pair("AdditiveAttention", (2, 3, 4), (2, 5, 4), use_scale=False),
    *(_separate(name, **arguments) for name, arguments in (
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "sliding_window": 2}),
        ("MultiHeadAttention", {"num_heads": 3, "key_dim": 2, "value_dim": 4, "output_shape": 5, "use_bias": False}),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 3, "use_gate": True, "dropout": 0.2}),
        ("GroupedQueryAttention", {"head_dim": 3, "num_query_heads": 4, "num_key_value_heads": 2, "use_gate": True}))),
    _separate("MultiHeadAttention", (2, 3, 4, 5), (2, 3, 4, 5), num_heads=2, key_dim=3, attention_axes=(2,)),
    _separate("MultiHeadAttention", (2, 3, 4, 5), (2, 2, 6, 5), num_heads=2, key_dim=3),
]
_PREPROCESSING = [
    _images("Rescaling", scale=0.5, offset=-1.0),
    LayerCase("Rescaling", {"scale": [0.1, 0.2, 0.3], "offset": [1.0, 2.0, 3.0]}, ((2, 4, 3),), (1,), dtype="uint8"),
    LayerCase("Normalization", {}, ((2, 3, 4),), (1,)),
    LayerCase("Normalization", {"axis": None}, ((2, 3, 4),), (1,)),
    LayerCase("Normalization", {"axis": [1, 2]}, ((2, 3, 4),)),
    LayerCase("Normalization", {"mean": [1.0, 2.0], "variance": [0.5, 4.0], "invert": True}, ((2, 3, 2),), (1,)),
    *(_images("Resizing", height=5, width=9, interpolation=how)
      for how in ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area")),
    _images("Resizing", height=3, width=4, antialias=True),
    _images("Resizing", height=4, width=3, crop_to_aspect_ratio=True),
    _images("Resizing", height=4, width=3, pad_to_aspect_ratio=True, fill_value=1.0),
    LayerCase("Resizing", {"height": 3, "width": 4}, ((2, 7, 6, 3),), (1, 2), dtype="uint8", high=256),
    _tokens("StringLookup", vocabulary=["red", "green"], num_oov_indices=2, mask_token=""),
    _tokens("StringLookup", vocabulary=["red", "green"], output_mode="count", max_tokens=5, pad_to_max_tokens=True),
    _tokens("StringLookup", vocabulary=["red"], output_mode="tf_idf", idf_weights=[0.5], salt=[3, 4]),
    _numbers("IntegerLookup", vocabulary=[3, 1], output_mode="one_hot"),
    _numbers("IntegerLookup", vocabulary=[3, 1], num_oov_indices=3, oov_method="farmhash"),
    _numbers("IntegerLookup", vocabulary=[7, 9, 4], invert=True),
    LayerCase("TextVectorization", {"vocabulary": ["red", "the"], "output_sequence_length": 4}, ((3, 1),),
              dtype="string"),
    LayerCase("TextVectorization", {"vocabulary": ["red", "the"], "output_mode": "multi_hot", "ngrams": 2},
              ((3,),), dtype="string"),
    LayerCase("TextVectorization", {"vocabulary": ["red"], "split": None, "standardize": "lower"}, ((3, 2),),
              dtype="string"),
    _tokens("Hashing", num_bins=3, mask_value="red"),
    _tokens("Hashing", num_bins=4, salt=5, output_mode="multi_hot"),
    LayerCase("HashedCrossing", {"num_bins": 5, "output_mode": "one_hot"}, ((4, 1),) * 3, dtype="string"),
    LayerCase("HashedCrossing", {"num_bins": 5}, ((4,),) * 2, dtype="int64"),
    *(_numbers("CategoryEncoding", num_tokens=4, output_mode=mode) for mode in ("one_hot", "multi_hot", "count")),
    LayerCase("CategoryEncoding", {"num_tokens": 4, "output_mode": "count"}, ((2, 3, 2),), (1,), dtype="int32"),
    LayerCase("Discretization", {"bin_boundaries": [-0.5, 0.0, 0.5]}, ((2, 3),), (1,)),
    LayerCase("Discretization", {"bin_boundaries": [0.0], "output_mode": "count"}, ((2, 3),), (1,)),
    LayerCase("MelSpectrogram", {"fft_length": 32, "sequence_stride": 16, "num_mel_bins": 6}, ((2, 100),)),
    LayerCase("MelSpectrogram", {"fft_length": 32, "sequence_length": 20, "sequence_stride": 8, "num_mel_bins": 4,
                                 "power_to_db": False, "window": "hamming"}, ((2, 3, 100),)),
    *(_sequences("STFTSpectrogram", shape=(2, 50, 3), frame_length=12, mode=mode)
      for mode in ("log", "magnitude", "psd", "real", "imag", "stft")),
    _sequences("STFTSpectrogram", shape=(2, 50, 3), frame_length=8, frame_step=3, padding="same", expand_dims=True),
    LayerCase("Pipeline", {"layers": [{"class_name": "Rescaling", "config": {"scale": 0.5}},
                                      {"class_name": "Normalization", "config": {}}]}, ((2, 5, 3),), (1,)),
    _images("CenterCrop", height=4, width=3),
    _images("CenterCrop", height=8, width=3),
]


def _at_rest(name: str, *, shape: Shape = (2, 7, 6, 3), **arguments: Any) -> LayerCase:
    return LayerCase(name, {"seed": 3, **arguments}, (shape,), unknown=(1, 2), keywords={"training": False})


_AUGMENTATION = [                                           # tests.layers.test_images trains with them
    *(_at_rest(name) for name in ("AugMix", "CutMix", "MixUp", "RandAugment", "RandomColorJitter",
                                  "RandomElasticTransform", "RandomErasing", "RandomFlip", "RandomGaussianBlur",
                                  "RandomGrayscale", "RandomInvert", "RandomPerspective", "RandomShear",
                                  "Solarization")),
    *(_at_rest(name, factor=0.2) for name in ("RandomBrightness", "RandomColorDegeneration", "RandomContrast",
                                              "RandomHeight", "RandomHue", "RandomRotation", "RandomSaturation",
                                              "RandomSharpness", "RandomWidth")),
    _at_rest("RandomCrop", height=4, width=3, at_inference="fit"), _at_rest("RandomPosterization", factor=4),
    _at_rest("RandomTranslation", height_factor=0.2, width_factor=(0.1, 0.3)), _at_rest("RandomZoom", height_factor=0.2),
    _images("AutoContrast", value_range=(0, 1)), _images("MaxNumBoundingBoxes", max_number=4),
    LayerCase("Equalization", {"bins": 8}, ((2, 7, 6, 3),), (1, 2), keywords={"training": False}),
    _images("ContrastLimitedAdaptiveHistogramEqualization", tile_grid_size=2, value_range=(-1, 1)),
]


def _record(name: str, **config: Any) -> dict[str, Any]:
    return {"class_name": name, "config": config}


_RECURRENT = [
    *(_sequences(name, shape=(2, 5, 3), units=4, **more) for name in ("SimpleRNN", "GRU", "LSTM") for more in (
        {}, {"return_sequences": True}, {"go_backwards": True, "use_bias": False}, {"activation": "elu"},
        {"activation": "relu", "return_sequences": True, "dropout": 0.5, "recurrent_dropout": 0.2, "unroll": True})),
    _sequences("GRU", shape=(2, 5, 3), units=4, reset_after=False),
    _sequences("GRU", shape=(2, 5, 3), units=4, reset_after=False, activation="softsign",
               recurrent_activation="linear"),
    _sequences("LSTM", shape=(2, 5, 3), units=4, recurrent_activation="hard_sigmoid", unit_forget_bias=False),
    *(_sequences("RNN", shape=(2, 5, 3), cell=cell, return_sequences=True) for cell in (
        _record("SimpleRNNCell", units=4), _record("GRUCell", units=4), _record("LSTMCell", units=4),
        _record("StackedRNNCells", cells=[_record("LSTMCell", units=4), _record("GRUCell", units=2)]))),
    *(_sequences("Bidirectional", shape=(2, 5, 3), merge_mode=mode,
                 layer=_record("LSTM", units=4, return_sequences=True)) for mode in ("concat", "sum", "mul", "ave")),
    _sequences("Bidirectional", shape=(2, 5, 3), layer=_record("GRU", units=4)),
    _sequences("TimeDistributed", shape=(2, 5, 3), layer=_record("Dense", units=4)),
    LayerCase("TimeDistributed", {"layer": _record("Conv2D", filters=3, kernel_size=2)}, ((2, 5, 4, 6, 2),), (1, 2)),
    _sequences("ConvLSTM1D", shape=(2, 4, 5, 3), filters=2, kernel_size=3),
    _sequences("ConvLSTM1D", shape=(2, 4, 5, 3), filters=2, kernel_size=3, strides=2, padding="same", dropout=0.3),
    _sequences("ConvLSTM2D", shape=(2, 3, 5, 4, 2), filters=3, kernel_size=(2, 3), return_sequences=True),
    _sequences("ConvLSTM2D", shape=(2, 3, 5, 4, 2), filters=3, kernel_size=2, padding="same", go_backwards=True),
    _sequences("ConvLSTM3D", shape=(2, 2, 4, 3, 3, 2), filters=2, kernel_size=2, use_bias=False),
]
_LEGACY = [
    _sequences("CuDNNLSTM", shape=(2, 5, 3), units=4),
    _sequences("CuDNNGRU", shape=(2, 5, 3), units=4, return_sequences=True),
    LayerCase("LocallyConnected1D", {"filters": 3, "kernel_size": 3, "strides": 2}, ((2, 9, 4),)),
    *(LayerCase("LocallyConnected2D", {"filters": 3, "kernel_size": (2, 3), "strides": (1, 2), **more}, ((2, 4, 6, 5),))
      for more in ({"implementation": 1}, {"implementation": 1, "data_format": "channels_first", "use_bias": False},
                   {"implementation": 2, "padding": "same"}, {"implementation": 3, "padding": "same"},
                   {"implementation": 3, "data_format": "channels_first"})),
    LayerCase("ThresholdedReLU", {"theta": 0.3}),
    LayerCase("ParametricSoftplus", {"alpha_init": 0.5, "shared_axes": [1]}, ((2, 3, 4),), (1,)),
    LayerCase("SReLU", {"shared_axes": [1]}, ((2, 3, 4),), (1,)),
    _sequences("TimeDistributedDense", output_dim=3, activation="tanh"),
    LayerCase("MaxoutDense", {"output_dim": 3, "nb_feature": 2}),
    LayerCase("Highway", {"activation": "relu"}),
    LayerCase("Highway", {"bias": False, "W_regularizer": "l2"}),
    LayerCase("ThresholdedLinear", {"theta": 0.3}),
    *(_sequences("TimeDistributedMerge", mode=mode) for mode in ("sum", "ave", "mul")),
    *(LayerCase("LegacyBatchNormalization", {"mode": mode}, shape) for mode, shape in (
        (0, ((4, 6),)), (1, ((3, 2, 5),)), (2, ((4, 6),)))),
    LayerCase("LegacyBatchNormalization", {"mode": 0, "axis": 1, "epsilon": 1e-3}, ((2, 3, 4, 5),), (2, 3)),
    *(LayerCase("AutoEncoder", {"encoder": _record("Dense", units=3), "decoder": _record("Dense", units=6),
                                "output_reconstruction": both}) for both in (True, False)),
]
#: layers that are not called on one input, with the tests that check them
ELSEWHERE = {
    "InputLayer": "tests.models",
    **dict.fromkeys(("SimpleRNNCell", "GRUCell", "LSTMCell", "ConvLSTMCell", "StackedRNNCells", "AbstractRNNCell"),
                    "tests.layers.test_recurrent, and inside of RNN"),
    "Wrapper": "TimeDistributed",
    "Lambda": "tests.layers.test_main_weight: it holds a function, not data",
}

CASES: list[LayerCase] = [*_CORE, *_ACTIVATIONS, *_CONVOLUTIONAL, *_POOLING, *_NORMALIZATION, *_REGULARIZATION,
                          *_RESHAPING, *_MERGING, *_TENSORFLOW, *_ATTENTION, *_PREPROCESSING, *_AUGMENTATION, *_RECURRENT,
                          *_LEGACY]
