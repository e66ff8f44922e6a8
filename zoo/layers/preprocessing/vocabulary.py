"""Vocabularies: lists of tokens, given, counted, and in files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from zoo.errors import ConfigError

VOCABULARY_FILE = "vocabulary.txt"
_SHOWN = 5


def given_tokens(vocabulary: Any, dtype: str) -> list[Hashable]:
    """Tokens as `str` or `int`, from a sequence, or from a file with one token a line."""
    if isinstance(vocabulary, (str, Path)):
        return from_lines(Path(vocabulary).read_bytes(), dtype)
    return [_token(item, dtype) for item in vocabulary]


def refuse_path(config: Mapping[str, Any]) -> None:
    """Raises `ConfigError` if the vocabulary in a config is the path of a file: no config makes zoo read files."""
    if isinstance(config.get("vocabulary"), (str, Path)):
        raise ConfigError(f"Layer {config.get('name')!r}: the vocabulary in a config must be a list of tokens, paths "
                          f"are not followed: call set_vocabulary({config['vocabulary']!r}) if you trust it.")


def _token(item: Any, dtype: str) -> Hashable:
    if dtype == "string":
        return item.decode() if isinstance(item, bytes) else str(item)
    return int(item)


def as_lines(tokens: Sequence[Hashable]) -> bytes:
    """Tokens as a text file."""
    return "\n".join(map(str, tokens)).encode()


def from_lines(data: bytes, dtype: str) -> list[Hashable]:
    """The tokens in a text file; empty lines at its end do not count."""
    lines = data.decode().replace("\r\n", "\n").split("\n")
    while lines and lines[-1] == "":
        lines.pop()
    return [_token(line, dtype) for line in lines]


def check_tokens(layer: Any, tokens: Sequence[Hashable]) -> None:
    """Raises `ConfigError` if tokens occur twice, are reserved by the lookup layer, or too many."""
    twice = [token for token, count in Counter(tokens).items() if count > 1]
    if twice:
        raise ConfigError(f"Layer {layer.name!r}: the vocabulary has tokens more than once: {twice[:_SHOWN]}.")
    reserved = [layer.mask_token] + [layer.oov_token] * layer.invert
    misplaced = [token for token in reserved if token is not None and token in tokens]
    if misplaced:
        raise ConfigError(f"Layer {layer.name!r}: {misplaced[0]!r} is reserved; in a vocabulary it may only stand at "
                          f"the start, as in get_vocabulary().")
    size = layer.first_token + len(tokens)
    if layer.max_tokens is not None and size > layer.max_tokens:
        raise ConfigError(f"Layer {layer.name!r}: a vocabulary of {size} numbers (those for masks and unknown tokens "
                          f"included) is larger than max_tokens={layer.max_tokens}.")


def most_frequent(counts: Counter[Hashable], without: Sequence[Any], limit: int | None) -> list[Hashable]:
    """The tokens by falling frequency, equally frequent ones in falling order (strings by their bytes)."""
    tokens = [token for token in counts if token not in without]
    tokens.sort(key=lambda token: (counts[token], token.encode() if isinstance(token, str) else token), reverse=True)
    return tokens[:limit]


def batches(data: Any, steps: int | None = None) -> Iterator[np.ndarray]:
    """Data for `adapt` in batches: an array or a list is one batch, of one column if it has one axis."""
    if isinstance(data, (list, tuple, str)) or hasattr(data, "__array__"):
        array = np.asarray(data, object) if isinstance(data, (list, tuple, str)) else np.asarray(data)
        yield array[:, None] if array.ndim == 1 else array
    else:
        yield from (np.asarray(batch[0] if isinstance(batch, tuple) else batch) for batch in islice(data, steps))


def count_tokens(data: Any, steps: int | None, dtype: str) -> Iterator[list[Hashable]]:
    """The documents in data for `adapt`: the rows of its batches; a batch with one axis is one document."""
    for batch in batches(data, steps):
        table = np.atleast_1d(batch).reshape((1, -1) if batch.ndim < 2 else (len(batch), -1))
        yield from ([_token(item, dtype) for item in row] for row in table)
