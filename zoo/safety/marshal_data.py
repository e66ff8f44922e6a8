"""Marshalled Python code read as data.

Keras writes the code of a lambda as CPython's `marshal` bytes. Loading those in the interpreter is not safe even if
nothing is called afterwards, so they are read here: into `Code`, plain values, and nothing that could run. How a code
object is laid out differs between versions of Python and is stated nowhere in the bytes, so each layout is tried, and
the one whose fields all have the right types is the one.

Source: CPython's Python/marshal.c, and Objects/codeobject.c of versions 2.7, 3.7, 3.10 and 3.13, for their layouts.
"""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from typing import Any

from zoo.errors import CorruptFile, UnsafeFile

_DEPTH = 40
_VALUES = 100_000
_LONGEST = 1 << 20
_FLAG_REF = 0x80

# The fields of a code object in order; those in capitals are plain integers, the others values of their own.
_OLD_TAIL = "code consts names varnames freevars cellvars filename name FIRSTLINE lines"
LAYOUTS = {
    "3.11": "ARGUMENTS POSITIONAL KEYWORDS STACK FLAGS code consts names varnames kinds filename name qualname "
            "FIRSTLINE lines exceptions",
    "3.8": f"ARGUMENTS POSITIONAL KEYWORDS LOCALS STACK FLAGS {_OLD_TAIL}",
    "3.0": f"ARGUMENTS KEYWORDS LOCALS STACK FLAGS {_OLD_TAIL}",
    "2.7": f"ARGUMENTS LOCALS STACK FLAGS {_OLD_TAIL}",
}
_TYPES = {"code": bytes, "consts": tuple, "names": tuple, "varnames": tuple, "freevars": tuple, "cellvars": tuple,
          "kinds": bytes, "filename": str, "name": str, "qualname": str, "lines": bytes, "exceptions": bytes}
_TEXTS = ("names", "varnames", "freevars", "cellvars")

_CONSTANTS = {b"N": None, b"T": True, b"F": False, b".": Ellipsis, b"S": StopIteration, b"0": None}
_SEQUENCES = {b"(": ("<i", "tuple"), b")": ("<B", "tuple"), b"[": ("<i", "list"), b"<": ("<i", "set"),
              b">": ("<i", "frozenset")}
_TEXT_TYPES = {b"u": ("<i", "utf-8"), b"a": ("<i", "latin-1"), b"A": ("<i", "latin-1"), b"z": ("<B", "latin-1"),
               b"Z": ("<B", "latin-1"), b"t": ("<i", "utf-8")}
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_BEGINNING = re.compile(r"[c\xe3].\0\0\0", re.DOTALL)       # the type, and a number of arguments below 256


@dataclass(frozen=True)
class Code:
    """A function's code as data.

    Args:
        layout: which of `LAYOUTS` it has: the first version of Python that lays code out so.
        bytecode: its instructions.
        consts: plain values, and the code of functions inside.
        varnames: of local variables; from Python 3.11 on of cells too.
        cells: names of variables that it shares with functions around and inside it; none from Python 3.11 on.
    """

    layout: str
    name: str
    filename: str
    bytecode: bytes
    consts: tuple[Any, ...]
    names: tuple[str, ...]
    varnames: tuple[str, ...]
    cells: tuple[str, ...]
    arguments: int


@dataclass(frozen=True)
class Items:
    """The items of a set or dictionary, in the order of the bytes: never hashed, never compared."""

    kind: str
    items: tuple[Any, ...]


def code_of_text(text: str, where: str = "lambda") -> Code | None:
    """The code in a string of a config: marshalled bytes as base64, or, as Keras 1 and 2.0 wrote them, as characters.

    Returns:
        None if the string does not begin as marshalled code does.

    Raises:
        CorruptFile, UnsafeFile: it does, and cannot be read.
    """
    if _BEGINNING.match(text):
        try:
            return read_code(text.encode("latin-1"), where)
        except UnicodeEncodeError as error:
            raise CorruptFile(f"{where}: text that begins like Python code and is none: {error}") from error
    if len(text) >= 64 and text.startswith(("4w", "Y")) and _BASE64.fullmatch(text):
        try:
            data = base64.b64decode(text.encode("ascii"))
        except binascii.Error:
            return None
        return read_code(data, where) if _BEGINNING.match(data[:5].decode("latin-1")) else None
    return None


def read_code(data: bytes, where: str = "lambda") -> Code:
    """The code that `data` holds.

    Raises:
        CorruptFile: it is not the marshalled code of any known Python.
        UnsafeFile: it is larger, deeper, or of more parts than any lambda.
    """
    if len(data) > _LONGEST:
        raise UnsafeFile(f"{where}: marshalled code of {len(data)} bytes is more than {_LONGEST}", where=where)
    problems = []
    for layout in LAYOUTS:
        reader = _Reader(data, layout, where)
        try:
            value = reader.value(0)
        except (CorruptFile, ValueError, IndexError, struct.error) as error:
            problems.append(f"{layout}: {error}")
            continue
        if isinstance(value, Code):
            return value
        problems.append(f"{layout}: {type(value).__name__} instead of code")
    raise CorruptFile(f"{where}: expected marshalled Python code, received {data[:16].hex(' ')} ... that fits no known "
                      f"layout ({'; '.join(problems)})")


class _Reader:
    """Reads one marshal stream in one layout of code objects."""

    def __init__(self, data: bytes, layout: str, where: str):
        self.data, self.layout, self.where = data, layout, where
        self.at = self.count = 0
        self.references: list[Any] = []
        self.strings: list[str] = []                        # Python 2 refers to interned strings by their number

    def value(self, depth: int) -> Any:
        """The next value."""
        self.count += 1
        if depth > _DEPTH or self.count > _VALUES:
            raise UnsafeFile(f"{self.where}: marshalled code nested deeper than {_DEPTH} or of more than {_VALUES} "
                             "values", where=self.where)
        kind = self.take(1)[0]
        flagged, kind = kind & _FLAG_REF, bytes([kind & ~_FLAG_REF])
        slot = len(self.references)
        if flagged:
            self.references.append(_UNFINISHED)             # a container has its number before what it holds
        found = self.of_kind(kind, depth)
        if flagged:
            self.references[slot] = found
        return found

    def of_kind(self, kind: bytes, depth: int) -> Any:
        """The value that follows a type byte."""
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind in _SCALARS:
            return _SCALARS[kind](self)
        if kind in _TEXT_TYPES:
            return self.text(kind)
        if kind in _SEQUENCES:
            layout, name = _SEQUENCES[kind]
            items = [self.value(depth + 1) for _ in range(self.length(layout))]
            return tuple(items) if name == "tuple" else Items(name, tuple(items))
        if kind == b"c":
            return self.code(depth)
        if kind == b"{":
            return Items("dict", tuple(self.pairs(depth)))
        raise CorruptFile(f"unknown marshal type {kind!r} at byte {self.at - 1}")

    def code(self, depth: int) -> Code:
        """A code object, whose fields must have their types."""
        fields: dict[str, Any] = {}
        for name in LAYOUTS[self.layout].split():
            if name.isupper():
                fields[name] = self.number("<i")
                continue
            fields[name] = found = self.value(depth + 1)
            if self.layout == "2.7" and name in ("code", "lines") and isinstance(found, str):
                fields[name] = found = found.encode("latin-1")
            if self.layout == "2.7" and name in ("name", "filename") and isinstance(found, bytes):
                fields[name] = found = found.decode("latin-1")
            if not isinstance(found, _TYPES[name]):
                raise CorruptFile(f"{name} is {type(found).__name__}")
            if name in _TEXTS:
                fields[name] = tuple(self.name(item) for item in found)
        cells = fields.get("cellvars", ()) + fields.get("freevars", ())
        return Code(self.layout, fields["name"], fields["filename"], fields["code"], fields["consts"], fields["names"],
                    fields["varnames"], cells, fields["ARGUMENTS"] + fields.get("KEYWORDS", 0))

    def name(self, item: Any) -> str:
        """An item of a list of names."""
        if isinstance(item, bytes) and self.layout == "2.7":
            item = item.decode("latin-1")
        if not isinstance(item, str):
            raise CorruptFile(f"a name is {type(item).__name__}")
        return item

    def pairs(self, depth: int) -> list[tuple[Any, Any]]:
        """Keys and values up to the null that ends a dictionary."""
        found = []
        while self.data[self.at:self.at + 1] != b"0":
            found.append((self.value(depth + 1), self.value(depth + 1)))
        self.at += 1
        return found

    def take(self, size: int) -> bytes:
        """The next bytes."""
        if not 0 <= size <= len(self.data) - self.at:
            raise CorruptFile(f"{size} bytes wanted at byte {self.at} of {len(self.data)}")
        self.at += size
        return self.data[self.at - size:self.at]

    def number(self, layout: str) -> Any:
        """The next number of a `struct` layout."""
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def length(self, layout: str) -> int:
        """How many items follow; each takes a byte at least."""
        count = self.number(layout)
        if not 0 <= count <= len(self.data) - self.at:
            raise CorruptFile(f"{count} items wanted at byte {self.at} of {len(self.data)}")
        return count

    def text(self, kind: bytes) -> str:
        """A string; Python 2 numbers the interned ones."""
        layout, encoding = _TEXT_TYPES[kind]
        found = self.take(self.length(layout)).decode(encoding, "backslashreplace")
        if kind == b"t":
            self.strings.append(found)
        return found

    def digits(self) -> int:
        """A long integer: digits of fifteen bits, the sign in their number."""
        count = self.number("<i")
        raw = self.take(2 * abs(count))
        value = sum(digit << 15 * place for place, (digit,) in enumerate(struct.iter_unpack("<H", raw))) \
            if abs(count) <= 1000 else 0
        return -value if count < 0 else value

    def reference(self) -> Any:
        """A value that came before."""
        found = self.references[self.length_free_index()]
        if found is _UNFINISHED:
            raise CorruptFile("a value that holds itself")
        return found

    def length_free_index(self) -> int:
        """A number of a reference."""
        index = self.number("<i")
        if not 0 <= index < len(self.references):
            raise CorruptFile(f"reference {index} of {len(self.references)}")
        return index

    def interned(self) -> str:
        """An interned string of Python 2 that came before."""
        index = self.number("<i")
        if not 0 <= index < len(self.strings):
            raise CorruptFile(f"interned string {index} of {len(self.strings)}")
        return self.strings[index]


_UNFINISHED = object()

_SCALARS = {
    b"i": lambda reader: reader.number("<i"),
    b"I": lambda reader: reader.number("<q"),
    b"l": _Reader.digits,
    b"f": lambda reader: float(reader.take(reader.number("<B"))),
    b"g": lambda reader: reader.number("<d"),
    b"x": lambda reader: complex(float(reader.take(reader.number("<B"))), float(reader.take(reader.number("<B")))),
    b"y": lambda reader: complex(reader.number("<d"), reader.number("<d")),
    b"s": lambda reader: reader.take(reader.length("<i")),
    b"r": _Reader.reference,
    b"R": _Reader.interned,
}
