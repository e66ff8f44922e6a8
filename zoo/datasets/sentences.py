"""Word numbers of texts, prepared as Keras does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.errors import ConfigError


@dataclass(frozen=True)
class Vocabulary:
    """Which words stay, and how numbers are shifted.

    Args:
        num_words: numbers from this one on are unknown words; all stay if None.
        skip_top: so are numbers below this one.
        maxlen: texts of that length and more are left out.
        start_char: put before each text; None for nothing.
        oov_char: stands for unknown words; they are left out if None.
        index_from: added to all numbers of words.
    """

    num_words: int | None = None
    skip_top: int = 0
    maxlen: int | None = None
    start_char: int | None = 1
    oov_char: int | None = 2
    index_from: int = 3

    def started(self, texts: list[Any], labels: np.ndarray) -> tuple[list[list[int]], np.ndarray]:
        """Texts with their start and shifted numbers, those that are too long left out.

        Raises:
            ConfigError: none are left.
        """
        start = [] if self.start_char is None else [self.start_char]
        made = [start + [int(word) + self.index_from for word in text] for text in texts]
        kept = [i for i, text in enumerate(made) if not self.maxlen or len(text) < self.maxlen]
        if not kept:
            raise ConfigError(f"No text is shorter than maxlen={self.maxlen}.")
        return [made[i] for i in kept], labels[kept]

    def known(self, texts: list[list[int]]) -> list[list[int]]:
        """Texts with unknown words replaced or left out."""
        end = self.num_words or max(max(text, default=0) for text in texts)
        if self.oov_char is None:
            return [[word for word in text if self.skip_top <= word < end] for text in texts]
        return [[word if self.skip_top <= word < end else self.oov_char for word in text] for text in texts]


def objects(texts: list[list[int]]) -> np.ndarray:
    """Lists of different lengths as an array of objects, as Keras gives them."""
    array = np.empty(len(texts), object)
    array[:] = texts
    return array
