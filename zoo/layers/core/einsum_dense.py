"""Dense layers over several axes, described by an Einstein sum."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Sequence
from typing import Any

import numpy as np

from zoo import ops
from zoo.engine.spec import Dim, Shape
from zoo.errors import ConfigError, ShapeError, Unsupported
from zoo.layers import quantization, registry, weight_options
from zoo.layers.layer import Layer
from zoo.layers.main_weight import MainWeight

_EQUATION = re.compile(r"(?P<before>\.\.\.)?(?P<given>[a-zA-Z]+)(?P<after>\.\.\.)?,(?P<kernel>[a-zA-Z]+)"
                       r"->(?P<before2>\.\.\.)?(?P<made>[a-zA-Z]+)(?P<after2>\.\.\.)?")


class EinsumDense(MainWeight):
    """``activation(einsum(equation, x, kernel) + bias)``.

    Args:
        equation: as ``"abc,cd->abd"``: input, kernel, output. An ellipsis may start (or end) both input and output.
        output_shape: sizes of the output without the batch axis and what the ellipsis stands for; None for sizes that
            the input decides.
        activation: name, function or layer.
        bias_axes: letters of the output that the bias has, as ``"d"``; no bias if None.
        **kwargs: of `Layer`, and initializer, regularizer and constraint of kernel and bias.

    Raises:
        ConfigError: the equation is not of that form.

    Example:
        >>> EinsumDense("abc,cd->abd", output_shape=(None, 64), bias_axes="d")(Input((32, 128))).shape
        (None, 32, 64)
    """

    only_as = {**Layer.only_as, "gptq_unpacked_column_size": None}
    quantizable = True

    def __init__(self, equation: str, output_shape: int | Sequence[Dim], activation: Any = None,
                 bias_axes: str | None = None, kernel_initializer: Any = "glorot_uniform",
                 bias_initializer: Any = "zeros", kernel_regularizer: Any = None, bias_regularizer: Any = None,
                 kernel_constraint: Any = None, bias_constraint: Any = None, **kwargs: Any):
        super().__init__(**kwargs)
        self.equation = equation
        self.output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.activation = registry.activation(activation)
        self.bias_axes = bias_axes
        weight_options.keep(self, "kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        weight_options.keep(self, "bias", bias_initializer, bias_regularizer, bias_constraint)
        _expand(equation, None)

    def build(self, input_shape: Shape) -> None:
        given, kernel, made, elided = _expand(self.equation, len(input_shape))
        sizes = dict(zip(given, input_shape))
        named = [letter for letter in made[1:] if letter not in elided]     # the first one is the batch axis
        if len(named) != len(self.output_shape):
            raise ShapeError(f"{self.name}: output_shape {self.output_shape} needs {len(named)} sizes, for the letters "
                             f"{named} of {self.equation!r}.")
        for letter, size in zip(named, self.output_shape):
            if None not in (size, sizes.get(letter)) and size != sizes[letter]:
                raise ShapeError(f"{self.name}: axis {letter!r} of {self.equation!r} has size {sizes[letter]} in the "
                                 f"input {tuple(input_shape)} and {size} in output_shape {self.output_shape}.")
            if sizes.get(letter) is None:
                sizes[letter] = size
        self._whole_equation = f"{given},{kernel}->{made}"
        shape = tuple(sizes.get(letter) for letter in kernel)
        if None in shape:
            raise ShapeError(f"{self.name}: the sizes of the kernel {kernel!r} in {self.equation!r} must be known, "
                             f"found {shape}. Received shape: {tuple(input_shape)}.")
        self._summed = tuple(i for i, letter in enumerate(given) if letter in kernel and letter not in made)
        self._kernel_shape = shape
        scale_shape = tuple(sizes[letter] if letter in kernel else 1 for letter in made)
        self.build_main(shape if self._is_whole else self._as_rows(shape, given, kernel), scale_shape)
        self.bias = weight_options.add(self, "bias", self._bias_shape(made, sizes)) if self.bias_axes else None
        self.build_extras()

    @property
    def _is_whole(self) -> bool:
        """Whether the kernel is stored in its own shape: int4 has it as rows and columns."""
        return self.scheme is None or self.scheme.mode != "int4"

    def _as_rows(self, shape: Shape, given: str, kernel: str) -> Shape:
        """The kernel's rows, over which the product sums, and its columns."""
        summed = [given[i] in kernel and given[i] for i in self._summed]
        rows = math.prod(size for letter, size in zip(kernel, shape) if letter in summed)
        return rows, math.prod(shape) // rows

    def _bias_shape(self, made: str, sizes: dict[str, Dim]) -> Shape:
        missing = sorted(set(self.bias_axes) - set(made))
        if missing:
            raise ConfigError(f"{self.name}: bias_axes {self.bias_axes!r} names {missing}, which the output of "
                              f"{self.equation!r} does not have.")
        first = min(made.index(letter) for letter in self.bias_axes)
        return tuple(sizes[letter] if letter in self.bias_axes else 1 for letter in made[first:])

    def summed_axes(self) -> tuple[int, ...]:
        """The axes of the kernel over which the product sums."""
        given, kernel, made = re.split(",|->", self._whole_equation)
        return tuple(i for i, letter in enumerate(kernel) if letter in given and letter not in made)

    def scale_as_stored(self, scale: np.ndarray) -> np.ndarray:
        """The scale with the axes of the output."""
        _, kernel, made = re.split(",|->", self._whole_equation)
        summed = self.summed_axes()
        kept = [letter for i, letter in enumerate(kernel) if i not in summed]
        order = [kept.index(letter) for letter in made if letter in kept]
        return np.squeeze(scale, summed).transpose(order).reshape(self._scale_shape)

    def rows_of(self, weight: np.ndarray) -> np.ndarray:
        """The kernel's rows, over which the product sums.

        Raises:
            Unsupported: the product does not sum over the first axes of the kernel.
        """
        summed = self.summed_axes()
        if summed != tuple(range(len(summed))):
            raise Unsupported(f"EinsumDense {self.name!r}: int4 needs an equation that sums over the first axes of the "
                              f"kernel, received {self.equation!r}.")
        return weight.reshape(math.prod(weight.shape[:len(summed)]), -1)

    def product(self, inputs: Any) -> Any:
        """The sum of the equation, as the kernel's quantization does it."""
        if self.scheme is None or self.scheme.mode == "int4" and not self.scheme.inputs:
            return ops.einsum(self._whole_equation, inputs, self.shaped_kernel())
        if self.scheme.mode == "float8":
            return ops.einsum(self._whole_equation, quantization.rounded_float8(inputs, self.inputs_scale),
                              self.main_weight())
        if not self.scheme.inputs:
            sums = ops.einsum(self._whole_equation, inputs, ops.cast(self.kernel, self.arithmetic_dtype))
            return ops.divide(sums, self.scale)
        whole, scale = quantization.to_int8(inputs, axis=self._summed)
        if self.scheme.mode == "int4":
            return ops.divide(ops.einsum(self._whole_equation, whole, self.shaped_kernel()), self._on_output(scale))
        wide = quantization.product_dtype(math.prod(self._kernel_shape))
        sums = ops.einsum(self._whole_equation, ops.cast(whole, wide), ops.cast(self.kernel, wide))
        return ops.divide(ops.cast(sums, self.arithmetic_dtype), ops.multiply(self._on_output(scale), self.scale))

    def shaped_kernel(self) -> Any:
        """The kernel as floats in its own shape."""
        return self.main_weight() if self._is_whole else ops.reshape(self.main_weight(), self._kernel_shape)

    def _on_output(self, scale: Any) -> Any:
        """A scale with the axes of the input in those of the output: 1 where the kernel makes an axis."""
        given, _, made = re.split(",|->", self._whole_equation)
        kept = [letter for i, letter in enumerate(given) if i not in self._summed]
        scale = ops.squeeze(scale, self._summed)
        scale = ops.transpose(scale, tuple(kept.index(letter) for letter in made if letter in kept))
        return ops.expand_dims(scale, tuple(i for i, letter in enumerate(made) if letter not in kept))

    def call(self, inputs: Any) -> Any:
        x = self.product(inputs)
        if self.bias is not None:
            x = ops.add(x, self.aligned_bias())
        return self.activation(x)


def _expand(equation: str, rank: int | None) -> tuple[str, str, str, str]:
    """The letters of input, kernel and output for an input of that rank, and those put in the ellipsis's place."""
    match = _EQUATION.fullmatch(equation.replace(" ", ""))
    if not match or match["before"] != match["before2"] or match["after"] != match["after2"] \
            or match["before"] and match["after"]:
        raise ConfigError(f"EinsumDense: expected an equation such as 'abc,cd->abd', '...c,cd->...d' or "
                          f"'ab...,bc->ac...'. Received: equation={equation!r}")
    given, kernel, made = match["given"], match["kernel"], match["made"]
    free = [letter for letter in string.ascii_letters if letter not in equation]
    count = 0 if rank is None else rank - len(given)
    if count < 0 or count > 0 and not (match["before"] or match["after"]):
        raise ShapeError(f"EinsumDense: {equation!r} expects an input of rank {len(given)}, received rank {rank}.")
    elided = "".join(free[:count])
    if match["before"]:
        return elided + given, kernel, elided + made, elided
    return given + elided, kernel, made + elided, elided
