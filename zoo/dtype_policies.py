"""In which dtypes layers keep their weights and compute: `keras.dtype_policies`, and `keras.mixed_precision`.

Mixed precision is accepted, kept and written, but saves no time here: NumPy is not faster with 16 bits. Layers with the
policy ``mixed_float16`` or ``mixed_bfloat16`` compute in float32 and give float32. Gradients of their weights are
brought to the 16 bits, so that what overflows in Keras overflows here, and the loss scale takes the same course.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zoo import serialization
from zoo.config import config as settings
from zoo.engine import dtypes
from zoo.errors import ConfigError, DtypeError, Unsupported

MODES = ("int8", "int4", "float8")                          # ways of quantizing that zoo knows
_MIXED, _JOIN = "mixed_", "_from_"
_AMAX_HISTORY = 1024


class DTypePolicy:
    """The dtypes of weights and of computation.

    Args:
        name: a dtype, or ``mixed_float16`` or ``mixed_bfloat16`` for weights of float32; `zoo.config` decides if None.

    Attributes:
        compute_dtype: in which Keras computes; see above for mixed policies.
        variable_dtype: that of weights.

    Example:
        >>> DTypePolicy("mixed_float16").variable_dtype
        'float32'
    """

    quantization_mode: str | None = None

    def __init__(self, name: str | None = None):
        if name is not None and not isinstance(name, str):
            raise ConfigError(f"DTypePolicy: expected a name such as 'mixed_float16', received {name!r}.")
        self._name = _plain_name(settings.floatx if name is None else name)

    @property
    def name(self) -> str:
        """What it is called."""
        return self._name

    @property
    def source_name(self) -> str:
        """The policy of what is not quantized."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """In which Keras computes."""
        return self._name.removeprefix(_MIXED)

    @property
    def variable_dtype(self) -> str:
        """That of weights."""
        return "float32" if self.is_mixed else self._name

    @property
    def is_mixed(self) -> bool:
        """Whether weights have more bits than the computation."""
        return self._name.startswith(_MIXED)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal policy."""
        return {"name": self._name}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> DTypePolicy:
        """The policy of a config."""
        return cls(**config)

    def in_config(self) -> Any:
        """The policy as configs of layers have it."""
        return self._name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and type(other) is type(self) and other.get_config() == self.get_config()

    def __hash__(self) -> int:
        return hash((type(self), self.name))

    def __repr__(self) -> str:
        return f'<{type(self).__name__} "{self.name}">'


class QuantizedDTypePolicy(DTypePolicy):
    """Weights in few bits.

    Args:
        mode: ``int8``, ``int4`` or ``float8``.
        source_name: the policy of what is not quantized.

    Raises:
        Unsupported: another mode.
    """

    def __init__(self, mode: str = "int8", source_name: str | None = None):
        super().__init__(source_name)
        if str(mode).partition("/")[0] not in MODES:
            raise Unsupported(f"The dtype policy {type(self).__name__} ({mode}) is not supported: zoo has weights "
                              f"quantized as {', '.join(MODES)}.")
        self.mode = mode

    @property
    def name(self) -> str:
        """As ``int8_from_float32``."""
        return f"{self.mode}{_JOIN}{self._name}"

    @property
    def quantization_mode(self) -> str:  # type: ignore[override]
        """The mode without the size of its groups."""
        return self.mode.partition("/")[0]

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal policy."""
        return {"mode": self.mode, "source_name": self._name}

    def in_config(self) -> Any:
        """The policy as configs of layers have it."""
        return serialization.to_record(self)


class QuantizedFloat8DTypePolicy(QuantizedDTypePolicy):
    """Weights rounded to 8-bit floats.

    Args:
        mode: ``float8``.
        source_name: the policy of what is not quantized.
        amax_history_length: of how many steps the largest magnitudes are kept.
    """

    def __init__(self, mode: str = "float8", source_name: str | None = None, amax_history_length: int = _AMAX_HISTORY):
        super().__init__(mode, source_name)
        self.amax_history_length = amax_history_length

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal policy."""
        return {**super().get_config(), "amax_history_length": self.amax_history_length}


class Int4DTypePolicy(QuantizedDTypePolicy):
    """Weights of 4 bits with scales for groups of rows.

    Args:
        mode: ``int4/32`` for groups of 32 rows; ``int4/-1`` for one group.
        source_name: the policy of what is not quantized.
    """

    def __init__(self, mode: str, source_name: str | None = None):
        super().__init__(mode, source_name)
        kind, _, size = self.mode.partition("/")
        if kind != "int4" or not size.lstrip("-").isdigit() or int(size) < -1 or int(size) == 0:
            raise ConfigError(f"Int4DTypePolicy: expected a mode such as 'int4/32' or 'int4/-1', received {mode!r}.")

    @property
    def block_size(self) -> int:
        """Rows of a group; -1 if all are one."""
        return int(self.mode.partition("/")[2])


Policy = FloatDTypePolicy = DTypePolicy                     # older names

POLICIES: dict[str, type[DTypePolicy]] = {
    cls.__name__: cls for cls in (DTypePolicy, QuantizedDTypePolicy, QuantizedFloat8DTypePolicy, Int4DTypePolicy)
} | {name: DTypePolicy for name in ("Policy", "PolicyV1", "FloatDTypePolicy")}


def get(identifier: Any) -> DTypePolicy:
    """The policy given as itself, by name, as a dtype, or as a record; the global one if None.

    Raises:
        Unsupported: there is no such policy, or the record gives single layers policies of their own.
        DtypeError: it names no dtype.
    """
    if isinstance(identifier, DTypePolicy):
        return identifier
    if identifier is None:
        return dtype_policy()
    if isinstance(identifier, Mapping):
        return deserialize(identifier)
    if isinstance(identifier, str) and _JOIN in identifier:
        return _quantized(*identifier.rsplit(_JOIN, 1))
    return DTypePolicy(identifier if isinstance(identifier, str) else dtypes.standardize(identifier))


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> DTypePolicy:
    """The policy of a record ``{"class_name", "config"}``.

    Raises:
        Unsupported: as of `get`.
    """
    name, arguments = config.get("class_name"), dict(config.get("config") or {})
    if name == "DTypePolicyMap" and not arguments.get("policy_map"):
        return get(arguments.get("default_policy"))
    with serialization.custom_object_scope(custom_objects):
        found = serialization.custom_object(config.get("registered_name"), name) or POLICIES.get(name)
    if found is None or found is DTypePolicy and not isinstance(arguments.get("name"), str):
        raise Unsupported(f"The dtype policy {dict(config)!r} is not supported: plain and mixed floats are, and "
                          f"weights quantized as {', '.join(MODES)}.")
    return found.from_config({"name": arguments["name"]} if found is DTypePolicy else arguments)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """The record of a policy."""
    return serialization.to_record(dtype_policy)


def dtype_policy() -> DTypePolicy:
    """The policy of layers that are given none."""
    return DTypePolicy(settings.dtype_policy)


def set_dtype_policy(policy: Any) -> None:
    """Sets the policy of layers that are given none; None lets `floatx` decide.

    Raises:
        Unsupported: a policy of quantized weights: layers get those one by one.
    """
    found = None if policy is None else get(policy)
    if found is not None and found.quantization_mode is not None:
        raise Unsupported(f"The global dtype policy cannot be {found.name}: give it to the layers it is meant for.")
    settings.dtype_policy = None if found is None else found.name


global_policy, set_global_policy = dtype_policy, set_dtype_policy       # names of tf.keras.mixed_precision


def _plain_name(name: str) -> str:
    """The policy's name with the dtype's own name in it.

    Raises:
        DtypeError: it names no policy.
    """
    try:
        dtype = dtypes.standardize(name.removeprefix(_MIXED))
    except DtypeError as error:
        raise DtypeError(f"There is no dtype policy {name!r}: expected the name of a dtype, mixed_float16 or "
                         f"mixed_bfloat16.") from error
    if name.startswith(_MIXED) and dtype not in ("float16", "bfloat16"):
        raise DtypeError(f"There is no dtype policy {name!r}: mixed are float16 and bfloat16.")
    return _MIXED + dtype if name.startswith(_MIXED) else dtype


def _quantized(mode: str, source: str) -> QuantizedDTypePolicy:
    kind, group, _ = mode.partition("/")
    if kind == "float8":
        return QuantizedFloat8DTypePolicy(mode, source)
    return Int4DTypePolicy(mode, source) if kind == "int4" and group else QuantizedDTypePolicy(mode, source)
