"""How training changes variables: the names of `keras.optimizers`."""

from zoo.optimizers import legacy as legacy
from zoo.optimizers import schedules as schedules
from zoo.optimizers.adafactor import Adafactor as Adafactor
from zoo.optimizers.adagrad import Adadelta as Adadelta
from zoo.optimizers.adagrad import Adagrad as Adagrad
from zoo.optimizers.adagrad import RMSprop as RMSprop
from zoo.optimizers.adam import Adam as Adam
from zoo.optimizers.adam import Adamax as Adamax
from zoo.optimizers.adam import AdamW as AdamW
from zoo.optimizers.adam import Lamb as Lamb
from zoo.optimizers.adam import Nadam as Nadam
from zoo.optimizers.ftrl import Ftrl as Ftrl
from zoo.optimizers.loss_scale import LossScaleOptimizer as LossScaleOptimizer
from zoo.optimizers.multi import MultiOptimizer as MultiOptimizer
from zoo.optimizers.multi import OptimizerMap as OptimizerMap
from zoo.optimizers.muon import Muon as Muon
from zoo.optimizers.optimizer import Optimizer as Optimizer
from zoo.optimizers.optimizer import Slot as Slot
from zoo.optimizers.registry import ALL as ALL
from zoo.optimizers.registry import deserialize as deserialize
from zoo.optimizers.registry import get as get
from zoo.optimizers.registry import serialize as serialize
from zoo.optimizers.schedule_free import ScheduleFreeAdamW as ScheduleFreeAdamW
from zoo.optimizers.sgd import SGD as SGD
from zoo.optimizers.sgd import Lion as Lion

_CLASSES = (Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Ftrl, Lamb, Lion, LossScaleOptimizer, MultiOptimizer,
            Muon, Nadam, Optimizer, OptimizerMap, RMSprop, SGD, ScheduleFreeAdamW)
ALL.update({name: cls for cls in _CLASSES for name in (cls.__name__, cls.__name__.lower())})
ALL["lossscaleoptimizerv3"] = LossScaleOptimizer            # as tf.keras calls that of its newer optimizers
