"""Pickles read as data.

A pickle is a small program. This interpreter knows only the opcodes that build plain values, and the only calls it
makes are those of functions that the caller hands in by name; the names in the file import nothing. Python's
own `pickle.Unpickler` with a restricted ``find_class`` would still hash attacker-built keys, set attributes on
objects and grow its memo to any index; here those opcodes are simply not in the table.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, BinaryIO

from zoo.errors import CorruptFile, UnsafeFile
from zoo.io.limits import DEFAULT_LIMITS, Limits

_MARK = object()

# What may go wrong inside a pickle that is not well-formed: stack underflow, unknown memo, bad text, wrong arguments.
_MALFORMED = (IndexError, KeyError, ValueError, TypeError, AttributeError, OverflowError, MemoryError)


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
    machine = _Machine(where, names, persistent)
    bounded: Any = _Bounded(stream, size)
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(bounded)):
            if count > limits.pickle_opcodes:
                raise UnsafeFile(f"{where}: the pickle is longer than {limits.pickle_opcodes} opcodes")
            if opcode.name == "STOP":
                break
            machine.step(opcode.name, argument)
        return machine.stack.pop()
    except _MALFORMED as error:
        raise CorruptFile(f"{where}: damaged pickle near byte {stream.tell()} "
                          f"({type(error).__name__}: {error})") from error


class _Bounded:
    """A stream that is never asked for more than it has, whatever length an opcode declares."""

    def __init__(self, stream: BinaryIO, size: int):
        self._stream, self._size = stream, size
        self.readline, self.tell = stream.readline, stream.tell

    def read(self, count: int) -> bytes:
        return self._stream.read(min(count, self._size - self._stream.tell()))


class _Machine:
    """The stack machine: each opcode of `_OPCODES` is one method or one constant."""

    def __init__(self, where: str, names: Mapping[str, Any], persistent: Callable[[Any], Any] | None):
        self.where, self.names, self.persistent = where, names, persistent
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, name: str, argument: Any) -> None:
        if name in _PUSHED:
            self.stack.append(argument)
        elif name in _MADE:
            self.stack.append(_MADE[name]())
        elif name in _HANDLED:
            _HANDLED[name](self, argument)
        elif name not in _IGNORED:
            raise UnsafeFile(f"{self.where}: refused the pickle opcode {name}: a file of weights has no use for it")

    def since_mark(self) -> list[Any]:
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise IndexError("no mark on the stack")
        items = self.stack[at + 1:]
        del self.stack[at:]
        return items

    def popped(self, count: int) -> list[Any]:
        if len(self.stack) < count:
            raise IndexError("the stack is empty")
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def tuple_of(self, count: int) -> None:
        self.stack.append(tuple(self.popped(count)))

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
                raise UnsafeFile(f"{self.where}: refused a dictionary key of type {type(key).__name__}")
            target[key] = value

    def find(self, module: str, name: str) -> None:
        full = f"{module}.{name}"
        if full not in self.names:
            raise UnsafeFile(f"{self.where}: refused the name {full!r}: a pickle that asks for it wants more than "
                             f"tensors. Names that are understood: {', '.join(sorted(self.names))}. If you "
                             "trust the file, load it in its own framework and save the plain state dict again")
        self.stack.append(self.names[full])

    def find_from_stack(self) -> None:
        module, name = self.popped(2)
        if not (isinstance(module, str) and isinstance(name, str)):
            raise TypeError("a name that is not text")
        self.find(module, name)

    def call(self) -> None:
        target, arguments = self.popped(2)
        if not callable(target):                  # whatever is callable here came from the caller's own table
            raise UnsafeFile(f"{self.where}: refused to call {type(target).__name__!r} from a pickle")
        if type(arguments) is not tuple:
            raise TypeError("arguments that are not a tuple")
        self.stack.append(target(*arguments))

    def build(self) -> None:
        target, _ = self.popped(2)
        if not isinstance(target, dict):          # an ordered dictionary's own attributes (version notes): dropped
            raise UnsafeFile(f"{self.where}: refused to set the state of {type(target).__name__!r} from a pickle")
        self.stack.append(target)

    def persistent_value(self) -> None:
        if self.persistent is None:
            raise UnsafeFile(f"{self.where}: refused a persistent id outside of a checkpoint")
        self.stack.append(self.persistent(self.stack.pop()))


_IGNORED = {"PROTO", "FRAME"}
_PUSHED = {"BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINSTRING",
           "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES"}
_MADE: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict, "EMPTY_LIST": list, "EMPTY_TUPLE": tuple, "MARK": lambda: _MARK,
}
_HANDLED: dict[str, Callable[[_Machine, Any], None]] = {
    "TUPLE": lambda m, _: m.stack.append(tuple(m.since_mark())),
    "TUPLE1": lambda m, _: m.tuple_of(1),
    "TUPLE2": lambda m, _: m.tuple_of(2),
    "TUPLE3": lambda m, _: m.tuple_of(3),
    "APPEND": lambda m, _: m.extend(m.popped(1)),
    "APPENDS": lambda m, _: m.extend(m.since_mark()),
    "SETITEM": lambda m, _: m.set_items(m.popped(2)),
    "SETITEMS": lambda m, _: m.set_items(m.since_mark()),
    "BINPUT": lambda m, index: m.memo.__setitem__(index, m.stack[-1]),
    "LONG_BINPUT": lambda m, index: m.memo.__setitem__(index, m.stack[-1]),
    "MEMOIZE": lambda m, _: m.memo.__setitem__(len(m.memo), m.stack[-1]),
    "BINGET": lambda m, index: m.stack.append(m.memo[index]),
    "LONG_BINGET": lambda m, index: m.stack.append(m.memo[index]),
    "GLOBAL": lambda m, names: m.find(*names.split(" ", 1)),
    "STACK_GLOBAL": lambda m, _: m.find_from_stack(),
    "REDUCE": lambda m, _: m.call(),
    "BUILD": lambda m, _: m.build(),
    "BINPERSID": lambda m, _: m.persistent_value(),
}
