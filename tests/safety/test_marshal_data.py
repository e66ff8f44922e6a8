"""Marshalled code is read as data: what the interpreter's own loader gives, and nothing for hostile bytes."""

from __future__ import annotations

import base64
import dis
import marshal
import random
import struct
import sys

import pytest

from zoo.errors import CorruptFile, UnsafeFile
from zoo.safety import disassembly, marshal_data, opcodes
from zoo.safety.marshal_data import code_of_text, read_code

SOURCES = (
    "lambda x: x ** 2",
    "lambda x, k=3, *rest, mode='a', **named: [k for y in x if y > k or mode in {'a', 'b'}]",
    "lambda x: (lambda z: z + x[1:2])(3.5) if x is not None else 10 ** 30 + 2j",
    "lambda s: __import__('os').system(s) and (None, True, b'bytes', 'größe', ...)",
)


def code_of(source: str) -> object:
    return eval(source).__code__                            # noqa: S307 - texts of this file


@pytest.mark.parametrize("source", SOURCES)
def test_as_the_interpreter_reads_it(source: str) -> None:
    truth = code_of(source)
    found = read_code(marshal.dumps(truth))
    assert (found.name, found.names, found.bytecode) == (truth.co_name, truth.co_names, truth.co_code)
    assert found.arguments == truth.co_argcount + truth.co_kwonlyargcount
    plain = [item for item in truth.co_consts if not hasattr(item, "co_code") and not isinstance(item, frozenset)]
    assert [item for item in found.consts if isinstance(item, type(None)) or item in plain] == plain


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.skipif(not (3, 11) <= sys.version_info[:2] <= (3, 13), reason="compares with the running Python")
def test_instructions_are_those_of_dis(source: str) -> None:
    truth, version = code_of(source), f"{sys.version_info[0]}.{sys.version_info[1]}"
    found = read_code(marshal.dumps(truth))
    assert version in disassembly.likely_versions(found)
    listed = [(item.offset, item.operation, item.argument) for item in disassembly.instructions(found, version)]
    assert listed == [(item.offset, item.opname, item.arg) for item in dis.get_instructions(truth)]


def text(value: bytes, kind: bytes = b"s") -> bytes:
    return kind + struct.pack("<i", len(value)) + value


def items(*values: bytes) -> bytes:
    return b"(" + struct.pack("<i", len(values)) + b"".join(values)


def old_code(bytecode: bytes, *, numbers: int, byte_names: bool) -> bytes:
    """``lambda x: abs(x) + 1`` as a Python before 3.11 marshals it."""
    name = text if byte_names else lambda value: text(value, b"u")
    head = {4: (1, 1, 2, 67), 5: (1, 0, 1, 2, 67), 6: (1, 0, 0, 1, 2, 67)}[numbers]
    return (b"c" + struct.pack(f"<{numbers}i", *head) + text(bytecode) + items(b"N", b"i\x01\0\0\0")
            + items(name(b"abs")) + items(name(b"x")) + items() + items() + name(b"file.py") + name(b"<lambda>")
            + struct.pack("<i", 1) + text(b""))


# LOAD_GLOBAL abs, LOAD_FAST x, CALL_FUNCTION 1, LOAD_CONST 1, BINARY_ADD, RETURN_VALUE
THREE_BYTES = bytes([116, 0, 0, 124, 0, 0, 131, 1, 0, 100, 1, 0, 23, 83])
TWO_BYTES = bytes([116, 0, 124, 0, 131, 1, 100, 1, 23, 0, 83, 0])


@pytest.mark.parametrize(("data", "first"), [
    (old_code(THREE_BYTES, numbers=4, byte_names=True), "2.7"),
    (old_code(THREE_BYTES, numbers=5, byte_names=False), "3.5"),
    (old_code(TWO_BYTES, numbers=5, byte_names=False), "3.6"),
    (old_code(TWO_BYTES, numbers=6, byte_names=False), "3.8"),
], ids=["2.7", "3.5", "3.6", "3.8"])
def test_older_pythons(data: bytes, first: str) -> None:
    code = read_code(data)
    assert disassembly.likely_versions(code)[0] == first
    operations = [(item.operation, item.meaning) for item in disassembly.instructions(code, first)]
    assert operations == [("LOAD_GLOBAL", "abs"), ("LOAD_FAST", "x"), ("CALL_FUNCTION", ""), ("LOAD_CONST", "1"),
                          ("BINARY_ADD", ""), ("RETURN_VALUE", "")]


def test_code_of_no_known_python_shows_its_names() -> None:
    code = read_code(old_code(bytes([255, 255]) * 3, numbers=6, byte_names=False))
    lines = "\n".join(disassembly.disassemble(code))
    assert "unknown version" in lines and "names: ('abs')" in lines and "ff ff" in lines


def test_in_texts_of_configs() -> None:
    data = marshal.dumps(code_of(SOURCES[0]))
    for form in (base64.b64encode(data).decode(), base64.encodebytes(data).decode(), data.decode("latin-1")):
        found = code_of_text(form)
        assert found is not None and found.name == "<lambda>"
    for harmless in ("", "relu", "a" * 100, "Yes, " * 30, "4w", base64.b64encode(bytes(90)).decode()):
        assert code_of_text(harmless) is None


def test_damaged_code_ends_in_an_error() -> None:
    data, rng, outcomes = marshal.dumps(code_of(SOURCES[1])), random.Random(4), set()
    for _ in range(400):
        changed = bytearray(data[:rng.randrange(8, len(data) + 1)])
        for _ in range(rng.randrange(4)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        try:
            disassembly.disassemble(read_code(bytes(changed)))
            outcomes.add("read")
        except (CorruptFile, UnsafeFile) as error:
            outcomes.add(type(error).__name__)
    assert {"read", "CorruptFile"} <= outcomes


@pytest.mark.parametrize(("data", "message"), [
    (b"c" + bytes(2 << 20), "more than"),
    (b"c" + bytes(20) + b")\x01" * 200, "nested deeper"),
    (b"c" + bytes(20) + b"(\xff\xff\xff\x7f", "expected marshalled"),
    (b"\xe3" + bytes(20) + b"r\0\0\0\0", "expected marshalled"),
    (b"l\xff\xff\xff\x7f", "expected marshalled"),
    (b"i\x01\0\0\0", "int instead of code"),
    (b"", "expected marshalled"),
], ids=["long", "deep", "many", "itself", "digits", "number", "empty"])
def test_hostile_bytes(data: bytes, message: str) -> None:
    with pytest.raises((CorruptFile, UnsafeFile), match=message):
        read_code(data)


def test_functions_that_hold_one_another_many_times() -> None:
    """Each of thirty functions holds the one before twice: a thousand million, if followed."""
    inner = old_code(TWO_BYTES, numbers=6, byte_names=False)
    code = read_code(inner)
    for _ in range(30):
        code = marshal_data.Code("3.8", "f", "f", TWO_BYTES, (code, code), ("abs",), ("x",), (), 1)
    assert len(disassembly.disassemble(code)) < 1000


def test_every_version_has_its_instructions() -> None:
    for version in (version for versions in opcodes.VERSIONS.values() for version in versions):
        names = opcodes.opcodes(version).values()
        assert {"LOAD_CONST", "LOAD_GLOBAL", "RETURN_VALUE"} <= set(names) and len(set(names)) == len(names) > 100
