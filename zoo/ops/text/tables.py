"""Numbers for strings and integers (by a vocabulary, or by hashing), as functions of the host."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from zoo.engine.primitives.rules import INTEGER, require
from zoo.engine.spec import TensorSpec, broadcast
from zoo.ops.text.farmhash import combine, fingerprint64
from zoo.ops.text.siphash import siphash
from zoo.ops.text.strings import encoded, objects

_KEYS = INTEGER | {"string"}
_CROSSING_SEED = 0xDECAFCAFFE                               # with which TensorFlow starts a crossing


def as_key(item: Any) -> Hashable:
    """What a string or an integer is looked up by."""
    if isinstance(item, bytes):
        return item.decode(errors="replace")
    return item if isinstance(item, str) else int(item)


def bucket(item: Hashable, buckets: int, salt: tuple[int, int] | None = None) -> int:
    """The bucket into which TensorFlow hashes a string, or the digits of an integer.

    Args:
        item: what to hash.
        buckets: how many there are.
        salt: key of the hash: SipHash then, FarmHash without.
    """
    data = encoded(item)
    return (fingerprint64(data) if salt is None else siphash(data, salt)) % buckets


def _for_each(function: Callable[[Hashable], int], x: np.ndarray) -> np.ndarray:
    """The function's values; equal elements are computed once."""
    known: dict[Hashable, int] = {}
    keys = [as_key(item) for item in x.flat]
    for key in keys:
        if key not in known:
            known[key] = function(key)
    return np.fromiter((known[key] for key in keys), np.int64, len(keys)).reshape(x.shape)


@dataclass(frozen=True)
class Lookup:
    """The number of each token.

    Args:
        number: of a token; asked once for each different one.
    """

    number: Callable[[Hashable], int]

    def infer(self, x: TensorSpec) -> TensorSpec:
        """int64 of the same shape."""
        require("lookup", x, _KEYS)
        return x.with_dtype("int64")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The numbers."""
        return _for_each(self.number, x)


@dataclass(frozen=True)
class Tokens:
    """The token of each number: the inverse of `Lookup`.

    Args:
        token: of a number.
        dtype: of the tokens: ``string`` or ``int64``.
    """

    token: Callable[[int], Any]
    dtype: str

    def infer(self, x: TensorSpec) -> TensorSpec:
        """Tokens of the same shape."""
        require("lookup", x, INTEGER)
        return x.with_dtype(self.dtype)

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The tokens."""
        found = objects((self.token(number) for number in x.ravel().tolist()), x.shape)
        return found if self.dtype == "string" else found.astype(self.dtype)


@dataclass(frozen=True)
class Buckets:
    """The bucket of each string or integer.

    Args:
        count: of the buckets.
        salt: as in `bucket`.
        empty: a value that has bucket 0 for itself; the others share the rest. None: there is no such value.
    """

    count: int
    salt: tuple[int, int] | None = None
    empty: Hashable = None

    def infer(self, x: TensorSpec) -> TensorSpec:
        """int64 of the same shape."""
        require("hash", x, _KEYS)
        return x.with_dtype("int64")

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The buckets."""
        return _for_each(self._bucket, x)

    def _bucket(self, key: Hashable) -> int:
        if self.empty is None or self.count == 1:
            return bucket(key, self.count, self.salt)
        return 0 if key == self.empty else 1 + bucket(key, self.count - 1, self.salt)


@dataclass(frozen=True)
class CrossBuckets:
    """The bucket of each combination of values: strings or integers from several tensors."""

    count: int

    def infer(self, *xs: TensorSpec) -> TensorSpec:
        """int64 of the common shape."""
        for x in xs:
            require("hash", x, _KEYS)
        return TensorSpec(broadcast(*(x.shape for x in xs)), "int64")

    def __call__(self, *xs: np.ndarray) -> np.ndarray:
        """The buckets."""
        columns = [array.ravel() for array in np.broadcast_arrays(*xs)]
        found = [self._bucket(line) for line in zip(*columns)]
        return np.asarray(found, np.int64).reshape(np.broadcast_shapes(*(x.shape for x in xs)))

    def _bucket(self, line: Sequence[Any]) -> int:
        total = _CROSSING_SEED
        for item in line:
            key = as_key(item)
            total = combine(total, fingerprint64(encoded(key)) if isinstance(key, str) else key % 2 ** 64)
        return total % self.count
