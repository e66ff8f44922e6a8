"""What the bytes of Python's instructions mean, version by version. Names and numbers are in ``data/opcodes.tsv``.

Source: CPython's Lib/opcode.py and Lib/dis.py of each version; Lib/_opcode_metadata.py of 3.13.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib import resources

# Versions that lay code objects out alike, by the name of the layout in `marshal_data`, likelier ones first.
VERSIONS = {"2.7": ("2.7",), "3.0": ("3.6", "3.7", "3.5"), "3.8": ("3.8", "3.9", "3.10"),
            "3.11": ("3.11", "3.12", "3.13")}

CONSTANTS = frozenset({"LOAD_CONST", "RETURN_CONST", "KW_NAMES"})
NAMES = frozenset("""
    STORE_NAME DELETE_NAME STORE_ATTR DELETE_ATTR STORE_GLOBAL DELETE_GLOBAL LOAD_NAME LOAD_GLOBAL LOAD_ATTR
    LOAD_METHOD IMPORT_NAME IMPORT_FROM STORE_ANNOTATION LOAD_SUPER_ATTR LOAD_FROM_DICT_OR_GLOBALS
    """.split())
LOCALS = frozenset("LOAD_FAST STORE_FAST DELETE_FAST LOAD_FAST_CHECK LOAD_FAST_AND_CLEAR".split())
LOCAL_PAIRS = frozenset("LOAD_FAST_LOAD_FAST STORE_FAST_LOAD_FAST STORE_FAST_STORE_FAST".split())
CELLS = frozenset("""
    LOAD_CLOSURE LOAD_DEREF STORE_DEREF DELETE_DEREF LOAD_CLASSDEREF MAKE_CELL LOAD_FROM_DICT_OR_DEREF
    """.split())
RELATIVE_JUMPS = frozenset("""
    FOR_ITER JUMP_FORWARD SETUP_LOOP SETUP_EXCEPT SETUP_FINALLY SETUP_WITH SETUP_ASYNC_WITH CALL_FINALLY SEND
    """.split())

COMPARISONS = ("<", "<=", "==", "!=", ">", ">=", "in", "not in", "is", "is not", "exception match", "BAD")
BINARY = ("+", "&", "//", "<<", "@", "*", "%", "|", "**", ">>", "-", "/", "^")
BINARY += tuple(f"{sign}=" for sign in BINARY)


def number(version: str) -> tuple[int, int]:
    """``3.10`` as ``(3, 10)``, which can be compared."""
    major, minor = version.split(".")
    return int(major), int(minor)


@cache
def opcodes(version: str) -> dict[int, str]:
    """Names of the instructions of a version of Python by their numbers."""
    with resources.files("zoo.safety").joinpath("data", "opcodes.tsv").open(encoding="ascii", newline="") as file:
        return {int(row[version]): row["name"] for row in csv.DictReader(file, delimiter="\t") if row[version]}


def first_with_argument(version: str) -> int:
    """The smallest opcode whose argument means something."""
    return 44 if number(version) >= (3, 13) else 90


def name_shift(operation: str, version: tuple[int, int]) -> int:
    """By how many bits the index of a name is shifted in the argument; those below are flags."""
    shifts = {"LOAD_GLOBAL": ((3, 11), 1), "LOAD_ATTR": ((3, 12), 1), "LOAD_SUPER_ATTR": ((3, 12), 2)}
    since, shift = shifts.get(operation, ((9, 9), 0))
    return shift if version >= since else 0


def comparison(argument: int, version: tuple[int, int]) -> str:
    """The comparison that an argument of ``COMPARE_OP`` means."""
    index = argument >> {(3, 12): 4, (3, 13): 5}.get(version, 0)
    return COMPARISONS[index] if index < len(COMPARISONS) else "?"
