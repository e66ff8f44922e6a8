"""A tensor that lives on between runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from zoo.config import config
from zoo.engine import dtypes
from zoo.engine import graph as graphs
from zoo.engine.device import on_host, placed
from zoo.engine.operators import TensorOperators
from zoo.engine.spec import TensorSpec
from zoo.errors import ShapeError

_serial = itertools.count()


class _Held:
    """An array, and whether anybody but the variable may have it: then nobody writes into it any more."""

    __slots__ = ("array", "shared")

    def __init__(self, array: Any, shared: bool = True):
        self.array, self.shared = array, shared


class Variable(TensorOperators):
    """Named, typed storage for a weight or a state.

    The value may be given as a function: it is called when the value is first read, so that a model can be built, its
    weights loaded, and no initial value ever computed.

    Args:
        value: an array, or a function ``() -> array``.
        shape, dtype: required if `value` is a function.
        trainable: whether `fit` may change it (a layer's own `trainable` is asked as well).
        name: last part of its path, as ``kernel``.

    Attributes:
        version: grows with each assignment; programs use it to know that packed weights are stale.
        path: set by the owning layer, as ``dense/kernel``.
        gradient_dtype: dtype to which its gradients in training are brought (and back); None for none.
        merged: gives the value for files, where that is a sum with an adapter; None for its own value.
    """

    def __init__(self, value: Any, shape: tuple[int, ...] | None = None, dtype: str | None = None, *,
                 trainable: bool = True, name: str = "variable"):
        if callable(value):
            self._make: Callable[[], Any] | None = value
            self._held: _Held | None = None
            self.spec = TensorSpec(tuple(shape), dtypes.standardize(dtype or "float32"))
        else:
            dtype = dtypes.standardize(dtype or getattr(value, "dtype", "float32"))
            array = np.asarray(value, dtypes.storage(dtype))
            self._make, self._held = None, _Held(array)
            self.spec = TensorSpec(array.shape, dtype)
        self.trainable, self.name, self.path = trainable, name, name
        self.regularizer = self.constraint = None
        self.gradient_dtype: str | None = None
        self.merged: Callable[[], Any] | None = None
        self.serial = next(_serial)
        self.version = 0

    @property
    def shape(self) -> tuple[int, ...]:
        """Its static shape."""
        return self.spec.shape

    @property
    def dtype(self) -> str:
        """Its dtype name."""
        return self.spec.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return self.spec.rank

    @property
    def value(self) -> Any:
        """The current array, which stays as it is when the variable gets another one. Do not write into it."""
        self.peek()
        while True:                                         # another thread may put another array in its place
            held = self._held
            held.shared = True
            if held is self._held:
                return held.array

    def peek(self) -> Any:
        """The current array, to be read at once and not kept: `exchange` may give it away for reuse."""
        if self._held is None:
            with graphs.suspended():                        # it is a fact, whatever is being traced
                self._held = _Held(self._fitting(self._make()))
            self._make = None
        if config.device != "cpu" or not isinstance(self._held.array, np.ndarray):
            self._held = _Held(placed(self._held.array))    # moves once, when it is read on another device
        return self._held.array

    def exchange(self, array: Any) -> Any:
        """Gives a new value, in an array that only the caller has and leaves to the variable.

        Returns:
            The array before, which now only the caller has; None if somebody else may have it.
        """
        before, self._held = self._held, _Held(array, shared=False)
        self._make = None
        self.version += 1
        return None if before is None or before.shared else before.array

    @property
    def is_initialized(self) -> bool:
        """Whether a value exists (else it will be made when first read)."""
        return self._held is not None

    def assign(self, value: Any) -> Any:
        """Gives a new value. While a graph is traced this records an update, carried out when the program ends.

        Raises:
            ShapeError: the shapes differ.
        """
        graph = graphs.current()
        if graph is not None:
            graph.update(self, graph.as_value(value))
            return value
        self._held = _Held(self._fitting(value.value if isinstance(value, Variable) else value))
        self._make = None
        self.version += 1
        return self

    def assign_add(self, value: Any) -> Any:
        """Adds to the value."""
        return self.assign(self + value)

    def assign_sub(self, value: Any) -> Any:
        """Subtracts from the value."""
        return self.assign(self - value)

    def numpy(self) -> np.ndarray:
        """A copy of the value in NumPy's memory."""
        return np.array(on_host(self.peek()))

    def __float__(self) -> float:
        return float(self.peek())

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __repr__(self) -> str:
        return f"<Variable {self.path}: {self.spec!r}>"

    def _fitting(self, array: Any) -> Any:
        array = np.asarray(array) if isinstance(array, (list, tuple, int, float, bool)) else array
        if tuple(array.shape) != self.shape:
            raise ShapeError(f"{self.path}: expected shape {self.shape}, received {tuple(array.shape)}.")
        wanted = dtypes.storage(self.dtype)
        return array if array.dtype == wanted else array.astype(wanted)
