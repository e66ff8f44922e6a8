"""Reading and writing JSON text from files nobody vouches for."""

from __future__ import annotations

import json
import re
from typing import Any

from zoo.errors import ConfigError, CorruptFile, UnsafeFile
from zoo.io.limits import DEFAULT_LIMITS, Limits, Refusal, refuse

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_STEP = {"[": 1, "{": 1, "]": -1, "}": -1}
_BRACKET = re.compile(r"[\[\]{}]")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def loads(text: bytes | str, where: str, limits: Limits = DEFAULT_LIMITS, refused: Refusal = refuse) -> Any:
    """The value of a JSON text.

    ``NaN``, ``Infinity`` and ``-Infinity`` are floats, as Keras writes them.

    Args:
        text: UTF-8 (a byte order mark is ignored) or text.
        where: what is being read, for messages.
        refused: hears of objects that have a key twice; if it returns, the last value counts.

    Raises:
        CorruptFile: not JSON; says at which line and column.
        UnsafeFile: longer or deeper than the limits, or an object that has a key twice.
    """
    if len(text) > limits.json_bytes:
        raise UnsafeFile(f"{where}: JSON of {len(text)} bytes; the limit is {limits.json_bytes}", where=where)
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        _check_objects(text, where, limits.json_objects)
        _check_depth(text, where, limits.json_depth)
        value = json.loads(text, object_pairs_hook=lambda pairs: _object(pairs, where, refused))
        if _SURROGATE.search(text):                 # half a character: valid JSON, but no text that can be written
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise CorruptFile(f"{where}: not valid JSON at line {error.lineno}, column {error.colno}: {error.msg}, near "
                          f"{error.doc[max(error.pos - 20, 0):error.pos + 20]!r}") from error
    except UnicodeError as error:
        raise CorruptFile(f"{where}: JSON text that is not valid Unicode: {error}") from error
    except ValueError as error:                     # a number with thousands of digits
        raise CorruptFile(f"{where}: JSON value that cannot be represented: {error}") from error
    return value


def dumps(value: Any, where: str, *, indent: int | None = None) -> str:
    """The JSON text of plain values, keys in their own order; ``NaN`` and infinities as Keras writes them.

    Raises:
        ConfigError: `value` holds something that JSON cannot say.
    """
    try:
        return json.dumps(value, indent=indent)
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigError(f"{where}: expected plain values (None, bool, numbers, text, lists, dicts with text keys), "
                          f"received something else: {error}") from error


def pop(value: dict[str, Any], key: str, expected: type, where: str) -> Any:
    """Takes ``value[key]`` out of a JSON object; None if it is absent or null.

    Raises:
        CorruptFile: it is of another type.
    """
    found = value.pop(key, None)
    if found is not None and not isinstance(found, expected):
        raise CorruptFile(f"{where}: expected {key!r} to be a {expected.__name__}, received {found!r:.100}")
    return found


def _object(pairs: list[tuple[str, Any]], where: str, refused: Refusal) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = sorted({name for name in names if names.count(name) > 1})
        refused(UnsafeFile(f"{where}: refused a JSON object that has keys twice: {twice[:5]}; readers disagree on "
                           "which one counts", "json-duplicate-key", where))
    return found


def _check_objects(text: str, where: str, limit: int) -> None:
    """Refuses more objects than any model has, before they take a hundred times their text in memory."""
    if (count := text.count("{")) > limit:
        raise UnsafeFile(f"{where}: JSON of {count:,} objects; the limit is {limit:,}", where=where)


def _check_depth(text: str, where: str, limit: int) -> None:
    """Refuses deep nesting before the parser recurses into it."""
    if text.count("[") + text.count("{") <= limit:
        return
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += _STEP[bracket]
        if depth > limit:
            raise UnsafeFile(f"{where}: JSON nested deeper than {limit}", where=where)
