"""What a model file says, as plain data.

A `ModelDocument` is the meeting point of all formats: readers fill it, writers consume it, and `models.restore` /
`models.capture` translate between it and live models. Nothing here knows a layer class or a container.

The architecture is kept in one canonical vocabulary, that of Keras 3: class names, argument names and nested objects
as ``{"class_name": ..., "config": {...}}``. Dialects translate to it and back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from zoo.io.tensors import TensorRecord


@dataclass(frozen=True)
class TensorRef:
    """Output `tensor` of call number `node` of layer `layer`, inside one model."""

    layer: str
    node: int
    tensor: int


@dataclass
class CallRecord:
    """One call of a layer: nested tuples, lists, dicts and plain values, with `TensorRef` where a tensor was given."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WeightSpec:
    """One weight that a layer is known to own.

    Args:
        role: the layer's own name for it (``kernel``, ``bias``, ``moving_mean``); inside sub-objects the attribute
            path, as ``forward_layer/cell/kernel``.
        trainable: whether the layer's optimizer would change it (False: a statistic).
        shape: its shape if known.
    """

    role: str
    trainable: bool = True
    shape: tuple[int, ...] | None = None


@dataclass
class LayerRecord:
    """One layer in canonical vocabulary.

    Args:
        class_name: canonical class name; nested models have ``Functional`` or ``Sequential``.
        name: unique inside its model.
        config: canonical arguments, without the nested model's layers.
        calls: in order of the calls; empty inside a `Sequential` and for an unused layer.
        model: the nested model, if the layer is one.
        module, registered_name: as the file wrote them: kept for writing back, never imported.
        build_config: as the file wrote it, if it did.
        weights: what the layer owns in the order in which it creates it; None if not known.
    """

    class_name: str
    name: str
    config: dict[str, Any]
    calls: list[CallRecord] = field(default_factory=list)
    model: ModelRecord | None = None
    module: str | None = None
    registered_name: str | None = None
    build_config: dict[str, Any] | None = None
    weights: list[WeightSpec] | None = None

    @property
    def trainable(self) -> bool:
        """The layer's own flag (a frozen parent model freezes it as well)."""
        return bool(self.config.get("trainable", True))


@dataclass
class ModelRecord:
    """A model: its layers and how they are wired.

    Args:
        kind: ``functional``, ``sequential`` or ``opaque`` (a subclassed model: only its config is known).
        inputs, outputs: nests (one, list, dict) of `TensorRef`; None for a `Sequential`.
        config: what remains of the model's own config (``name``, ``trainable``, ``dtype``, ``build_input_shape``).
        module, registered_name, build_config: as in `LayerRecord`.
    """

    kind: str
    name: str
    layers: list[LayerRecord] = field(default_factory=list)
    inputs: Any = None
    outputs: Any = None
    config: dict[str, Any] = field(default_factory=dict)
    class_name: str = "Functional"
    module: str | None = None
    registered_name: str | None = None
    build_config: dict[str, Any] | None = None

    def walk(self, prefix: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], LayerRecord]]:
        """Yields ``(path of names, layer)`` for every layer, nested models included, parents first."""
        for layer in self.layers:
            path = (*prefix, layer.name)
            yield path, layer
            if layer.model is not None:
                yield from layer.model.walk(path)


@dataclass
class WeightGroup:
    """Consecutive weights as the file groups them.

    Args:
        path: the file's own address: a layer name (legacy layout) or an object path such as ``layers/dense_1``
            or ``layers/bidirectional/forward_layer/cell`` (Keras 3 layout).
        tensors: in the file's declared order; each has the file's own name for it.
    """

    path: str
    tensors: list[TensorRecord]
    name: str | None = None


@dataclass(frozen=True)
class Convention:
    """Whose arrays a file has: that decides the order of their axes and elements; see `layouts.arrangement`.

    Args:
        dialect: as in `Producer.dialect`.
        backend: ``theano`` rotated the kernels of convolutions; all others have them as TensorFlow has.
    """

    dialect: str = "keras3"
    backend: str = "tensorflow"


@dataclass
class WeightTree:
    """All weights of a file, lazily.

    Args:
        layout: ``by_layer`` (legacy: one ordered list a top-level layer), ``by_path`` (Keras 3: object paths),
            ``by_number`` (Keras 0: ``layer_k/param_p``), ``by_name`` (no order: names of layers and weights, with
            slashes) or ``flat`` (names of other libraries).
        backend: the backend that wrote them if the file says so.
        convention: how its arrays are arranged, as far as that can be known.
    """

    layout: str
    groups: list[WeightGroup] = field(default_factory=list)
    backend: str | None = None
    keras_version: str | None = None
    convention: Convention = Convention()

    def __iter__(self) -> Iterator[tuple[WeightGroup, TensorRecord]]:
        return ((group, tensor) for group in self.groups for tensor in group.tensors)

    @property
    def count(self) -> int:
        """Number of tensors."""
        return sum(len(group.tensors) for group in self.groups)

    @property
    def nbytes(self) -> int:
        """Bytes of all tensors once read."""
        return sum(tensor.nbytes for _, tensor in self)


@dataclass
class OptimizerRecord:
    """Optimizer state as stored: configuration and slots, in the file's order.

    Args:
        parts: which of the tensors (by index) belong to optimizers inside, by object path below this one:
            ``inner_optimizer``, ``optimizers/adam``.
    """

    class_name: str | None
    config: dict[str, Any]
    tensors: list[TensorRecord] = field(default_factory=list)
    parts: dict[str, list[int]] = field(default_factory=dict)


@dataclass
class TrainingRecord:
    """`compile` arguments as stored (canonical where known, verbatim otherwise).

    Args:
        metrics: the variables of metrics, which tf.keras stores; kept for writing back.
    """

    config: dict[str, Any]
    optimizer: OptimizerRecord | None = None
    metrics: list[WeightGroup] = field(default_factory=list)


@dataclass
class Producer:
    """Who wrote the file, and how that is known."""

    dialect: str                       # keras0 keras1 keras2 tfkeras keras3 unknown
    keras_version: str | None = None
    backend: str | None = None
    evidence: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Finding:
    """Something that a reader noticed: a deprecated construct, an ambiguity, an unknown class."""

    severity: str                      # info warning error
    where: str                         # layer path, file:key
    message: str


@dataclass
class ModelDocument:
    """The content of one file (or of an architecture and a weight file together).

    Args:
        format: container name as in `zoo.io.formats`.
        model: canonical architecture; None in weights-only files.
        weights: None in architecture-only files.
        metadata: verbatim extra data (``date_saved``, attributes, assets), kept for writing back.
        architecture: the model in the file's own words, in which it is written back as long as nobody changes it.
    """

    format: str
    producer: Producer
    path: str | None = None
    model: ModelRecord | None = None
    weights: WeightTree | None = None
    training: TrainingRecord | None = None
    metadata: dict[str, Any] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    architecture: dict[str, Any] | None = field(default=None, repr=False)
