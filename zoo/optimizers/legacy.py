"""The names of `keras.optimizers.legacy`: today's classes, which take the arguments of older Keras too."""

from zoo.optimizers.adagrad import Adagrad as Adagrad
from zoo.optimizers.adagrad import RMSprop as RMSprop
from zoo.optimizers.adam import Adam as Adam
from zoo.optimizers.ftrl import Ftrl as Ftrl
from zoo.optimizers.optimizer import Optimizer as Optimizer
from zoo.optimizers.sgd import SGD as SGD
