"""Networks that are built by the same lines from `zoo.layers` and from `keras.layers`."""

from __future__ import annotations

from typing import Any

CLASSES = 10


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


def application(name: str) -> Any:
    """The plan of an application without its classifier."""
    def plan(library: Any) -> Any:
        return getattr(library.applications, name)(weights=None, include_top=False, pooling="avg",
                                                   input_shape=(224, 224, 3))
    return plan


def small(plan: Any) -> Any:
    """The plan of features of images (96, 96, 3)."""
    def build(library: Any) -> Any:
        inputs = library.Input((96, 96, 3))
        return library.Model(inputs, library.layers.GlobalAveragePooling2D()(plan(library.layers, inputs)))
    return build


BASES = {"resnet_like": small(resnet_like), "mobilenet_like": small(mobilenet_like),
         **{name: application(name) for name in ("ResNet50", "MobileNetV2", "VGG16")}}
BATCHES = {"VGG16": 8}                                      # all others: 16


def build(library: Any, network: str, frozen: bool) -> Any:
    """A compiled classifier: SGD with momentum, cross-entropy.

    Args:
        library: `zoo` or `keras`: where `Input`, `Model`, `layers`, `applications` and `optimizers` are.
        network: a name in `BASES`.
        frozen: whether only the last layer is trained.
    """
    base = BASES[network](library)
    base.trainable = not frozen
    inputs = library.Input(base.input_shape[1:])
    model = library.Model(inputs, library.layers.Dense(CLASSES, activation="softmax")(base(inputs)))
    model.compile(library.optimizers.SGD(0.001, momentum=0.9), "sparse_categorical_crossentropy")
    return model
