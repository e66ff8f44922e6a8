"""Learning rates as functions of the step: the names of `keras.optimizers.schedules`."""

from zoo.optimizers.schedules.decay import CosineDecay as CosineDecay
from zoo.optimizers.schedules.decay import CosineDecayRestarts as CosineDecayRestarts
from zoo.optimizers.schedules.decay import ExponentialDecay as ExponentialDecay
from zoo.optimizers.schedules.decay import InverseTimeDecay as InverseTimeDecay
from zoo.optimizers.schedules.decay import PiecewiseConstantDecay as PiecewiseConstantDecay
from zoo.optimizers.schedules.decay import PolynomialDecay as PolynomialDecay
from zoo.optimizers.schedules.schedule import ALL as ALL
from zoo.optimizers.schedules.schedule import LearningRateSchedule as LearningRateSchedule
from zoo.optimizers.schedules.schedule import deserialize as deserialize
from zoo.optimizers.schedules.schedule import get as get
from zoo.optimizers.schedules.schedule import serialize as serialize

ALL.update({cls.__name__: cls for cls in (
    CosineDecay, CosineDecayRestarts, ExponentialDecay, InverseTimeDecay, LearningRateSchedule, PiecewiseConstantDecay,
    PolynomialDecay)})
