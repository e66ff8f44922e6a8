"""Tokens as numbers, by a vocabulary that is given or learned."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from zoo import ops
from zoo.config import config as settings
from zoo.engine.variable import Variable
from zoo.errors import ConfigError, DtypeError
from zoo.layers import arguments
from zoo.layers.layer import Layer
from zoo.layers.preprocessing.category_encoding import MODES, encode
from zoo.layers.preprocessing.vocabulary import (VOCABULARY_FILE, as_lines, check_tokens, count_tokens, from_lines,
                                                 given_tokens, most_frequent,
                                                 refuse_path)

DROPPED = -1                                                # the number of padding where rows are summed up


class IndexLookup(Layer):
    """Base of `StringLookup` and `IntegerLookup`: tokens to numbers, or back.

    The numbers are, in this order: that of the mask token (0, if there is one and the output mode is ``int``), those of
    tokens that are not in the vocabulary, those of the vocabulary.

    Args:
        max_tokens: largest number of tokens, those for masks and unknown ones included.
        num_oov_indices: how many numbers tokens share that are not in the vocabulary; 0 refuses them.
        mask_token: the token that stands for padding.
        oov_token: what unknown numbers become if `invert` is True.
        vocabulary: the tokens; learned by `adapt` if None. A path is a file with one token a line.
        idf_weights: for ``tf_idf``, the inverse document frequency of each token.
        invert: whether to make tokens of numbers.
        output_mode: ``int``, ``one_hot``, ``multi_hot``, ``count`` (see `CategoryEncoding`) or ``tf_idf``: counts times
            inverse document frequencies.
        pad_to_max_tokens: whether vectors have `max_tokens` elements, however many tokens there are.
        sparse: only False.
        oov_method: for integers ``floormod`` or ``farmhash``.
        salt: key of the hash that divides unknown tokens among the numbers for these.
        vocabulary_size: of a vocabulary that is to be loaded.
    """

    token_dtype: str
    not_in_config = frozenset({"vocabulary_size", "vocabulary", "idf_weights", "activity_regularizer"})

    def __init__(self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: Any = None,
                 oov_token: Any = None, vocabulary: Any = None, idf_weights: Any = None, invert: bool = False,
                 output_mode: str = "int", pad_to_max_tokens: bool = False, sparse: bool = False,
                 oov_method: str = "floormod", salt: int | Sequence[int] | None = None,
                 vocabulary_size: int | None = None, **kwargs: Any):
        kwargs.pop("has_input_vocabulary", None)
        super().__init__(**kwargs)
        self.max_tokens = None if max_tokens is None else arguments.integer(max_tokens, "max_tokens", 2)
        self.num_oov_indices = arguments.integer(num_oov_indices, "num_oov_indices", 0)
        self.mask_token, self.oov_token = mask_token, oov_token
        self.invert = bool(invert)
        self.output_mode = arguments.choice(_mode(output_mode), ("int",) if invert else (*MODES, "tf_idf"),
                                            "output_mode")
        self.pad_to_max_tokens = bool(pad_to_max_tokens)
        self.sparse = arguments.only_dense(sparse)
        self.oov_method = arguments.choice(oov_method, ("floormod", "farmhash"), "oov_method")
        self.salt = salt
        self.input_vocabulary = None if isinstance(vocabulary, str) else vocabulary
        self.input_idf_weights = idf_weights
        self._given = vocabulary is not None
        self._size = vocabulary_size
        self._tokens: list[Hashable] | None = None
        self._indices: Mapping[Hashable, int] = {}
        self.idf: Variable | None = None
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)
        elif self.output_mode == "tf_idf" and self.depth is not None:
            self._set_idf(np.ones(self.depth))              # a place for what will be loaded

    # ---- numbers

    @property
    def input_dtype(self) -> str:
        """What the layer is called on."""
        return "int64" if self.invert else self.token_dtype

    @property
    def first_oov(self) -> int:
        """The first number of tokens that are not in the vocabulary."""
        return int(self.mask_token is not None and self.output_mode == "int")

    @property
    def first_token(self) -> int:
        """The number of the first token of the vocabulary."""
        return self.first_oov + self.num_oov_indices

    @property
    def depth(self) -> int | None:
        """Size of the vectors that the layer makes."""
        return self.max_tokens if self.pad_to_max_tokens and self.max_tokens else self._size

    def index_of(self, token: Hashable) -> int:
        """The number of a token.

        Raises:
            ConfigError: there is no vocabulary yet, or no number for tokens that are not in it.
        """
        found = self._vocabulary().get(token)
        if found is not None:
            return found
        if self.num_oov_indices == 0:
            raise ConfigError(f"Layer {self.name!r} ({type(self).__name__}): {token!r} is not in the vocabulary of "
                              f"{len(self._indices)} tokens: use num_oov_indices=1 or more for such tokens.")
        return self.first_oov + self._oov_number(token)

    def token_of(self, index: int) -> Hashable:
        """The token of a number; `oov_token` where there is none."""
        self._vocabulary()
        if index == 0 and self.mask_token is not None:
            return self.mask_token
        position = index - self.first_token
        return self._tokens[position] if 0 <= position < len(self._tokens) else self.oov_token

    def _oov_number(self, token: Hashable) -> int:
        if self.num_oov_indices == 1:
            return 0
        if self.oov_method == "floormod" and isinstance(token, int):
            return token % self.num_oov_indices
        salt = None if self.salt is None else tuple(self.salt) if np.ndim(self.salt) else (self.salt, self.salt)
        return ops.text.bucket(token, self.num_oov_indices, salt)

    def _vocabulary(self) -> Mapping[Hashable, int]:
        if self._tokens is None:
            raise ConfigError(f"Layer {self.name!r} ({type(self).__name__}) has no vocabulary yet: pass "
                              f"vocabulary=..., or call adapt(data) first.")
        return self._indices

    # ---- calls

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer; lists count as arrays."""
        return super().__call__(*(np.asarray(x, object if self.input_dtype == "string" else None)
                                  if isinstance(x, (str, int, list)) else x for x in args), **kwargs)

    def call(self, inputs: Any) -> Any:
        inputs = self._as_tokens(inputs)
        if self.invert:
            return ops.text.tokens(inputs, self.token_of, self.token_dtype)
        if self.output_mode != "int" and self.depth is None:
            raise ConfigError(f"Layer {self.name!r} ({type(self).__name__}) with output_mode={self.output_mode!r} "
                              f"needs its vocabulary first: pass vocabulary=..., or call adapt(data).")
        numbers = ops.text.lookup(inputs, self.index_of)
        if self.output_mode == "int":
            return numbers
        if self.output_mode != "tf_idf":
            return encode(numbers, self.output_mode, self.depth, "int64")
        return ops.multiply(encode(numbers, "count", self.depth, settings.floatx), self.idf)

    def _as_tokens(self, inputs: Any) -> Any:
        dtype = ops.dtype(inputs)
        if (dtype == "string") != (self.input_dtype == "string"):
            raise DtypeError(f"Layer {self.name!r} ({type(self).__name__}) expects {self.input_dtype}, "
                             f"received {dtype}.")
        return inputs if dtype == "string" else ops.cast(inputs, "int64")

    # ---- the vocabulary

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Sets the tokens.

        Args:
            vocabulary: tokens, with or without the mask token and the unknown ones before them; or the path of a file
                with one token a line.
            idf_weights: one for each of these, for ``tf_idf``.

        Raises:
            ConfigError: tokens occur twice, are reserved, or too many; or the weights do not fit.
        """
        given = given_tokens(vocabulary, self.token_dtype)
        special = [self.mask_token] * self.first_oov + [self.oov_token] * self.num_oov_indices
        is_whole = given[:len(special)] == special
        tokens = given[len(special):] if is_whole else given
        check_tokens(self, tokens)
        if (idf_weights is None) != (self.output_mode != "tf_idf"):
            raise ConfigError(f"Layer {self.name!r}: idf_weights go with output_mode='tf_idf'. Received: "
                              f"output_mode={self.output_mode!r}, idf_weights={idf_weights!r}")
        if idf_weights is not None and np.shape(idf_weights) != (len(given),):
            raise ConfigError(f"Layer {self.name!r}: expected {len(given)} idf_weights, one for each token, received "
                              f"shape {np.shape(idf_weights)}.")
        self._set_tokens(tokens)
        if idf_weights is not None:
            self._set_idf(np.asarray(idf_weights, "float64"), has_special=is_whole)

    def _set_tokens(self, tokens: list[Hashable]) -> None:
        size = self.first_token + len(tokens)
        fixed = self.output_mode not in ("int",) and not self.pad_to_max_tokens
        if fixed and self._size not in (None, size) and self.calls:
            raise ConfigError(f"Layer {self.name!r}: the size of its vocabulary, {self._size}, cannot change after the "
                              f"layer was called with output_mode={self.output_mode!r}. Received: {size}")
        self._tokens, self._size = list(tokens), size
        masked = {} if self.mask_token is None else {self.mask_token: 0 if self.output_mode == "int" else DROPPED}
        self._indices = {token: self.first_token + i for i, token in enumerate(tokens)} | masked

    def _set_idf(self, weights: np.ndarray, has_special: bool = True) -> None:
        """Unknown tokens have the mean weight, places for tokens that do not exist 0."""
        whole = np.zeros(self.depth, settings.floatx)
        front = 0 if has_special else self.first_token
        whole[:front] = weights.mean() if weights.size else 0
        whole[front:front + len(weights)] = weights
        if self.idf is None or self.idf.shape != whole.shape:
            self._variables.clear()
            self.idf = self.add_weight(whole.shape, "zeros", settings.floatx, trainable=False, name="idf_weights")
        self.idf.assign(whole)

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """The tokens by number; the mask token and the unknown ones stand before them unless told otherwise."""
        tokens = list(self._tokens or ())
        special = [self.mask_token] * self.first_oov + [self.oov_token] * self.num_oov_indices
        return special + tokens if include_special_tokens and self._tokens is not None else tokens

    def vocabulary_size(self) -> int:
        """How many numbers there are."""
        return self.first_token + len(self._tokens or ())

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Learns the vocabulary: the most frequent tokens come first, equally frequent ones in falling order.

        Args:
            data: an array or list of tokens, or batches. What was learned before is forgotten.
            steps: how many batches to take; all if None.

        Raises:
            ConfigError: the vocabulary was given.
        """
        self.adapt_to(count_tokens(data, steps, self.token_dtype))

    def adapt_to(self, documents: Iterable[Sequence[Hashable]]) -> None:
        """Learns the vocabulary of documents, each a sequence of tokens."""
        if self._given:
            raise ConfigError(f"Layer {self.name!r} ({type(self).__name__}) was given its vocabulary: there is nothing "
                              f"to adapt.")
        counts: Counter[Hashable] = Counter()
        containing: Counter[Hashable] = Counter()
        total = 0
        for document in documents:
            counts.update(document)
            containing.update(set(document))
            total += 1
        tokens = most_frequent(counts, without=(self.mask_token, self.oov_token),
                               limit=None if self.max_tokens is None else self.max_tokens - self.first_token)
        self._set_tokens(tokens)
        if self.output_mode == "tf_idf":
            weights = [math.log(1 + total / (1 + containing[token])) for token in tokens]
            self._set_idf(np.asarray(weights), has_special=False)

    # ---- files

    @property
    def weights(self) -> list[Variable]:
        """None: Keras counts frequencies among the state, not the weights."""
        return []

    variables = weights

    def assets(self) -> dict[str, bytes]:
        """The learned vocabulary as a text file; nothing if the config has it."""
        if self.input_vocabulary is not None or self._tokens is None:
            return {}
        return {VOCABULARY_FILE: as_lines(self.get_vocabulary())}

    def load_assets(self, assets: Mapping[str, bytes]) -> None:
        """Takes the vocabulary from the file that `assets` gave."""
        if self.input_vocabulary is None and VOCABULARY_FILE in assets:
            given = from_lines(assets[VOCABULARY_FILE], self.token_dtype)
            special = [self.mask_token] * self.first_oov + [self.oov_token] * self.num_oov_indices
            self._set_tokens(given[len(special):] if given[:len(special)] == special else given)

    def get_config(self) -> dict[str, Any]:
        """The arguments that make an equal layer; a learned vocabulary is an asset."""
        given = {"vocabulary": self.input_vocabulary, "idf_weights": self.input_idf_weights}
        plain = {name: None if value is None else np.asarray(value).tolist() for name, value in given.items()}
        return super().get_config() | plain | {"vocabulary_size": self._size}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Layer:
        """A layer of that config; see `refuse_path`."""
        refuse_path(config)
        return super().from_config(config)


class StringLookup(IndexLookup):
    """Numbers for strings, or strings for numbers; see `IndexLookup` for the arguments.

    Args:
        encoding: of the strings; only UTF-8.

    Example:
        >>> StringLookup(vocabulary=["a", "b"])([["b", "z"]])
        array([[2, 0]])
    """

    token_dtype = "string"

    def __init__(self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: str | None = None,
                 oov_token: str = "[UNK]", vocabulary: Any = None, idf_weights: Any = None, invert: bool = False,
                 output_mode: str = "int", pad_to_max_tokens: bool = False, sparse: bool = False,
                 encoding: str = "utf-8", name: str | None = None, **kwargs: Any):
        kwargs["dtype"] = None if kwargs.get("dtype") == "string" else kwargs.get("dtype")   # of early tf.keras
        super().__init__(max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
                         output_mode, pad_to_max_tokens, sparse, name=name, **kwargs)
        self.encoding = arguments.choice(encoding.lower(), ("utf-8", "utf8"), "encoding")


class IntegerLookup(IndexLookup):
    """Numbers for integers, or integers for numbers; see `IndexLookup` for the arguments.

    Args:
        vocabulary_dtype: only ``int64``.

    Example:
        >>> IntegerLookup(vocabulary=[12, 36])(np.array([[36, 7]]))
        array([[2, 0]])
    """

    token_dtype = "int64"

    def __init__(self, max_tokens: int | None = None, num_oov_indices: int = 1, mask_token: int | None = None,
                 oov_token: int = -1, vocabulary: Any = None, vocabulary_dtype: str = "int64",
                 idf_weights: Any = None, invert: bool = False, output_mode: str = "int", sparse: bool = False,
                 pad_to_max_tokens: bool = False, name: str | None = None, **kwargs: Any):
        super().__init__(max_tokens, num_oov_indices, mask_token, oov_token, vocabulary, idf_weights, invert,
                         output_mode, pad_to_max_tokens, sparse, name=name, **kwargs)
        self.vocabulary_dtype = arguments.choice(vocabulary_dtype, ("int64", "int32"), "vocabulary_dtype")


def _mode(mode: str) -> str:
    """Earlier names of the modes."""
    return {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(mode, mode)
