"""The code of a model file's lambdas, for people to read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo.safety import configs
from zoo.safety.disassembly import disassemble


def lambdas(architecture: Any) -> Iterator[tuple[str, list[str]]]:
    """Yields ``(place, lines)`` of each marshalled function in the JSON of an architecture, in its order.

    Args:
        architecture: as the file has it, in any dialect, or the config of a layer.
    """
    for place, code in configs.codes(architecture):
        yield place, [f"could not be read: {code}"] if isinstance(code, str) else disassemble(code)
