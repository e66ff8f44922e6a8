"""Texts as the numbers of their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from zoo import ops, serialization
from zoo.engine.spec import Dim
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, ShapeError
from zoo.layers import arguments
from zoo.layers.layer import Layer
from zoo.layers.preprocessing.index_lookup import StringLookup
from zoo.layers.preprocessing.vocabulary import batches, refuse_path

_STANDARDIZE: Mapping[str, tuple[Callable[[Any], Any], ...]] = {
    "lower_and_strip_punctuation": (ops.text.lower, ops.text.strip_punctuation), "lower": (ops.text.lower,),
    "strip_punctuation": (ops.text.strip_punctuation,)}
_SPLIT = ("whitespace", "character")
_INSIDE = "_lookup_layer"


class TextVectorization(Layer):
    """Numbers for the words of texts: cleaned, split, joined to n-grams, looked up, and cut or padded to a length.

    Args:
        max_tokens: largest number of tokens, those for padding and unknown words included.
        standardize: ``lower_and_strip_punctuation``, ``lower``, ``strip_punctuation``, a function from an array of
            strings to one of the same shape, or None.
        split: ``whitespace``, ``character``, a function from an array of strings to lists of words, or None.
        ngrams: widths of the n-grams to make; a number stands for all widths from 1 on.
        output_mode: ``int``, or a vector for each text: ``multi_hot``, ``count`` or ``tf_idf``.
        output_sequence_length: how many numbers for a text; if None, as many as the longest one of the batch needs.
        pad_to_max_tokens, vocabulary, idf_weights, vocabulary_size: see `IndexLookup`.
        sparse, ragged: only False.
        encoding: only UTF-8.

    Example:
        >>> layer = TextVectorization(vocabulary=["quick", "fox"], output_sequence_length=4)
        >>> layer(["The quick fox!"])
        array([[1, 2, 3, 0]])
    """

    input_dtype = "string"
    not_in_config = frozenset({"vocabulary_size", "vocabulary", "idf_weights", "activity_regularizer"})

    def __init__(self, max_tokens: int | None = None, standardize: Any = "lower_and_strip_punctuation",
                 split: Any = "whitespace", ngrams: int | Sequence[int] | None = None, output_mode: str = "int",
                 output_sequence_length: int | None = None, pad_to_max_tokens: bool = False, vocabulary: Any = None,
                 idf_weights: Any = None, sparse: bool = False, ragged: bool = False, encoding: str = "utf-8",
                 vocabulary_size: int | None = None, **kwargs: Any):
        kwargs.pop("has_input_vocabulary", None)
        kwargs["dtype"] = None if kwargs.get("dtype") == "string" else kwargs.get("dtype")   # of tf.keras
        super().__init__(**kwargs)
        self.standardize = _function(standardize, tuple(_STANDARDIZE), "standardize")
        self.split = _function(split, _SPLIT, "split")
        self.ngrams = ngrams if ngrams is None or isinstance(ngrams, int) else tuple(ngrams)
        if output_sequence_length is not None:
            arguments.integer(output_sequence_length, "output_sequence_length")
            if output_mode != "int":
                raise ConfigError(f"`output_sequence_length` goes with output_mode='int'. "
                                  f"Received: output_mode={output_mode!r}")
        self.output_sequence_length = output_sequence_length
        self.ragged = arguments.only_dense(ragged, "ragged")
        self._lookup_layer = StringLookup(max_tokens, mask_token="", vocabulary=vocabulary, idf_weights=idf_weights,
                                          output_mode=output_mode, pad_to_max_tokens=pad_to_max_tokens, sparse=sparse,
                                          encoding=encoding, vocabulary_size=vocabulary_size)
        self._share_weights()

    def _share_weights(self) -> None:
        """Files hold the frequencies twice: as the layer's own and as those of the lookup layer inside."""
        self._variables[:] = [] if self._lookup_layer.idf is None else [self._lookup_layer.idf]

    @property
    def max_tokens(self) -> int | None:
        """Largest number of tokens."""
        return self._lookup_layer.max_tokens

    @property
    def output_mode(self) -> str:
        """What the layer gives."""
        return self._lookup_layer.output_mode

    @property
    def pad_to_max_tokens(self) -> bool:
        """Whether vectors have `max_tokens` elements."""
        return self._lookup_layer.pad_to_max_tokens

    @property
    def sparse(self) -> bool:
        """False."""
        return self._lookup_layer.sparse

    @property
    def encoding(self) -> str:
        """Of the texts."""
        return self._lookup_layer.encoding

    # ---- calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer; lists and single strings count as arrays."""
        return super().__call__(*map(ops.text.as_strings, args), **kwargs)

    def call(self, inputs: Any) -> Any:
        is_int, length = self.output_mode == "int", self.output_sequence_length
        tokens = self._tokens(inputs, length if is_int and self.ngrams is None else None)
        numbers = self._lookup_layer.call(tokens)
        return ops.text.fit(numbers, length, 0) if is_int and length is not None else numbers

    def _tokens(self, texts: Any, length: Dim = None) -> Any:
        """The words of texts (batch,) or (batch, 1), or their n-grams; at most `length` of them if that is given."""
        if callable(self.standardize):
            texts = ops.text.apply(texts, self.standardize)
        for clean in _STANDARDIZE.get(self.standardize, ()) if isinstance(self.standardize, str) else ():
            texts = clean(texts)
        if self.split is not None:
            if texts.ndim > 1 and texts.shape[-1] != 1:
                raise ShapeError(f"Layer {self.name!r} (TextVectorization) splits texts of shape (batch,) or "
                                 f"(batch, 1). Received shape: {tuple(texts.shape)}")
            texts = ops.text.split(ops.squeeze(texts, -1) if texts.ndim > 1 else texts, self.split, length)
        if self.ngrams is not None:
            widths = range(1, self.ngrams + 1) if isinstance(self.ngrams, int) else self.ngrams
            texts = ops.text.ngrams(texts, tuple(widths))
        return texts

    # ---- the vocabulary

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Learns the vocabulary of texts; see `IndexLookup.adapt`.

        Args:
            data: an array or list of texts, or batches of texts. What was learned before is forgotten.
            batch_size: ignored.
            steps: how many batches to take; all if None.
        """
        rows = (row for batch in batches(data, steps) for row in np.asarray(self._tokens(batch)))
        self._lookup_layer.adapt_to([token for token in row if token != ""] for row in rows)
        self._share_weights()

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Sets the words; see `IndexLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights)
        self._share_weights()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """The words by number; see `IndexLookup.get_vocabulary`."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def vocabulary_size(self) -> int:
        """How many numbers there are."""
        return self._lookup_layer.vocabulary_size()

    # ---- files

    @property
    def weights(self) -> list[Variable]:
        """None: Keras counts frequencies among the state, not the weights."""
        return []

    variables = weights

    def assets(self) -> dict[str, bytes]:
        """The learned vocabulary; Keras writes it twice, as the layer's own and as that of the layer inside."""
        inside = self._lookup_layer.assets()
        return inside | {f"{_INSIDE}/{name}": data for name, data in inside.items()}

    def load_assets(self, assets: Mapping[str, bytes]) -> None:
        """Takes the vocabulary from what `assets` gave."""
        inside = {name.removeprefix(f"{_INSIDE}/"): data for name, data in assets.items()}
        self._lookup_layer.load_assets(inside)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; a learned vocabulary is an asset."""
        inside = self._lookup_layer.get_config()
        return super().get_config() | {name: inside[name] for name in ("vocabulary", "idf_weights")} \
            | {"vocabulary_size": inside["vocabulary_size"] or self.vocabulary_size()}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A layer of that config; see `refuse_path`."""
        refuse_path(config)
        return super().from_config(config)


def _function(value: Any, names: Sequence[str], argument: str) -> Any:
    """One of the named functions, None, or a function of the user's, which a config has by name."""
    if value is None or callable(value) or isinstance(value, str) and value in names:
        return value
    if isinstance(value, str) and serialization.custom_object(value) is None:
        return arguments.choice(value, (*names, None), argument)
    return serialization.resolve(value, {}, f"{argument} function")
