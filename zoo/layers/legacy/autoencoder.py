"""Two models in one layer, of Keras 0."""

from __future__ import annotations

from typing import Any

from zoo.engine.spec import Shape
from zoo.layers.core.wrapper import held
from zoo.layers.layer import Layer


class AutoEncoder(Layer):
    """An encoder, and in training a decoder behind it. Today: a model of both, and one of the encoder alone.

    Args:
        encoder, decoder: layers or models, or their records.
        output_reconstruction: whether the decoder works in inference too.
        **kwargs: of `Layer`.
    """

    not_in_config = frozenset({"activity_regularizer"})

    def __init__(self, encoder: Any, decoder: Any, output_reconstruction: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        self.encoder, self.decoder = held(encoder, self, "encoder"), held(decoder, self, "decoder")
        self.output_reconstruction = bool(output_reconstruction)

    def build(self, input_shape: Shape) -> None:
        if not self.encoder.built:
            self.encoder.build(input_shape)
        if not self.decoder.built:
            self.decoder.build(self.encoder.compute_output_shape(input_shape))

    def call(self, inputs: Any, training: bool = False) -> Any:
        hidden = self.encoder(inputs, training=training)
        return self.decoder(hidden, training=training) if training or self.output_reconstruction else hidden
