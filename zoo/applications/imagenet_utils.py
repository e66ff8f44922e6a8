"""What all ImageNet models share, under the names that Keras gives it."""

from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import preprocess_input as preprocess_input
