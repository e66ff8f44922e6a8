"""Pickles read as data.

A pickle is a small program. This interpreter knows only the opcodes that build plain values, and the only calls it
makes are those of functions that the caller hands in by name; the names in the file import nothing. Python's own
`pickle.Unpickler` with a restricted ``find_class`` would still hash attacker-built keys, set attributes on objects
and grow its memo to any index; here such opcodes are simply not in the table.

Source: the comments of CPython's Lib/pickletools.py
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

from zoo.errors import CorruptFile, UnsafeFile
from zoo.io.limits import DEFAULT_LIMITS, Limits

_MARK = object()

# What may go wrong inside a pickle that is not well-formed: stack underflow, unknown memo, bad text, wrong arguments.
_MALFORMED = (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, MemoryError, EOFError,
              struct.error)


def load(stream: BinaryIO, size: int, where: str, *, names: Mapping[str, Any] = MappingProxyType({}),
         persistent: Callable[[Any], Any] | None = None, limits: Limits = DEFAULT_LIMITS) -> Any:
    """The value of the pickle that begins at the stream's position; the stream is left after it.

    Args:
        stream: a seekable binary stream.
        size: bytes of the stream in all.
        where: what is being read, for messages.
        names: ``module.name`` -> what it stands for here: a function that the pickle may call, or a plain value.
            Every other name is refused.
        persistent: makes a value of a persistent id; None refuses them.

    Raises:
        UnsafeFile: an opcode or a name outside of the tables, or a pickle beyond the limits.
        CorruptFile: not a well-formed pickle.
    """
    machine = _Machine(stream, size, where, names, persistent)
    try:
        for _ in range(limits.pickle_opcodes):
            if machine.step():
                return machine.pop()
    except _MALFORMED as error:
        raise CorruptFile(f"{where}: damaged pickle near byte {stream.tell()} "
                          f"({type(error).__name__}: {error})") from error
    raise UnsafeFile(f"{where}: the pickle is longer than {limits.pickle_opcodes} opcodes")


class _Machine:
    """The stack machine; each opcode is one entry of `_OPCODES`."""

    def __init__(self, stream: BinaryIO, size: int, where: str, names: Mapping[str, Any],
                 persistent: Callable[[Any], Any] | None):
        self.stream, self.size, self.where = stream, size, where
        self.names, self.persistent = names, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self) -> bool:
        """Runs one opcode; True when it was the last."""
        code = self.read(1)
        if code == b".":
            return True
        if code not in _OPCODES:
            raise UnsafeFile(f"{self.where}: refused the pickle opcode {code!r} at byte {self.stream.tell() - 1}: "
                             "a file of weights has no use for it", "pickle-code", self.where)
        _OPCODES[code](self)
        return False

    # Arguments that follow an opcode.

    def read(self, count: int) -> bytes:
        if count > self.size - self.stream.tell():
            raise EOFError("the pickle ends too early")
        return self.stream.read(count)

    def number(self, layout: str) -> Any:
        return struct.unpack(layout, self.read(struct.calcsize(layout)))[0]

    def counted(self, layout: str) -> bytes:
        return self.read(self.number(layout))

    def line(self) -> str:
        text = self.stream.readline(_LINE)
        if not text.endswith(b"\n"):
            raise EOFError("a name without end")
        return text[:-1].decode("utf-8")

    # The stack.

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self, count: int | None = None) -> Any:
        """The topmost value, or a list of the topmost `count`."""
        if len(self.stack) < (count or 1):
            raise IndexError("the stack is empty")
        if count is None:
            return self.stack.pop()
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def since_mark(self) -> list[Any]:
        at = next((i for i in reversed(range(len(self.stack))) if self.stack[i] is _MARK), None)
        if at is None:
            raise IndexError("no mark on the stack")
        items = self.stack[at + 1:]
        del self.stack[at:]
        return items

    # What opcodes do.

    def extend(self, items: list[Any]) -> None:
        if type(self.stack[-1]) is not list:
            raise TypeError("items for something that is not a list")
        self.stack[-1].extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if not isinstance(target, dict):
            raise TypeError("keys for something that is not a dictionary")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, (str, int, float, bytes, type(None))):    # hashing nested tuples can take for ever
                raise UnsafeFile(f"{self.where}: refused a dictionary key of type {type(key).__name__}",
                                 "pickle-code", self.where)
            target[key] = value

    def find(self, module: Any, name: Any) -> None:
        full = f"{module}.{name}"
        if not (isinstance(module, str) and isinstance(name, str) and full in self.names):
            raise UnsafeFile(f"{self.where}: refused the name {full!r:.200}: a pickle that asks for it wants more than "
                             f"tensors. Names that are understood: {', '.join(sorted(self.names)) or 'none'}. If you "
                             "trust the file, load it in its own framework and save the plain state dict again",
                             "pickle-code", self.where)
        self.push(self.names[full])

    def call(self) -> None:
        target, arguments = self.pop(2)
        if not callable(target):                  # whatever is callable here came from the caller's own table
            raise UnsafeFile(f"{self.where}: refused to call {type(target).__name__!r} from a pickle", "pickle-code",
                             self.where)
        if type(arguments) is not tuple:
            raise TypeError("arguments that are not a tuple")
        self.push(target(*arguments))

    def build(self) -> None:
        target, _ = self.pop(2)
        if not isinstance(target, dict):          # an ordered dictionary's own attributes (version notes): dropped
            raise UnsafeFile(f"{self.where}: refused to set the state of {type(target).__name__!r} from a pickle",
                             "pickle-code", self.where)
        self.push(target)

    def persistent_value(self) -> None:
        if self.persistent is None:
            raise UnsafeFile(f"{self.where}: refused a persistent id outside of a checkpoint", "pickle-code",
                             self.where)
        self.push(self.persistent(self.pop()))

    def remember(self, index: int) -> None:
        self.memo[index] = self.stack[-1]


_LINE = 1024        # names are shorter

_OPCODES: dict[bytes, Callable[[_Machine], Any]] = {
    # constants
    b"N": lambda m: m.push(None),
    b"\x88": lambda m: m.push(True),
    b"\x89": lambda m: m.push(False),
    b"K": lambda m: m.push(m.number("<B")),
    b"M": lambda m: m.push(m.number("<H")),
    b"J": lambda m: m.push(m.number("<i")),
    b"\x8a": lambda m: m.push(int.from_bytes(m.counted("<B"), "little", signed=True)),
    b"G": lambda m: m.push(m.number(">d")),
    b"X": lambda m: m.push(m.counted("<I").decode("utf-8")),
    b"\x8c": lambda m: m.push(m.counted("<B").decode("utf-8")),
    b"T": lambda m: m.push(m.counted("<I").decode("latin-1")),
    b"U": lambda m: m.push(m.counted("<B").decode("latin-1")),
    b"B": lambda m: m.push(m.counted("<I")),
    b"C": lambda m: m.push(m.counted("<B")),
    # containers
    b"(": lambda m: m.push(_MARK),
    b"}": lambda m: m.push({}),
    b"]": lambda m: m.push([]),
    b")": lambda m: m.push(()),
    b"t": lambda m: m.push(tuple(m.since_mark())),
    b"\x85": lambda m: m.push(tuple(m.pop(1))),
    b"\x86": lambda m: m.push(tuple(m.pop(2))),
    b"\x87": lambda m: m.push(tuple(m.pop(3))),
    b"a": lambda m: m.extend(m.pop(1)),
    b"e": lambda m: m.extend(m.since_mark()),
    b"s": lambda m: m.set_items(m.pop(2)),
    b"u": lambda m: m.set_items(m.since_mark()),
    # memo
    b"q": lambda m: m.remember(m.number("<B")),
    b"r": lambda m: m.remember(m.number("<I")),
    b"\x94": lambda m: m.remember(len(m.memo)),
    b"h": lambda m: m.push(m.memo[m.number("<B")]),
    b"j": lambda m: m.push(m.memo[m.number("<I")]),
    # names and calls
    b"c": lambda m: m.find(m.line(), m.line()),
    b"\x93": lambda m: m.find(*m.pop(2)),
    b"R": lambda m: m.call(),
    b"b": lambda m: m.build(),
    b"Q": lambda m: m.persistent_value(),
    # protocol and frames: nothing to do
    b"\x80": lambda m: m.number("<B"),
    b"\x95": lambda m: m.number("<Q"),
}
