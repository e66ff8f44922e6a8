"""What is known of one image in the end."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Prediction:
    """One class of an image.

    Args:
        index: of the class among the model's outputs.
        label: its name.
        score: the model's output for it; a probability if the model ends in a softmax.
    """

    index: int
    label: str
    score: float


@dataclass(frozen=True, slots=True)
class Row:
    """The result for one image: its likeliest classes, or why there are none.

    Args:
        path: of the image, as in its `ImageSource`.
        predictions: from the highest score down; empty if there is an error.
        error: None if all went well.
    """

    path: str
    predictions: tuple[Prediction, ...] = ()
    error: str | None = None
