"""Functions of generated source for kernels; what makes machine code of them is `zoo.engine.machine_code`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from zoo.engine.machine_code.unit import CompiledFunction, Unit, compiled_function

_HEADER = """from numpy import float32 as F, int32 as I, uint64 as U, floor, ceil, sqrt, inf, nan

"""
_CONSTANT = re.compile(r"\b[FIU]\((?:-?\d[\d.]*(?:e[+-]?\d+)?|-?inf|nan)\)")
INT, FLOAT = "intp", "float32"


def read(dtype: str = "float32") -> str:
    """Type of a flat contiguous array that is only read."""
    return f"read {dtype}[]"


def written() -> str:
    """Type of a flat contiguous float32 array that is written."""
    return "float32[]"


def compiled(name: str, parameters: Sequence[str], body: Sequence[str], argument_types: Sequence[str],
             imports: str = "") -> CompiledFunction:
    """The compiled function of generated source; nothing is compiled before it is loaded or called.

    Args:
        name: of the function.
        parameters: their names.
        body: its lines, indented relative to the function.
        argument_types: `INT`, `FLOAT`, and what `read` and `written` give.
        imports: further lines of import, for functions of this package that it calls.
    """
    content = hashlib.sha256("\n".join([*parameters, *body, *argument_types]).encode()).hexdigest()
    name = f"{name}_{content[:16]}"                         # symbols of one name would be mixed up
    lines = [f"def {name}({', '.join(parameters)}):", *(f"    {line}" for line in body)]
    source = _HEADER + imports + _named_constants("\n".join(lines)) + "\n"
    return compiled_function(Unit(name, source, tuple(argument_types)))


def _named_constants(source: str) -> str:
    """Source with each number like ``F(0.5)`` as a constant before the function.

    For Numba that is one value of known type; in the function it is a call, to be resolved wherever it stands.
    """
    constants = {text: f"K{i}" for i, text in enumerate(dict.fromkeys(_CONSTANT.findall(source)))}
    named = _CONSTANT.sub(lambda match: constants[match.group()], source)
    return "\n".join([*(f"{name} = {text}" for text, name in constants.items()), "", "", named])
