"""Which axis holds the channels, where layers of Keras 0 and 1 do not tell.

Some layers that look at images wrote their ``dim_ordering`` in no release, or in later ones only; they had that of the
configuration of the computer on which they were made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from zoo.errors import ConfigError
from zoo.io.dialects.keras1_arguments import DATA_FORMATS


@dataclass(frozen=True)
class Ordering:
    """What silent layers are taken to have.

    Args:
        value: ``th`` or ``tf``.
        severity: of the finding that says so.
        reason: why.
    """

    value: str
    severity: str
    reason: str

    @property
    def message(self) -> str:
        """For the user."""
        return f"the layer does not tell its dim_ordering; it is taken to be {self.value!r}: {self.reason}"


def ordering_of(config: Any, assumed: str | None, default: str) -> Ordering:
    """What layers of a model have that do not tell.

    Args:
        config: the JSON of the model.
        assumed: ``channels_first`` or ``channels_last`` if the caller knows.
        default: ``th`` or ``tf``, that of Keras at the time.

    Raises:
        ConfigError: `assumed` is something else.
    """
    if assumed is not None:
        found = [ordering for ordering, data_format in DATA_FORMATS.items() if data_format == assumed]
        if not found:
            raise ConfigError(f"data_format={assumed!r}: expected 'channels_first' or 'channels_last'")
        return Ordering(found[0], "info", "assumed by the caller")
    told = sorted(set(_told(config)))
    if len(told) == 1:
        return Ordering(told[0], "info", "the other layers of the model have it")
    other = next(data_format for ordering, data_format in DATA_FORMATS.items() if ordering not in (default, "default"))
    return Ordering(default, "warning", f"the default of the time; to say otherwise: data_format={other!r}")


def _told(value: Any) -> Iterator[str]:
    stack = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, list):
            stack += item
        elif isinstance(item, dict):
            stack += item.values()
            if item.get("dim_ordering") in ("th", "tf"):
                yield item["dim_ordering"]
