"""Networks that are built by the same lines from `zoo.layers` and from `keras.layers`."""

from __future__ import annotations

from typing import Any

SIZE, CLASSES = 96, 10


def _normalized(layers: Any, x: Any, activate: bool = True) -> Any:
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x) if activate else x


def _residual(layers: Any, x: Any, filters: int, stride: int) -> Any:
    shortcut = x
    if stride > 1 or x.shape[-1] != filters:
        shortcut = _normalized(layers, layers.Conv2D(filters, 1, strides=stride, use_bias=False)(x), activate=False)
    x = layers.Conv2D(filters, 3, strides=stride, padding="same", use_bias=False)(x)
    x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(_normalized(layers, x))
    return layers.ReLU()(layers.Add()([_normalized(layers, x, activate=False), shortcut]))


def resnet_like(layers: Any, x: Any) -> Any:
    """The plan of ResNet-18 with a quarter of its filters."""
    x = _normalized(layers, layers.Conv2D(16, 7, strides=2, padding="same", use_bias=False)(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for filters, stride in ((16, 1), (16, 1), (32, 2), (32, 1), (64, 2), (64, 1), (128, 2), (128, 1)):
        x = _residual(layers, x, filters, stride)
    return x


def mobilenet_like(layers: Any, x: Any) -> Any:
    """The plan of MobileNet with half of its filters."""
    x = _normalized(layers, layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(x))
    for filters, stride in ((32, 1), (64, 2), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (256, 1), (256, 1),
                            (512, 2), (512, 1)):
        x = _normalized(layers, layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)(x))
        x = _normalized(layers, layers.Conv2D(filters, 1, use_bias=False)(x))
    return x


PLANS = {"resnet_like": resnet_like, "mobilenet_like": mobilenet_like}


def build(library: Any, network: str, frozen: bool) -> Any:
    """A compiled classifier of images (96, 96, 3): SGD with momentum, cross-entropy.

    Args:
        library: `zoo` or `keras`: where `Input`, `Model`, `layers` and `optimizers` are.
        network: a name in `PLANS`.
        frozen: whether only the last layer is trained.
    """
    layers = library.layers
    inputs = library.Input((SIZE, SIZE, 3))
    features = layers.GlobalAveragePooling2D()(PLANS[network](layers, inputs))
    base = library.Model(inputs, features)
    base.trainable = not frozen
    outputs = layers.Dense(CLASSES, activation="softmax")(base(inputs))
    model = library.Model(inputs, outputs)
    model.compile(library.optimizers.SGD(0.01, momentum=0.9), "sparse_categorical_crossentropy")
    return model
