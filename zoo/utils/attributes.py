"""A dictionary whose items are attributes, and that can be frozen: `keras.utils.Config`."""

from __future__ import annotations

import json
from collections.abc import ItemsView, Iterator, KeysView, ValuesView
from typing import Any

from zoo.errors import ConfigError


class Config:
    """Named values, as attributes and as items.

    Args:
        **kwargs: the values.

    Example:
        >>> config = Config(rate=0.1)
        >>> config.rate, config["rate"]
        (0.1, 0.1)
    """

    def __init__(self, **kwargs: Any):
        object.__setattr__(self, "_values", dict(kwargs))
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self) -> bool:
        """Whether values can not be changed."""
        return self._frozen

    def freeze(self) -> None:
        """From now on changes are refused."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self) -> None:
        """Allows changes again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self) -> dict[str, Any]:
        """A copy as a dictionary."""
        return dict(self._values)

    def to_json(self) -> str:
        """The values as JSON text."""
        return json.dumps(self._values)

    def update(self, *args: Any, **kwargs: Any) -> None:
        """Sets several values."""
        self._changing().update(*args, **kwargs)

    def pop(self, *args: Any) -> Any:
        """Removes a value and gives it."""
        return self._changing().pop(*args)

    def get(self, name: str, default: Any = None) -> Any:
        """A value, or the default."""
        return self._values.get(name, default)

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._values.keys()

    def values(self) -> ValuesView[Any]:
        """The values."""
        return self._values.values()

    def items(self) -> ItemsView[str, Any]:
        """Names and values."""
        return self._values.items()

    def _changing(self) -> dict[str, Any]:
        """The values, to be changed.

        Raises:
            ConfigError: the config is frozen.
        """
        if self._frozen:
            raise ConfigError("The config is frozen: call unfreeze() before changing it.")
        return self._values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name not in self._values:
            raise AttributeError(f"The config has no {name!r}. It has: {', '.join(map(repr, self._values))}.")
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        self._changing()[name] = value

    def __delattr__(self, name: str) -> None:
        del self._changing()[name]

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    __setitem__, __delitem__ = __setattr__, __delattr__

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"<Config {self._values}>"
