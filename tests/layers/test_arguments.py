"""Wrong arguments and inputs: what was expected, what was received."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from zoo import layers
from zoo.errors import ConfigError, ShapeError, Unsupported
from zoo.layers import Input

WRONG_ARGUMENTS = [
    ("Conv2D", dict(filters=3, kernel_size=(1, 2, 3)), "`kernel_size` must be an integer or 2 integers"),
    ("Conv2D", dict(filters=3, kernel_size=0), "at least 1. Received: kernel_size=0"),
    ("Conv2D", dict(filters=3, kernel_size="3"), "Received: kernel_size='3'"),
    ("Conv2D", dict(filters=0, kernel_size=3), "`filters` must be an integer, at least 1"),
    ("Conv2D", dict(filters=3, kernel_size=3, padding="causal"), "`padding` must be one of 'valid', 'same'"),
    ("Conv2D", dict(filters=3, kernel_size=3, data_format="last"), "`data_format` must be one of"),
    ("Conv2D", dict(filters=3, kernel_size=3, groups=2), "groups must divide filters"),
    ("Conv2D", dict(filters=3, kernel_size=3, colour="red"), "unknown argument 'colour'"),
    ("Conv1D", dict(filters=3, kernel_size=3, padding="causal", data_format="channels_first"), "needs data_format"),
    ("Conv2DTranspose", dict(filters=3, kernel_size=3, strides=2, output_padding=2), "less than its stride"),
    ("MaxPooling2D", dict(pool_size=0), "Received: pool_size=0"),
    ("AveragePooling1D", dict(pool_size=2, padding="full"), "Received: padding='full'"),
    ("Dense", dict(units=2.5), "Received: units=2.5"),
    ("Dense", dict(units=True), "Received: units=True"),
    ("Dropout", dict(rate=1.5), "`rate` must be a number, at least 0 and at most 1. Received: rate=1.5"),
    ("Dropout", dict(rate=0.5, noise_shape="ab"), "noise_shape='ab'"),
    ("Permute", dict(dims=(2, 2)), "each of 1 to 2 once"),
    ("Reshape", dict(target_shape=(-1, -1)), "At most one size"),
    ("ZeroPadding2D", dict(padding=(1, 2, 3)), "Received: padding=(1, 2, 3)"),
    ("ZeroPadding2D", dict(padding=-1), "none negative"),
    ("UpSampling2D", dict(interpolation="cubic"), "'bicubic'"),
    ("ReLU", dict(threshold=-1), "`threshold` must be a number, at least 0"),
    ("LeakyReLU", dict(negative_slope=None), "Received: negative_slope=None"),
    ("Dot", dict(axes=(1, 2, 3)), "one integer or two"),
    ("BatchNormalization", dict(renorm=True, renorm_clipping={"rmax": 1, "rmin": 2}), "rmin <= rmax"),
    ("BatchNormalization", dict(renorm=True, renorm_clipping={"max": 1}), "dmax, rmax, rmin"),
    ("LayerNormalization", dict(axis="a"), "Received: axis='a'"),
    ("Normalization", dict(mean=1.0), "given both"),
    ("Normalization", dict(mean=[1.0], variance=[1.0, 2.0]), "one shape"),
    ("EinsumDense", dict(equation="ab->b", output_shape=3), "expected an equation such as"),
    ("InputLayer", dict(), "either `shape`"),
    ("InputLayer", dict(shape=(2,), batch_shape=(None, 2)), "either `shape`"),
    ("InputLayer", dict(shape=3), "a shape is a tuple of sizes"),
]
UNSUPPORTED = [
    ("InputLayer", dict(shape=(2,), sparse=True), "sparse=True"),
]
WRONG_INPUTS = [
    ("Conv2D", dict(filters=4, kernel_size=3, groups=2), [(9, 9, 3)], "groups must divide the channels"),
    ("Conv2D", dict(filters=3, kernel_size=3), [(9, 3)], "expected 4 axes"),
    ("Conv2D", dict(filters=3, kernel_size=3), [(9, 9, None)], "number of channels"),
    ("Conv2D", dict(filters=3, kernel_size=3), [(2, 2, 3)], "does not fit"),
    ("Dense", dict(units=3), [(None,)], "last axis of the input must be known"),
    ("Add", dict(), [(3,)], "expects a list of tensors"),
    ("Add", dict(), [(3,), (4,)], "cannot merge its inputs"),
    ("Subtract", dict(), [(3,), (3,), (3,)], "expects two tensors, received 3"),
    ("Concatenate", dict(axis=1), [(3, 4), (3, 5)], "differ on axis 1 only"),
    ("Concatenate", dict(), [(3, 4), (3,)], "differ on axis -1 only"),
    ("Dot", dict(axes=1), [(3,), (4,)], "of equal size"),
    ("Reshape", dict(target_shape=(4,)), [(3,)], "do not fit target_shape (4,)"),
    ("RepeatVector", dict(n=2), [(3, 3)], "expected 2 axes"),
    ("Cropping2D", dict(cropping=3), [(4, 4, 1)], "leaves nothing"),
    ("GroupNormalization", dict(groups=2), [(3,)], "groups must divide the channels"),
    ("EinsumDense", dict(equation="abc,cd->abd", output_shape=(3, 4)), [(5, 6)], "has size 5 in the input"),
    ("MaxPooling2D", dict(), [(3, 3)], "expected 4 axes"),
]


@pytest.mark.parametrize(("name", "arguments", "message"), WRONG_ARGUMENTS)
def test_wrong_arguments_are_refused(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        getattr(layers, name)(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(("name", "arguments", "message"), UNSUPPORTED)
def test_what_zoo_does_not_have_is_named(name: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(Unsupported) as caught:
        getattr(layers, name)(**arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize(("name", "arguments", "shapes", "message"), WRONG_INPUTS)
def test_wrong_inputs_are_refused(name: str, arguments: dict[str, Any], shapes: list[Any], message: str) -> None:
    inputs = [Input(shape) for shape in shapes]
    with pytest.raises(ShapeError) as caught:
        getattr(layers, name)(**arguments)(inputs if len(inputs) > 1 else inputs[0])
    assert message in str(caught.value)


def test_errors_say_in_which_layer_they_arose() -> None:
    with pytest.raises(ShapeError, match=r"In layer 'small' \(Conv2D\), called on shape \(None, 2, 2, 3\)"):
        layers.Conv2D(3, 3, name="small")(Input((2, 2, 3)))


def test_a_built_layer_refuses_other_channels() -> None:
    layer = layers.Dense(3)
    layer(np.ones((2, 4), "float32"))
    with pytest.raises(ShapeError, match="expected size 4 on axis -1, found 5"):
        layer(np.ones((2, 5), "float32"))


def test_keras_order_of_positional_arguments_holds() -> None:
    layer = layers.Conv3DTranspose(2, 3, 2, "same", "channels_last", 1)
    assert layer.output_padding == (1, 1, 1) and layer.data_format == "channels_last"
    assert layers.SpatialDropout2D(0.5, "channels_first", 3).seed == 3
    assert layers.Conv2D(2, 3, (1, 1), "valid", None, (1, 1), 2, "relu").groups == 2
