"""What training and evaluation report: the names of `keras.metrics`."""

from zoo import naming as _naming
from zoo.metrics.accuracy import Accuracy as Accuracy
from zoo.metrics.accuracy import BinaryAccuracy as BinaryAccuracy
from zoo.metrics.accuracy import CategoricalAccuracy as CategoricalAccuracy
from zoo.metrics.accuracy import SparseCategoricalAccuracy as SparseCategoricalAccuracy
from zoo.metrics.accuracy import SparseTopKCategoricalAccuracy as SparseTopKCategoricalAccuracy
from zoo.metrics.accuracy import TopKCategoricalAccuracy as TopKCategoricalAccuracy
from zoo.metrics.auc import AUC as AUC
from zoo.metrics.f_score import F1Score as F1Score
from zoo.metrics.f_score import FBetaScore as FBetaScore
from zoo.metrics.iou import BinaryIoU as BinaryIoU
from zoo.metrics.iou import IoU as IoU
from zoo.metrics.iou import MeanIoU as MeanIoU
from zoo.metrics.iou import OneHotIoU as OneHotIoU
from zoo.metrics.iou import OneHotMeanIoU as OneHotMeanIoU
from zoo.metrics.metric import Metric as Metric
from zoo.metrics.probabilistic import BinaryCrossentropy as BinaryCrossentropy
from zoo.metrics.probabilistic import CategoricalCrossentropy as CategoricalCrossentropy
from zoo.metrics.probabilistic import CategoricalHinge as CategoricalHinge
from zoo.metrics.probabilistic import Hinge as Hinge
from zoo.metrics.probabilistic import KLDivergence as KLDivergence
from zoo.metrics.probabilistic import Poisson as Poisson
from zoo.metrics.probabilistic import SparseCategoricalCrossentropy as SparseCategoricalCrossentropy
from zoo.metrics.probabilistic import SquaredHinge as SquaredHinge
from zoo.metrics.reduction import Mean as Mean
from zoo.metrics.reduction import MeanMetricWrapper as MeanMetricWrapper
from zoo.metrics.reduction import Sum as Sum
from zoo.metrics.reduction import for_output as for_output
from zoo.metrics.registry import ALL as ALL
from zoo.metrics.registry import FUNCTIONS as FUNCTIONS
from zoo.metrics.registry import deserialize as deserialize
from zoo.metrics.registry import get as get
from zoo.metrics.registry import serialize as serialize
from zoo.metrics.regression import ConcordanceCorrelation as ConcordanceCorrelation
from zoo.metrics.regression import CosineSimilarity as CosineSimilarity
from zoo.metrics.regression import LogCoshError as LogCoshError
from zoo.metrics.regression import MeanAbsoluteError as MeanAbsoluteError
from zoo.metrics.regression import MeanAbsolutePercentageError as MeanAbsolutePercentageError
from zoo.metrics.regression import MeanSquaredError as MeanSquaredError
from zoo.metrics.regression import MeanSquaredLogarithmicError as MeanSquaredLogarithmicError
from zoo.metrics.regression import PearsonCorrelation as PearsonCorrelation
from zoo.metrics.regression import R2Score as R2Score
from zoo.metrics.regression import RootMeanSquaredError as RootMeanSquaredError
from zoo.metrics.thresholds import FalseNegatives as FalseNegatives
from zoo.metrics.thresholds import FalsePositives as FalsePositives
from zoo.metrics.thresholds import Precision as Precision
from zoo.metrics.thresholds import PrecisionAtRecall as PrecisionAtRecall
from zoo.metrics.thresholds import Recall as Recall
from zoo.metrics.thresholds import RecallAtPrecision as RecallAtPrecision
from zoo.metrics.thresholds import SensitivityAtSpecificity as SensitivityAtSpecificity
from zoo.metrics.thresholds import SpecificityAtSensitivity as SpecificityAtSensitivity
from zoo.metrics.thresholds import TrueNegatives as TrueNegatives
from zoo.metrics.thresholds import TruePositives as TruePositives
from zoo.scores import accuracy as accuracy
from zoo.scores import binary_accuracy as binary_accuracy
from zoo.scores import binary_crossentropy as binary_crossentropy
from zoo.scores import binary_focal_crossentropy as binary_focal_crossentropy
from zoo.scores import categorical_accuracy as categorical_accuracy
from zoo.scores import categorical_crossentropy as categorical_crossentropy
from zoo.scores import categorical_focal_crossentropy as categorical_focal_crossentropy
from zoo.scores import categorical_hinge as categorical_hinge
from zoo.scores import concordance_correlation as concordance_correlation
from zoo.scores import cosine_proximity as cosine_proximity
from zoo.scores import hinge as hinge
from zoo.scores import huber as huber
from zoo.scores import keras1 as _keras1
from zoo.scores import kl_divergence as kl_divergence
from zoo.scores import log_cosh as log_cosh
from zoo.scores import mean_absolute_error as mean_absolute_error
from zoo.scores import mean_absolute_percentage_error as mean_absolute_percentage_error
from zoo.scores import mean_squared_error as mean_squared_error
from zoo.scores import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from zoo.scores import pearson_correlation as pearson_correlation
from zoo.scores import poisson as poisson
from zoo.scores import sparse_categorical_accuracy as sparse_categorical_accuracy
from zoo.scores import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from zoo.scores import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from zoo.scores import squared_hinge as squared_hinge
from zoo.scores import top_k_categorical_accuracy as top_k_categorical_accuracy

_CLASSES = (
    AUC, Accuracy, BinaryAccuracy, BinaryCrossentropy, BinaryIoU, CategoricalAccuracy, CategoricalCrossentropy,
    CategoricalHinge, ConcordanceCorrelation, CosineSimilarity, F1Score, FBetaScore, FalseNegatives, FalsePositives,
    Hinge, IoU, KLDivergence, LogCoshError, Mean, MeanAbsoluteError, MeanAbsolutePercentageError, MeanIoU,
    MeanMetricWrapper, MeanSquaredError, MeanSquaredLogarithmicError, Metric, OneHotIoU, OneHotMeanIoU,
    PearsonCorrelation, Poisson, Precision, PrecisionAtRecall, R2Score, Recall, RecallAtPrecision,
    RootMeanSquaredError, SensitivityAtSpecificity, SparseCategoricalAccuracy, SparseCategoricalCrossentropy,
    SparseTopKCategoricalAccuracy, SpecificityAtSensitivity, SquaredHinge, Sum, TopKCategoricalAccuracy, TrueNegatives,
    TruePositives,
)
_FUNCTIONS = (
    accuracy, binary_accuracy, binary_crossentropy, binary_focal_crossentropy, categorical_accuracy,
    categorical_crossentropy, categorical_focal_crossentropy, categorical_hinge, concordance_correlation, hinge, huber,
    kl_divergence, log_cosh, mean_absolute_error, mean_absolute_percentage_error, mean_squared_error,
    mean_squared_logarithmic_error, pearson_correlation, poisson, sparse_categorical_accuracy,
    sparse_categorical_crossentropy, sparse_top_k_categorical_accuracy, squared_hinge, top_k_categorical_accuracy,
)
_ALIASES = {                                                # Keras 3's short names and those of older Keras
    "bce": BinaryCrossentropy, "BCE": BinaryCrossentropy,
    "kld": KLDivergence, "KLD": KLDivergence, "kullback_leibler_divergence": KLDivergence,
    "mae": MeanAbsoluteError, "MAE": MeanAbsoluteError,
    "mape": MeanAbsolutePercentageError, "MAPE": MeanAbsolutePercentageError,
    "mse": MeanSquaredError, "MSE": MeanSquaredError,
    "msle": MeanSquaredLogarithmicError, "MSLE": MeanSquaredLogarithmicError,
    "rmse": RootMeanSquaredError, "logcosh": LogCoshError,
    "cosine": CosineSimilarity, "cosine_proximity": CosineSimilarity, "CosineProximity": CosineSimilarity,
    "top_k_categorical_accuracy": TopKCategoricalAccuracy,
    "sparse_top_k_categorical_accuracy": SparseTopKCategoricalAccuracy,
}
FUNCTIONS.update({function.__name__: function for function in _FUNCTIONS})
FUNCTIONS.update({"cosine_similarity": cosine_proximity, "cosine_proximity": cosine_proximity})
ALL.update(FUNCTIONS)                                       # a name of both is the class's, as in Keras
ALL.update({_naming.to_snake_case(cls.__name__): cls for cls in _CLASSES})
ALL.update({cls.__name__: cls for cls in _CLASSES})
ALL.update(_ALIASES)
ALL.update(_keras1.ALL)
