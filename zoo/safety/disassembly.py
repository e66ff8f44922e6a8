"""Marshalled code as text for people: the instructions of a lambda, by the tables of the Python that wrote it."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zoo.safety import opcodes as table
from zoo.safety.marshal_data import Code, Items

_LONGEST = 400                          # instructions shown of one function
_HEX = 64                               # bytes shown of code that no table fits

_brief = reprlib.Repr()
_brief.maxlevel, _brief.maxtuple, _brief.maxstring, _brief.maxother, _brief.maxlong = 3, 8, 120, 80, 60


@dataclass(frozen=True)
class Instruction:
    """One instruction.

    Args:
        meaning: what the argument stands for: a constant, a name, a place in the code; empty if for itself.
        fits: whether opcode and argument make sense in this code.
    """

    offset: int
    operation: str
    argument: int | None
    meaning: str = ""
    fits: bool = True


def disassemble(code: Code) -> list[str]:
    """Lines of text: what the code is, its instructions, and then those of the functions inside."""
    versions = likely_versions(code)
    lines: list[str] = []
    for part in all_codes(code):
        plural = "s" * (part.arguments != 1)
        lines += [""] * bool(lines) + [f"{part.name} of {part.arguments} argument{plural}, in {shown(part.filename)}, "
                                       f"Python {' or '.join(versions) or 'of an unknown version'}"]
        lines += _instruction_lines(part, versions[0]) if versions else _unknown_lines(part)
    return lines


def _instruction_lines(code: Code, version: str) -> list[str]:
    listed = list(instructions(code, version))
    lines = [f"  {item.offset:>4} {item.operation:<24} {_argument(item)}".rstrip() for item in listed[:_LONGEST]]
    return lines + [f"  ... {len(listed) - _LONGEST} more instructions"] * (len(listed) > _LONGEST)


def _unknown_lines(code: Code) -> list[str]:
    return [f"  names: {shown(code.names)}", f"  constants: {shown(code.consts)}",
            f"  bytes: {code.bytecode[:_HEX].hex(' ')}{' ...' * (len(code.bytecode) > _HEX)}"]


def likely_versions(code: Code) -> tuple[str, ...]:
    """The versions of Python whose tables fit all of the code, inner functions included; the likeliest first."""
    found = []
    for version in table.VERSIONS[code.layout]:
        if all(_fits(part, version) for part in all_codes(code)):
            found.append(version)
    return tuple(found)


def all_codes(code: Code) -> list[Code]:
    """The code and all functions inside, each once."""
    found: dict[int, Code] = {}
    waiting = [code]
    while waiting:
        part = waiting.pop(0)
        if id(part) not in found:
            found[id(part)] = part
            waiting += [value for value in part.consts if isinstance(value, Code)]
    return list(found.values())


def names_used(code: Code) -> list[str]:
    """Every global and attribute name that the code and the functions inside mention, in order."""
    return list(dict.fromkeys(name for part in all_codes(code) for name in part.names))


def instructions(code: Code, version: str) -> Iterator[Instruction]:
    """The instructions of the code, read as those of a version of Python; without the caches of 3.11 and later."""
    decoded = list(_decoded(code.bytecode, version))
    names = table.opcodes(version)
    for index, (offset, opcode, argument) in enumerate(decoded):
        operation = names.get(opcode)
        if operation == "CACHE" and index:
            continue
        if operation is None:
            yield Instruction(offset, f"<{opcode}>", argument, fits=False)
            continue
        after = next((place for place, following, _ in decoded[index + 1:] if names.get(following) != "CACHE"),
                     len(code.bytecode))
        meaning = _meaning(code, operation, argument, after, table.number(version)) if argument is not None else ""
        yield Instruction(offset, operation, argument, meaning or "", meaning is not None and operation != "CACHE")


def shown(value: Any) -> str:
    """A value of a file in few characters."""
    if isinstance(value, Code):
        return f"<code {value.name}>"
    if isinstance(value, Items):
        return f"{value.kind}{_brief.repr(value.items)}"
    if isinstance(value, int) and value.bit_length() > 200:
        return f"<integer of {value.bit_length()} bits>"
    if isinstance(value, tuple):
        items = ", ".join(shown(item) if not isinstance(item, tuple) else _brief.repr(_without_code(item))
                          for item in value[:20])
        return f"({items}{', ...' * (len(value) > 20)})"
    return _brief.repr(value)


def _without_code(items: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(f"<{type(item).__name__}>" if isinstance(item, (Code, Items, tuple)) or
                 isinstance(item, int) and item.bit_length() > 200 else item for item in items)


def _argument(item: Instruction) -> str:
    if item.argument is None:
        return ""
    return f"{item.argument:<4} {f'({item.meaning})' if item.meaning else ''}"


def _fits(code: Code, version: str) -> bool:
    """Whether every instruction makes sense; from Python 3.11 on each function also begins by a RESUME."""
    found = list(instructions(code, version))
    if table.number(version) >= (3, 6) and len(code.bytecode) % 2:
        return False
    resumed = table.number(version) < (3, 11) or any(item.operation == "RESUME" for item in found[:8])
    return bool(found) and resumed and all(item.fits for item in found)


def _decoded(data: bytes, version: str) -> Iterator[tuple[int, int, int | None]]:
    """Yields ``(offset, opcode, argument)``, with the arguments that EXTENDED_ARG continues put together."""
    extended, offset = 0, 0
    known, has_argument = table.opcodes(version), table.first_with_argument(version)
    wordcode = table.number(version) >= (3, 6)
    while offset < len(data):
        opcode = data[offset]
        takes = opcode >= has_argument
        size = 2 if wordcode else 3 if takes else 1
        raw = int.from_bytes(data[offset + 1:offset + size], "little")
        argument = raw | extended
        extended = (argument << (8 if wordcode else 16)) & 0xFFFFFFFF if known.get(opcode) == "EXTENDED_ARG" else 0
        yield offset, opcode, argument if takes else None
        offset += size


def _meaning(code: Code, operation: str, argument: int, after: int, version: tuple[int, int]) -> str | None:
    """What an argument stands for; None if it points outside of the code's own tables."""
    if operation in table.CONSTANTS:
        return shown(code.consts[argument]) if argument < len(code.consts) else None
    if operation in table.NAMES:
        return _at(code.names, argument >> table.name_shift(operation, version))
    if operation in table.LOCALS or operation in table.CELLS and version >= (3, 11):
        return _at(code.varnames, argument)
    if operation in table.CELLS:
        return _at(code.cells, argument)
    if operation in table.LOCAL_PAIRS:
        pair = [_at(code.varnames, part) for part in (argument >> 4, argument & 15)]
        return ", ".join(name for name in pair if name is not None) if None not in pair else None
    if operation == "COMPARE_OP":
        return table.comparison(argument, version)
    if operation == "BINARY_OP":
        return table.BINARY[argument] if argument < len(table.BINARY) else None
    if "JUMP" in operation or operation in table.RELATIVE_JUMPS:
        return f"to {_target(operation, argument, after, version)}"
    return ""


def _target(operation: str, argument: int, after: int, version: tuple[int, int]) -> int:
    distance = argument * (2 if version >= (3, 10) else 1)
    if version >= (3, 11):
        return after - distance if "BACKWARD" in operation else after + distance
    return after + distance if operation in table.RELATIVE_JUMPS else distance


def _at(names: tuple[str, ...], index: int) -> str | None:
    return names[index] if index < len(names) else None
