"""What pickles ask for. Their instructions are listed, never carried out."""

from __future__ import annotations

import pickletools
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

from zoo.errors import CorruptFile
from zoo.io.limits import Limits
from zoo.io.source import Source
from zoo.safety.rules import Finding, finding

# A pickle of protocol 2 and later says so; older ones begin with a name or a container.
_BEGINNINGS = re.compile(rb"\x80[\x02-\x05].|c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n|\((?:c[A-Za-z_]|lp|dp|i[a-z_.]+\n)",
                         re.DOTALL)
_MOST_PICKLES = 16                      # one after the other in a file; a checkpoint of PyTorch has five

# Names that stand for arrays and plain containers: everything that checkpoints of weights need.
_PLAIN = re.compile(r"""
    collections[ ]OrderedDict | _codecs[ ]encode | (?:__builtin__|builtins)[ ](?:set|frozenset|bytearray|complex|slice)
    | numpy(?:\._?core)?\.(?:multiarray|numeric)[ ](?:_reconstruct|scalar|_frombuffer) | numpy[ ](?:ndarray|dtype)
    | torch[ ](?:\w+Storage|Size|device|float\w*|bfloat16|u?int\d+|bool|Tensor)
    | torch\._utils[ ]_rebuild_(?:tensor|tensor_v2|parameter) | torch\.storage[ ]_?\w+Storage
    | torch\._tensor[ ]_rebuild_from_type_v2 | torch\.nn\.parameter[ ]Parameter
    """, re.VERBOSE)


def begins_like_pickle(head: bytes) -> bool:
    """Whether bytes begin as pickles do."""
    return bool(_BEGINNINGS.match(head))


def examine(source: Source, file: str, location: str, limits: Limits, *, quiet: bool = False) -> Iterator[Finding]:
    """Findings in the pickles that a part of a file begins with.

    Args:
        quiet: whether pickles of plain values and arrays are as it should be (inside of checkpoints).

    Raises:
        CorruptFile: not a well-formed pickle.
    """
    count, asked, damage = 0, [], None
    with source.open() as stream:
        while count < _MOST_PICKLES and damage is None and _begins(stream):
            try:
                for name in _names(stream, limits):         # what comes before the damage would have run
                    asked.append(name)
            except (ValueError, IndexError, OverflowError, UnicodeDecodeError, MemoryError) as error:
                damage = error
            count += 1
    wanted = sorted({name for name in asked if not _PLAIN.fullmatch(name)})
    if wanted:
        shown = ", ".join(name.replace(" ", ".")[:80] for name in wanted[:12])
        yield finding("pickle-code", file, location, f"unpickling it calls {shown}{', ...' * (len(wanted) > 12)}")
    elif not quiet and damage is None:
        yield finding("pickle", file, location, "a pickle of plain values")
    if damage is not None and count == 1:                   # what follows a whole pickle need not be one
        raise CorruptFile(f"{source.where}: damaged pickle ({damage})") from damage


def _begins(stream: BinaryIO) -> bool:
    at = stream.tell()
    head = stream.read(64)
    stream.seek(at)
    return begins_like_pickle(head)


def _names(stream: BinaryIO, limits: Limits) -> Iterator[str]:
    """Yields ``module name`` for each name that one pickle looks up; leaves the stream after it.

    Raises:
        ValueError: the pickle is not well-formed, or too long.
    """
    recent: list[Any] = []                                  # texts that were put on the stack; None for what is none
    memo: dict[int, Any] = {}
    for number, (opcode, argument, _) in enumerate(pickletools.genops(stream)):
        if number > limits.pickle_opcodes:
            raise ValueError(f"more than {limits.pickle_opcodes} instructions")
        name = opcode.name
        if name in ("GLOBAL", "INST"):
            yield str(argument)
        elif name == "STACK_GLOBAL":
            module, found = ([None, None] + recent)[-2:]
            yield f"{module} {found}"
        elif name in ("EXT1", "EXT2", "EXT4"):
            yield f"copyreg extension_{argument}"
        if name in ("BINPUT", "LONG_BINPUT", "PUT"):
            memo[int(argument)] = recent[-1] if recent else None
        elif name == "MEMOIZE":
            memo[len(memo)] = recent[-1] if recent else None
        elif name in ("BINGET", "LONG_BINGET", "GET"):
            recent.append(memo.get(int(argument)))
        elif name not in ("PROTO", "FRAME", "MARK"):
            recent.append(argument if isinstance(argument, str) and name not in ("GLOBAL", "INST") else None)
        del recent[:-2]
