"""What training makes small: the names of `keras.losses`."""

from zoo.losses.classification import CTC as CTC
from zoo.losses.classification import BinaryCrossentropy as BinaryCrossentropy
from zoo.losses.classification import BinaryFocalCrossentropy as BinaryFocalCrossentropy
from zoo.losses.classification import CategoricalCrossentropy as CategoricalCrossentropy
from zoo.losses.classification import CategoricalFocalCrossentropy as CategoricalFocalCrossentropy
from zoo.losses.classification import CategoricalGeneralizedCrossEntropy as CategoricalGeneralizedCrossEntropy
from zoo.losses.classification import KLDivergence as KLDivergence
from zoo.losses.classification import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from zoo.losses.loss import Loss as Loss
from zoo.losses.loss import LossFunctionWrapper as LossFunctionWrapper
from zoo.losses.loss import for_output as for_output
from zoo.losses.margin import CategoricalHinge as CategoricalHinge
from zoo.losses.margin import Circle as Circle
from zoo.losses.margin import Dice as Dice
from zoo.losses.margin import Hinge as Hinge
from zoo.losses.margin import SquaredHinge as SquaredHinge
from zoo.losses.margin import Tversky as Tversky
from zoo.losses.registry import ALL as ALL
from zoo.losses.registry import deserialize as deserialize
from zoo.losses.registry import get as get
from zoo.losses.registry import serialize as serialize
from zoo.losses.regression import CosineSimilarity as CosineSimilarity
from zoo.losses.regression import Huber as Huber
from zoo.losses.regression import LogCosh as LogCosh
from zoo.losses.regression import MeanAbsoluteError as MeanAbsoluteError
from zoo.losses.regression import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from zoo.losses.regression import MeanSquaredError as MeanSquaredError
from zoo.losses.regression import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from zoo.losses.regression import Poisson as Poisson
from zoo.scores import binary_crossentropy as binary_crossentropy
from zoo.scores import binary_focal_crossentropy as binary_focal_crossentropy
from zoo.scores import categorical_crossentropy as categorical_crossentropy
from zoo.scores import categorical_focal_crossentropy as categorical_focal_crossentropy
from zoo.scores import categorical_generalized_cross_entropy as categorical_generalized_cross_entropy
from zoo.scores import categorical_hinge as categorical_hinge
from zoo.scores import circle as circle
from zoo.scores import cosine_similarity as cosine_similarity
from zoo.scores import ctc as ctc
from zoo.scores import dice as dice
from zoo.scores import hinge as hinge
from zoo.scores import huber as huber
from zoo.scores import keras1 as _keras1
from zoo.scores import kl_divergence as kl_divergence
from zoo.scores import log_cosh as log_cosh
from zoo.scores import mean_absolute_error as mean_absolute_error
from zoo.scores import mean_absolute_percentage_error as mean_absolute_percentage_error
from zoo.scores import mean_squared_error as mean_squared_error
from zoo.scores import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from zoo.scores import poisson as poisson
from zoo.scores import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from zoo.scores import squared_hinge as squared_hinge
from zoo.scores import tversky as tversky

_CLASSES = (
    CTC, BinaryCrossentropy, BinaryFocalCrossentropy, CategoricalCrossentropy, CategoricalFocalCrossentropy,
    CategoricalGeneralizedCrossEntropy, CategoricalHinge, Circle, CosineSimilarity, Dice, Hinge, Huber, KLDivergence,
    LogCosh, Loss, LossFunctionWrapper, MeanAbsoluteError, MeanAbsolutePercentageError, MeanSquaredError,
    MeanSquaredLogarithmicError, Poisson, SparseCategoricalCrossentropy, SquaredHinge, Tversky,
)
_FUNCTIONS = (
    binary_crossentropy, binary_focal_crossentropy, categorical_crossentropy, categorical_focal_crossentropy,
    categorical_generalized_cross_entropy, categorical_hinge, circle, cosine_similarity, ctc, dice, hinge, huber,
    kl_divergence, log_cosh, mean_absolute_error, mean_absolute_percentage_error, mean_squared_error,
    mean_squared_logarithmic_error, poisson, sparse_categorical_crossentropy, squared_hinge, tversky,
)
_ALIASES = {                                                # Keras 3's short names and those of older Keras
    "bce": binary_crossentropy, "BCE": binary_crossentropy,
    "kld": kl_divergence, "KLD": kl_divergence, "kullback_leibler_divergence": kl_divergence,
    "mae": mean_absolute_error, "MAE": mean_absolute_error,
    "mape": mean_absolute_percentage_error, "MAPE": mean_absolute_percentage_error,
    "mse": mean_squared_error, "MSE": mean_squared_error,
    "msle": mean_squared_logarithmic_error, "MSLE": mean_squared_logarithmic_error,
    "logcosh": log_cosh, "huber_loss": huber,
    "cosine": cosine_similarity, "cosine_proximity": cosine_similarity, "CosineProximity": CosineSimilarity,
}
ALL.update({thing.__name__: thing for thing in (*_CLASSES, *_FUNCTIONS)})
ALL.update(_ALIASES)
ALL.update(_keras1.ALL)
