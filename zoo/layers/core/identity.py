"""Doing nothing."""

from __future__ import annotations

from typing import Any

from zoo.layers.layer import Layer


class Identity(Layer):
    """Gives back its input, of any structure."""

    supports_masking = True

    def call(self, inputs: Any) -> Any:
        return inputs
