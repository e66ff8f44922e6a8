"""Aligned plain text for terminals, logs and pipes.

Names come from files that nobody has vouched for, so control characters, which could steer a terminal, are shown as
escapes.
"""

from __future__ import annotations

import shutil
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

_GAP = "  "
_CUT = "..."
_NARROWEST = 8                          # columns are never cut to fewer characters


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        title: what stands above it.
        right: whether cells end at the same place (numbers) rather than begin there.
        keep_end: whether the end is kept when a cell has to be cut (paths).
    """

    title: str
    right: bool = False
    keep_end: bool = False


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]], *, width: int | None = None) -> list[str]:
    """Lines of a table: titles, a rule, rows.

    Args:
        columns: what is in the rows.
        rows: as many cells as there are columns; None is left blank.
        width: at most so many characters a line; the widest columns of text are cut. None: as wide as it needs to be.
    """
    texts = [[clean(cell) for cell in row] for row in rows]
    widths = [max(display_width(cell) for cell in column)
              for column in zip([column.title for column in columns], *texts)]
    widths = fit(widths, columns, width)
    titles = line([column.title for column in columns], columns, widths)
    return [titles, _GAP.join("-" * size for size in widths), *(line(row, columns, widths) for row in texts)]


def line(cells: Sequence[object], columns: Sequence[Column], widths: Sequence[int]) -> str:
    """One line of a table with columns of known widths."""
    return _GAP.join(_cell(clean(cell), column, size)
                     for cell, column, size in zip(cells, columns, widths, strict=True)).rstrip()


def fields(pairs: Iterable[tuple[str, object]]) -> list[str]:
    """Lines of names and values, the values below each other; pairs without a value (None, empty) are left out."""
    shown = [(name, clean(value)) for name, value in pairs if value not in (None, "")]
    size = max((len(name) for name, _ in shown), default=0)
    return [f"{name.ljust(size)}{_GAP}{value}" for name, value in shown]


def fit(widths: Sequence[int], columns: Sequence[Column], width: int | None) -> list[int]:
    """Takes from the widest columns of text until all fit into `width`, if they can; numbers are never cut."""
    fitted = list(widths)
    text = [i for i, column in enumerate(columns) if not column.right]
    while width is not None and text and sum(fitted) + len(_GAP) * (len(fitted) - 1) > width:
        widest = max(text, key=fitted.__getitem__)
        if fitted[widest] <= _NARROWEST:
            break
        fitted[widest] -= 1
    return fitted


def clean(value: object) -> str:
    """The value as one line of printable text; None is the empty text."""
    text = "" if value is None else str(value)
    return text if text.isprintable() else \
        "".join(character if character.isprintable() else character.encode("unicode_escape").decode("ascii")
                for character in text)


def display_width(text: str) -> int:
    """How many columns of a terminal the text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(character) else 1 + (unicodedata.east_asian_width(character) in "WF")
               for character in text)


def terminal_width(stream: TextIO) -> int | None:
    """Characters in a line of the terminal that `stream` is; None if it is none: then nothing should be cut."""
    return shutil.get_terminal_size().columns if stream.isatty() else None


def _cell(text: str, column: Column, size: int) -> str:
    excess = display_width(text) - size
    if excess > 0:
        text, excess = _cut(text, size, column.keep_end), 0
    padding = " " * (size - display_width(text))
    return padding + text if column.right else text + padding


def _cut(text: str, size: int, keep_end: bool) -> str:
    kept: list[str] = []
    room = size - len(_CUT)
    for character in reversed(text) if keep_end else text:
        room -= display_width(character)
        if room < 0:
            break
        kept.append(character)
    return _CUT + "".join(reversed(kept)) if keep_end else "".join(kept) + _CUT
