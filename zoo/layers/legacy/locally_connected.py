"""Convolutions without shared weights, of Keras 2. The number of spatial axes is data."""

from __future__ import annotations

import itertools
import math
from typing import Any, ClassVar

import numpy as np

from zoo import ops
from zoo.engine.spec import Shape
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments, registry, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer


class LocallyConnected(Layer):
    """Base of layers that give each place of a window a kernel of its own.

    Weights: kernel, by `implementation`: 1: (places, window * channels, filters), the window and channels in the order
    of the input's axes; 2: a dense matrix in the shapes of one input and one output, of which only windows count;
    3: the numbers of that matrix that count, in a row, by outputs. bias (places..., filters).

    Args:
        filters: number of output channels.
        kernel_size: of the window: one integer, or one for each spatial axis.
        strides: steps between windows, likewise.
        padding: ``valid``, or ``same`` with implementations 2 and 3.
        data_format: ``channels_last`` or ``channels_first``.
        activation: name, function or layer.
        use_bias: whether to add a bias to each output.
        implementation: how the kernel is stored.
        **kwargs: of `Layer`, and initializer, regularizer and constraint of kernel and bias.

    Raises:
        ConfigError: the padding does not go with the implementation.
    """

    rank: ClassVar[int]

    def __init__(self, filters: int, kernel_size: Any, strides: Any = 1, padding: str = "valid",
                 data_format: str | None = None, activation: Any = None, use_bias: bool = True,
                 kernel_initializer: Any = "glorot_uniform", bias_initializer: Any = "zeros",
                 kernel_regularizer: Any = None, bias_regularizer: Any = None, activity_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, implementation: int = 1, **kwargs: Any):
        super().__init__(activity_regularizer=activity_regularizer, **kwargs)
        self.filters = arguments.integer(filters, "filters")
        self.kernel_size = arguments.integers(kernel_size, self.rank, "kernel_size")
        self.strides = arguments.integers(strides, self.rank, "strides")
        self.padding = arguments.choice(str(padding).lower(), ("valid", "same"), "padding")
        self.data_format = arguments.data_format(data_format)
        self.implementation = arguments.choice(implementation, (1, 2, 3), "implementation")
        if self.padding == "same" and self.implementation == 1:
            raise ConfigError(f"{self.name}: implementation 1 takes padding='valid' only; use 2 or 3 for 'same'.")
        self.activation = registry.activation(activation)
        self.use_bias = bool(use_bias)
        weight_options.keep(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        weight_options.keep(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        self.input_spec = InputSpec(ndim=self.rank + 2)

    def build(self, input_shape: Shape) -> None:
        if None in input_shape[1:]:
            raise ShapeError(f"{self.name}: all sizes but that of the batch must be known, since each place has its "
                             f"own weights. Received shape: {tuple(input_shape)}.")
        first = self.data_format == "channels_first"
        channels, sizes = (input_shape[1], input_shape[2:]) if first else (input_shape[-1], input_shape[1:-1])
        self.places = tuple(-(-n // s) if self.padding == "same" else (n - k) // s + 1
                            for n, k, s in zip(sizes, self.kernel_size, self.strides))
        if min(self.places) < 1:
            raise ShapeError(f"{self.name}: a window of {self.kernel_size} does not fit into {tuple(input_shape)}.")
        self._inputs = (channels, *sizes) if first else (*sizes, channels)
        self._outputs = (self.filters, *self.places) if first else (*self.places, self.filters)
        shapes = {1: (math.prod(self.places), math.prod(self.kernel_size) * channels, self.filters),
                  2: (*self._inputs, *self._outputs), 3: (0,)}
        if self.implementation > 1:
            self._counts = self._connections(sizes)         # (outputs, inputs), flat
            shapes[3] = (int(self._counts.sum()),)
        self.kernel = weight_options.add(self, "kernel", shapes[self.implementation])
        self.bias = weight_options.add(self, "bias", (*self.places, self.filters)) if self.use_bias else None
        self.input_spec = InputSpec(ndim=self.rank + 2, axes={1 if first else -1: channels})

    def call(self, inputs: Any) -> Any:
        x = self._by_window(inputs) if self.implementation == 1 else self._by_matrix(inputs)
        if self.bias is not None:                           # Keras did not transpose it for channels_first either
            x = ops.add(x, ops.reshape(self.bias, self._outputs))
        return self.activation(x)

    def _windows(self, axis: int, size: int) -> list[range]:
        """The positions that each place sees along one spatial axis; outside of the data too."""
        window, stride = self.kernel_size[axis], self.strides[axis]
        before = window // 2 if self.padding == "same" else 0
        return [range(i * stride - before, i * stride - before + window) for i in range(self.places[axis])]

    def _by_window(self, inputs: Any) -> Any:
        first = self.data_format == "channels_first"
        sizes = self._inputs[1:] if first else self._inputs[:-1]
        seen = [[np.ravel_multi_index(position, sizes) for position in itertools.product(*place)]
                for place in itertools.product(*(self._windows(axis, size) for axis, size in enumerate(sizes)))]
        table = np.asarray(seen, "int32")                   # (places, window)
        if first:
            x = ops.reshape(inputs, (-1, self._inputs[0], math.prod(sizes)))
            x = ops.einsum("bcpw,pcwf->bfp", ops.take(x, table, axis=2),
                           ops.reshape(self.kernel, (len(table), self._inputs[0], table.shape[1], self.filters)))
        else:
            x = ops.reshape(inputs, (-1, math.prod(sizes), self._inputs[-1]))
            x = ops.einsum("bpwc,pwcf->bpf", ops.take(x, table, axis=1),
                           ops.reshape(self.kernel, (*table.shape, self._inputs[-1], self.filters)))
        return ops.reshape(x, (-1, *self._outputs))

    def _by_matrix(self, inputs: Any) -> Any:
        flat = ops.reshape(inputs, (-1, math.prod(self._inputs)))
        if self.implementation == 2:
            matrix = ops.reshape(self.kernel, (math.prod(self._inputs), math.prod(self._outputs)))
            matrix = ops.multiply(matrix, ops.cast(self._counts.T, self.kernel.dtype))
        else:
            places = np.flatnonzero(self._counts).astype("int32")[:, None]
            matrix = ops.transpose(ops.reshape(ops.scatter(places, self.kernel, (self._counts.size,)),
                                               self._counts.shape))
        return ops.reshape(ops.matmul(flat, matrix), (-1, *self._outputs))

    def _connections(self, sizes: Shape) -> np.ndarray:
        """Which input counts for which output: bool (outputs, inputs), both flat in the order of their axes."""
        whole = np.ones((1,) * 2 * self.rank, bool)
        for axis, size in enumerate(sizes):
            windows = self._windows(axis, size)
            table = np.asarray([[position in window for position in range(size)] for window in windows])
            whole = whole & table.reshape([len(windows) if a == axis else size if a == axis + self.rank else 1
                                           for a in range(2 * self.rank)])
        channel = 0 if self.data_format == "channels_first" else self.rank
        whole = np.expand_dims(whole, (channel, channel + self.rank + 1))
        return np.broadcast_to(whole, (*self._outputs, *self._inputs)).reshape(math.prod(self._outputs), -1)


class LocallyConnected1D(LocallyConnected):
    """`LocallyConnected` over sequences (batch, steps, channels)."""

    rank = 1


class LocallyConnected2D(LocallyConnected):
    """`LocallyConnected` over images (batch, height, width, channels)."""

    rank = 2
