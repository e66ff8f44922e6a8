"""What the users of the corpus's models wrote themselves: files name it, these are the things that are meant."""

from __future__ import annotations

from typing import Any

from zoo import layers, ops


class Scaler(layers.Layer):
    """x times a weight times a number."""

    def __init__(self, factor: float = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        self.factor = factor

    def build(self, input_shape: Any) -> None:
        self.w = self.add_weight((input_shape[-1],), "ones", name="w")

    def call(self, x: Any) -> Any:
        return x * self.w * self.factor


def scale(x: Any, k: float) -> Any:
    """x times a number."""
    return x * k


def euclid(pair: Any) -> Any:
    """The distance of two vectors."""
    first, second = pair
    return ops.sqrt(ops.sum(ops.square(first - second), axis=1, keepdims=True) + 1e-7)


def antirectifier(x: Any) -> Any:
    """Positive and negative parts, side by side, of features without their mean and of length 1."""
    x = ops.normalize(x - ops.mean(x, axis=1, keepdims=True), axis=1)
    return ops.concatenate([ops.relu(x), ops.relu(-x)], axis=1)


CUSTOM_OBJECTS = {"Scaler": Scaler, "scale": scale, "sc": scale, "euclid": euclid, "dist": euclid,
                  "sq": lambda x: x ** 2, "cut": lambda x: x[:, :2] + 1.0,
                  "anti": antirectifier}

#: What names mean in single cases, by the source text that their ``meta.json`` gives.
CASES = {
    "lambda x: x ** 2": lambda x: x ** 2,
    "lambda x: x[:, :2]": lambda x: x[:, :2],
    "lambda t: t[0] * 0.5 + t[1]": lambda t: t[0] * 0.5 + t[1],
    "lambda t: t[0] - 2 * t[1]": lambda t: t[0] - 2 * t[1],
    "named function diff_abs: abs(t[0] - t[1])": lambda t: ops.abs(t[0] - t[1]),
}
