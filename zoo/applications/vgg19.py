"""VGG19 under the names that Keras gives it."""

from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.vgg import VGG19 as VGG19

preprocess_input = for_mode("caffe")
