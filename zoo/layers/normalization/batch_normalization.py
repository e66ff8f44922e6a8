"""Normalisation by statistics of the batch, or of what was seen in training."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from zoo import conventions, ops
from zoo.config import config as settings
from zoo.engine import dtypes
from zoo.engine.spec import Shape, normalize_axis
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments, weight_options
from zoo.layers.input_spec import InputSpec
from zoo.layers.layer import Layer

CLIPPING_KEYS = frozenset({"rmin", "rmax", "dmax"})


class BatchNormalization(Layer):
    """``gamma * (x - mean) / sqrt(variance + epsilon) + beta`` for each channel.

    In training mean and variance are those of the batch, and moving averages of them are kept; in inference, and in a
    layer with ``trainable=False``, they are the moving averages.

    Weights, all (channels,): gamma, beta; not trainable: moving_mean, moving_variance; with `renorm` also
    moving_stddev, renorm_mean, renorm_stddev.

    Args:
        axis: of the channels.
        momentum: of the moving averages: ``new = old * momentum + batch * (1 - momentum)``.
        epsilon: added to the variance.
        center, scale: whether there are beta and gamma.
        renorm: batch renormalisation: in training the batch's statistics are corrected towards moving ones.
        renorm_clipping: bounds ``rmin``, ``rmax`` of the scale and ``dmax`` of the shift of that correction.
        renorm_momentum: of the moving statistics that the correction uses.
        synchronized: only False: statistics over several devices do not exist here.
        **kwargs: of `Layer`; the others are initializer, regularizer and constraint of the weights.

    Sources: Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167; Ioffe 2017, https://arxiv.org/abs/1702.03275.
    """

    supports_masking = True

    def __init__(self, axis: int = -1, momentum: float = 0.99, epsilon: float = 1e-3, center: bool = True,
                 scale: bool = True, beta_initializer: Any = "zeros", gamma_initializer: Any = "ones",
                 moving_mean_initializer: Any = "zeros", moving_variance_initializer: Any = "ones",
                 beta_regularizer: Any = None, gamma_regularizer: Any = None, beta_constraint: Any = None,
                 gamma_constraint: Any = None, renorm: bool = False,
                 renorm_clipping: Mapping[str, float] | None = None, renorm_momentum: float = 0.99,
                 synchronized: bool = False, **kwargs: Any):
        super().__init__(**kwargs)
        self.axis = arguments.only_axis(axis)
        self.momentum, self.epsilon = float(momentum), float(epsilon)
        self.center, self.scale = bool(center), bool(scale)
        weight_options.keep(self, "beta", beta_initializer, beta_regularizer, beta_constraint)
        weight_options.keep(self, "gamma", gamma_initializer, gamma_regularizer, gamma_constraint)
        weight_options.keep(self, "moving_mean", moving_mean_initializer)
        weight_options.keep(self, "moving_variance", moving_variance_initializer)
        self.renorm, self.renorm_momentum = bool(renorm), renorm_momentum
        self.renorm_clipping = _clipping(renorm_clipping or {}) if renorm else renorm_clipping
        self.synchronized = arguments.choice(synchronized, (False,), "synchronized")

    def build(self, input_shape: Shape) -> None:
        axis = normalize_axis(self.axis, len(input_shape))
        self._reduced_axes = tuple(i for i in range(len(input_shape)) if i != axis)
        shape = (input_shape[axis],)
        self.gamma = weight_options.add(self, "gamma", shape) if self.scale else None
        self.beta = weight_options.add(self, "beta", shape) if self.center else None
        self.moving_mean = weight_options.add(self, "moving_mean", shape, trainable=False)
        self.moving_variance = weight_options.add(self, "moving_variance", shape, trainable=False)
        if self.renorm:
            self.moving_stddev = self._stddev("moving_stddev", shape)
            self.renorm_mean = weight_options.add(self, "moving_mean", shape, "renorm_mean", trainable=False)
            self.renorm_stddev = self._stddev("renorm_stddev", shape)
        self.input_spec = InputSpec(ndim=len(input_shape), axes={self.axis: shape[0]})

    def _stddev(self, name: str, shape: Shape) -> Variable:
        def initializer(shape: Shape, dtype: str) -> Any:
            return np.sqrt(self.moving_variance_initializer(shape, dtype))
        return self.add_weight(shape, initializer, trainable=False, name=name)

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """The normalised input.

        Args:
            inputs: of any rank.
            training: whether to use, and to follow, the statistics of this batch.
            mask: of the input's shape without its last axis; positions where it is False do not count.
        """
        x = ops.cast(inputs, dtypes.result_type(ops.dtype(inputs), "float32"))
        gamma, beta = self.gamma, self.beta
        frozen = "followed" if self.trainable else conventions.current().frozen_statistics
        if training and frozen != "moving":
            mean, variance = self._moments(x, mask)
            if self.renorm:
                gamma, beta = self._renormalized(mean, variance)
                self._follow_renorm(mean, variance)
            elif frozen == "followed":
                self._follow(self.moving_mean, mean, self.momentum)
                self._follow(self.moving_variance, self._seen(variance, x), self.momentum)
        else:
            mean, variance = self.moving_mean, self.moving_variance
        outputs = ops.batch_normalization(x, mean, variance, self.axis, offset=beta, scale=gamma, epsilon=self.epsilon)
        return ops.cast(outputs, self.arithmetic_dtype)

    def _moments(self, x: Any, mask: Any) -> tuple[Any, Any]:
        if mask is None:
            return ops.moments(x, axes=self._reduced_axes)
        if mask.ndim != x.ndim - 1:
            raise ShapeError(f"Expected a mask with one axis less than the input. "
                             f"Received: mask {tuple(mask.shape)}, input {tuple(x.shape)}")
        counted = ops.multiply(ops.ones_like(x), ops.expand_dims(ops.cast(mask, x.dtype), -1))
        count = ops.add(ops.sum(counted, self._reduced_axes, keepdims=True), settings.epsilon)
        mean = ops.divide(ops.sum(ops.multiply(x, counted), self._reduced_axes, keepdims=True), count)
        squares = ops.multiply(ops.square(ops.subtract(x, mean)), counted)
        variance = ops.divide(ops.sum(squares, self._reduced_axes, keepdims=True), count)
        return ops.squeeze(mean, self._reduced_axes), ops.squeeze(variance, self._reduced_axes)

    def _seen(self, variance: Any, x: Any) -> Any:
        """What the moving variance follows when the batch has that variance: just that, today."""
        terms = conventions.current().moving_variance
        count = math.prod(x.shape[axis] for axis in self._reduced_axes) if terms else None
        for term in terms:
            if term == "epsilon":
                variance = ops.add(variance, self.epsilon)
            elif term == "unbiased":
                variance = ops.multiply(variance, count / (count - 1 - self.epsilon))
            elif len(x.shape) == 4:                         # unbiased_images
                variance = ops.multiply(variance, count / max(count - 1, 1))
        return variance

    def _renormalized(self, mean: Any, variance: Any) -> tuple[Any, Any]:
        """Gamma and beta with the correction ``x * r + d`` in them."""
        bounds = self.renorm_clipping
        least = float(np.sqrt(self.epsilon))
        known = ops.maximum(self.renorm_stddev, least)
        r = ops.divide(ops.sqrt(ops.add(variance, self.epsilon)), known)
        d = ops.divide(ops.subtract(mean, self.renorm_mean), known)
        r = ops.maximum(r, bounds["rmin"]) if bounds.get("rmin") is not None else r
        r = ops.minimum(r, bounds["rmax"]) if bounds.get("rmax") is not None else r
        d = ops.clip(d, -bounds["dmax"], bounds["dmax"]) if bounds.get("dmax") is not None else d
        r, d = ops.stop_gradient(r), ops.stop_gradient(d)
        if self.gamma is not None:
            r, d = ops.multiply(r, self.gamma), ops.multiply(d, self.gamma)
        return r, d if self.beta is None else ops.add(d, self.beta)

    def _follow_renorm(self, mean: Any, variance: Any) -> None:
        stddev = ops.sqrt(ops.add(variance, self.epsilon))
        self._follow(self.renorm_mean, mean, self.renorm_momentum)
        self._follow(self.renorm_stddev, stddev, self.renorm_momentum)
        self._follow(self.moving_mean, mean, self.momentum)
        moving = self._follow(self.moving_stddev, stddev, self.momentum)
        self.moving_variance.assign(ops.relu(ops.subtract(ops.square(moving), self.epsilon)))

    def _follow(self, average: Variable, value: Any, momentum: float) -> Any:
        new = ops.add(ops.multiply(average, momentum), ops.multiply(value, 1.0 - momentum))
        average.assign(new)
        return new


def _clipping(bounds: Mapping[str, float]) -> dict[str, float]:
    unknown = sorted(set(bounds) - CLIPPING_KEYS)
    if unknown:
        raise ConfigError(f"`renorm_clipping` has the keys {', '.join(sorted(CLIPPING_KEYS))}. Received: {bounds!r}")
    rmin, rmax, dmax = (bounds.get(key) for key in ("rmin", "rmax", "dmax"))
    if None not in (rmin, rmax) and rmax < rmin or dmax is not None and dmax < 0:
        raise ConfigError(f"`renorm_clipping` needs rmin <= rmax and dmax >= 0. Received: {bounds!r}")
    return dict(bounds)
