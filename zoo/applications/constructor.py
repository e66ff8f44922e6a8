"""The public function of an application, for families whose members all take the same arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from zoo.applications.arguments import Arguments, ImageShape, Weights
from zoo.engine.symbolic import KerasTensor
from zoo.models import Model

Constructor = Callable[..., Model]


def constructor(application: str, build: Callable[[Arguments], Model], summary: str,
                model_name: str | None = None) -> Constructor:
    """A function with the arguments that Keras gives most of its applications.

    Args:
        application: its name.
        build: makes the model.
        summary: what it is, for its docstring.
        model_name: of the models; the application's in small letters if None.
    """
    default_name = model_name or application.lower()

    def construct(include_top: bool = True, weights: Weights = "imagenet", input_tensor: KerasTensor | None = None,
                  input_shape: ImageShape | None = None, pooling: str | None = None, classes: int = 1000,
                  classifier_activation: Any = "softmax", name: str | None = default_name) -> Model:
        return build(Arguments(include_top, weights, input_tensor, input_shape, pooling, classes,
                               classifier_activation, name))

    return named(construct, application, summary)


def named(construct: Constructor, application: str, summary: str) -> Constructor:
    """Gives the function the application's name and a docstring."""
    construct.__name__ = construct.__qualname__ = application
    construct.__doc__ = (f"{summary}\n\nArguments that all applications share: "
                         "`zoo.applications.arguments.Arguments`.\n\n"
                         "Raises:\n    ConfigError: arguments that are wrong or do not fit together.")
    return construct
