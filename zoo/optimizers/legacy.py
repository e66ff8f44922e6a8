"""The names of `keras.optimizers.legacy`: today's classes, which take the arguments of older Keras too.

Three of them computed something else in Keras 1 and 2 and in tf.keras until 2.10, and do so here. In records they are
``legacy>RMSprop`` and so on: those without a prefix are today's.
"""

from __future__ import annotations

from typing import Any

from zoo import ops, serialization
from zoo.optimizers import adagrad, adam
from zoo.optimizers.adagrad import Adadelta as Adadelta
from zoo.optimizers.adam import Adam as Adam
from zoo.optimizers.adam import Adamax as Adamax
from zoo.optimizers.ftrl import Ftrl as Ftrl
from zoo.optimizers.optimizer import Optimizer as Optimizer
from zoo.optimizers.optimizer import Tensor
from zoo.optimizers.sgd import SGD as SGD

_is_legacy = serialization.register_keras_serializable(package="legacy")


@_is_legacy
class Adagrad(adagrad.Adagrad):
    """`zoo.optimizers.Adagrad` with epsilon added to the root instead of under it; arguments as there."""

    def root(self, a: Tensor) -> Tensor:
        """What steps are divided by."""
        return ops.sqrt(a) + self.epsilon


@_is_legacy
class RMSprop(adagrad.RMSprop):
    """`zoo.optimizers.RMSprop` with epsilon added to the root, unless there is momentum; arguments as there."""

    def root(self, spread: Tensor) -> Tensor:
        """What steps are divided by."""
        return super().root(spread) if self.momentum > 0 else ops.sqrt(spread) + self.epsilon


@_is_legacy
class Nadam(adam.Nadam):
    """`zoo.optimizers.Nadam` with a momentum of another pace: ``beta_1 * (1 - 0.96 ** (t * schedule_decay) / 2)``.

    Args:
        learning_rate, beta_1, beta_2, epsilon: as of `zoo.optimizers.Nadam`.
        schedule_decay: the pace.
        **options: as of `Optimizer`.
    """

    def __init__(self, learning_rate: Any = 0.001, beta_1: float = 0.9, beta_2: float = 0.999, epsilon: float = 1e-7,
                 schedule_decay: float = 0.004, **options: Any):
        super().__init__(learning_rate, beta_1, beta_2, epsilon, **options)
        self.schedule_decay = schedule_decay

    def _pace(self, t: Tensor) -> Tensor:
        return super()._pace(t * self.schedule_decay)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Nadam:
        """An optimizer of that config; tf.keras calls the pace ``decay``."""
        config = dict(config)
        pace = config.pop("decay", 0.004)
        pace = config.pop("schedule_decay", pace)
        made = super().from_config(config)
        made.schedule_decay = pace
        return made
