"""Recurrent cells run over whole sequences, for the layers of `zoo.layers.rnn`. Not functions of `keras.ops`.

All take x (batch, steps, gates * units), the input of each step times its kernel plus the bias; the recurrent kernel
(units, gates * units); the states (batch, units) before the first step; a mask (batch, steps), bool, or None; and names
of activations (those of `engine.primitives.recurrent`). They give each state after all steps, (batch, steps, units).
"""

from __future__ import annotations

from typing import Any

from zoo.engine import primitives as p
from zoo.ops.promotion import Tensor, as_tensor, promote


def _mask(mask: Any) -> tuple[Tensor, ...]:
    return () if mask is None else (as_tensor(mask, "bool"),)


def simple_rnn(x: Any, kernel: Any, h: Any, mask: Any = None, *, activation: str) -> list[Tensor]:
    """``h = activation(x + h kernel)``."""
    return list(p.simple_rnn_op(*promote(x, kernel, h), *_mask(mask), activation=activation))


def lstm(x: Any, kernel: Any, h: Any, c: Any, mask: Any = None, *, activation: str,
         recurrent_activation: str) -> list[Tensor]:
    """Long short-term memory, gates in the order i, f, c, o; gives h and c."""
    return list(p.lstm_op(*promote(x, kernel, h, c), *_mask(mask), activation=activation,
                          recurrent_activation=recurrent_activation))


def gru(x: Any, kernel: Any, bias: Any, h: Any, mask: Any = None, *, activation: str, recurrent_activation: str,
        reset_after: bool) -> list[Tensor]:
    """Gated recurrent unit, gates in the order z, r, h; `bias` (units,) is added to the recurrent part of gate h."""
    return list(p.gru_op(*promote(x, kernel, bias, h), *_mask(mask), activation=activation,
                         recurrent_activation=recurrent_activation, reset_after=reset_after))
