"""Texts as numbers: words by their rank, or by a hash."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from zoo.errors import ConfigError
from zoo.spelling import accepts, spellings

FILTERS = '!"#$%&()*+,-./:;<=>?@[\\]^_`{|}~\t\n'
_TABLES = ("word_counts", "word_docs", "index_docs", "index_word", "word_index")


def text_to_word_sequence(input_text: str, filters: str = FILTERS, lower: bool = True, split: str = " ") -> list[str]:
    """The words of a text.

    Args:
        input_text: to divide.
        filters: characters that are no part of words.
        lower: whether to write them small.
        split: what is between words.
    """
    text = input_text.lower() if lower else input_text
    return [word for word in text.translate({ord(c): split for c in filters}).split(split) if word]


def one_hot(input_text: str, n: int, filters: str = FILTERS, lower: bool = True, split: str = " ",
            analyzer: Callable[[str], Sequence[str]] | None = None) -> list[int]:
    """A number below `n` for each word, by Python's own hash; see `hashing_trick`."""
    return hashing_trick(input_text, n, hash, filters, lower, split, analyzer)


def hashing_trick(text: str, n: int, hash_function: Callable[[str], int] | str | None = None, filters: str = FILTERS,
                  lower: bool = True, split: str = " ",
                  analyzer: Callable[[str], Sequence[str]] | None = None) -> list[int]:
    """A number from 1 to n - 1 for each word; different words may share one.

    Args:
        text: to divide into words.
        n: how many numbers there are, with 0.
        hash_function: ``md5``, which gives the same numbers in each process; a function; or None for Python's own.
        filters, lower, split: as of `text_to_word_sequence`.
        analyzer: divides the text instead.
    """
    def md5(word: str) -> int:
        return int(hashlib.md5(word.encode(), usedforsecurity=False).hexdigest(), 16)
    if isinstance(hash_function, str) and hash_function != "md5":
        raise ConfigError(f"hashing_trick: expected 'md5', a function or None. Received: {hash_function!r}")
    function = md5 if hash_function == "md5" else hash_function or hash
    words = text_to_word_sequence(text, filters, lower, split) if analyzer is None else analyzer(text)
    return [function(word) % (n - 1) + 1 for word in words]


class Tokenizer:
    """Numbers words by how frequent they are; 0 is no word.

    Args:
        num_words: only the ``num_words - 1`` most frequent words get numbers; all if None.
        filters, lower, split: as of `text_to_word_sequence`.
        char_level: whether each character is a word.
        oov_token: stands for words without a number, and has the number 1; such words are left out if None.
        analyzer: divides texts instead.
        document_count: of texts seen.

    Attributes:
        word_counts, word_docs: for each word how often it came, and in how many texts.
        word_index, index_word: numbers of words and words of numbers.
        index_docs: for each number in how many texts its word came.
    """

    @accepts(spellings({"nb_words": "num_words"}), title="Tokenizer")
    def __init__(self, num_words: int | None = None, filters: str = FILTERS, lower: bool = True, split: str = " ",
                 char_level: bool = False, oov_token: str | None = None,
                 analyzer: Callable[[str], Sequence[str]] | None = None, document_count: int = 0):
        self.num_words, self.filters, self.lower, self.split = num_words, filters, lower, split
        self.char_level, self.oov_token, self.analyzer = char_level, oov_token, analyzer
        self.document_count = document_count
        self.word_counts: dict[str, int] = {}
        self.word_docs: dict[str, int] = {}
        self.index_docs: dict[int, int] = {}
        self.word_index: dict[str, int] = {}
        self.index_word: dict[int, str] = {}

    def _words(self, text: Any) -> Sequence[str]:
        if self.char_level or isinstance(text, list):
            if not self.lower:
                return text
            return [word.lower() for word in text] if isinstance(text, list) else text.lower()
        return text_to_word_sequence(text, self.filters, self.lower, self.split) if self.analyzer is None \
            else self.analyzer(text)

    def fit_on_texts(self, texts: Iterable[Any]) -> None:
        """Counts the words of texts (strings, or lists of words) and numbers them anew."""
        for text in texts:
            self.document_count += 1
            words = self._words(text)
            for word in words:
                self.word_counts[word] = self.word_counts.get(word, 0) + 1
            for word in set(words):
                self.word_docs[word] = self.word_docs.get(word, 0) + 1
        ranked = sorted(self.word_counts, key=lambda word: -self.word_counts[word])
        known = ranked if self.oov_token is None else [self.oov_token, *ranked]
        self.word_index = dict(zip(known, range(1, len(known) + 1)))
        self.index_word = {number: word for word, number in self.word_index.items()}
        self.index_docs.update({self.word_index[word]: count for word, count in self.word_docs.items()})

    def fit_on_sequences(self, sequences: Sequence[Sequence[int]]) -> None:
        """Counts in how many sequences each number is."""
        self.document_count += len(sequences)
        for number, count in Counter(number for sequence in sequences for number in set(sequence)).items():
            self.index_docs[number] = self.index_docs.get(number, 0) + count

    def texts_to_sequences(self, texts: Iterable[Any]) -> list[list[int]]:
        """Each text as the numbers of its words."""
        return list(self.texts_to_sequences_generator(texts))

    def texts_to_sequences_generator(self, texts: Iterable[Any]) -> Iterator[list[int]]:
        """One text after the other as the numbers of its words."""
        unknown = self.word_index.get(self.oov_token)
        for text in texts:
            numbers = (self.word_index.get(word) for word in self._words(text))
            kept = (unknown if number is None or self._is_rare(number) else number for number in numbers)
            yield [number for number in kept if number is not None]

    def _is_rare(self, number: int) -> bool:
        return bool(self.num_words) and number >= self.num_words

    def sequences_to_texts(self, sequences: Iterable[Sequence[int]]) -> list[str]:
        """Sequences of numbers as words with spaces between."""
        return list(self.sequences_to_texts_generator(sequences))

    def sequences_to_texts_generator(self, sequences: Iterable[Sequence[int]]) -> Iterator[str]:
        """One sequence after the other as words with spaces between."""
        unknown = self.index_word.get(self.word_index.get(self.oov_token))
        for sequence in sequences:
            words = (unknown if number not in self.index_word or self._is_rare(number) else self.index_word[number]
                     for number in sequence)
            yield " ".join(word for word in words if word is not None)

    def texts_to_matrix(self, texts: Iterable[Any], mode: str = "binary") -> np.ndarray:
        """Texts as rows; see `sequences_to_matrix`."""
        return self.sequences_to_matrix(self.texts_to_sequences(texts), mode)

    def sequences_to_matrix(self, sequences: Sequence[Sequence[int]], mode: str = "binary") -> np.ndarray:
        """Sequences as rows with a column for each number.

        Args:
            sequences: of numbers.
            mode: what is in the columns: ``binary`` whether it is there, ``count`` how often, ``freq`` its share,
                ``tfidf`` a weight that rises with that and falls with the number of texts that have it.

        Raises:
            ConfigError: an unknown mode, or nothing was counted before.
        """
        weigh = _MODES.get(mode)
        columns = self.num_words or (len(self.word_index) + 1 if self.word_index else 0)
        if weigh is None or not columns or mode == "tfidf" and not self.document_count:
            raise ConfigError(f"sequences_to_matrix: expected a mode of {', '.join(_MODES)}, after num_words or "
                              f"fit_on_texts. Received: mode={mode!r}, num_words={self.num_words!r}")
        matrix = np.zeros((len(sequences), columns))
        for row, sequence in zip(matrix, sequences):
            for number, count in Counter(number for number in sequence if number < columns).items():
                row[number] = weigh(self, number, count, len(sequence))
        return matrix

    def get_config(self) -> dict[str, Any]:
        """Arguments and counts, these as JSON texts."""
        names = ("num_words", "filters", "lower", "split", "char_level", "oov_token", "document_count")
        tables = {name: json.dumps(getattr(self, name)) for name in _TABLES}
        return {name: getattr(self, name) for name in names} | tables

    def to_json(self, **json_options: Any) -> str:
        """The config as JSON, which `tokenizer_from_json` reads."""
        return json.dumps({"class_name": type(self).__name__, "config": self.get_config()}, **json_options)


_MODES: dict[str, Callable[[Tokenizer, int, int, int], float]] = {
    "binary": lambda tokenizer, number, count, length: 1,
    "count": lambda tokenizer, number, count, length: count,
    "freq": lambda tokenizer, number, count, length: count / length,
    "tfidf": lambda tokenizer, number, count, length: (1 + np.log(count)) * np.log(
        1 + tokenizer.document_count / (1 + tokenizer.index_docs.get(number, 0))),
}


def tokenizer_from_json(json_string: str) -> Tokenizer:
    """The tokenizer that `Tokenizer.to_json` wrote, here or in any Keras.

    Raises:
        ConfigError: the text is something else.
    """
    try:
        config = dict(json.loads(json_string)["config"])
        tables = {name: json.loads(config.pop(name)) for name in _TABLES}
        tokenizer = Tokenizer(**config)
        for name in ("index_docs", "index_word"):
            tables[name] = {int(key): value for key, value in tables[name].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"tokenizer_from_json: this is not what Tokenizer.to_json writes: {error!r}") from error
    vars(tokenizer).update(tables)
    return tokenizer
