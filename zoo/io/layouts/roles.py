"""Which weights each layer class owns, in the order in which it creates them.

The names are those of Keras 3. A layer owns variables of its own and those of its parts: the cell of a recurrent
layer, the layer in a wrapper, the projections of an attention layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zoo.io.dialects.vocabulary import DTYPE_POLICIES, LAYERS

Config = Mapping[str, Any]
Test = Callable[[Config], bool]


def _always(config: Config) -> bool:
    return True


def _if(argument: str, default: bool = True) -> Test:
    return lambda config: bool(config.get(argument, default))


@dataclass(frozen=True)
class Own:
    """A variable of a layer itself.

    Args:
        role: its name.
        trainable: False for statistics.
        when: whether a layer of that config has it.
        key: its key in the layout by path, if that is not its number.
        stored: whether the layout by layer, and the one by path, hold it.
    """

    role: str
    trainable: bool | Test = True
    when: Test = _always
    key: str | None = None
    stored: tuple[bool, bool] = (True, True)

    def is_trainable(self, config: Config) -> bool:
        """Whether the optimizer of a layer of that config changes it."""
        return self.trainable(config) if callable(self.trainable) else self.trainable


@dataclass(frozen=True)
class Part:
    """Objects that a layer holds in one attribute, and whose weights are its own.

    Args:
        attribute: its name.
        objects: ``{"class_name", "config"}`` of what it holds, from the layer's config.
        is_list: whether the attribute is a list.
        spellings: names that the attribute has in files, the one of Keras 3.15 first; its own name if empty.
        scope: what stands for it in names of weights: a word, or the name of the object if None.
    """

    attribute: str
    objects: Callable[[Config], list[dict[str, Any]]]
    is_list: bool = False
    spellings: tuple[str, ...] = ()
    scope: str | None = None


@dataclass(frozen=True)
class Anatomy:
    """What a layer class owns."""

    own: tuple[Own, ...] = ()
    parts: tuple[Part, ...] = ()


def _no_lora(config: Config) -> bool:
    return not config.get("lora_rank")


_LORA = _if("lora_rank", False)
_BIAS = Own("bias", when=_if("use_bias"))
_KERNEL = Anatomy((Own("kernel"), _BIAS))


def _with_lora(name: str, *others: Own) -> Anatomy:
    """A weight that adapters of low rank may stand for in training; files by path hold the sum."""
    return Anatomy((Own(name, trainable=_no_lora), *others, Own(f"lora_{name}_a", when=_LORA, stored=(True, False)),
                    Own(f"lora_{name}_b", when=_LORA, stored=(True, False))))


def is_adapter(role: str) -> bool:
    """Whether a role is that of an adapter of low rank, which files by path do not hold."""
    return role.rpartition("/")[2].startswith("lora_")


def _cell(class_name: str) -> Anatomy:
    return Anatomy(parts=(Part("cell", lambda config: [{"class_name": class_name, "config": config}],
                               scope=class_name),))


def _projection(name: str, is_private: bool, when: Test = _always) -> Part:
    """A dense layer of an attention layer; only some releases and classes give the attribute a public name."""
    def dense(config: Config) -> list[dict[str, Any]]:
        bias = "e" if config.get("use_bias", True) else None
        return [{"class_name": "EinsumDense", "config": {"bias_axes": bias}}] if when(config) else []
    attribute = f"{name.removeprefix('attention_')}_dense"
    spellings = (f"_{attribute}", attribute) if is_private else (attribute, f"_{attribute}")
    return Part(attribute, dense, spellings=spellings, scope=name)


def _attention(is_private: bool) -> Anatomy:
    return Anatomy(parts=(
        _projection("query", is_private), _projection("key", is_private),
        _projection("gate", True, _if("use_gate", False)), _projection("value", is_private),
        _projection("attention_output", is_private)))


def _held(argument: str) -> Callable[[Config], list[dict[str, Any]]]:
    return lambda config: [config[argument]] if config.get(argument) else []


def _cells(config: Config) -> list[dict[str, Any]]:
    cells = config.get("cells")
    return cells if isinstance(cells, list) else []


def _backward(config: Config) -> list[dict[str, Any]]:
    return [config.get("backward_layer") or config["layer"]] if config.get("layer") else []


_GAMMA, _BETA = Own("gamma", when=_if("scale")), Own("beta", when=_if("center"))
_RECURRENT_WEIGHTS = Anatomy((Own("kernel"), Own("recurrent_kernel"), _BIAS))
_TF_IDF = Own("idf_weights", False, lambda config: config.get("output_mode") == "tf_idf", key="idf_weights",
              stored=(False, True))
_RENORM = _if("renorm", False)


def _table(*rows: tuple[str, Anatomy]) -> dict[str, Anatomy]:
    return {name: anatomy for names, anatomy in rows for name in names.split()}


ANATOMY: dict[str, Anatomy] = _table(
    ("Dense Conv1D Conv2D Conv3D", _with_lora("kernel", _BIAS)), ("TernaryDense", Anatomy((Own("kernel"), _BIAS))),
    ("EinsumDense", _with_lora("kernel", Own("bias", when=lambda config: config.get("bias_axes") is not None))),
    ("Conv1DTranspose Conv2DTranspose Conv3DTranspose DepthwiseConv1D DepthwiseConv2D LocallyConnected1D "
     "LocallyConnected2D", _KERNEL),
    ("SeparableConv1D SeparableConv2D", Anatomy((Own("depthwise_kernel"), Own("pointwise_kernel"), _BIAS))),
    ("Embedding", _with_lora("embeddings")),
    ("ReversibleEmbedding", Anatomy((
        Own("embeddings"), Own("reverse_embeddings", when=lambda config: not config.get("tie_weights", True))))),
    ("BatchNormalization", Anatomy((
        _GAMMA, _BETA, Own("moving_mean", False), Own("moving_variance", False),
        Own("moving_stddev", False, _RENORM), Own("renorm_mean", False, _RENORM),
        Own("renorm_stddev", False, _RENORM)))),
    ("LayerNormalization GroupNormalization", Anatomy((_GAMMA, _BETA))),
    ("RMSNormalization", Anatomy((Own("scale"),))), ("LayerScale", Anatomy((Own("variable"),))),
    ("PReLU", Anatomy((Own("alpha"),))),
    ("Normalization", Anatomy(tuple(Own(name, False, lambda config: config.get("mean") is None)
                                    for name in ("mean", "variance", "count")))),
    ("SimpleRNNCell GRUCell LSTMCell ConvLSTMCell ConvLSTM2DCell", _RECURRENT_WEIGHTS),
    ("CuDNNGRU CuDNNLSTM", Anatomy((Own("kernel"), Own("recurrent_kernel"), Own("bias")))),
    ("SimpleRNN", _cell("SimpleRNNCell")), ("GRU", _cell("GRUCell")), ("LSTM", _cell("LSTMCell")),
    ("ConvLSTM1D ConvLSTM2D ConvLSTM3D", _cell("ConvLSTMCell")),
    ("RNN", Anatomy(parts=(Part("cell", _held("cell")),))),
    ("StackedRNNCells", Anatomy(parts=(Part("cells", _cells, is_list=True),))),
    ("Pipeline", Anatomy(parts=(
        Part("_pipeline_layers", lambda config: list(config.get("layers", ())), is_list=True),))),
    ("TimeDistributed", Anatomy(parts=(Part("layer", _held("layer")),))),
    ("Bidirectional", Anatomy(parts=(Part("forward_layer", _held("layer"), scope="forward"),
                                     Part("backward_layer", _backward, scope="backward")))),
    # It keeps the kernel of its layer as an attribute of its own too, which files by path therefore hold twice.
    ("SpectralNormalization", Anatomy((Own("layer/kernel"), Own("vector_u", False)), (Part("layer", _held("layer")),))),
    ("Attention", Anatomy((
        Own("scale", when=_if("use_scale", False)),
        Own("concat_score_weight", when=lambda config: config.get("score_mode") == "concat")))),
    ("AdditiveAttention", Anatomy((Own("scale", when=_if("use_scale")),))),
    ("MultiHeadAttention", _attention(is_private=False)), ("GroupedQueryAttention", _attention(is_private=True)),
    ("STFTSpectrogram", Anatomy((Own("real_kernel", when=lambda config: config.get("mode") != "imag"),
                                 Own("imag_kernel", when=lambda config: config.get("mode") != "real")))),
    ("StringLookup IntegerLookup", Anatomy((_TF_IDF,))),
    ("TextVectorization", Anatomy((_TF_IDF,), (
        Part("_lookup_layer", lambda config: [{"class_name": "StringLookup", "config": config}]),))),
    ("Highway", Anatomy((Own("W"), Own("W_carry"), Own("b", when=_if("bias")), Own("b_carry", when=_if("bias"))))),
    ("MaxoutDense", Anatomy((Own("W"), Own("b", when=_if("bias"))))),
    ("SReLU", Anatomy(tuple(Own(name) for name in ("t_left", "a_left", "t_right", "a_right")))),
    ("ParametricSoftplus", Anatomy((Own("alphas"), Own("betas")))),
    ("LegacyBatchNormalization", Anatomy((Own("gamma"), Own("beta"), Own("running_mean", False),
                                          Own("running_std", False)))),
    ("AutoEncoder", Anatomy(parts=(Part("encoder", _held("encoder")), Part("decoder", _held("decoder"))))),
)

# Layers of Keras that hold what their users wrote, or weights that no config tells.
_OPEN = frozenset({"DenseFeatures", "FlaxLayer", "JaxLayer", "Merge", "RandomFourierFeatures", "TFSMLayer",
                   "TorchModuleWrapper"})
_LAYERS_WITHOUT_TABLE = LAYERS - ANATOMY.keys() - _OPEN


_QUANTIZED = {"Dense": "kernel", "EinsumDense": "kernel", "Embedding": "embeddings"}


def quantization_of(config: Config) -> str | None:
    """How a layer is quantized: ``int8``, ``int4/128``, ``float8``, ...; None if it is not."""
    dtype = config.get("dtype")
    if isinstance(dtype, dict) and str(dtype.get("class_name")) in DTYPE_POLICIES - {"DTypePolicy", "DTypePolicyMap"}:
        return str(dtype.get("config", {}).get("mode", dtype["class_name"]))
    return None


def _quantized(class_name: str, mode: str, config: Config) -> Anatomy | None:
    """What a quantized layer owns, in the order of files: weights, then what gives numbers in few bits a meaning."""
    name, (kind, _, group) = _QUANTIZED.get(class_name), mode.partition("/")
    if name is None or kind not in ("int8", "int4", "float8"):
        return None
    has_bias = class_name == "Dense" and config.get("use_bias", True) or config.get("bias_axes") is not None
    extras = {"int8": (f"{name}_scale",),
              "int4": (f"{name}_scale", *((f"{name}_zero", "g_idx") if group.isdecimal() else ())),
              "float8": tuple(f"{of}_{what}" for of in ("inputs", name, "outputs_grad")
                              for what in ("scale", "amax_history"))}[kind]
    bias = (Own("bias"),) * has_bias
    return Anatomy((Own(name, kind == "float8"), *bias, *(Own(extra, False) for extra in extras)))


def anatomy_of(class_name: str, config: Config) -> Anatomy | None:
    """What a layer of that class and config owns; None if that is not known."""
    mode = quantization_of(config)
    if mode is not None:
        return _quantized(class_name, mode, config)
    if class_name in _LAYERS_WITHOUT_TABLE or class_name.startswith("ops."):
        return Anatomy()
    return ANATOMY.get(class_name)
