"""Reading and writing YAML text from files nobody vouches for.

Keras 0 to 2 wrote architectures as YAML with PyYAML's full dumper, whose tags ask a loader to make Python objects.
Here tags are looked up in a closed table of plain values (tuples, text, NumPy numbers); any other tag is refused, and
nothing is ever imported or called. PyYAML itself only splits the text into events: it is the parser that the
language has, small and without dependencies, so it is a plain dependency of zoo and not an extra; a parser of
our own would be the larger risk.

Source: https://yaml.org/spec/1.1/ and PyYAML's documentation of its tags.
"""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import unquote

import numpy as np
import yaml

from zoo.errors import ConfigError, CorruptFile, UnsafeFile
from zoo.io.limits import DEFAULT_LIMITS, Limits

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)             # the first is there where libyaml is
_CORE = "tag:yaml.org,2002:"
_PYTHON = f"{_CORE}python/"
_NUMBER = re.compile(r"[fiub][1248]")
_NUMPY = r"numpy\.(_?core\.multiarray\.)?"


def loads(text: bytes | str, where: str, limits: Limits = DEFAULT_LIMITS) -> Any:
    """The value of a YAML text: None, booleans, numbers, text, lists, tuples, and dictionaries with text keys.

    NumPy numbers and arrays become Python numbers and lists, names of Python functions their last part, as in the
    JSON of the same Keras. An alias gives a copy of its own.

    Args:
        text: UTF-8 (a byte order mark is ignored) or text.
        where: what is being read, for messages.

    Raises:
        CorruptFile: not YAML, or not of plain values; says at which line and column.
        UnsafeFile: longer, deeper or more than the limits, a mapping that has a key twice, or a tag that asks for
            more than plain values.
    """
    if len(text) > limits.yaml_bytes:
        raise UnsafeFile(f"{where}: YAML of {len(text)} bytes; the limit is {limits.yaml_bytes}")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        return _Composer(yaml.parse(decoded, _PARSER), where, limits).document()
    except yaml.YAMLError as error:
        raise CorruptFile(f"{where}: not valid YAML: {' '.join(str(error).split())}") from error
    except UnicodeError as error:
        raise CorruptFile(f"{where}: YAML text that is not valid Unicode: {error}") from error


def dumps(value: Any, where: str) -> str:
    """The YAML text of plain values, keys in their own order, without tags and aliases: every loader reads it.

    Raises:
        ConfigError: `value` holds something else.
    """
    try:
        return yaml.dump(value, Dumper=_Dumper, sort_keys=False, default_flow_style=False, allow_unicode=True)
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigError(f"{where}: expected plain values (None, bool, numbers, text, lists, dicts with text keys), "
                          f"received something else: {error}") from error


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Composer:
    """Builds values from a stream of events, with what has been built so far counted."""

    def __init__(self, events: Iterator[yaml.Event], where: str, limits: Limits):
        self.events, self.where, self.limits = events, where, limits
        self.resolver = yaml.resolver.Resolver()
        self.scalars = yaml.constructor.SafeConstructor()
        self.anchors: dict[str, tuple[Any, int]] = {}               # the value, and how many it holds
        self.count = 0

    def document(self) -> Any:
        """The one document of the stream."""
        next(self.events)                                           # the beginning of the stream
        if isinstance(next(self.events), yaml.StreamEndEvent):
            return None
        value = self.value(next(self.events), 0)
        next(self.events)                                           # the end of the document
        end = next(self.events)
        if not isinstance(end, yaml.StreamEndEvent):
            raise self.corrupt(end, "expected one document, received more")
        return value

    def value(self, event: yaml.Event, depth: int) -> Any:
        """The value that begins with `event`."""
        before = self.count
        self.charge(1)
        if depth > self.limits.json_depth:
            raise UnsafeFile(f"{self.where}: YAML nested deeper than {self.limits.json_depth}")
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self.corrupt(event, f"the alias *{event.anchor} refers to nothing before it")
            value, size = self.anchors[event.anchor]
            self.charge(size)
            return _copied(value)
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            items = [self.value(item, depth + 1) for item in self.until(yaml.SequenceEndEvent)]
            value = self.tagged(event, items, "seq")
        else:
            value = self.tagged(event, self.mapping(depth), "map")
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, self.count - before)
        return value

    def charge(self, size: int) -> None:
        """Counts values that are about to be made."""
        self.count += size
        if self.count > self.limits.yaml_values:
            raise UnsafeFile(f"{self.where}: more than {self.limits.yaml_values} values once its aliases are followed: "
                             "refused as a bomb")

    def until(self, end: type[yaml.Event]) -> Iterator[yaml.Event]:
        while not isinstance(event := next(self.events), end):
            yield event

    def mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for event in self.until(yaml.MappingEndEvent):
            key = self.value(event, depth + 1)
            if not isinstance(key, str):
                raise self.corrupt(event, f"expected keys that are text, received {key!r:.50}")
            if key in found:
                raise UnsafeFile(f"{self.where}: refused a mapping that has the key {key!r} twice; readers disagree on "
                                 "which one counts", "json-duplicate-key", self.where)
            found[key] = self.value(next(self.events), depth + 1)
        return found

    def scalar(self, event: yaml.ScalarEvent) -> Any:
        if event.tag is None or event.tag == "!":
            tag = self.resolver.resolve(yaml.ScalarNode, event.value, event.implicit)
        else:
            tag = event.tag
        kind = tag.removeprefix(_CORE).removeprefix("python/")
        if kind in _SCALARS:
            return self.construct(event, f"{_CORE}{_SCALARS[kind]}")
        if kind == "binary":
            return self.binary(event)
        if tag.startswith(f"{_PYTHON}name:"):
            name = unquote(tag.removeprefix(f"{_PYTHON}name:"))
            return np.ndarray if name == "numpy.ndarray" else name.rpartition(".")[2]
        raise self.refused(event, tag)

    def construct(self, event: yaml.ScalarEvent, tag: str) -> Any:
        try:
            return self.scalars.construct_object(yaml.ScalarNode(tag, event.value))
        except (ValueError, KeyError, IndexError, OverflowError) as error:
            raise self.corrupt(event, f"not a value of its tag: {event.value!r:.50}") from error

    def binary(self, event: yaml.ScalarEvent) -> bytes:
        try:
            return base64.b64decode("".join(event.value.split()), validate=True)
        except ValueError as error:
            raise self.corrupt(event, "expected base64") from error

    def tagged(self, event: yaml.SequenceStartEvent | yaml.MappingStartEvent, value: Any, natural: str) -> Any:
        """A sequence or mapping as its tag has it."""
        kind = (event.tag or f"{_CORE}{natural}").removeprefix(_CORE).removeprefix("python/")
        if kind in (natural, "!", {"seq": "list", "map": "dict"}[natural]):
            return value
        if kind == "tuple" and natural == "seq":
            return tuple(value)
        for pattern, make in _OBJECTS:
            if re.fullmatch(rf"object/apply:{_NUMPY}{pattern}", kind):
                made = make(*_arguments(value))
                if made is None:
                    raise self.corrupt(event, f"not a number of NumPy: {value!r:.100}")
                return made[0]
        raise self.refused(event, event.tag)

    def refused(self, event: yaml.Event, tag: str) -> UnsafeFile:
        return UnsafeFile(f"{self.where}, line {event.start_mark.line + 1}: refused the tag {tag!r}: it asks to make "
                          "an object, and zoo makes plain values only", "yaml-tag", self.where)

    def corrupt(self, event: yaml.Event, problem: str) -> CorruptFile:
        mark = event.start_mark
        return CorruptFile(f"{self.where}, line {mark.line + 1}, column {mark.column + 1}: {problem}")


def _copied(value: Any) -> Any:
    """The value with lists and dictionaries of its own."""
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    return type(value)(map(_copied, value)) if isinstance(value, (list, tuple)) else value


# Tags of scalars, without what they begin with, -> the tag of YAML that they mean.
_SCALARS = {"null": "null", "bool": "bool", "int": "int", "float": "float", "str": "str", "none": "null",
            "long": "int", "unicode": "str"}


def _arguments(value: Any) -> tuple[Any, Any]:
    """Arguments and state of an object, in either form that PyYAML writes."""
    if isinstance(value, dict):
        return value.get("args"), value.get("state")
    return value, None


def _dtype(arguments: Any, state: Any) -> tuple[Any] | None:
    """``numpy.dtype('f4', False, True)`` with its byte order."""
    match arguments, state:
        case ([str(code), *_], (_, "<" | ">" | "|" as order, *_)) if _NUMBER.fullmatch(code):
            return (np.dtype(code).newbyteorder(order),)
    return None


def _scalar(arguments: Any, state: Any) -> tuple[Any] | None:
    """``scalar(dtype, bytes)``."""
    match arguments, state:
        case ([np.dtype() as dtype, bytes(data)], None) if len(data) == dtype.itemsize:
            return (np.frombuffer(data, dtype)[0].item(),)
    return None


def _array(arguments: Any, state: Any) -> tuple[Any] | None:
    """``_reconstruct(ndarray, (0,), b'b')`` with its state ``(1, shape, dtype, fortran, bytes)``."""
    match arguments, state:
        case ([found, *_], (1, tuple(shape), np.dtype() as dtype, bool(fortran), bytes(data))) if \
                found is np.ndarray and all(type(size) is int and size >= 0 for size in shape) and \
                math.prod(shape) * dtype.itemsize == len(data) and len(shape) <= 32:
            return (np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C").tolist(),)
    return None


_OBJECTS: tuple[tuple[str, Callable[[Any, Any], tuple[Any] | None]], ...] = (
    ("dtype", _dtype), ("scalar", _scalar), ("_reconstruct", _array))
