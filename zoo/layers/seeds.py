"""Where the random numbers of a layer are: the state that makes a saved model go on as it would have gone on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from zoo.engine.rng import SeedGenerator


def seed_generators(layer: Any) -> Iterator[SeedGenerator]:
    """The sources of randomness of a layer and of all inside it, in an order that is the same in each process."""
    for held in vars(layer).values():
        yield from (item for item in (held if isinstance(held, (list, tuple)) else [held])
                    if isinstance(item, SeedGenerator))
    for _, sublayer in layer.sublayers():
        yield from seed_generators(sublayer)
