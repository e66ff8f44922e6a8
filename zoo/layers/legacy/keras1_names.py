"""Names of Keras 1 for convolutions, which took the sizes of the window as arguments of their own."""

from __future__ import annotations

from typing import Any

from zoo.layers.convolutional.conv import Conv2D, Conv3D
from zoo.layers.convolutional.conv import Conv1D
from zoo.layers.convolutional.conv_transpose import Conv2DTranspose
from zoo.layers.convolutional.separable_conv import SeparableConv2D


class OldName(type):
    """Metaclass of a name for a class of today: calling it makes today's class, whose instances count as its own.

    ``Convolution2D(32, 3, 3)`` is ``Conv2D(32, (3, 3))``, where ``Conv2D(32, 3, 3)`` would have strides of 3.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        modern, rank = vars(cls).get("modern_class"), cls.rank
        if modern is None:                                   # a class of the user derived from an old name
            return super().__call__(*args, **kwargs)
        window = args[1:1 + rank]
        if len(window) == rank > 1 and all(isinstance(size, int) for size in window):
            args = (args[0], window, *args[1 + rank:])
        return modern(*args, **kwargs)

    def __instancecheck__(cls, thing: Any) -> bool:
        return super().__instancecheck__(thing) or isinstance(thing, vars(cls).get("modern_class", ()))


def _name(name: str, today: type) -> Any:
    return OldName(name, (today,), {"modern_class": today, "__doc__": f"`{today.__name__}` in the form of Keras 1.",
                                    "__module__": __name__})


AtrousConvolution1D = _name("AtrousConvolution1D", Conv1D)
AtrousConvolution2D = _name("AtrousConvolution2D", Conv2D)
Convolution2D = _name("Convolution2D", Conv2D)
Convolution3D = _name("Convolution3D", Conv3D)
Deconvolution2D = _name("Deconvolution2D", Conv2DTranspose)
SeparableConvolution2D = _name("SeparableConvolution2D", SeparableConv2D)
