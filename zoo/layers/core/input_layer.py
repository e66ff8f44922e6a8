"""Where data enters a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from zoo.config import config as settings
from zoo.engine import dtypes
from zoo.engine.spec import Dim, Shape, TensorSpec
from zoo.engine.symbolic import CallNode, KerasTensor
from zoo.errors import ConfigError, Unsupported
from zoo.layers.layer import Layer


class InputLayer(Layer):
    """A symbolic tensor of given shape and dtype, as a layer; see `Input`.

    Args:
        shape: without the batch axis; None for unknown sizes.
        batch_size: size of the batch axis, if it is fixed.
        dtype: of the data; `zoo.config` decides if None.
        sparse, ragged: only False.
        batch_shape: with the batch axis, instead of `shape` and `batch_size`.
        input_tensor: a `KerasTensor` whose shape and dtype to take.
        optional: whether None may be given.
        name: of the layer.

    Raises:
        ConfigError: no shape, or two of them.
    """

    not_in_config = frozenset({"shape", "batch_size", "input_tensor", "trainable", "activity_regularizer"})

    def __init__(self, shape: Sequence[Dim] | None = None, batch_size: int | None = None, dtype: Any = None,
                 sparse: bool | None = None, ragged: bool | None = None, batch_shape: Sequence[Dim] | None = None,
                 input_tensor: KerasTensor | None = None, optional: bool = False, name: str | None = None,
                 **kwargs: Any):
        shape = kwargs.pop("input_shape", shape)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)
        super().__init__(name=name, **kwargs)
        if sparse or ragged:
            raise Unsupported(f"Input {self.name!r}: sparse and ragged inputs are not supported. "
                              f"Received: sparse={sparse}, ragged={ragged}")
        if input_tensor is not None:
            batch_shape, dtype = input_tensor.shape, dtype or input_tensor.dtype
        self.sparse, self.ragged, self.optional = False, False, bool(optional)
        self.batch_shape = self._whole_shape(shape, batch_size, batch_shape)
        self.input_dtype = dtypes.standardize(dtype or settings.floatx)
        self.built = True
        call = CallNode(self, (), {})
        tensor = KerasTensor(TensorSpec(self.batch_shape, self.input_dtype), call)
        call.outputs, call.structure = [tensor], tensor
        self.calls.append(call)

    def _whole_shape(self, shape: Any, batch_size: int | None, batch_shape: Any) -> Shape:
        if (shape is None) == (batch_shape is None) or batch_size is not None and batch_shape is not None:
            raise ConfigError(f"Input {self.name!r}: expected either `shape` (and `batch_size`) or `batch_shape`. "
                              f"Received: shape={shape}, batch_size={batch_size}, batch_shape={batch_shape}")
        whole = batch_shape if shape is None else shape
        if not isinstance(whole, (list, tuple)) or not all(size is None or _is_size(size) for size in whole):
            raise ConfigError(f"Input {self.name!r}: a shape is a tuple of sizes, None where unknown. "
                              f"Received: {whole!r}")
        return tuple(whole) if shape is None else (batch_size, *shape)

    @property
    def dtype(self) -> str:
        """Dtype of the data."""
        return self.input_dtype

    def call(self, inputs: Any) -> Any:
        """The data as they are."""
        return inputs

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal input."""
        return {**super().get_config(), "dtype": self.dtype}


def Input(shape: Sequence[Dim] | None = None, batch_size: int | None = None, dtype: Any = None,  # noqa: N802
          sparse: bool | None = None, ragged: bool | None = None, batch_shape: Sequence[Dim] | None = None,
          name: str | None = None, tensor: KerasTensor | None = None, optional: bool = False) -> KerasTensor:
    """A symbolic tensor from which a functional model starts.

    Args:
        shape: without the batch axis; None for unknown sizes.
        batch_size: size of the batch axis, if it is fixed.
        dtype: of the data; `zoo.config` decides if None.
        sparse, ragged: only False.
        batch_shape: with the batch axis, instead of `shape` and `batch_size`.
        name: of the input.
        tensor: a `KerasTensor` whose shape and dtype to take.
        optional: whether None may be given.

    Example:
        >>> x = Input((32,))
        >>> x.shape
        (None, 32)
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output


def _is_size(size: Any) -> bool:
    return hasattr(size, "__index__") and not isinstance(size, bool) and size >= 0
