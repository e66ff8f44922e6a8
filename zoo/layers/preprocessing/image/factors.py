"""Arguments that say how strong a random change is: a number, or the two between which it is drawn."""

from __future__ import annotations

from typing import Any

from zoo.errors import ConfigError

Range = tuple[float, float]


def symmetric(value: Any, name: str, least: float = -1, most: float = 1) -> Range:
    """(-value, value), or the pair that is given, in order.

    A number is cut off at `least`, where that is above its negative; a pair need only overlap what is allowed.
    """
    if isinstance(value, (list, tuple)) and len(value) == 2 and all(map(_is_number, value)) \
            and value[0] <= most and value[1] >= least:
        return min(value), max(value)
    if _is_number(value) and least <= value <= most:
        return max(-abs(value), least), abs(value)
    raise _wrong(value, name, least, most)


def within(value: Any, name: str, least: float = -1, most: float = 1, low: float | None = None) -> Range:
    """(low, value), or the pair that is given, in order; `low` is ``-value`` if None. All is within the bounds."""
    pair = value if isinstance(value, (list, tuple)) else (-abs(value) if low is None else low, abs(value)) \
        if _is_number(value) else ()
    if len(pair) != 2 or not all(_is_number(part) and least <= part <= most for part in pair):
        raise _wrong(value, name, least, most)
    return min(pair), max(pair)


def value_range(value: Any) -> Range:
    """The smallest and the largest value of pixels."""
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(map(_is_number, value)):
        raise ConfigError(f"`value_range` must be a list of two numbers. Received: value_range={value!r}")
    return min(value), max(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _wrong(value: Any, name: str, least: float, most: float) -> ConfigError:
    return ConfigError(f"`{name}` must be a number, or a list of two numbers, from {least} to {most}. "
                       f"Received: {name}={value!r}")
