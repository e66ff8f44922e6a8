"""A moment's watch over a number in memory, without the GIL: a thread that sleeps takes long to wake."""

from __future__ import annotations

import time

import numpy as np

from zoo.engine import threads
from zoo.engine.kernels.jit.compiler import INT, compiled
from zoo.engine.machine_code.unit import CompiledFunction

_TRIES = 1000                                               # to find out how long a look takes
_MOMENT, _SETTLE = 2e-4, 2e-5                               # seconds that a watch takes at most, and after the change
_BODY = ("raise_sign(over)",
         "for i in range(tries):",
         "    if look(sign) != known:",
         "        for j in range(settle):",                  # until whoever changed it has let go of the GIL
         "            look(sign)",
         "        break")


def watch() -> CompiledFunction:
    """The compiled function."""
    return compiled("watch", ["over", "sign", "known", "tries", "settle"], _BODY, ["intp[]", "intp[]", INT, INT, INT],
                    f"from {__package__}.atomics import look, raise_sign\n\n")


def begin() -> None:
    """Lets threads watch from now on."""
    function, signs, start = watch().load(), np.zeros((2, 1), np.intp), time.perf_counter()
    function(*signs, 0, _TRIES, 0)
    rate = _TRIES / (time.perf_counter() - start)
    tries, settle = int(_MOMENT * rate), int(_SETTLE * rate)
    threads.watch_with(lambda over, sign, known: function(over, sign, known, tries, settle))
