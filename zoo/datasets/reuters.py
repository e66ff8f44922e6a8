"""News wires as word numbers, by 46 topics."""

from __future__ import annotations

import os

from zoo.datasets.local import KERAS_FILES, Split, arrays, divided, shuffled, text_table
from zoo.datasets.sentences import Vocabulary, objects

TOPICS = """
cocoa grain veg-oil earn acq wheat copper housing money-supply coffee sugar trade reserves ship cotton carcass
crude nat-gas cpi money-fx interest gnp meal-feed alum oilseed gold tin strategic-metal livestock retail ipi
iron-steel rubber heat jobs lei bop zinc orange pet-chem dlr gas silver wpi hog lead
""".split()


def load_data(path: str | os.PathLike[str] = "reuters.npz", num_words: int | None = None, skip_top: int = 0,
              maxlen: int | None = None, test_split: float = 0.2, seed: int = 113, start_char: int | None = 1,
              oov_char: int | None = 2, index_from: int = 3) -> Split:
    """``(x_train, y_train), (x_test, y_test)``: lists of numbers in an array of objects, and labels.

    Args:
        path: of a file as `zoo.datasets.local.arrays` reads it.
        test_split: share for the test.
        seed: of the order.
        num_words, skip_top, maxlen, start_char, oov_char, index_from: as of `zoo.datasets.sentences.Vocabulary`.
    """
    vocabulary = Vocabulary(num_words, skip_top, maxlen, start_char, oov_char, index_from)
    texts, labels = vocabulary.started(*shuffled(arrays(path, f"{KERAS_FILES}reuters.npz", ("x", "y")), seed))
    return divided(objects(vocabulary.known(texts)), labels, test_split)


def get_word_index(path: str | os.PathLike[str] = "reuters_word_index.json") -> dict[str, int]:
    """The number of each word (before `index_from` is added)."""
    return text_table(path, f"{KERAS_FILES}reuters_word_index.json")


def get_label_names() -> tuple[str, ...]:
    """The topics, in the order of the labels."""
    return tuple(TOPICS)
