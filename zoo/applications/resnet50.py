"""ResNet50 under the names that Keras gives it."""

from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.resnet import ResNet50 as ResNet50
from zoo.applications.resnet import preprocess_input as preprocess_input
