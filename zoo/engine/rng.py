"""Where random numbers come from.

Two kinds of randomness exist. Inside a program (dropout, augmentation) the numbers are primitives of a state, and the
state is a variable that the program advances: a run can be repeated, saved and resumed. Outside (initial weights,
shuffling) seeds are drawn from one generator, which `set_random_seed` restarts.
"""

from __future__ import annotations

import copy
import random
import threading
from typing import Any

import numpy as np

from zoo import tree
from zoo.engine.primitives import add_op, stop_gradient_op
from zoo.engine.variable import Variable
from zoo.errors import ConfigError

_SEED_BITS = 32


class _SeedSource:
    """Seeds for whoever was given none; unpredictable until it is restarted with a seed."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.restart(None)

    def restart(self, seed: int | None) -> None:
        self.generator = np.random.Generator(np.random.Philox(seed))

    def state(self) -> dict[str, Any]:
        state = self.generator.bit_generator.state
        return {name: tree.map(lambda leaf: np.asarray(leaf).tolist(), part) for name, part in state.items()}

    def resume(self, state: dict[str, Any]) -> None:
        arrays = {name: np.asarray(numbers, "uint64") for name, numbers in state["state"].items()}
        self.generator.bit_generator.state = {**state, "state": arrays, "buffer": np.asarray(state["buffer"], "uint64")}

    def draw(self) -> int:
        with self.lock:
            return int(self.generator.integers(2 ** (_SEED_BITS - 1)))


_SOURCE = _SeedSource()


def set_random_seed(seed: int) -> None:
    """Restarts every source of randomness: zoo's own seeds, NumPy's global generator and Python's.

    Raises:
        ConfigError: the seed is not an integer from 0 to 2**32 - 1.
    """
    if not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or not 0 <= seed < 2 ** _SEED_BITS:
        raise ConfigError(f"Expected a seed from 0 to 2**{_SEED_BITS} - 1, received {seed!r}.")
    random.seed(int(seed))
    np.random.seed(int(seed))
    _SOURCE.restart(int(seed))


def draw_seed() -> int:
    """A fresh seed, reproducible after `set_random_seed`."""
    return _SOURCE.draw()


def seed_state() -> dict[str, Any]:
    """Where the source of fresh seeds is: plain data, for `resume_seeds`."""
    return _SOURCE.state()


def resume_seeds(state: dict[str, Any]) -> None:
    """Continues the source of fresh seeds from a state that `seed_state` gave, in this process or another."""
    _SOURCE.resume(state)


def seeded(initializer: Any, seed: int) -> Any:
    """The initializer, drawing from `seed` if it has a seed of its own but was given none."""
    if getattr(initializer, "seed", seed) is not None:
        return initializer
    initializer = copy.copy(initializer)
    initializer.seed = seed
    return initializer


class SeedGenerator:
    """A stream of states for random primitives.

    Args:
        seed: where the stream starts; None draws one.
        name: name of the state variable.

    Attributes:
        state: a uint32 variable of shape (2,): the seed, and how many states were taken. Not trainable.
    """

    def __init__(self, seed: int | None = None, name: str = "seed_generator_state"):
        if seed is not None and (not isinstance(seed, (int, np.integer)) or isinstance(seed, bool) or seed < 0):
            raise ConfigError(f"Expected a non-negative integer seed or None, received {seed!r}.")
        self.seed = None if seed is None else int(seed)
        start = draw_seed() if seed is None else self.seed % 2 ** _SEED_BITS
        self.state = Variable(np.array([start, 0], "uint32"), trainable=False, name=name)

    def next(self) -> Any:
        """The state to use now; the variable moves on to the next one (when the program ends, if one is traced)."""
        taken = stop_gradient_op(self.state)
        self.state.assign(add_op(taken, np.array([0, 1], "uint32")))
        return taken

    def get_config(self) -> dict[str, Any]:
        """The arguments of its construction."""
        return {"seed": self.seed}
