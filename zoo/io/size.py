"""How large a model the JSON of an architecture asks for, before anything is made of it.

A model that is called twice by a model that is called twice, and so on, costs a few lines for each doubling; what
counts is therefore what the layers come to once every call is followed.
"""

from __future__ import annotations

from typing import Any

from zoo.errors import UnsafeFile
from zoo.io.limits import Limits

_LISTS = ("layers", "nodes", "node_config")                 # the last two in graphs of Keras 0


def check_size(architecture: Any, where: str, limits: Limits) -> None:
    """Refuses architectures of too many layers or calls.

    Raises:
        UnsafeFile: more than the limits.
    """
    layers, calls = _cost(architecture)
    if layers > limits.layers:
        raise UnsafeFile(f"{where}: the architecture has {layers:,} layers, more than {limits.layers:,}; if that is "
                         "right, pass zoo.io.Limits(layers=...) or set ZOO_LIMIT_LAYERS", where=where)
    if calls > limits.calls:
        raise UnsafeFile(f"{where}: the layers of the architecture are called {_shown(calls)} times once calls of "
                         f"nested models are followed, more than {limits.calls:,}; if that is right, pass "
                         "zoo.io.Limits(calls=...) or set ZOO_LIMIT_CALLS", where=where)


def _cost(value: Any) -> tuple[int, int]:
    """Layers in a JSON value, and calls of layers."""
    if isinstance(value, list):
        found = [_cost(item) for item in value if isinstance(item, (list, dict))]
    elif isinstance(value, dict):
        found = [_cost_of_layers(item) if key in _LISTS else _cost(item) for key, item in value.items()
                 if isinstance(item, (list, dict))]
    else:
        return 0, 0
    return sum(layers for layers, _ in found), sum(calls for _, calls in found)


def _cost_of_layers(entries: Any) -> tuple[int, int]:
    layers = calls = 0
    for entry in entries.values() if isinstance(entries, dict) else entries:
        inner, below = _cost(entry)
        nodes = entry.get("inbound_nodes") if isinstance(entry, dict) else None
        times = max(len(nodes), 1) if isinstance(nodes, list) else 1
        layers += 1 + inner
        calls += times * (1 + below)
    return layers, calls


def _shown(count: int) -> str:
    return f"{count:,}" if count < 10 ** 15 else f"about 10^{len(str(count)) - 1}"
