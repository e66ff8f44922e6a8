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


CUSTOM_OBJECTS = {"Scaler": Scaler, "scale": scale, "sc": scale, "euclid": euclid, "dist": euclid,
                  "sq": lambda x: x ** 2, "cut": lambda x: x[:, :2] + 1.0}
