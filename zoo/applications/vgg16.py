"""VGG16 under the names that Keras gives it."""

from zoo.applications.labels import decode_predictions as decode_predictions
from zoo.applications.preprocess import for_mode
from zoo.applications.vgg import VGG16 as VGG16

preprocess_input = for_mode("caffe")
