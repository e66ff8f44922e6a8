"""Per-sample comparisons of targets with predictions: what losses average and metrics count.

Every function takes ``y_true`` and ``y_pred`` and gives one value for each sample (or each position of a sample); the
sole exceptions, `dice` and `tversky`, give one value for the whole batch unless told the axes.
"""

from zoo.scores.accuracy import accuracy as accuracy
from zoo.scores.accuracy import binary_accuracy as binary_accuracy
from zoo.scores.accuracy import categorical_accuracy as categorical_accuracy
from zoo.scores.accuracy import sparse_categorical_accuracy as sparse_categorical_accuracy
from zoo.scores.accuracy import sparse_top_k_categorical_accuracy as sparse_top_k_categorical_accuracy
from zoo.scores.accuracy import top_k_categorical_accuracy as top_k_categorical_accuracy
from zoo.scores.classification import binary_crossentropy as binary_crossentropy
from zoo.scores.classification import binary_focal_crossentropy as binary_focal_crossentropy
from zoo.scores.classification import categorical_crossentropy as categorical_crossentropy
from zoo.scores.classification import categorical_focal_crossentropy as categorical_focal_crossentropy
from zoo.scores.classification import categorical_generalized_cross_entropy as categorical_generalized_cross_entropy
from zoo.scores.classification import ctc as ctc
from zoo.scores.classification import kl_divergence as kl_divergence
from zoo.scores.classification import sparse_categorical_crossentropy as sparse_categorical_crossentropy
from zoo.scores.correlation import concordance_correlation as concordance_correlation
from zoo.scores.correlation import cosine_proximity as cosine_proximity
from zoo.scores.correlation import cosine_similarity as cosine_similarity
from zoo.scores.correlation import pearson_correlation as pearson_correlation
from zoo.scores.counted import counted as counted
from zoo.scores.kind import classification_kind as classification_kind
from zoo.scores.margin import categorical_hinge as categorical_hinge
from zoo.scores.margin import circle as circle
from zoo.scores.margin import hinge as hinge
from zoo.scores.margin import squared_hinge as squared_hinge
from zoo.scores.overlap import dice as dice
from zoo.scores.overlap import tversky as tversky
from zoo.scores.regression import huber as huber
from zoo.scores.regression import log_cosh as log_cosh
from zoo.scores.regression import mean_absolute_error as mean_absolute_error
from zoo.scores.regression import mean_absolute_percentage_error as mean_absolute_percentage_error
from zoo.scores.regression import mean_squared_error as mean_squared_error
from zoo.scores.regression import mean_squared_logarithmic_error as mean_squared_logarithmic_error
from zoo.scores.regression import poisson as poisson
