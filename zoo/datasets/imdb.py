"""Film reviews as word numbers, with whether they are kind."""

from __future__ import annotations

import os

from zoo.datasets.local import KERAS_FILES, Split, arrays, shuffled, text_table
from zoo.datasets.sentences import Vocabulary, objects


def load_data(path: str | os.PathLike[str] = "imdb.npz", num_words: int | None = None, skip_top: int = 0,
              maxlen: int | None = None, seed: int = 113, start_char: int | None = 1, oov_char: int | None = 2,
              index_from: int = 3) -> Split:
    """``(x_train, y_train), (x_test, y_test)``: lists of numbers in an array of objects, and labels.

    Args:
        path: of a file as `zoo.datasets.local.arrays` reads it.
        seed: of the order.
        num_words, skip_top, maxlen, start_char, oov_char, index_from: as of `zoo.datasets.sentences.Vocabulary`.
    """
    names = ("x_train", "y_train", "x_test", "y_test")
    x_train, y_train, x_test, y_test = arrays(path, f"{KERAS_FILES}imdb.npz", names)
    vocabulary = Vocabulary(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    pairs = [shuffled(pair, seed) for pair in ((x_train, y_train), (x_test, y_test))]
    (x_train, y_train), (x_test, y_test) = (vocabulary.started(*pair) for pair in pairs)
    texts = vocabulary.known(x_train + x_test)
    return (objects(texts[:len(x_train)]), y_train), (objects(texts[len(x_train):]), y_test)


def get_word_index(path: str | os.PathLike[str] = "imdb_word_index.json") -> dict[str, int]:
    """The number of each word (before `index_from` is added)."""
    return text_table(path, f"{KERAS_FILES}imdb_word_index.json")
